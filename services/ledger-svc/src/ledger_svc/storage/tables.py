"""The tables of ledger-svc."""

from datetime import date, datetime
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
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
    """What one event did to the books, or a barrier, which has no agency; never changed."""

    __table_args__ = (
        Index("ix_journal_entry_agency", "agency", "seq"),
        Index("ix_journal_entry_value_on", "value_on", "seq"),
        Index("ix_journal_entry_source", "topic", "partition", "number"),
        Index(
            "ix_journal_entry_opening",
            "agency",
            postgresql_where=text("kind = 'ledger.opening_balance_approved'"),
        ),
        Index(
            "ix_journal_entry_corrects",
            "corrects",
            postgresql_where=text("corrects IS NOT NULL"),
        ),
    )

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: UUID = Field(unique=True)
    topic: str
    partition: int = Field(sa_type=SmallInteger)
    number: int = Field(sa_type=BigInteger)
    kind: str
    agency: str | None = None
    occurred_on: date
    value_on: date
    posted_at: datetime = Field(sa_column=timestamp())
    # The month of the value date, or the first that was open.
    period: int
    payload_sha256: bytes = Field(sa_type=LargeBinary)
    # The event whose entry this undoes.
    corrects: UUID | None = None
    document: str | None = None
    payer: str | None = None


class Posting(LedgerTable, table=True):
    """One leg of an entry; the legs of an entry sum to zero in each currency."""

    __table_args__ = (Index("ix_posting_account", "account_id", "seq"),)

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
    """What one kind of entry moved in an account in a month, also by the month of its value date.

    The two differ where an entry came after its month was closed.
    """

    __table_args__ = (
        Index(
            "ix_period_balance_late",
            "value_period",
            postgresql_where=text("value_period <> period"),
        ),
    )

    period: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    account_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    value_period: int = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)
    debit_minor: int = Field(sa_type=BigInteger)


class Movement(LedgerTable, table=True):
    """What moved in an account by value date and by the day it was posted here."""

    account_id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    value_on: date = Field(primary_key=True)
    posted_on: date = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)


class ChannelBalance(LedgerTable, table=True):
    """The same by month as `PeriodBalance`, of all accounts of a code and channel together.

    Only of those codes that mixes and readings are made from: they never ask for a fund.
    """

    __table_args__ = (
        Index(
            "ix_channel_balance_late",
            "value_period",
            postgresql_where=text("value_period <> period"),
        ),
    )

    period: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    agency: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    value_period: int = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)


class ChannelMovement(LedgerTable, table=True):
    """The same by day as `Movement`, of all accounts of a code and channel together."""

    value_on: date = Field(primary_key=True)
    agency: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    posted_on: date = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)


class PayerBalance(LedgerTable, table=True):
    """Cash that came from one payer, by value date; a person who gives is no payer here."""

    value_period: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    agency: str = Field(primary_key=True)
    payer: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)


class PayerMovement(LedgerTable, table=True):
    """The same by account, by value date and by the day it was posted here."""

    value_on: date = Field(primary_key=True)
    account_id: int = Field(primary_key=True)
    payer: str = Field(primary_key=True)
    posted_on: date = Field(primary_key=True)
    amount_minor: int = Field(sa_type=BigInteger)


class LogHead(LedgerTable, table=True):
    """One row: where the next entry stands. Whoever appends holds its lock."""

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    next_seq: int = Field(sa_type=BigInteger)
    posted_at: datetime = Field(sa_column=timestamp())
    # The last month that is closed; 0 where none is.
    closed_through: int = Field(sa_column_kwargs={"server_default": text("0")})
    # The last entry that was taken from the journal's own topic; 0 where none was.
    followed_seq: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})


class PeriodClose(LedgerTable, table=True):
    """What a barrier in the journal has closed; never changed."""

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    through: int
    accounts: int
    totals_sha256: bytes = Field(sa_type=LargeBinary)


class PeriodTotal(LedgerTable, table=True):
    """An account in a closed month, also one where nothing moved; never changed."""

    period: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    account_id: int = Field(primary_key=True)
    opening_minor: int = Field(sa_type=BigInteger)
    debit_minor: int = Field(sa_type=BigInteger)
    credit_minor: int = Field(sa_type=BigInteger)
    closing_minor: int = Field(sa_type=BigInteger)


class Lot(LedgerTable, table=True):
    """One receipt of money inside a fund: what came, what of it is used, and what is held."""

    __table_args__ = (
        Index("ix_lot_fund", "agency", "fund_code", "value_on", "document"),
        Index(
            "ix_lot_free",
            "agency",
            "fund_code",
            "value_on",
            "document",
            postgresql_where=text("amount_minor > drawn_minor + held_minor"),
        ),
        Index(
            "ix_lot_payer",
            "payer",
            "value_on",
            "lot_id",
            postgresql_where=text("payer IS NOT NULL AND NOT starts_with(fund_code, 'contract:')"),
        ),
    )

    lot_id: UUID = Field(primary_key=True)
    agency: str
    fund_code: str
    channel: str
    currency: str
    value_on: date
    document: str
    payer: str | None = None
    amount_minor: int = Field(sa_type=BigInteger)
    drawn_minor: int = Field(sa_type=BigInteger)
    held_minor: int = Field(sa_type=BigInteger)


class LotMovement(LedgerTable, table=True):
    """What an entry brought to a lot or used of it; negative: the reverse. Never changed."""

    __table_args__ = (Index("ix_lot_movement_lot", "lot_id", "seq"),)

    seq: int = Field(primary_key=True, sa_type=BigInteger)
    line: int = Field(primary_key=True, sa_type=SmallInteger)
    lot_id: UUID
    is_draw: bool
    amount_minor: int = Field(sa_type=BigInteger)


class Fund(LedgerTable, table=True):
    """A fund that something was ever asked of: its row is the lock of all that hold its money."""

    agency: str = Field(primary_key=True)
    fund_code: str = Field(primary_key=True)


class Hold(LedgerTable, table=True):
    """Money of a fund that is set aside until an event uses it, or it is released."""

    __table_args__ = (
        Index("ix_hold_held", "agency", "fund_code", postgresql_where=text("state = 'held'")),
    )

    hold_id: UUID = Field(primary_key=True)
    agency: str
    fund_code: str
    currency: str
    purpose: str
    document: str
    effective_on: date
    amount_minor: int = Field(sa_type=BigInteger)
    # What no lot bears: a contract fund may be spent before it is paid.
    advance_minor: int = Field(sa_type=BigInteger)
    advance_channel: str
    state: str
    made_by: str
    made_at: datetime = Field(sa_column=timestamp())


class HoldLot(LedgerTable, table=True):
    """What a hold sets aside of a lot."""

    hold_id: UUID = Field(primary_key=True)
    lot_id: UUID = Field(primary_key=True)
    channel: str
    amount_minor: int = Field(sa_type=BigInteger)


class Request(LedgerTable, table=True):
    """What somebody has asked for and somebody else decides."""

    __table_args__ = (
        Index(
            "uq_request_reference",
            "kind",
            "agency",
            "reference",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("state IN ('prepared', 'approved')"),
        ),
        Index("ix_request_agency", "agency", "request_id"),
        Index(
            "ix_request_waiting",
            "agency",
            "request_id",
            postgresql_where=text("state = 'prepared'"),
        ),
        Index(
            "uq_request_opening",
            "agency",
            unique=True,
            postgresql_where=text("kind = 'opening_balance' AND state IN ('prepared', 'approved')"),
        ),
        Index(
            "uq_request_corrects",
            "corrects",
            unique=True,
            postgresql_where=text("state IN ('prepared', 'approved')"),
        ),
        Index(
            "ix_request_batch",
            "batch_id",
            "request_id",
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_request_event", "event_id", postgresql_where=text("event_id IS NOT NULL")),
    )

    request_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    kind: str
    agency: str | None = None
    reference: str
    fund_code: str | None = None
    effective_on: date
    amount_minor: int | None = Field(default=None, sa_type=BigInteger)
    state: str
    body: str = Field(sa_type=JSONB)
    prepared_by: str
    prepared_at: datetime = Field(sa_column=timestamp())
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    reason: str | None = None
    event_id: UUID | None = None
    corrects: UUID | None = None
    batch_id: UUID | None = None


class ImportMapping(LedgerTable, table=True):
    """What a text of an agency's accounting program is here: a code, or a fund."""

    agency: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    text: str = Field(primary_key=True)
    target: str
