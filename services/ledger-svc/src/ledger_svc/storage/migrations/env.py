"""Alembic runs this; the kit's runner gives the connection."""

from fundmix_kit.migrate import run_environment
from ledger_svc.storage.tables import LedgerTable

run_environment(LedgerTable.metadata)
