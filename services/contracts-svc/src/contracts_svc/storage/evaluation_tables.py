"""The tables of evaluations."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from fundmix_kit.tables import timestamp
from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, SmallInteger, text
from sqlmodel import Field

from contracts_svc.storage.tables import ContractsTable

KEY: Final = ["contract_id", "stage", "version"]
REFERRED: Final = [f"evaluation.{column}" for column in KEY]


class Scheme(ContractsTable, table=True):
    """How scores become a grade, and what a grade takes off. A weight of 0: no such dimension."""

    version: int = Field(primary_key=True)
    professional_bps: int = Field(sa_type=SmallInteger)
    buyer_bps: int = Field(sa_type=SmallInteger)
    self_bps: int = Field(sa_type=SmallInteger)
    recipients_bps: int = Field(sa_type=SmallInteger)
    # In hundredths of a point.
    excellent_from: int = Field(sa_type=SmallInteger)
    good_from: int = Field(sa_type=SmallInteger)
    pass_from: int = Field(sa_type=SmallInteger)
    excellent_deduction_bps: int = Field(sa_type=SmallInteger)
    good_deduction_bps: int = Field(sa_type=SmallInteger)
    pass_deduction_bps: int = Field(sa_type=SmallInteger)
    fail_deduction_bps: int = Field(sa_type=SmallInteger)
    objection_working_days: int = Field(sa_type=SmallInteger)
    # The first one comes with the service: nobody has adopted it.
    adopted_by: str | None
    adopted_at: datetime = Field(sa_column=timestamp())


class Evaluation(ContractsTable, table=True):
    """A version of a stage's evaluation: open, then published for good."""

    __table_args__ = (
        ForeignKeyConstraint(["contract_id"], ["contract.contract_id"]),
        ForeignKeyConstraint(["scheme_version"], ["scheme.version"]),
        Index(
            "uq_evaluation_open",
            "contract_id",
            "stage",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_evaluation_published",
            "contract_id",
            "stage",
            unique=True,
            postgresql_where=text("state = 'published'"),
        ),
        Index(
            "ix_evaluation_grade",
            "grade",
            "contract_id",
            postgresql_where=text("stage = 'final' AND state = 'published'"),
        ),
        # What waits for an answer or a decision is little, whatever there was.
        Index(
            "ix_evaluation_unsettled",
            "objections_until",
            "contract_id",
            postgresql_where=text(
                "state = 'published' AND accepted_on IS NULL AND decided_on IS NULL"
                " AND objections_until IS NOT NULL"
            ),
        ),
    )

    contract_id: UUID = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    revision: int = Field(sa_type=BigInteger)
    scheme_version: int
    state: str
    reason: str | None
    opened_by: str
    opened_at: datetime = Field(sa_column=timestamp())
    evaluated_on: date | None
    published_on: date | None
    published_by: str | None
    # Millionths of a point.
    score_micro: int | None
    grade: str | None
    proposed_deduction_minor: int | None = Field(sa_type=BigInteger)
    currency: str | None
    objections_until: date | None
    is_calendar_announced: bool | None
    objected_by: str | None
    objected_on: date | None
    grounds: str | None
    accepted_by: str | None
    accepted_on: date | None
    decided_by: str | None
    decided_on: date | None
    deduction_minor: int | None = Field(sa_type=BigInteger)
    decision_reason: str | None


class EvaluationScore(ContractsTable, table=True):
    """What one person has given in one dimension."""

    __table_args__ = (ForeignKeyConstraint(KEY, REFERRED),)

    contract_id: UUID = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    dimension: str = Field(primary_key=True)
    scorer: str = Field(primary_key=True)
    # In hundredths.
    points: int = Field(sa_type=SmallInteger)


class EvaluationRating(ContractsTable, table=True):
    """How many of the people served gave these points; not who they are."""

    __table_args__ = (ForeignKeyConstraint(KEY, REFERRED),)

    contract_id: UUID = Field(primary_key=True)
    stage: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    submitted_by: str = Field(primary_key=True)
    points: int = Field(primary_key=True, sa_type=SmallInteger)
    count: int
