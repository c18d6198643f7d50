"""The tables of goals, and of the terms of contracts and pledges that they are read from."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from fundmix_kit.tables import timestamp
from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Numeric,
    SmallInteger,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from ledger_svc.storage.tables import LedgerTable


class ContractTerms(LedgerTable, table=True):
    """What a buyer and an agency have agreed, as the highest version of each fact says."""

    __table_args__ = (
        Index("ix_contract_terms_buyer", "buyer", "service_area", "town", "starts_on"),
        Index("ix_contract_terms_agency", "agency", "service_area", "starts_on"),
    )

    contract_id: UUID = Field(primary_key=True)
    number: str
    agency: str
    buyer: str
    channel: str
    # Only its signing says these.
    payer_level: str | None = None
    service_area: str | None = None
    town: str | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    terminated_on: date | None = None
    list_version: int = Field(sa_type=BigInteger)


class ContractAgreement(LedgerTable, table=True):
    """What a signing or an amendment has agreed, from a day on; never changed."""

    __table_args__ = (Index("ix_contract_agreement_ends_on", "ends_on"),)

    contract_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    agreed_on: date
    ends_on: date
    ceiling_minor: int = Field(sa_type=BigInteger)


class ContractInstalment(LedgerTable, table=True):
    """An instalment as it was known from one day to the day before another."""

    __table_args__ = (
        Index(
            "ix_contract_instalment_open",
            "due_on",
            postgresql_where=text(
                "replaced_on IS NULL AND is_listed AND state IN ('scheduled', 'approved')"
            ),
        ),
        Index(
            "ix_contract_instalment_paid",
            "paid_on",
            postgresql_where=text("replaced_on IS NULL AND is_listed AND state = 'paid'"),
        ),
        Index(
            "ix_contract_instalment_replaced",
            "replaced_on",
            postgresql_where=text("replaced_on IS NOT NULL"),
        ),
    )

    contract_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    known_on: date = Field(primary_key=True)
    replaced_on: date | None = None
    due_on: date | None = None
    amount_minor: int = Field(sa_type=BigInteger)
    deduction_minor: int = Field(sa_type=BigInteger)
    state: str
    paid_on: date | None = None
    is_listed: bool
    listed_version: int = Field(sa_type=BigInteger)
    state_version: int = Field(sa_type=BigInteger)


class PledgeTerms(LedgerTable, table=True):
    """A pledge, and what of it is still to arrive; only its making says when it was made."""

    __table_args__ = (
        Index("ix_pledge_terms_open", "pledge_id", postgresql_where=text("open_minor <> 0")),
    )

    pledge_id: UUID = Field(primary_key=True)
    agency: str
    channel: str
    kind: str
    pledged_on: date | None = None
    open_minor: int = Field(sa_type=BigInteger)


class PledgePart(LedgerTable, table=True):
    """How much of a pledge is to arrive by a day."""

    pledge_id: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_type=SmallInteger)
    due_on: date
    amount_minor: int = Field(sa_type=BigInteger)


class PledgeMovement(LedgerTable, table=True):
    """What an event has added to a pledge or taken from it; never changed."""

    __table_args__ = (
        Index("ix_pledge_movement_value_on", "value_on"),
        Index("ix_pledge_movement_known_on", "known_on"),
    )

    event_id: UUID = Field(primary_key=True)
    pledge_id: UUID
    value_on: date
    known_on: date
    amount_minor: int = Field(sa_type=BigInteger)


class Goal(LedgerTable, table=True):
    """The limits that a mix must keep in a fiscal year; of the city, or of an agency."""

    __table_args__ = (
        Index(
            "uq_goal_agency",
            "agency",
            "year",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_goal_year", "year", "goal_id"),
    )

    goal_id: UUID = Field(primary_key=True)
    agency: str | None = None
    year: int
    version: int = Field(sa_type=BigInteger)


class GoalVersion(LedgerTable, table=True):
    """What somebody has set; never changed."""

    goal_id: UUID = Field(primary_key=True)
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    basis: str
    government_share_max: Decimal | None = Field(default=None, sa_type=Numeric(7, 6))
    hhi_max: Decimal | None = Field(default=None, sa_type=Numeric(7, 6))
    procurement_growth_min: Decimal | None = Field(default=None, sa_type=Numeric(9, 6))
    channel_minimums: str = Field(sa_type=JSONB)
    audited_income_minor: int | None = Field(default=None, sa_type=BigInteger)
    reason: str | None = None
    set_by: str
    set_at: datetime = Field(sa_column=timestamp())


class GoalStatus(LedgerTable, table=True):
    """Where a goal stands, since which reading, and what was looked at last."""

    goal_id: UUID = Field(primary_key=True)
    # Counts the changes of the status.
    version: int = Field(sa_type=BigInteger)
    status: str
    since_seq: int = Field(sa_type=BigInteger)
    since_on: date
    judged_seq: int = Field(sa_type=BigInteger)
    judged_on: date
    judged_version: int = Field(sa_type=BigInteger)
