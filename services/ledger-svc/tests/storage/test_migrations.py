"""From an earlier release, with rows in its tables: what they say is known on."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.migrate import migrate
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FreshDatabases
from ledger_svc import MIGRATIONS
from pydantic import PostgresDsn

# The second is known by a payment only: its signing has not come yet.
CONTRACTS: Final = """
    INSERT INTO contract_terms
        (contract_id, number, agency, buyer, channel, signed_on, starts_on, ends_on, ceiling_minor,
         terms_version, list_version)
    VALUES ($1, 'DG-1', '52441900AJC6XAY6DW', '11441900AHP4983MNR', 'government', '2024-02-21',
            '2024-03-01', '2024-12-31', 100000, 3, 3),
           ($2, 'DG-2', '52441900AJC6XAY6DW', '11441900AHP4983MNR', 'government', NULL, NULL, NULL,
            0, 0, 0)
"""
TERMS: Final = """
    INSERT INTO contract_terms (contract_id, number, agency, buyer, channel, list_version)
    VALUES ($1, 'DG-1', '52441900AJC6XAY6DW', '11441900AHP4983MNR', 'government', 3)
"""
# Two payments of a day, the second of them told on the next one, and a gift of a person.
ACCOUNTS: Final = """
    INSERT INTO account (agency, code, fund_code, channel, currency)
    SELECT '52441900AJC6XAY6DW', code, 'general', 'government', 'CNY'
    FROM unnest(ARRAY['assets:bank', 'income:subsidy']) AS u (code) ORDER BY code
"""
# Of the first code there is one more, and one of a code that is not kept by channel.
ANOTHER_FUND: Final = """
    INSERT INTO account (agency, code, fund_code, channel, currency)
    VALUES ('52441900AJC6XAY6DW', 'assets:bank', 'purpose:a', 'government', 'CNY'),
           ('52441900AJC6XAY6DW', 'expenses:programme', 'general', 'government', 'CNY')
"""
ENTRIES: Final = """
    INSERT INTO journal_entry
        (seq, event_id, topic, partition, number, kind, agency, occurred_on, value_on, posted_at,
         period, payload_sha256, payer)
    SELECT seq, gen_random_uuid(), 'fundmix.ledger-requests', 0, seq, 'ledger.income_approved',
           '52441900AJC6XAY6DW', '2024-02-15', '2024-02-15', posted_at, 202402, '\\x00', payer
    FROM unnest($1::bigint[], $2::timestamptz[], $3::text[]) AS u (seq, posted_at, payer)
"""
POSTINGS: Final = """
    INSERT INTO posting (seq, line, account_id, amount_minor)
    SELECT seq, line, line, CASE line WHEN 1 THEN 1 ELSE -1 END * 10 ^ seq
    FROM unnest($1::bigint[]) AS u (seq), generate_series(1, 2) AS l (line)
"""
# What an amount moved in four accounts, by month and by day.
MOVED: Final = (
    """
    INSERT INTO period_balance AS b
        (period, account_id, kind, value_period, amount_minor, debit_minor)
    SELECT 202403, account_id, 'ledger.income_approved', 202402, amount, greatest(amount, 0)
    FROM unnest(ARRAY[1, 2, 3, 4], ARRAY[$1::bigint, -$1::bigint, $1::bigint, $1::bigint])
        AS u (account_id, amount)
    ON CONFLICT (period, account_id, kind, value_period) DO UPDATE
    SET amount_minor = b.amount_minor + excluded.amount_minor
    """,
    """
    INSERT INTO movement AS m (account_id, value_on, posted_on, kind, amount_minor)
    SELECT account_id, '2024-02-15', '2024-03-01', 'ledger.income_approved', amount
    FROM unnest(ARRAY[1, 2, 3, 4], ARRAY[$1::bigint, -$1::bigint, $1::bigint, $1::bigint])
        AS u (account_id, amount)
    ON CONFLICT (account_id, value_on, posted_on, kind) DO UPDATE
    SET amount_minor = m.amount_minor + excluded.amount_minor
    """,
)
ONE_DAY: Final = timedelta(days=1)
MORNING: Final = datetime(2024, 3, 1, tzinfo=UTC)


async def test_what_contracts_agreed_before_is_known_from_their_signing(
    databases: FreshDatabases,
) -> None:
    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0007")
        connection = await asyncpg.connect(database.url)
        await connection.execute(CONTRACTS, UUID(int=1), UUID(int=2))
        await connection.close()
        await migrate_to(database, "head")

    async with databases.fresh("ledger_before", migrate=prepare) as database:
        connection = await asyncpg.connect(database.url)
        rows = await connection.fetch("SELECT * FROM contract_agreement")
        await connection.close()

    assert [tuple(row) for row in rows] == [
        (UUID(int=1), 3, date(2024, 2, 21), date(2024, 12, 31), 1_000_00)
    ]


async def test_who_paid_before_is_known_by_days_also_of_what_was_posted_while_tables_changed(
    databases: FreshDatabases,
) -> None:
    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0009")
        connection = await asyncpg.connect(database.owner_url)
        await connection.execute(ACCOUNTS)
        await post(connection, {1: (MORNING, "a buyer"), 2: (MORNING, None)})
        await migrate_to(database, "0010")
        await post(connection, {3: (MORNING, "a buyer"), 4: (MORNING + ONE_DAY, "a buyer")})
        await connection.close()
        await migrate_to(database, "head")

    async with databases.fresh("ledger_payers", migrate=prepare) as database:
        connection = await asyncpg.connect(database.url)
        rows = await connection.fetch("SELECT * FROM payer_movement ORDER BY posted_on")
        await connection.close()

    day = date(2024, 2, 15)
    assert [tuple(row) for row in rows] == [
        (day, 1, "a buyer", date(2024, 3, 1), 10 + 1000),
        (day, 1, "a buyer", date(2024, 3, 2), 10_000),
    ]


async def test_what_moved_before_is_known_by_channel_also_while_tables_changed(
    databases: FreshDatabases,
) -> None:
    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0013")
        connection = await asyncpg.connect(database.owner_url)
        await connection.execute(ACCOUNTS)
        await connection.execute(ANOTHER_FUND)
        for revision, amount in (("0014", 700), ("head", 20)):
            for statement in MOVED:
                await connection.execute(statement, amount)
            await migrate_to(database, revision)
        await connection.close()

    async with databases.fresh("ledger_channels", migrate=prepare) as database:
        connection = await asyncpg.connect(database.url)
        months = await connection.fetch("SELECT * FROM channel_balance ORDER BY code")
        days = await connection.fetch("SELECT * FROM channel_movement ORDER BY code")
        await connection.close()

    agency, kind = "52441900AJC6XAY6DW", "ledger.income_approved"
    bank = (agency, "assets:bank", "government", kind)
    income = (agency, "income:subsidy", "government", kind)
    assert [tuple(row) for row in months] == [
        (202403, *bank, 202402, 720 + 720),
        (202403, *income, 202402, -720),
    ]
    day, posted_on = date(2024, 2, 15), date(2024, 3, 1)
    assert [tuple(row) for row in days] == [
        (day, *bank, posted_on, 720 + 720),
        (day, *income, posted_on, -720),
    ]


async def test_terms_are_written_without_their_end_before_it_is_dropped_and_after(
    databases: FreshDatabases,
) -> None:
    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0011")
        connection = await asyncpg.connect(database.owner_url)
        await connection.execute(TERMS, UUID(int=1))
        await connection.close()
        await migrate_to(database, "head")

    async with databases.fresh("ledger_terms", migrate=prepare) as database:
        connection = await asyncpg.connect(database.url)
        await connection.execute(TERMS, UUID(int=2))
        rows = await connection.fetch("SELECT * FROM contract_terms ORDER BY contract_id")
        await connection.close()

    assert [(row["contract_id"], row["list_version"]) for row in rows] == [
        (UUID(int=1), 3),
        (UUID(int=2), 3),
    ]


async def post(
    connection: asyncpg.Connection, entries: dict[int, tuple[datetime, str | None]]
) -> None:
    """As the earlier code did it, which knew nothing of payers by days."""
    rows = [(seq, posted_at, payer) for seq, (posted_at, payer) in entries.items()]
    await connection.execute(ENTRIES, *zip(*rows, strict=True))
    await connection.execute(POSTINGS, list(entries))


async def migrate_to(database: ServiceDatabase, revision: str) -> None:
    settings = DatabaseSettings(
        url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
    )
    await migrate(settings, location=MIGRATIONS, revision=revision)
