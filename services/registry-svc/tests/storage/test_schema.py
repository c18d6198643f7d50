"""The migrated database is the one the code believes in; the service has no needless right."""

from typing import Final

import asyncpg
import pytest
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.testing.schema import KIT_RIGHTS, drift, migrated_by, rights_of_service
from registry_svc import MIGRATIONS
from registry_svc.storage.tables import RegistryTable

RIGHTS: Final = KIT_RIGHTS | {
    "organisation": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (name)",
        "UPDATE (level)",
        "UPDATE (town)",
        "UPDATE (registered_on)",
        "UPDATE (kind)",
        "UPDATE (suspended_on)",
        "UPDATE (standing)",
    },
    "organisation_change": {"SELECT", "INSERT"},
    "change_request": {
        "SELECT",
        "INSERT",
        "UPDATE (state)",
        "UPDATE (decided_by)",
        "UPDATE (decided_role)",
        "UPDATE (decided_org)",
        "UPDATE (decided_at)",
        "UPDATE (decision_reason)",
    },
}


async def test_migrations_and_tables_agree(service_database: ServiceDatabase) -> None:
    assert await drift(service_database, RegistryTable.metadata) == []


async def test_migrating_again_changes_nothing(service_database: ServiceDatabase) -> None:
    await migrated_by(MIGRATIONS)(service_database)

    assert await drift(service_database, RegistryTable.metadata) == []


async def test_the_service_has_exactly_these_rights(service_database: ServiceDatabase) -> None:
    assert await rights_of_service(service_database) == RIGHTS


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE organisation SET code = '52441900AJC6XAY6DW'",
        "UPDATE organisation_change SET reason = 'other'",
        "DELETE FROM organisation_change",
        "TRUNCATE organisation_change",
        "UPDATE change_request SET evidence = '[]'",
        "UPDATE change_request SET name = 'other'",
        "DELETE FROM change_request",
        "DELETE FROM organisation",
        "TRUNCATE organisation",
        "UPDATE outbox SET body = ''",
        "DELETE FROM outbox",
        "DELETE FROM idempotency_key",
        "CREATE TABLE mine (id int)",
        "DROP TABLE organisation",
    ],
)
async def test_the_service_is_refused_what_it_must_not_do(
    forbidden: str, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(forbidden)
