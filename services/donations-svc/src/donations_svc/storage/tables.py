"""The tables of donations-svc. Of a donor there is a kind and, but for persons, a code."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

IS_OPEN: Final = text("fulfilled_minor < amount_minor AND cancelled_on IS NULL")
STANDS: Final = text("reversed_on IS NULL")
IS_NAMED_GIFT: Final = text(
    "reversed_on IS NULL AND NOT is_anonymous AND NOT is_sponsorship AND donor_code IS NOT NULL"
)
# Who proves goods has said what they are: a constraint of the table.
IS_UNPROVED: Final = text("kind = 'in_kind' AND proof_kind IS NULL AND reversed_on IS NULL")
IS_UNRELEASED: Final = text("state = 'cancelled' AND kind = 'cash' AND released_at IS NULL")
QUANTITY: Final = Numeric(15, 3)


class DonationsTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Pledge(DonationsTable, table=True):
    """A promise, and how much of it has arrived."""

    __table_args__ = (
        Index("ix_pledge_reference", "agency", "reference", unique=True, postgresql_where=STANDS),
        Index(
            "ix_pledge_batch",
            "batch_id",
            "pledge_id",
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_pledge_agency", "agency", "pledge_id"),
        Index("ix_pledge_donor", "donor_code", "pledge_id"),
        Index(
            "ix_pledge_open_agency", "agency", "pledged_on", "pledge_id", postgresql_where=IS_OPEN
        ),
        Index(
            "ix_pledge_open_donor",
            "donor_code",
            "pledged_on",
            "pledge_id",
            postgresql_where=IS_OPEN,
        ),
    )

    pledge_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    reference: str
    donor_kind: str
    donor_code: str | None
    agency: str
    channel: str
    kind: str
    amount_minor: int = Field(sa_type=BigInteger)
    fulfilled_minor: int = Field(sa_type=BigInteger)
    currency: str
    restricted_to: str | None
    pledged_on: date
    is_anonymous: bool
    cancelled_on: date | None
    cancellation_reason: str | None
    cancellation_remark: str | None
    batch_id: UUID | None
    reversed_on: date | None
    recorded_at: datetime = Field(sa_column=timestamp())


class PledgePart(DonationsTable, table=True):
    """How much of a pledge is to arrive by a day."""

    __table_args__ = (ForeignKeyConstraint(["pledge_id"], ["pledge.pledge_id"]),)

    pledge_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    due_on: date
    amount_minor: int = Field(sa_type=BigInteger)


class Announcement(DonationsTable, table=True):
    """What a donor says it has given; each agency confirms its own lines."""

    __table_args__ = (UniqueConstraint("donor_code", "reference"),)

    announcement_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    reference: str
    donor_kind: str
    donor_code: str
    kind: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    given_on: date
    goods: str | None
    quantity: Decimal | None = Field(sa_type=QUANTITY)
    unit: str | None
    proof_kind: str | None
    proof_sha256: str | None
    service: str | None
    hours: Decimal | None = Field(sa_type=QUANTITY)
    hourly_rate_minor: int | None = Field(sa_type=BigInteger)
    is_sponsorship: bool
    is_anonymous: bool
    remark: str | None
    recorded_by: str
    recorded_at: datetime = Field(sa_column=timestamp())


class AnnouncementLine(DonationsTable, table=True):
    """The part of an announcement that one agency is to have for one purpose."""

    __table_args__ = (
        ForeignKeyConstraint(["announcement_id"], ["announcement.announcement_id"]),
        ForeignKeyConstraint(["pledge_id"], ["pledge.pledge_id"]),
        Index("ix_announcement_line_agency", "agency", "announcement_id"),
        Index(
            "ix_announcement_line_open",
            "agency",
            "announcement_id",
            postgresql_where=text("state = 'announced'"),
        ),
    )

    announcement_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    agency: str
    restricted_to: str | None
    amount_minor: int = Field(sa_type=BigInteger)
    pledge_id: UUID | None
    state: str
    donation_id: UUID | None
    rejection_reason: str | None
    remark: str | None
    delegation: str | None
    decided_by: str | None
    decided_at: datetime | None = Field(sa_type=DateTime(timezone=True))


class Donation(DonationsTable, table=True):
    """What has arrived; later it is said what goods are, what was given back, or that it was wrong.

    Nothing else of a row changes.
    """

    __table_args__ = (
        Index("ix_donation_reference", "agency", "reference", unique=True, postgresql_where=STANDS),
        # One bank reference is one transfer into the agency's bank, which may have several lines.
        Index(
            "ix_donation_bank_reference",
            "agency",
            "bank_reference",
            "line",
            unique=True,
            postgresql_where=STANDS,
        ),
        ForeignKeyConstraint(["pledge_id"], ["pledge.pledge_id"]),
        ForeignKeyConstraint(["announcement_id"], ["announcement.announcement_id"]),
        Index(
            "ix_donation_batch",
            "batch_id",
            "donation_id",
            postgresql_where=text("batch_id IS NOT NULL"),
        ),
        Index("ix_donation_agency", "agency", "donation_id"),
        Index("ix_donation_received", "agency", "received_on", "donation_id"),
        Index(
            "ix_donation_unproved",
            "agency",
            "received_on",
            "donation_id",
            postgresql_where=IS_UNPROVED,
        ),
        # By which an import finds what may be the same donation under another reference.
        Index(
            "ix_donation_alike",
            "agency",
            "donor_code",
            "received_on",
            "amount_minor",
            postgresql_where=text("reversed_on IS NULL AND donor_code IS NOT NULL"),
        ),
        Index("ix_donation_donor", "donor_code", "donation_id"),
        Index("ix_donation_public", "given_on", "donation_id", postgresql_where=IS_NAMED_GIFT),
        Index("ix_donation_pledge", "pledge_id", "donation_id"),
    )

    donation_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    reference: str
    donor_kind: str
    donor_code: str | None
    agency: str
    channel: str
    kind: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    restricted_to: str | None
    given_on: date
    received_on: date
    bank_reference: str | None
    pledge_id: UUID | None
    fulfils_minor: int | None = Field(sa_type=BigInteger)
    is_anonymous: bool
    line: int = Field(sa_type=SmallInteger)
    goods: str | None
    quantity: Decimal | None = Field(sa_type=QUANTITY)
    unit: str | None
    proof_kind: str | None
    proof_sha256: str | None
    # When that was said, if it was later than the rest.
    goods_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    service: str | None
    hours: Decimal | None = Field(sa_type=QUANTITY)
    hourly_rate_minor: int | None = Field(sa_type=BigInteger)
    is_sponsorship: bool
    deposit_id: UUID | None
    announcement_id: UUID | None
    batch_id: UUID | None
    refunded_minor: int = Field(sa_type=BigInteger)
    reversed_on: date | None
    reversal_reason: str | None
    recorded_by: str
    delegation: str | None
    recorded_at: datetime = Field(sa_column=timestamp())


class Refund(DonationsTable, table=True):
    """What is to go back to a donor: held in the ledger, then paid, or not."""

    __table_args__ = (
        UniqueConstraint("agency", "reference"),
        ForeignKeyConstraint(["donation_id"], ["donation.donation_id"]),
        Index("ix_refund_donation", "donation_id", "refund_id"),
        Index("ix_refund_agency", "agency", "refund_id"),
        Index("ix_refund_donor", "donor_code", "refund_id"),
        Index("ix_refund_open", "agency", "refund_id", postgresql_where=text("state = 'held'")),
        Index("ix_refund_unreleased", "agency", "refund_id", postgresql_where=IS_UNRELEASED),
    )

    refund_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    donation_id: UUID
    agency: str
    donor_code: str | None
    reference: str
    lot_id: UUID
    restricted_to: str | None
    kind: str
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    reason: str
    remark: str | None
    state: str
    held_on: date
    requested_by: str
    requested_at: datetime = Field(sa_column=timestamp())
    refunded_on: date | None
    bank_reference: str | None
    decided_by: str | None
    decided_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    # When the ledger has given back what it held for one that was cancelled.
    released_at: datetime | None = Field(sa_type=DateTime(timezone=True))


class PurposeChange(DonationsTable, table=True):
    """What was left of a donation, kept for something else from a day on."""

    __table_args__ = (
        UniqueConstraint("agency", "reference"),
        ForeignKeyConstraint(["donation_id"], ["donation.donation_id"]),
        Index("ix_purpose_change_donation", "donation_id", "change_id"),
        Index("ix_purpose_change_agency", "agency", "change_id"),
        Index("ix_purpose_change_donor", "donor_code", "change_id"),
    )

    change_id: UUID = Field(primary_key=True)
    donation_id: UUID
    agency: str
    donor_code: str | None
    reference: str
    lot_id: UUID
    restricted_to: str | None
    new_restricted_to: str | None
    amount_minor: int = Field(sa_type=BigInteger)
    currency: str
    basis: str
    consented_on: date | None
    finished_on: date | None
    published_on: date | None
    document_sha256: str
    remark: str | None
    changed_on: date
    recorded_by: str
    recorded_at: datetime = Field(sa_column=timestamp())


class ImportBatch(DonationsTable, table=True):
    """A file of donations that was booked as one; `donations` and `pledges` are what was new."""

    __table_args__ = (Index("ix_import_batch_org", "org", "batch_id"),)

    batch_id: UUID = Field(primary_key=True)
    source: str
    file_sha256: bytes = Field(sa_type=LargeBinary)
    format: str
    rows: int
    donations: int
    pledges: int
    duplicates: int
    left_out: int
    control_total_minor: int = Field(sa_type=BigInteger)
    booked_minor: int = Field(sa_type=BigInteger)
    currency: str
    org: str | None
    recorded_by: str
    delegation: str | None
    recorded_at: datetime = Field(sa_column=timestamp())


class ImportShare(DonationsTable, table=True):
    """What of a batch is one agency's."""

    __table_args__ = (
        ForeignKeyConstraint(["batch_id"], ["import_batch.batch_id"]),
        Index("ix_import_share_agency", "agency", "batch_id"),
    )

    batch_id: UUID = Field(primary_key=True)
    agency: str = Field(primary_key=True)
    donations: int
    pledges: int
    amount_minor: int = Field(sa_type=BigInteger)


class ImportColumn(DonationsTable, table=True):
    """What a column of a source means, in files an agency sends; "" where others send them."""

    agency: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    header: str = Field(primary_key=True)
    field: str
