"""The public register: organisations keyed by unified social credit code."""

from pathlib import Path
from typing import Final

NAME: Final = "registry-svc"
PARTS: Final = ("api", "relay")
MIGRATIONS: Final = Path(__file__).parent / "storage" / "migrations"
