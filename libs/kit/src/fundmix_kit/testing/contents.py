"""Whether anything was written at all: every row of every table, before and after."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from fundmix_kit.database import Connection, Database

TABLES: Final = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'"


async def contents(connection: Connection) -> dict[str, list[str]]:
    """The rows of each table that may be read, as text."""
    tables = [row[0] for row in await connection.fetch(f"{TABLES} ORDER BY 1")]
    found: dict[str, list[str]] = {}
    for table in tables:
        if await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table):
            rows = await connection.fetch(f"SELECT t::text FROM {table} AS t ORDER BY 1")  # noqa: S608  # the name is quoted by the server
            found[table] = [row[0] for row in rows]
    return found


@asynccontextmanager
async def nothing_written(database: Database) -> AsyncGenerator[None]:
    """Fails unless every table is as it was: no row, no event, no stored answer."""
    async with database.reading() as connection:
        before = await contents(connection)
    yield
    async with database.reading() as connection:
        assert await contents(connection) == before
