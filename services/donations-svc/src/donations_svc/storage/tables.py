"""The tables of donations-svc. Of a donor there is a kind and, but for persons, a code."""

from datetime import date, datetime
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, MetaData, UniqueConstraint, text
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

IS_OPEN = text("fulfilled_minor < amount_minor")


class DonationsTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Pledge(DonationsTable, table=True):
    """A promise, and how much of it has arrived."""

    __table_args__ = (
        UniqueConstraint("agency", "reference"),
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
    recorded_at: datetime = Field(sa_column=timestamp())


class Donation(DonationsTable, table=True):
    """What has arrived; a row never changes."""

    __table_args__ = (
        UniqueConstraint("agency", "reference"),
        # One bank reference is one transfer into the agency's bank.
        UniqueConstraint("agency", "bank_reference"),
        ForeignKeyConstraint(["pledge_id"], ["pledge.pledge_id"]),
        Index("ix_donation_agency", "agency", "donation_id"),
        Index("ix_donation_donor", "donor_code", "donation_id"),
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
    recorded_at: datetime = Field(sa_column=timestamp())
