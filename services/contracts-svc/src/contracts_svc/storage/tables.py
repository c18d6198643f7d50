"""The tables of contracts-svc."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from fundmix_kit.tables import NAMING, table_name, timestamp
from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    MetaData,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

# What this service reads of the kit's tables in an order of its own.
KIT_INDEXES: Final = {"ix_outbox_key": ("outbox", ("key", "position"))}


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
        Index(
            "ix_contract_unpublished", "publish_by", postgresql_where=text("published_on IS NULL")
        ),
        Index("ix_contract_unfiled", "file_by", postgresql_where=text("filed_on IS NULL")),
        # Of the public list: each of its orders, and each filter in the usual one.
        Index("ix_contract_title", text("grams(title, 2)"), postgresql_using="gin"),
        Index("ix_contract_number_grams", text("grams(number, 3)"), postgresql_using="gin"),
        Index("ix_contract_signed_on", "signed_on", "contract_id"),
        Index("ix_contract_ceiling", "ceiling_minor", "contract_id"),
        Index("ix_contract_town", "town", "signed_on", "contract_id"),
        Index("ix_contract_service_area", "service_area", "signed_on", "contract_id"),
        Index("ix_contract_people", "people_served", "signed_on", "contract_id"),
        Index("ix_contract_buyer_signed", "buyer", "signed_on", "contract_id"),
        Index("ix_contract_agency_signed", "agency", "signed_on", "contract_id"),
        Index("ix_contract_overlap", "town", "people_served", "starts_on", "contract_id"),
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
    # signed, completed or terminated; a signed contract is active once its term has begun.
    state: str
    original_ceiling_minor: int = Field(sa_type=BigInteger)
    supplemented_minor: int = Field(sa_type=BigInteger)
    years: Any = Field(sa_type=JSONB)
    budget_item: str | None
    plan_number: str | None
    term_reason: str | None
    scheme_version: int
    has_deduction_clause: bool
    amendment_count: int
    delivery_count: int
    acceptance_count: int
    terminated_on: date | None
    termination_reason: str | None
    publish_by: date
    file_by: date


class Instalment(ContractsTable, table=True):
    """One scheduled payment, and what became of it."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        # One bank reference of a payer is one transfer, and pays once.
        UniqueConstraint("payer", "bank_reference"),
        Index("ix_instalment_unpaid", "pay_by", postgresql_where=text("paid_on IS NULL")),
        Index(
            "ix_instalment_unconfirmed",
            "paid_on",
            postgresql_where=text("state = 'paid' AND arrived_on IS NULL"),
        ),
        Index(
            "ix_instalment_waiting",
            "due_on",
            postgresql_where=text("state IN ('scheduled', 'approved')"),
        ),
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
    payer: str | None
    invoice_number: str | None
    invoiced_on: date | None
    pay_by: date | None
    confirmed_by: str | None
    arrived_on: date | None


class ContractLine(ContractsTable, table=True):
    """What is bought, and how much of it was delivered and accepted."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        Index(
            "ix_contract_line_unaccepted",
            "contract_id",
            postgresql_where=text("accepted < delivered"),
        ),
    )

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    title: str
    unit: str
    quantity: int
    amount_minor: int = Field(sa_type=BigInteger)
    delivered: int
    accepted: int


class Recovery(ContractsTable, table=True):
    """What the agency has to pay back."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        Index("ix_recovery_unreceived", "due_on", postgresql_where=text("received_on IS NULL")),
    )

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    due_on: date
    received_on: date | None
    bank_reference: str | None


class Amendment(ContractsTable, table=True):
    """What the parties changed, once written down never changed."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        Index(
            "ix_amendment_unpublished", "publish_by", postgresql_where=text("published_on IS NULL")
        ),
    )

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    reason: str
    amended_on: date
    delta_minor: int = Field(sa_type=BigInteger)
    ceiling_minor: int = Field(sa_type=BigInteger)
    ends_on: date
    recorded_by: str
    recorded_at: datetime = Field(sa_column=timestamp())
    publish_by: date
    published_on: date | None


class Delivery(ContractsTable, table=True):
    """What the agency reported of a line."""

    __table_args__ = (ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),)

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    line_number: int = Field(sa_type=SmallInteger)
    quantity: int
    delivered_on: date
    place: str
    attendance: int | None
    recorded_by: str
    recorded_at: datetime = Field(sa_column=timestamp())


class Acceptance(ContractsTable, table=True):
    """What the buyer accepted of a line, and how many of the people served were asked."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        Index(
            "ix_acceptance_unpublished", "publish_by", postgresql_where=text("published_on IS NULL")
        ),
    )

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    line_number: int = Field(sa_type=SmallInteger)
    quantity: int
    accepted_on: date
    recipients_invited: int
    sample_size: int
    responses: int
    recorded_by: str
    recorded_at: datetime = Field(sa_column=timestamp())
    publish_by: date
    published_on: date | None


class PaymentReversal(ContractsTable, table=True):
    """A payment that was recorded in error, as it had been recorded."""

    __table_args__ = (ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),)

    contract_id: UUID = Field(primary_key=True)
    # The contract's version by the reversal: no two changes share one.
    version: int = Field(primary_key=True, sa_type=BigInteger)
    instalment_number: int = Field(sa_type=SmallInteger)
    amount_minor: int = Field(sa_type=BigInteger)
    paid_on: date
    paid_by: str
    bank_reference: str
    reason: str
    reversed_by: str
    reversed_on: date


class Draft(ContractsTable, table=True):
    """A contract that is being written, as its buyer's officers left it."""

    __table_args__ = (
        Index("ix_draft_buyer", "buyer", "draft_id"),
        Index("ix_draft_agency", "agency", "draft_id"),
    )

    draft_id: UUID = Field(primary_key=True)
    version: int = Field(sa_type=BigInteger)
    buyer: str
    agency: str
    # open, signed or discarded
    state: str
    body: Any = Field(sa_type=JSONB)
    changed_by: str
    changed_at: datetime = Field(sa_column=timestamp())


class OverdueNotice(ContractsTable, table=True):
    """Of what was said that it is overdue."""

    __table_args__ = (ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),)

    contract_id: UUID = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    reference: int = Field(primary_key=True)
    announced_on: date
