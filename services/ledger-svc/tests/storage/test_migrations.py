"""From an earlier release, with contracts in its tables: what they agreed is known on."""

from datetime import date
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


async def migrate_to(database: ServiceDatabase, revision: str) -> None:
    settings = DatabaseSettings(
        url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
    )
    await migrate(settings, location=MIGRATIONS, revision=revision)
