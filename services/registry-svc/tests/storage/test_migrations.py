"""From the release before, with rows in its tables, also while its code is still running."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest
from fundmix_events.envelope import Actor
from fundmix_events.registry import OrganisationChanged, OrganisationRegistered
from fundmix_events.testing.samples import an_organisation
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.migrate import migrate
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FreshDatabases
from pydantic import PostgresDsn
from registry_svc import MIGRATIONS
from registry_svc.storage import history, organisations, public_organisations
from registry_svc.storage.public_organisations import Sort

CODE: Final = "52441900AJC6XAY6DW"
OTHER: Final = "52441900DNF0KCB4UQ"
NOW: Final = datetime(2025, 3, 3, tzinfo=UTC)

# As the code of the release before writes them.
INSERT: Final = """
    INSERT INTO organisation
        (code, version, name, kind, level, town, registered_on, recorded_at)
    VALUES ($1, 1, $2, 'agency', 'city', NULL, '2009-01-15', $3)
"""
UPDATE: Final = """
    UPDATE organisation SET version = $2, name = $3, level = $4, town = $5 WHERE code = $1
"""
SAY: Final = """
    INSERT INTO outbox
        (event_id, topic, partition, key, aggregate_version, type, version, source, recorded_at,
         body)
    VALUES ($1, 'fundmix.registry', 0, $2, $3, $4, 1, '/registry-svc', $5, $6)
"""
# Its events knew no standing and no suspension.
KNOWN_THEN: Final = {"code", "name", "kind", "level", "town", "registered_on"}


@pytest.fixture
async def before(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0001")

    async with databases.fresh("registry_before", migrate=prepare) as database:
        yield database


async def migrate_to(database: ServiceDatabase, revision: str) -> None:
    settings = DatabaseSettings(
        url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
    )
    await migrate(settings, location=MIGRATIONS, revision=revision)


async def say(connection: asyncpg.Connection, version: int, *, at: datetime, **values: Any) -> None:
    usual = {"level": "city", "registered_on": "2009-01-15"}
    organisation = an_organisation(**(usual | values))
    event_class = OrganisationRegistered if version == 1 else OrganisationChanged
    event = event_class(aggregate_version=version, organisation=organisation)
    actor = Actor(subject=f"officer-{version}", role="finance_officer", org=None)
    body = (
        f'{{"actor": {actor.model_dump_json()}, "correlation_id": "r-{version}", '
        f'"causation_id": null, "data": {{"aggregate_version": {version}, "organisation": '
        f"{organisation.model_dump_json(include=KNOWN_THEN)}}}}}"
    )
    await connection.execute(
        SAY, uuid4(), organisation.code, version, event.type, at, body.encode()
    )


async def listed(connection: asyncpg.Connection, name: str) -> list[str]:
    rows = await public_organisations.list_rows(
        connection,
        kinds=["agency"],
        town=None,
        name=name,
        is_suspended=False,
        today=NOW.date(),
        sort=Sort.NAME,
        after=None,
        rows_max=10,
    )
    return [row.organisation.code for row in rows]


async def changes_of(connection: asyncpg.Connection, code: str) -> list[Any]:
    rows = await history.list_rows(connection, code, before=(2**62, ""), rows_max=100)
    return [(r.version, r.change.field, r.change.before, r.change.after) for r in rows]


async def test_what_was_there_stays_and_gets_its_history(before: ServiceDatabase) -> None:
    service = await asyncpg.connect(before.url)
    await service.execute(INSERT, CODE, "甲", NOW)
    await say(service, 1, at=NOW, name="甲")
    await service.execute(UPDATE, CODE, 2, "乙", "city", "莞城街道")
    await say(service, 2, at=NOW + timedelta(days=1), name="乙", town="莞城街道")

    await migrate_to(before, "0002")
    # The code of the release before goes on.
    await service.execute(UPDATE, CODE, 3, "乙", None, "莞城街道")
    await say(service, 3, at=NOW + timedelta(days=2), name="乙", town="莞城街道", level=None)
    await service.execute(INSERT, OTHER, "丙", NOW)
    await say(service, 1, at=NOW, code=OTHER, name="丙")
    await migrate_to(before, "head")

    found = await organisations.read(service, CODE)
    assert (found.version, found.organisation.name, found.organisation.level) == (3, "乙", None)
    assert (found.organisation.suspended_on, found.organisation.standing) == (None, None)
    assert await changes_of(service, CODE) == [
        (3, "level", "city", None),
        (2, "town", None, "莞城街道"),
        (2, "name", "甲", "乙"),
        (1, "registered_on", None, "2009-01-15"),
        (1, "name", None, "甲"),
        (1, "level", None, "city"),
        (1, "kind", None, "agency"),
    ]
    [last, *_] = await history.list_rows(service, CODE, before=(2**62, ""), rows_max=1)
    assert (last.by.subject, last.request_id) == ("officer-3", "r-3")
    assert last.recorded_at == NOW + timedelta(days=2)
    assert len(await changes_of(service, OTHER)) == 4
    assert await listed(service, "丙") == [OTHER]
    await service.close()


async def test_an_empty_register_is_migrated_too(before: ServiceDatabase) -> None:
    await migrate_to(before, "head")

    connection = await asyncpg.connect(before.url)
    assert await connection.fetchval("SELECT count(*) FROM organisation_change") == 0
    await connection.close()
