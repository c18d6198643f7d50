"""Scores of a contract's delivery, the grade they give, and how a deduction becomes final.

An evaluation of a stage has versions: the open one is scored, publishing fixes it for good, and
only a next version, with a reason, amends it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from fundmix_events.envelope import Actor
from fundmix_events.evaluations import (
    Dimension,
    DimensionMean,
    EvaluationPublished,
    Grade,
    Stage,
)
from fundmix_events.money import Currency, Money
from fundmix_events.roles import Role

from contracts_svc.domain.contract import Contract, changed, identity
from contracts_svc.domain.errors import (
    EvaluationDateError,
    EvaluationIncompleteError,
    EvaluationStateError,
    FutureDateError,
    InstalmentSettledError,
    RatingsError,
    ScorerError,
)
from contracts_svc.domain.points import micro_from_points, text_from_micro
from contracts_svc.domain.scheme import Scheme
from contracts_svc.domain.working_days import CALENDAR, WorkingCalendar, working_days_after

SCORER_BY_DIMENSION: Final = {
    Dimension.PROFESSIONAL: Role.EVALUATOR,
    Dimension.BUYER: Role.FINANCE_OFFICER,
    Dimension.SELF: Role.AGENCY,
}


class EvaluationState(StrEnum):
    OPEN = "open"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    dimension: Dimension
    scorer: str
    # In hundredths, as everywhere.
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """So many of the people served gave these points; who they are is not known here."""

    points: int
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """The ratings that one person has handed in; a second time they replace the first."""

    submitted_by: str
    ratings: tuple[Rating, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """What was published, and can never change."""

    evaluated_on: date
    published_on: date
    published_by: str
    # Millionths of a point, for showing and sorting.
    score_micro: int
    grade: Grade
    proposed_deduction: Money
    # The last day for an objection; None: nothing is to be deducted.
    objections_until: date | None
    # Whether the State Council had announced all the days that were counted.
    is_calendar_announced: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Objection:
    objected_by: str
    objected_on: date
    grounds: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    accepted_by: str
    accepted_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    decided_by: str
    decided_on: date
    deduction: Money
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    contract_id: UUID
    stage: Stage
    version: int
    # Counts every change of the stage, over its versions.
    revision: int
    scheme_version: int
    state: EvaluationState = EvaluationState.OPEN
    reason: str | None = None
    scores: tuple[Score, ...] = ()
    surveys: tuple[Survey, ...] = ()
    publication: Publication | None = None
    objection: Objection | None = None
    acceptance: Acceptance | None = None
    decision: Decision | None = None

    def __post_init__(self) -> None:
        assert self.is_open is (self.publication is None), f"{self.stage} {self.version}"
        assert self.decision is None or self.objection, "only an objection is decided"
        assert self.decision is None or self.acceptance is None, "a deduction is settled once"

    @property
    def is_open(self) -> bool:
        return self.state is EvaluationState.OPEN

    @property
    def distribution(self) -> dict[int, int]:
        """How many of the people served gave how many points, from few points to many."""
        counts: dict[int, int] = {}
        for rating in (r for survey in self.surveys for r in survey.ratings):
            counts[rating.points] = counts.get(rating.points, 0) + rating.count
        return dict(sorted(counts.items()))

    @property
    def recipients_count(self) -> int:
        return sum(self.distribution.values())

    def scores_of(self, dimension: Dimension) -> list[Score]:
        return [score for score in self.scores if score.dimension is dimension]

    def mean(self, dimension: Dimension) -> Fraction | None:
        """Exact, in hundredths; None: nobody has scored yet."""
        if dimension is Dimension.RECIPIENTS:
            return _mean(self.distribution.items())
        return _mean((score.points, 1) for score in self.scores_of(dimension))


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What a stage's evaluation means for the instalment that waits for it."""

    stage: Stage
    version: int
    grade: Grade
    # As things stand: proposed, or decided.
    deduction: Money
    # The agency may still object, an objection waits, or the evaluation is being amended.
    is_open: bool
    objections_until: date | None


def open_evaluation(contract: Contract, stage: Stage) -> Evaluation:
    return Evaluation(
        contract_id=contract.contract_id,
        stage=stage,
        version=1,
        revision=0,
        scheme_version=contract.scheme_version,
    )


def score(
    contract: Contract,
    evaluation: Evaluation,
    scheme: Scheme,
    *,
    dimension: Dimension,
    points: int,
    actor: Actor,
) -> Evaluation:
    """One score per person and dimension; a second one replaces the first.

    Raises EvaluationStateError, ScorerError.
    """
    _require_open(evaluation)
    _require_independent(contract, actor, dimension=dimension)
    if dimension not in scheme.weights:
        raise ScorerError(
            f"scheme {scheme.version} has no dimension {dimension}", pointer="/dimension"
        )
    if SCORER_BY_DIMENSION.get(dimension) != actor.role:
        raise ScorerError(
            f"the role {actor.role} does not score the dimension {dimension}", pointer="/dimension"
        )
    given = Score(dimension=dimension, scorer=actor.subject, points=points)
    others = tuple(
        s for s in evaluation.scores if (s.dimension, s.scorer) != (dimension, actor.subject)
    )
    return _changed(evaluation, scores=(*others, given))


def rate(
    contract: Contract, evaluation: Evaluation, *, ratings: Sequence[Rating], actor: Actor
) -> Evaluation:
    """What one person hands in replaces what he handed in before, and adds to that of others.

    Raises EvaluationStateError, ScorerError, RatingsError.
    """
    _require_open(evaluation)
    _require_independent(contract, actor, dimension=Dimension.RECIPIENTS)
    seen: set[int] = set()
    for place, rating in enumerate(ratings):
        if rating.points in seen:
            raise RatingsError("these points are counted twice", pointer=f"/ratings/{place}/score")
        seen.add(rating.points)
    survey = Survey(
        submitted_by=actor.subject, ratings=tuple(sorted(ratings, key=lambda r: r.points))
    )
    others = tuple(s for s in evaluation.surveys if s.submitted_by != actor.subject)
    return _changed(evaluation, surveys=(*others, survey))


def publish(
    contract: Contract,
    evaluation: Evaluation,
    scheme: Scheme,
    *,
    evaluated_on: date,
    published_on: date | None,
    published_by: str,
    today: date,
    calendar: WorkingCalendar = CALENDAR,
) -> tuple[Contract, Evaluation, EvaluationPublished]:
    """Fix the scores, and tell the agency what they mean.

    Raises EvaluationStateError, EvaluationIncompleteError, EvaluationDateError, FutureDateError,
    InstalmentSettledError.
    """
    _require_open(evaluation)
    require_unsettled(contract, evaluation.stage)
    published_on = published_on or today
    _check_dates(contract, evaluated_on=evaluated_on, published_on=published_on, today=today)
    means = _complete_means(evaluation, scheme)
    points = scheme.points(means)
    grade = scheme.grade(points)
    proposed = proposed_deduction(contract, scheme, stage=evaluation.stage, grade=grade)
    # From today, when the agency is told: an earlier day of publication takes nothing off its time.
    until = (
        working_days_after(today, scheme.objection_working_days, calendar=calendar)
        if proposed.amount_minor > 0
        else None
    )
    publication = Publication(
        evaluated_on=evaluated_on,
        published_on=published_on,
        published_by=published_by,
        score_micro=micro_from_points(points),
        grade=grade,
        proposed_deduction=proposed,
        objections_until=until,
        is_calendar_announced=until is None
        or all(map(calendar.is_announced, range(today.year, until.year + 1))),
    )
    after = changed(contract)
    published = _changed(evaluation, state=EvaluationState.PUBLISHED, publication=publication)
    return after, published, _told(after, published, publication, scheme, means)


def amend(contract: Contract, latest: Evaluation, *, reason: str) -> Evaluation:
    """The next version: open again, with the scores and ratings that there are.

    Raises EvaluationStateError, InstalmentSettledError.
    """
    if latest.state is not EvaluationState.PUBLISHED:
        raise EvaluationStateError(f"version {latest.version} is {latest.state}, not published")
    require_unsettled(contract, latest.stage)
    return Evaluation(
        contract_id=latest.contract_id,
        stage=latest.stage,
        version=latest.version + 1,
        revision=latest.revision + 1,
        scheme_version=latest.scheme_version,
        reason=reason,
        scores=latest.scores,
        surveys=latest.surveys,
    )


def require_unsettled(contract: Contract, stage: Stage) -> None:
    """Raises InstalmentSettledError once the money that waits for the stage is promised or paid."""
    for instalment in contract.instalments:
        if instalment.condition.value == stage.value and instalment.is_committed:
            raise InstalmentSettledError(
                f"instalment {instalment.number} waited for this evaluation"
                f" and is {instalment.state}"
            )


def proposed_deduction(contract: Contract, scheme: Scheme, *, stage: Stage, grade: Grade) -> Money:
    """Only the final instalment bears one, and only where the contract says so."""
    final = contract.final_instalment()
    if stage is not Stage.FINAL or final is None or not contract.has_deduction_clause:
        return Money.of(0, Currency.CNY)
    deduction_minor = scheme.deduction_minor(grade, amount_minor=final.amount.amount_minor)
    return Money.of(deduction_minor, final.amount.currency)


def outcome_of(evaluation: Evaluation, today: date, *, is_amended: bool = False) -> Outcome:
    """Of a published version; `is_amended`: a next version is open, so nothing is final."""
    published = evaluation.publication
    assert published is not None, "only what is published has an outcome"
    until = published.objections_until
    is_settled = (
        until is None
        or evaluation.acceptance is not None
        or evaluation.decision is not None
        or (evaluation.objection is None and today > until)
    )
    decided = evaluation.decision
    return Outcome(
        stage=evaluation.stage,
        version=evaluation.version,
        grade=published.grade,
        deduction=decided.deduction if decided else published.proposed_deduction,
        is_open=is_amended or not is_settled,
        objections_until=until,
    )


def _told(
    contract: Contract,
    evaluation: Evaluation,
    publication: Publication,
    scheme: Scheme,
    means: dict[Dimension, Fraction],
) -> EvaluationPublished:
    return EvaluationPublished(
        **identity(contract),
        stage=evaluation.stage,
        evaluation_version=evaluation.version,
        scheme_version=scheme.version,
        evaluated_on=publication.evaluated_on,
        published_on=publication.published_on,
        score=text_from_micro(publication.score_micro),
        grade=publication.grade,
        dimensions=tuple(
            DimensionMean(
                dimension=dimension,
                weight_bps=weight,
                mean=text_from_micro(micro_from_points(means[dimension])),
            )
            for dimension, weight in scheme.weights.items()
        ),
        recipients_count=evaluation.recipients_count,
        proposed_deduction=publication.proposed_deduction,
        objections_until=publication.objections_until,
        reason=evaluation.reason,
    )


def _changed(evaluation: Evaluation, **changes: Any) -> Evaluation:
    return replace(evaluation, revision=evaluation.revision + 1, **changes)


def _require_open(evaluation: Evaluation) -> None:
    if not evaluation.is_open:
        raise EvaluationStateError(
            f"version {evaluation.version} of the {evaluation.stage} evaluation is published;"
            " only a next version amends it"
        )


def _require_independent(contract: Contract, actor: Actor, *, dimension: Dimension) -> None:
    is_of_agency = actor.role == Role.AGENCY or actor.org == contract.agency
    if is_of_agency and dimension is not Dimension.SELF:
        raise ScorerError("an agency scores itself in its own dimension only", pointer="/dimension")


def _check_dates(
    contract: Contract, *, evaluated_on: date, published_on: date, today: date
) -> None:
    for name, day in (("evaluated_on", evaluated_on), ("published_on", published_on)):
        if day > today:
            raise FutureDateError(f"{day} is not yet", pointer=f"/{name}")
    if evaluated_on < contract.signed_on:
        raise EvaluationDateError(
            f"the contract was signed on {contract.signed_on}", pointer="/evaluated_on"
        )
    if published_on < evaluated_on:
        raise EvaluationDateError("this comes after evaluating", pointer="/published_on")


def _complete_means(evaluation: Evaluation, scheme: Scheme) -> dict[Dimension, Fraction]:
    means = {dimension: evaluation.mean(dimension) for dimension in scheme.weights}
    missing = sorted(dimension for dimension, mean in means.items() if mean is None)
    if missing:
        raise EvaluationIncompleteError(f"nobody has scored yet: {', '.join(missing)}")
    return {dimension: mean for dimension, mean in means.items() if mean is not None}


def _mean(counted: Iterable[tuple[int, int]]) -> Fraction | None:
    pairs = list(counted)
    count = sum(n for _, n in pairs)
    return Fraction(sum(points * n for points, n in pairs), count) if count else None
