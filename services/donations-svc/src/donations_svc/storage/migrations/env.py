"""Alembic runs this; the kit's runner gives the connection."""

from donations_svc.storage.tables import DonationsTable
from fundmix_kit.migrate import run_environment

run_environment(DonationsTable.metadata)
