"""The shared funding ledger: journal, balances and the mix."""

from pathlib import Path
from typing import Final

NAME: Final = "ledger-svc"
PARTS: Final = ("api", "relay", "consumer", "clock")
MIGRATIONS: Final = Path(__file__).parent / "storage" / "migrations"
