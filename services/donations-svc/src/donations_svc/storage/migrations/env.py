"""Alembic runs this; the kit's runner gives the connection."""

# The last module of tables: it brings in the others.
from donations_svc.storage.receipt_tables import Receipt
from fundmix_kit.migrate import run_environment

run_environment(Receipt.metadata)
