"""The tables of ledger-svc."""

from datetime import date, datetime
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import (
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel


class LedgerTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Account(LedgerTable, table=True):
    """One (agency, code, fund, channel) in one currency."""

    __table_args__ = (UniqueConstraint("agency", "code", "fund_code", "channel", "currency"),)

    account_id: int = Field(sa_column=Column(Integer, Identity(always=True), primary_key=True))
    agency: str
    code: str
    fund_code: str
    channel: str
    currency: str


class JournalEntry(LedgerTable, table=True):
    """What one event did to the books; never changed."""

    __table_args__ = (Index("ix_journal_entry_agency", "agency", "seq"),)

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: UUID = Field(unique=True)
    topic: str
    partition: int = Field(sa_type=SmallInteger)
    number: int = Field(sa_type=BigInteger)
    kind: str
    agency: str
    occurred_on: date
    value_on: date
    posted_at: datetime = Field(sa_column=timestamp())
    period: int
    corrects: int | None = Field(default=None, sa_type=BigInteger)
    payload_sha256: bytes = Field(sa_type=LargeBinary)


class Posting(LedgerTable, table=True):
    """One leg of an entry; the legs of an entry sum to zero in each currency."""

    seq: int = Field(primary_key=True, sa_type=BigInteger)
    line: int = Field(primary_key=True, sa_type=SmallInteger)
    account_id: int
    amount_minor: int = Field(sa_type=BigInteger)


class Balance(LedgerTable, table=True):
    """The sum of an account's postings."""

    account_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    amount_minor: int = Field(sa_type=BigInteger)
    last_seq: int = Field(sa_type=BigInteger)


class PeriodBalance(LedgerTable, table=True):
    """What one kind of entry moved in an account in a month."""

    period: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    account_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)


class LogHead(LedgerTable, table=True):
    """One row: where the next entry stands. Whoever appends holds its lock."""

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    next_seq: int = Field(sa_type=BigInteger)
    posted_at: datetime = Field(sa_column=timestamp())
