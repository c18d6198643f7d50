"""With an import in its tables from before: what it has promised can be undone with it."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from donations_svc import MIGRATIONS
from donations_svc.storage import pledges
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.migrate import migrate
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FreshDatabases
from pydantic import PostgresDsn

AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
BATCH: Final = UUID(int=7)
WRITTEN_AT: Final = datetime(2025, 3, 3, 10, tzinfo=UTC)

# As the code of that version wrote them.
IMPORT_BATCH: Final = """
    INSERT INTO import_batch
        (batch_id, source, file_sha256, format, rows, donations, pledges, duplicates, left_out,
         control_total_minor, booked_minor, currency, recorded_by, recorded_at)
    VALUES ($1, 'file', $2, 'csv', 2, 1, 2, 0, 0, 300, 300, 'CNY', 'treasurer', $3)
"""
IMPORT_SHARE: Final = "INSERT INTO import_share VALUES ($1, $2, 1, 2, 300)"
PLEDGE: Final = """
    INSERT INTO pledge
        (pledge_id, version, reference, donor_kind, donor_code, agency, channel, kind, amount_minor,
         fulfilled_minor, currency, pledged_on, is_anonymous, recorded_at)
    VALUES ($1, 1, $2, 'enterprise', $3, $4, 'enterprise', 'cash', 100, $5, 'CNY', '2025-03-01',
            false, $6)
"""
DONATION: Final = """
    INSERT INTO donation
        (donation_id, version, reference, donor_kind, donor_code, agency, channel, kind,
         amount_minor, currency, given_on, received_on, bank_reference, pledge_id, fulfils_minor,
         is_anonymous, line, is_sponsorship, refunded_minor, batch_id, recorded_by, recorded_at)
    VALUES ($1, 1, 'P-1', 'enterprise', $2, $3, 'enterprise', 'cash', 100, 'CNY', '2025-03-02',
            '2025-03-02', 'B-1', $4, 100, false, 1, false, 0, $5, 'treasurer', $6)
"""


async def migrate_to(database: ServiceDatabase, revision: str) -> None:
    settings = DatabaseSettings(
        url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
    )
    await migrate(settings, location=MIGRATIONS, revision=revision)


async def write_as_before(connection: asyncpg.Connection) -> None:
    later = WRITTEN_AT + timedelta(microseconds=1)
    for number, (agency, fulfilled_minor, recorded_at) in enumerate(
        [
            (AGENCY, 100, WRITTEN_AT),
            (AGENCY, 0, WRITTEN_AT),
            (AGENCY, 0, later),
            (OTHER_AGENCY, 0, WRITTEN_AT),
        ],
        start=1,
    ):
        row: tuple[Any, ...] = (UUID(int=number), f"P-{number}", ENTERPRISE, agency)
        await connection.execute(PLEDGE, *row, fulfilled_minor, recorded_at)
    await connection.execute(
        DONATION, UUID(int=5), ENTERPRISE, AGENCY, UUID(int=1), BATCH, WRITTEN_AT
    )
    await connection.execute(IMPORT_BATCH, BATCH, bytes(32), later)
    await connection.execute(IMPORT_SHARE, BATCH, AGENCY)


@pytest.fixture
async def upgraded(databases: FreshDatabases) -> AsyncGenerator[asyncpg.Connection]:
    """A promise that was kept and one that was not, of an import; and two of nobody's."""

    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0006")
        connection = await asyncpg.connect(database.url)
        try:
            await write_as_before(connection)
        finally:
            await connection.close()
        await migrate_to(database, "head")

    async with databases.fresh("donations_before", migrate=prepare) as database:
        connection = await asyncpg.connect(database.url)
        yield connection
        await connection.close()


async def test_promises_of_an_import_know_where_they_came_from(
    upgraded: asyncpg.Connection,
) -> None:
    found = [await pledges.read(upgraded, UUID(int=number)) for number in (1, 2, 3, 4)]

    assert [pledge.batch_id for pledge in found] == [BATCH, BATCH, None, None]
    assert {pledge.reversed_on for pledge in found} == {None}


async def test_a_reference_is_free_once_its_pledge_is_reversed(
    upgraded: asyncpg.Connection,
) -> None:
    again = (UUID(int=9), "P-2", ENTERPRISE, AGENCY, 0, WRITTEN_AT)
    with pytest.raises(asyncpg.UniqueViolationError):
        await upgraded.execute(PLEDGE, *again)

    await upgraded.execute(
        "UPDATE pledge SET cancelled_on = '2025-03-01', cancellation_reason = 'recorded_in_error',"
        " reversed_on = '2025-03-04' WHERE reference = 'P-2'"
    )
    await upgraded.execute(PLEDGE, *again)

    assert (await pledges.read(upgraded, UUID(int=9))).is_open
