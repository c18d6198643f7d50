"""The tables of contracts-svc."""

from datetime import date, datetime
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    MetaData,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel


class ContractsTable(SQLModel):
    metadata = MetaData(naming_convention=NAMING)

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy calls it with the class
        return table_name(cls.__name__)


class Contract(ContractsTable, table=True):
    """A signed contract."""

    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_contract_buyer", "buyer", "contract_id"),
        Index("ix_contract_agency", "agency", "contract_id"),
    )

    contract_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    number: str
    title: str
    buyer: str
    agency: str
    channel: str
    purchase_mode: str
    service_area: str
    people_served: str
    town: str
    payer_level: str
    posts: int | None
    signed_on: date
    published_on: date | None
    filed_on: date | None
    starts_on: date
    ends_on: date
    ceiling_minor: int = Field(sa_type=BigInteger)
    currency: str
    recorded_at: datetime = Field(sa_column=timestamp())


class Instalment(ContractsTable, table=True):
    """One scheduled payment, and what became of it."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        # One bank reference is one transfer, and pays once.
        UniqueConstraint("bank_reference"),
    )

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    due_on: date
    amount_minor: int = Field(sa_type=BigInteger)
    condition: str
    state: str
    deduction_minor: int = Field(sa_type=BigInteger)
    approved_by: str | None
    approved_on: date | None
    paid_by: str | None
    paid_on: date | None
    bank_reference: str | None
