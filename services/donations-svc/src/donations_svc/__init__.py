"""Pledges and donations of enterprises, foundations, universities and people."""

from pathlib import Path
from typing import Final

NAME: Final = "donations-svc"
PARTS: Final = ("api", "relay", "consumer", "jobs")
MIGRATIONS: Final = Path(__file__).parent / "storage" / "migrations"
