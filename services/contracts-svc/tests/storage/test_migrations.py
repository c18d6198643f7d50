"""From the first release, with contracts in its tables: each is what it was, and goes on."""

from collections.abc import AsyncGenerator
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
import pytest
from contracts_svc import MIGRATIONS
from contracts_svc.domain.contract import Contract, ContractState, InstalmentState
from contracts_svc.domain.paying import Verdict, approve_instalment
from contracts_svc.storage import contracts, obligations
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.migrate import migrate
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FreshDatabases
from pydantic import PostgresDsn

TODAY: Final = date(2024, 6, 3)
FIRST: Final = (date.min, UUID(int=0), "", -1)

# As the code of that release wrote them.
CONTRACT: Final = """
    INSERT INTO contract
        (contract_id, version, number, title, buyer, agency, channel, purchase_mode, service_area,
         people_served, town, payer_level, posts, signed_on, published_on, filed_on, starts_on,
         ends_on, ceiling_minor, currency, recorded_at)
    VALUES ($1, 1, $2, '社区综合服务', '11441900AHP4983MNR', '52441900AJC6XAY6DW', 'government',
            $3, '社区综合服务', '社区居民', '厚街镇', 'town', $4, '2024-02-21', $5, NULL,
            '2024-03-02', '2024-12-20', 100000, 'CNY', now())
"""
INSTALMENTS: Final = """
    INSERT INTO instalment
        (contract_id, number, due_on, amount_minor, condition, state, deduction_minor, approved_by,
         approved_on, paid_by, paid_on, bank_reference)
    VALUES
        ($1, 1, '2024-03-12', 60000, 'signing', 'paid', 0, 'li.na', '2024-03-13', 'wang.wei',
         '2024-03-18', $2),
        ($1, 2, '2024-12-10', 40000, 'final', $3, 0, $4, NULL, $5, NULL, $6)
"""


async def migrate_to(database: ServiceDatabase, revision: str) -> None:
    settings = DatabaseSettings(
        url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
    )
    await migrate(settings, location=MIGRATIONS, revision=revision)


@pytest.fixture
async def upgraded(databases: FreshDatabases) -> AsyncGenerator[asyncpg.Connection]:
    """A project that is half paid, and posts that are paid off."""

    async def prepare(database: ServiceDatabase) -> None:
        await migrate_to(database, "0001")
        connection = await asyncpg.connect(database.url)
        try:
            await write_as_before(connection)
        finally:
            await connection.close()
        await migrate_to(database, "head")

    async with databases.fresh("contracts_before", migrate=prepare) as database:
        connection = await asyncpg.connect(database.url)
        yield connection
        await connection.close()


async def write_as_before(connection: asyncpg.Connection) -> None:
    half, whole = UUID(int=1), UUID(int=2)
    async with connection.transaction():
        await connection.execute(CONTRACT, half, "DG-1", "project", None, date(2024, 2, 22))
        await connection.execute(INSTALMENTS, half, "BK-1", "scheduled", None, None, None)
        await connection.execute(CONTRACT, whole, "DG-2", "post", 9, None)
        await connection.execute(INSTALMENTS, whole, "BK-2", "approved", "li.na", None, None)
        await connection.execute(
            "UPDATE instalment SET state = 'paid', paid_by = 'wang.wei', paid_on = '2024-12-11',"
            " bank_reference = 'BK-3' WHERE contract_id = $1 AND number = 2",
            whole,
        )


async def read(connection: asyncpg.Connection, number: int) -> Contract:
    _, contract = await contracts.read(connection, UUID(int=number))
    return contract


async def test_a_contract_of_before_is_what_it_was(upgraded: asyncpg.Connection) -> None:
    half, whole = await read(upgraded, 1), await read(upgraded, 2)

    assert half.state(today=TODAY) is ContractState.ACTIVE
    assert whole.state(today=TODAY) is ContractState.COMPLETED
    assert [(line.agreed.quantity, line.agreed.unit) for line in (*half.lines, *whole.lines)] == [
        (1, "项"),
        (9, "岗位"),
    ]
    assert [share.year for share in half.years] == [2024]
    assert half.original_ceiling == half.ceiling
    assert (half.scheme_version, half.has_deduction_clause) == (1, True)


async def test_it_goes_on_as_a_contract_of_now(upgraded: asyncpg.Connection) -> None:
    before = await read(upgraded, 1)
    after, _ = approve_instalment(
        before,
        instalment_number=2,
        verdict=Verdict(deduction=before.ceiling - before.ceiling, is_open=False),
        approved_by="li.na",
        approved_on=TODAY,
    )

    await contracts.save(upgraded, before, after)

    assert (await read(upgraded, 1)).instalment(2).state is InstalmentState.APPROVED


async def test_its_clocks_run_from_its_signature(upgraded: asyncpg.Connection) -> None:
    rows = await obligations.list_rows(
        upgraded, org=None, kind=None, state="overdue", today=TODAY, after=FIRST, rows_max=100
    )

    assert [(r.contract_number, r.obligation.kind, r.obligation.due_on) for r in rows] == [
        ("DG-2", "publish_contract", date(2024, 2, 23)),
        ("DG-1", "file_contract", date(2024, 3, 1)),
        ("DG-2", "file_contract", date(2024, 3, 1)),
    ]
