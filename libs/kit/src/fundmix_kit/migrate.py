"""Migrations: run as the owner of the database, under a lock; a running service cannot do this."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine

from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.tables import KitTable

MIGRATION_LOCK: Final = 0x66756E646D6967  # "fundmig": one migration of a database at a time

KIT_TABLES_V1: Final = (
    """
    CREATE TABLE outbox (
        position bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_outbox PRIMARY KEY,
        event_id uuid NOT NULL CONSTRAINT uq_outbox_event_id UNIQUE,
        topic varchar NOT NULL,
        key varchar NOT NULL,
        aggregate_version bigint NOT NULL,
        type varchar NOT NULL,
        version smallint NOT NULL,
        source varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        traceparent varchar,
        body bytea NOT NULL,
        partition smallint NOT NULL,
        number bigint,
        CONSTRAINT uq_outbox_topic_partition_number UNIQUE (topic, partition, number)
    )
    """,
    "CREATE INDEX ix_outbox_unnumbered ON outbox (position) WHERE number IS NULL",
    """
    CREATE TABLE outbox_head (
        topic varchar NOT NULL,
        partition smallint NOT NULL,
        next_number bigint NOT NULL,
        sent_number bigint NOT NULL,
        CONSTRAINT pk_outbox_head PRIMARY KEY (topic, partition)
    )
    """,
    """
    CREATE TABLE relay_state (
        id smallint CONSTRAINT pk_relay_state PRIMARY KEY,
        cluster_id varchar,
        is_rebuild_asked boolean DEFAULT false NOT NULL
    )
    """,
    "INSERT INTO relay_state (id) VALUES (1)",
    """
    CREATE TABLE inbox (
        topic varchar NOT NULL,
        partition smallint NOT NULL,
        number bigint NOT NULL,
        event_id uuid NOT NULL CONSTRAINT uq_inbox_event_id UNIQUE,
        CONSTRAINT pk_inbox PRIMARY KEY (topic, partition, number)
    )
    """,
    """
    CREATE TABLE consumer_position (
        topic varchar NOT NULL,
        partition smallint NOT NULL,
        next_number bigint NOT NULL,
        offset_hint bigint NOT NULL,
        cluster_id varchar,
        CONSTRAINT pk_consumer_position PRIMARY KEY (topic, partition)
    )
    """,
    """
    CREATE TABLE quarantine (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_quarantine PRIMARY KEY,
        fingerprint bytea NOT NULL CONSTRAINT uq_quarantine_fingerprint UNIQUE,
        topic varchar NOT NULL,
        partition smallint NOT NULL,
        kafka_offset bigint NOT NULL,
        number bigint,
        key bytea,
        headers json NOT NULL,
        value bytea NOT NULL,
        reason varchar NOT NULL,
        detail varchar NOT NULL,
        quarantined_at timestamptz NOT NULL,
        state varchar DEFAULT 'open' NOT NULL,
        decided_by varchar,
        decided_at timestamptz,
        decision varchar
    )
    """,
    "CREATE INDEX ix_quarantine_state ON quarantine (state, id)",
    """
    CREATE TABLE idempotency_key (
        subject varchar NOT NULL,
        route varchar NOT NULL,
        key varchar NOT NULL,
        fingerprint bytea NOT NULL,
        status smallint NOT NULL,
        headers jsonb NOT NULL,
        body bytea NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT pk_idempotency_key PRIMARY KEY (subject, route, key)
    )
    """,
    """
    CREATE TABLE replica (
        topic varchar NOT NULL,
        key varchar NOT NULL,
        version bigint NOT NULL,
        state jsonb NOT NULL,
        CONSTRAINT pk_replica PRIMARY KEY (topic, key)
    )
    """,
)

# Only the relay's number may ever change in the log of record.
KIT_GRANTS_V1: Final = {
    "outbox": "SELECT, INSERT, UPDATE (number)",
    "outbox_head": "SELECT, INSERT, UPDATE",
    "relay_state": "SELECT, UPDATE",
    "inbox": "SELECT, INSERT",
    "consumer_position": "SELECT, INSERT, UPDATE",
    "quarantine": "SELECT, INSERT, UPDATE",
    "idempotency_key": "SELECT, INSERT",
    "replica": "SELECT, INSERT, UPDATE",
}


def create_kit_tables() -> None:
    """The kit's tables as of version 1: called once, by a service's first migration."""
    for statement in KIT_TABLES_V1:
        op.execute(statement)
    grant_to_service(KIT_GRANTS_V1)


def grant_to_service(grants: Mapping[str, str]) -> None:
    """Give the running service exactly these rights, table by table."""
    role = context.config.attributes["service_role"]
    quoted = op.get_bind().dialect.identifier_preparer.quote(role)
    for table, rights in grants.items():
        op.execute(f"GRANT {rights} ON {table} TO {quoted}")


def run_environment(metadata: MetaData) -> None:
    """The whole of a service's `env.py`."""
    connection: SyncConnection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=[metadata, KitTable.metadata], compare_type=True
    )
    with context.begin_transaction():
        context.run_migrations()


def alembic_config(location: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(location))
    return config


async def migrate(settings: DatabaseSettings, *, location: Path, revision: str = "head") -> None:
    """Bring the database to `revision`; nothing happens when it is there already.

    `location` is the folder of the service's migrations.
    """
    assert settings.owner_url is not None, "migrations need FUNDMIX_DATABASE__OWNER_URL"
    role = settings.url.hosts()[0]["username"]
    assert role is not None, "the service's URL names its role"

    def upgrade(connection: SyncConnection) -> None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        config = alembic_config(location)
        config.attributes["connection"] = connection
        config.attributes["service_role"] = role
        command.upgrade(config, revision)

    engine = create_async_engine(
        str(settings.owner_url).replace("postgresql://", "postgresql+asyncpg://", 1)
    )
    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
