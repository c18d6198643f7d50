"""Alembic runs this; the kit's runner gives the connection."""

from fundmix_kit.migrate import run_environment

# The last module of tables: it brings in the others.
from ledger_svc.storage.goal_tables import Goal

run_environment(Goal.metadata)
