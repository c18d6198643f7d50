"""The journal is never changed and never out of balance, whatever the code above it does."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Final

import asyncpg
import pytest
from fundmix_events.testing import samples
from fundmix_kit.database import Connection, Database, columns
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.testing import FreshDatabases
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.schema import migrated_by
from ledger_svc import MIGRATIONS
from ledger_svc.apply import Prepared

RESTRICT_VIOLATION: Final = "23001"
COLUMN_BY_TABLE: Final = {
    "account": "agency",
    "journal_entry": "kind",
    "posting": "amount_minor",
}
CHANGES: Final = [
    change
    for table, column in COLUMN_BY_TABLE.items()
    for change in (
        f"UPDATE {table} SET {column} = {column}",
        f"UPDATE {table} SET {column} = {column} WHERE false",
        f"DELETE FROM {table}",
        f"DELETE FROM {table} WHERE false",
        f"TRUNCATE {table}",
        f"TRUNCATE {table} CASCADE",
    )
]
OVERWRITE: Final = """
    INSERT INTO posting SELECT * FROM posting
    ON CONFLICT (seq, line) DO UPDATE SET amount_minor = 0
"""
MERGE: Final = """
    MERGE INTO posting p USING account a ON p.account_id = a.account_id
    WHEN MATCHED THEN UPDATE SET amount_minor = 0
"""
INSERT: Final = """
    INSERT INTO posting (seq, line, account_id, amount_minor)
    SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::bigint[])
"""
FOREIGN_ACCOUNT: Final = """
    INSERT INTO account (agency, code, fund_code, channel, currency)
    SELECT agency, code, fund_code, channel, 'EUR' FROM account LIMIT 1
    RETURNING account_id
"""
ACCOUNT: Final = "SELECT account_id FROM account WHERE code = $1"


@pytest.fixture(scope="module")
async def service_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    """One for all: none of these tests changes anything."""
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as database:
        yield database


@pytest.fixture
async def connection(
    database: Database, inlet: Inlet[Prepared]
) -> AsyncGenerator[asyncpg.Connection]:
    """The service's, with an entry in the journal."""
    await inlet.post(samples.donation_received("50.00"))
    async with database.session() as connection:
        yield connection


@pytest.fixture
async def superuser(
    postgres_server: EmbeddedPostgres, service_database: ServiceDatabase
) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres_server.url, database=service_database.database)
    yield connection
    await connection.close()


Leg = tuple[int, int, int, int]
Write = Callable[[Connection, Sequence[Leg]], Awaitable[object]]


def legs(*postings: tuple[int, int]) -> list[Leg]:
    return [(999, line, *posting) for line, posting in enumerate(postings, start=1)]


async def copy(connection: Connection, rows: Sequence[Leg]) -> None:
    await connection.copy_records_to_table("posting", records=rows)


async def insert(connection: Connection, rows: Sequence[Leg]) -> None:
    await connection.execute(INSERT, *columns(rows, 4))


async def contents(connection: Connection) -> list[str]:
    return [
        row[0]
        for table in COLUMN_BY_TABLE
        for row in await connection.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1")
    ]


async def account_ids(connection: Connection) -> tuple[int, int]:
    bank = await connection.fetchval(ACCOUNT, "assets:bank")
    income = await connection.fetchval(ACCOUNT, "income:donation")
    return bank, income


@pytest.mark.parametrize("change", [*CHANGES, OVERWRITE, MERGE])
async def test_the_service_has_no_right_to_change_it(
    connection: asyncpg.Connection, change: str
) -> None:
    before = await contents(connection)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(change)

    assert await contents(connection) == before


@pytest.mark.parametrize("change", [*CHANGES, OVERWRITE, MERGE])
async def test_a_trigger_refuses_the_owner_too(
    connection: asyncpg.Connection, owner: asyncpg.Connection, change: str
) -> None:
    before = await contents(connection)

    with pytest.raises(asyncpg.PostgresError, match="the journal is never changed") as refused:
        await owner.execute(change)

    assert refused.value.sqlstate == RESTRICT_VIOLATION
    assert await contents(connection) == before


@pytest.mark.parametrize("change", CHANGES)
async def test_replication_mode_is_no_way_past_the_trigger(
    connection: asyncpg.Connection, superuser: asyncpg.Connection, change: str
) -> None:
    before = await contents(connection)
    await superuser.execute("SET session_replication_role = replica")

    with pytest.raises(asyncpg.PostgresError, match="the journal is never changed"):
        await superuser.execute(change)

    assert await contents(connection) == before


@pytest.mark.parametrize("write", [copy, insert])
@pytest.mark.parametrize("amounts", [(5_00, -4_99), (5_00, 5_00), (1,), (1, 1, -1)])
async def test_postings_that_do_not_sum_to_zero_are_refused(
    connection: asyncpg.Connection, write: Write, amounts: tuple[int, ...]
) -> None:
    before = await contents(connection)
    accounts = await account_ids(connection)

    with pytest.raises(asyncpg.CheckViolationError, match="entry 999 does not balance"):
        await write(connection, legs(*zip(accounts * 2, amounts, strict=False)))

    assert await contents(connection) == before


async def test_one_unbalanced_entry_among_others_is_found(connection: asyncpg.Connection) -> None:
    bank, income = await account_ids(connection)
    good = [(seq, 1, bank, 7) for seq in range(1_000, 1_100)]
    good += [(seq, 2, income, -7) for seq in range(1_000, 1_100)]

    with pytest.raises(asyncpg.CheckViolationError, match="entry 1100 does not balance"):
        await copy(connection, [*good, (1_100, 1, bank, 7), (1_100, 2, income, -8)])


async def test_each_currency_balances_for_itself(connection: asyncpg.Connection) -> None:
    bank, _ = await account_ids(connection)
    elsewhere = await connection.fetchval(FOREIGN_ACCOUNT)

    with pytest.raises(asyncpg.CheckViolationError, match="entry 999 does not balance"):
        await copy(connection, legs((bank, 5_00), (elsewhere, -5_00)))


async def test_a_posting_on_an_unknown_account_is_refused(connection: asyncpg.Connection) -> None:
    unknown = 2**31 - 1

    with pytest.raises(asyncpg.CheckViolationError, match="or has an unknown account"):
        await copy(connection, legs((unknown, 5_00), (unknown, -5_00)))


async def test_replication_mode_is_no_way_past_the_balance(
    connection: asyncpg.Connection, superuser: asyncpg.Connection
) -> None:
    bank, income = await account_ids(connection)
    await superuser.execute("SET session_replication_role = replica")

    with pytest.raises(asyncpg.CheckViolationError, match="entry 999 does not balance"):
        await copy(superuser, legs((bank, 5_00), (income, -4_99)))


async def test_there_is_one_head_of_the_log(owner: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="ck_log_head_one"):
        await owner.execute("INSERT INTO log_head SELECT 2, next_seq, posted_at FROM log_head")
