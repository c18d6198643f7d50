"""Government contracts: signing, instalments, payments."""

from pathlib import Path
from typing import Final

NAME: Final = "contracts-svc"
PARTS: Final = ("api", "relay", "consumer", "clock")
MIGRATIONS: Final = Path(__file__).parent / "storage" / "migrations"
