"""The kit's tables: each service has its own copy of them in its own database."""

import re
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

# Constraint names are part of the schema: a migration must be able to name what it drops.
NAMING: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def table_name(class_name: str) -> str:
    """`OutboxHead` is kept in `outbox_head`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", class_name).lower()


def timestamp(**options: Any) -> Any:
    """A column for an instant; SQLModel's own default has no time zone."""
    return Column(DateTime(timezone=True), nullable=False, **options)


class KitTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Outbox(KitTable, table=True):
    """Every event this service has published or will: the log of record. Rows stay."""

    __table_args__ = (
        UniqueConstraint("topic", "partition", "number"),
        Index("ix_outbox_unnumbered", "position", postgresql_where=text("number IS NULL")),
    )

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    event_id: UUID = Field(unique=True)
    topic: str
    key: str
    aggregate_version: int = Field(sa_type=BigInteger)
    type: str
    version: int = Field(sa_type=SmallInteger)
    source: str
    recorded_at: datetime = Field(sa_column=timestamp())
    traceparent: str | None = None
    body: bytes = Field(sa_type=LargeBinary)
    partition: int = Field(sa_type=SmallInteger)
    # Given by the relay, once: the place among all events of this topic and partition.
    number: int | None = Field(default=None, sa_type=BigInteger)


class OutboxHead(KitTable, table=True):
    """How far a partition is numbered and sent."""

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_type=SmallInteger)
    next_number: int = Field(sa_type=BigInteger)
    sent_number: int = Field(sa_type=BigInteger)


class RelayState(KitTable, table=True):
    """One row: the cluster that has what we sent, and whether to send it all again."""

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    cluster_id: str | None = None
    is_rebuild_asked: bool = Field(sa_column_kwargs={"server_default": text("false")})


class Inbox(KitTable, table=True):
    """Every event this service has consumed: the second guard against applying one twice."""

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_type=SmallInteger)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    event_id: UUID = Field(unique=True)


class ConsumerPosition(KitTable, table=True):
    """The number this service expects next, moved in the transaction that applies."""

    topic: str = Field(primary_key=True)
    partition: int = Field(primary_key=True, sa_type=SmallInteger)
    next_number: int = Field(sa_type=BigInteger)
    # Only hints where to seek; the numbers decide.
    offset_hint: int = Field(sa_type=BigInteger)
    cluster_id: str | None = None


class Quarantine(KitTable, table=True):
    """Messages that can never work as they are, kept byte for byte."""

    __table_args__ = (Index("ix_quarantine_state", "state", "id"),)

    id: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    fingerprint: bytes = Field(sa_type=LargeBinary, unique=True)
    topic: str
    partition: int = Field(sa_type=SmallInteger)
    kafka_offset: int = Field(sa_type=BigInteger)
    number: int | None = Field(default=None, sa_type=BigInteger)
    key: bytes | None = Field(default=None, sa_type=LargeBinary)
    # Not jsonb, which refuses a byte of zero: whatever comes is kept.
    headers: str = Field(sa_type=JSON)
    value: bytes = Field(sa_type=LargeBinary)
    reason: str
    detail: str
    quarantined_at: datetime = Field(sa_column=timestamp())
    state: str = Field(sa_column_kwargs={"server_default": text("'open'")})
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    decision: str | None = None


class IdempotencyKey(KitTable, table=True):
    """The answer an accepted command got, to be given again."""

    subject: str = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: bytes = Field(sa_type=LargeBinary)
    status: int = Field(sa_type=SmallInteger)
    headers: str = Field(sa_type=JSONB)
    body: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_column=timestamp())


class Replica(KitTable, table=True):
    """The last state of each aggregate of a topic whose events carry the whole state."""

    topic: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    state: str = Field(sa_type=JSONB)
