"""What a migrated database is: made as a service makes it, compared with what its code believes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import PostgresDsn
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Index, MetaData
from sqlalchemy.ext.asyncio import create_async_engine

from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.migrate import migrate
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.tables import KitTable
from fundmix_kit.testing.databases import Migrate

# What a running service may do with the kit's tables: written down once more, to be compared.
KIT_RIGHTS: Final = {
    "outbox": {"SELECT", "INSERT", "UPDATE (number)"},
    "outbox_head": {"SELECT", "INSERT", "UPDATE"},
    "relay_state": {"SELECT", "UPDATE"},
    "inbox": {"SELECT", "INSERT"},
    "consumer_position": {"SELECT", "INSERT", "UPDATE"},
    "quarantine": {"SELECT", "INSERT", "UPDATE"},
    "idempotency_key": {"SELECT", "INSERT"},
    "replica": {"SELECT", "INSERT", "UPDATE"},
}

# What the role may do with whole tables, whoever it has the right from.
TABLE_RIGHTS: Final = """
    SELECT c.relname AS table_name, r.name AS right_name
    FROM pg_class c
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
                            'TRIGGER', 'MAINTAIN']) AS r (name)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND has_table_privilege($1, c.oid, r.name)
"""
# And with single columns only.
COLUMN_RIGHTS: Final = """
    SELECT c.relname AS table_name, r.name || ' (' || a.attname || ')' AS right_name
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS r (name)
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND has_column_privilege($1, c.oid, a.attnum, r.name)
      AND NOT has_table_privilege($1, c.oid, r.name)
"""
SCHEMA_RIGHTS: Final = """
    SELECT n.nspname AS table_name, 'CREATE' AS right_name
    FROM pg_namespace n
    WHERE n.nspname NOT LIKE 'pg_temp%' AND has_schema_privilege($1, n.oid, 'CREATE')
"""


def migrated_by(location: Path) -> Migrate:
    """Prepares a fresh database with a service's own migrations."""

    async def prepare(database: ServiceDatabase) -> None:
        settings = DatabaseSettings(
            url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
        )
        await migrate(settings, location=location)

    return prepare


async def drift(
    database: ServiceDatabase,
    *service: MetaData,
    kit_indexes: Mapping[str, tuple[str, Sequence[str]]] | None = None,
) -> Sequence[Any]:
    """What a migration would have to change, for the tables to be those that the classes say.

    `kit_indexes` are those that a service has added to the kit's tables: table and columns by name.
    """
    wanted = MetaData()
    for metadata in (*service, KitTable.metadata):
        for table in metadata.tables.values():
            table.to_metadata(wanted)
    for name, (table_name, column_names) in (kit_indexes or {}).items():
        columns = wanted.tables[table_name].columns
        Index(name, *(columns[column_name] for column_name in column_names))

    def compare(connection: SyncConnection) -> Sequence[Any]:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, wanted)

    url = database.owner_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(compare)
    finally:
        await engine.dispose()


async def rights_of_service(database: ServiceDatabase) -> dict[str, set[str]]:
    """Everything the service's role may do in its database, by table; all else is refused."""
    connection = await asyncpg.connect(database.owner_url)
    try:
        rights: dict[str, set[str]] = {}
        for query in (TABLE_RIGHTS, COLUMN_RIGHTS, SCHEMA_RIGHTS):
            for row in await connection.fetch(query, database.service):
                rights.setdefault(row["table_name"], set()).add(row["right_name"])
        return rights
    finally:
        await connection.close()
