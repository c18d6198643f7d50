"""A backup of a ledger, restored into another database."""

from typing import Final

import asyncpg

TABLES: Final = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
COLUMNS: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position
"""
SEQUENCES: Final = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"


async def copy_ledger(source_url: str, target_url: str) -> None:
    """All rows of one migrated database, as of now, into another; both URLs are their owners'."""
    source, target = await asyncpg.connect(source_url), await asyncpg.connect(target_url)
    try:
        async with source.transaction(isolation="repeatable_read", readonly=True):
            for (table,) in await source.fetch(TABLES):
                # What the migrations have put there; of the journal they put nothing.
                if await target.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")'):  # noqa: S608  # a table of our own
                    await target.execute(f'DELETE FROM "{table}"')  # noqa: S608  # a table of our own
                await target.copy_records_to_table(
                    table,
                    records=map(tuple, await source.fetch(f'SELECT * FROM "{table}"')),  # noqa: S608  # a table of our own
                    columns=[name for (name,) in await source.fetch(COLUMNS, table)],
                )
            for sequence, last in await source.fetch(SEQUENCES):
                await target.execute("SELECT setval($1::text::regclass, $2)", sequence, last)
    finally:
        await source.close()
        await target.close()
