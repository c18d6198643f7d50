"""Alembic runs this; the kit's runner gives the connection."""

from contracts_svc.storage.evaluation_tables import ContractsTable
from fundmix_kit.migrate import run_environment

run_environment(ContractsTable.metadata)
