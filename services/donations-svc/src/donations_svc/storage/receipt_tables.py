"""The tables of receipts, and of the jobs that issue many."""

from datetime import date, datetime
from uuid import UUID

from fundmix_kit.tables import timestamp
from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from donations_svc.storage.tables import DonationsTable


class Receipt(DonationsTable, table=True):
    """Once it has a number, its snapshot never changes; it is never deleted."""

    __table_args__ = (
        UniqueConstraint("agency", "year", "sequence"),
        UniqueConstraint("number"),
        ForeignKeyConstraint(["donation_id"], ["donation.donation_id"]),
        ForeignKeyConstraint(["replaces"], ["receipt.number"]),
        # One donation has one receipt that stands, or one draft of one.
        Index(
            "ix_receipt_open",
            "donation_id",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index(
            "ix_receipt_official",
            "official_code",
            "official_number",
            unique=True,
            postgresql_where=text("state <> 'withdrawn'"),
        ),
        Index("ix_receipt_agency", "agency", "receipt_id"),
        Index("ix_receipt_donor", "donor_code", "receipt_id"),
        Index("ix_receipt_donation", "donation_id", "receipt_id"),
    )

    receipt_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    donation_id: UUID
    agency: str
    donor_code: str | None
    state: str
    handler: str | None
    official_code: str | None
    official_number: str | None
    drafted_by: str
    drafted_at: datetime = Field(sa_column=timestamp())
    year: int | None = Field(sa_type=SmallInteger)
    sequence: int | None
    number: str | None
    replaces: str | None
    snapshot: str | None = Field(sa_type=JSONB)
    issued_by: str | None
    issued_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    withdrawn_on: date | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    withdrawal_reason: str | None
    withdrawal_remark: str | None


class ReceiptSeries(DonationsTable, table=True):
    """The last number that was taken: its row is locked until whoever took it has committed."""

    agency: str = Field(primary_key=True)
    year: int = Field(primary_key=True, sa_type=SmallInteger)
    last_sequence: int


class ReceiptKey(DonationsTable, table=True):
    """What check codes are made with. It is made with the table, and stays."""

    id: int = Field(primary_key=True, sa_type=SmallInteger)
    key: bytes = Field(sa_type=LargeBinary)


class Job(DonationsTable, table=True):
    """Receipts for a month of an agency, after which donation to go on, and how far it is.

    `refused` counts, by the code of the refusal, donations that cannot have one. The job that was
    not tried for longest is the next.
    """

    __table_args__ = (
        Index(
            "ix_job_open",
            text("tried_at NULLS FIRST"),
            "job_id",
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_job_agency", "agency", "job_id"),
    )

    job_id: UUID = Field(primary_key=True)
    agency: str
    month: int
    handler: str | None
    total: int
    issued: int
    refused: str = Field(sa_type=JSONB)
    after: UUID
    after_on: date
    requested_by: str
    requested_at: datetime = Field(sa_column=timestamp())
    started_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    tried_at: datetime | None = Field(sa_type=DateTime(timezone=True))
    finished_at: datetime | None = Field(sa_type=DateTime(timezone=True))
