"""Alembic runs this; the kit's runner gives the connection."""

from fundmix_kit.migrate import run_environment
from registry_svc.storage.tables import RegistryTable

run_environment(RegistryTable.metadata)
