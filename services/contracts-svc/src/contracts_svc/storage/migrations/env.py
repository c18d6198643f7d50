"""Alembic runs this; the kit's runner gives the connection."""

# The last module of tables: it brings in the others.
from contracts_svc.storage.evaluation_tables import Evaluation
from fundmix_kit.migrate import run_environment

run_environment(Evaluation.metadata)
