"""Events of an evaluation: what a contract's delivery was found to be worth, and who disagrees."""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from fundmix_events.contracts import ContractEvent
from fundmix_events.day import Day
from fundmix_events.money import AmountOrNothing
from fundmix_events.text import Remark


class Stage(StrEnum):
    """When it is evaluated, and which instalment waits for it."""

    MIDTERM = "midterm"
    FINAL = "final"


class Dimension(StrEnum):
    """Whose view counts; `recipients` are the people served."""

    PROFESSIONAL = "professional"
    BUYER = "buyer"
    SELF = "self"
    RECIPIENTS = "recipients"


class Grade(StrEnum):
    EXCELLENT = "excellent"
    GOOD = "good"
    PASS = "pass"  # noqa: S105  # a grade, no password
    FAIL = "fail"


# Of 100: rounded half-even to six places for reading. The grade follows from the exact points.
PointsText = Annotated[str, Field(pattern=r"^(100\.0{6}|[0-9]{1,2}\.[0-9]{6})$")]
WeightBps = Annotated[int, Field(ge=1, le=10_000)]


class DimensionMean(BaseModel):
    """The mean of a dimension's scores, and its weight in basis points."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    dimension: Dimension
    weight_bps: WeightBps
    mean: PointsText


class EvaluationEvent(ContractEvent):
    stage: Stage
    evaluation_version: int = Field(ge=1)


class EvaluationPublished(EvaluationEvent):
    """A version of an evaluation is published and fixed; an amended one states its reason."""

    type: ClassVar[str] = "contracts.evaluation_published"

    scheme_version: int = Field(ge=1)
    evaluated_on: Day
    published_on: Day
    score: PointsText
    grade: Grade
    dimensions: tuple[DimensionMean, ...] = Field(min_length=1, max_length=4)
    recipients_count: int = Field(ge=1)
    proposed_deduction: AmountOrNothing
    # The last day on which the agency may object; None: nothing is to be deducted.
    objections_until: Day | None
    reason: Remark | None = None


class ObjectionRaised(EvaluationEvent):
    """The agency objects to a deduction; an officer has to decide."""

    type: ClassVar[str] = "contracts.objection_raised"

    objected_on: Day
    grounds: Remark


class ResultAccepted(EvaluationEvent):
    """The agency accepts a deduction, and will not object any more."""

    type: ClassVar[str] = "contracts.result_accepted"

    accepted_on: Day
    deduction: AmountOrNothing


class DeductionDecided(EvaluationEvent):
    """An officer has decided about an objection; the deduction is at most what was proposed."""

    type: ClassVar[str] = "contracts.deduction_decided"

    decided_on: Day
    proposed_deduction: AmountOrNothing
    deduction: AmountOrNothing
    reason: Remark
