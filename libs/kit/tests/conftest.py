"""A database with the kit's tables, and one for the consumer under test to write into."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.migrate import KIT_GRANTS_V1, KIT_TABLES_V1
from fundmix_kit.testing.databases import FreshDatabases

TICK_TABLE = "CREATE TABLE tick (place bigint GENERATED ALWAYS AS IDENTITY, name text, count int)"


async def create_tables(database: ServiceDatabase) -> None:
    connection = await asyncpg.connect(database.owner_url)
    try:
        for statement in (*KIT_TABLES_V1, TICK_TABLE):
            await connection.execute(statement)
        for table, rights in {**KIT_GRANTS_V1, "tick": "SELECT, INSERT"}.items():
            await connection.execute(f"GRANT {rights} ON {table} TO {database.service}")
    finally:
        await connection.close()


@pytest.fixture
async def kit_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async with databases.fresh("kit", migrate=create_tables) as database:
        yield database
