"""What goes in and out over HTTP about schemes and evaluations."""

from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from fundmix_events.day import Day
from fundmix_events.evaluations import Dimension, Grade, Stage, WeightBps
from fundmix_events.money import AmountOrNothing, Money
from fundmix_events.text import Remark
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from contracts_svc.api.bodies import BodyIn
from contracts_svc.domain.evaluation import Evaluation, EvaluationState, Rating, outcome_of
from contracts_svc.domain.points import (
    micro_from_points,
    points_from_text,
    text_from_micro,
    text_from_points,
)
from contracts_svc.domain.scheme import Bands, Scheme
from contracts_svc.evaluation_queries import SeenEvaluation

RATINGS_MAX: Final = 1_001
RECIPIENTS_MAX: Final = 1_000_000


def _points(value: object) -> int:
    """As text, like money: a number of JSON need not be the one that was written."""
    if not isinstance(value, str):
        raise PydanticCustomError("points_not_text", 'points are text, like "88.50"')
    try:
        return points_from_text(value)
    except ValueError as error:
        raise PydanticCustomError("points_invalid", "{reason}", {"reason": str(error)}) from error


Points = Annotated[
    int,
    BeforeValidator(_points),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$",
            "examples": ["88.50"],
        }
    ),
]
DeductionBps = Annotated[int, Field(ge=0, le=10_000)]


class BandsIn(BodyIn):
    """From how many points on a grade is given; below `pass` it is a fail."""

    excellent: Points
    good: Points
    passing: Points = Field(alias="pass")


class SchemeIn(BodyIn):
    """Weights in basis points; a dimension that is left out does not count."""

    weights: dict[Dimension, WeightBps]
    bands: BandsIn
    deduction_bps: dict[Grade, DeductionBps]
    objection_working_days: int = Field(default=10, ge=1, le=60)

    def limits(self) -> Bands:
        bands = self.bands
        return Bands(excellent=bands.excellent, good=bands.good, passing=bands.passing)


class SchemeOut(BaseModel):
    version: int
    weights: dict[Dimension, int]
    bands: dict[Grade, str]
    deduction_bps: dict[Grade, int]
    objection_working_days: int


class ScoreIn(BodyIn):
    dimension: Dimension
    score: Points


class RatingIn(BodyIn):
    score: Points
    count: int = Field(ge=1, le=RECIPIENTS_MAX)


class RatingsIn(BodyIn):
    """How many of the people served gave which points: no names, here or anywhere."""

    ratings: list[RatingIn] = Field(min_length=1, max_length=RATINGS_MAX)

    def counted(self) -> list[Rating]:
        return [Rating(points=rating.score, count=rating.count) for rating in self.ratings]


class PublicationIn(BodyIn):
    """`published_on` is today, unless it was published before it is recorded here."""

    evaluated_on: Day
    published_on: Day | None = None


class AmendedVersionIn(BodyIn):
    reason: Remark


class ObjectionIn(BodyIn):
    grounds: Remark


class AcceptedResultIn(BodyIn):
    """There is nothing to say but yes."""


class DecisionIn(BodyIn):
    deduction: AmountOrNothing
    reason: Remark


class DimensionOut(BaseModel):
    """`mean` has six places; None: nobody has scored yet. `count` is that of its scores."""

    dimension: Dimension
    weight_bps: int
    count: int
    mean: str | None


class RatingOut(BaseModel):
    score: str
    count: int


class ScoreOut(BaseModel):
    dimension: Dimension
    scorer: str
    score: str


class ObjectionOut(BaseModel):
    objected_on: date
    grounds: str


class DecisionOut(BaseModel):
    decided_on: date
    deduction: Money
    reason: str


class EvaluationOut(BaseModel):
    """`score` has six places, rounded half-even; the grade follows from the exact points.

    `deduction` is what the grade takes off the final instalment as things stand; it is final when
    `is_outcome_open` is false. `is_calendar_announced`: whether the State Council had announced all
    days of the time for objections when it was counted.
    """

    contract_id: UUID
    stage: Stage
    version: int
    state: EvaluationState
    scheme_version: int
    reason: str | None
    dimensions: list[DimensionOut]
    distribution: list[RatingOut]
    scores: list[ScoreOut]
    evaluated_on: date | None = None
    published_on: date | None = None
    score: str | None = None
    grade: Grade | None = None
    proposed_deduction: Money | None = None
    objections_until: date | None = None
    is_calendar_announced: bool | None = None
    objection: ObjectionOut | None = None
    accepted_on: date | None = None
    decision: DecisionOut | None = None
    deduction: Money | None = None
    is_outcome_open: bool | None = None


def scheme_out(scheme: Scheme) -> SchemeOut:
    bands = scheme.bands
    return SchemeOut(
        version=scheme.version,
        weights=dict(scheme.weights),
        bands={
            Grade.EXCELLENT: text_from_points(bands.excellent),
            Grade.GOOD: text_from_points(bands.good),
            Grade.PASS: text_from_points(bands.passing),
        },
        deduction_bps=dict(scheme.deduction_bps),
        objection_working_days=scheme.objection_working_days,
    )


def evaluation_out(seen: SeenEvaluation, *, today: date) -> EvaluationOut:
    evaluation = seen.evaluation
    scores = evaluation.scores if seen.has_scorers else ()
    return EvaluationOut(
        contract_id=evaluation.contract_id,
        stage=evaluation.stage,
        version=evaluation.version,
        state=evaluation.state,
        scheme_version=evaluation.scheme_version,
        reason=evaluation.reason,
        dimensions=[
            _dimension_out(evaluation, dimension, weight)
            for dimension, weight in seen.scheme.weights.items()
        ],
        distribution=[
            RatingOut(score=text_from_points(points), count=count)
            for points, count in evaluation.distribution.items()
        ],
        scores=[
            ScoreOut(dimension=s.dimension, scorer=s.scorer, score=text_from_points(s.points))
            for s in scores
        ],
        **_published(evaluation, today=today),
    )


def _dimension_out(evaluation: Evaluation, dimension: Dimension, weight_bps: int) -> DimensionOut:
    mean = evaluation.mean(dimension)
    is_rated = dimension is Dimension.RECIPIENTS
    return DimensionOut(
        dimension=dimension,
        weight_bps=weight_bps,
        count=evaluation.recipients_count if is_rated else len(evaluation.scores_of(dimension)),
        mean=None if mean is None else text_from_micro(micro_from_points(mean)),
    )


def _published(evaluation: Evaluation, *, today: date) -> dict[str, Any]:
    published = evaluation.publication
    if published is None:
        return {}
    outcome = outcome_of(evaluation, today)
    objection, decision = evaluation.objection, evaluation.decision
    return {
        "evaluated_on": published.evaluated_on,
        "published_on": published.published_on,
        "score": text_from_micro(published.score_micro),
        "grade": published.grade,
        "proposed_deduction": published.proposed_deduction,
        "objections_until": published.objections_until,
        "is_calendar_announced": published.is_calendar_announced,
        "objection": objection
        and ObjectionOut(objected_on=objection.objected_on, grounds=objection.grounds),
        "accepted_on": evaluation.acceptance and evaluation.acceptance.accepted_on,
        "decision": decision
        and DecisionOut(
            decided_on=decision.decided_on, deduction=decision.deduction, reason=decision.reason
        ),
        "deduction": outcome.deduction,
        "is_outcome_open": outcome.is_open,
    }
