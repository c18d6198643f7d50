"""Scoring, grading and publishing: exact, once, and never changed."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final

import pytest
from contracts_svc.domain.contract import InstalmentState, with_instalment
from contracts_svc.domain.errors import (
    EvaluationDateError,
    EvaluationIncompleteError,
    EvaluationStateError,
    FutureDateError,
    InstalmentSettledError,
    RatingsError,
    ScorerError,
)
from contracts_svc.domain.evaluation import (
    Evaluation,
    EvaluationState,
    Rating,
    amend,
    open_evaluation,
    outcome_of,
    rate,
    score,
)
from contracts_svc.domain.working_days import WorkingCalendar
from contracts_svc.testing.evaluations import (
    ACTORS,
    AGENCY,
    CONTRACT,
    EVALUATOR,
    OFFICER,
    SCHEME,
    SIGNED_ON,
    TODAY,
    TREASURER,
    WEIGHTS,
    a_contract,
    a_scheme,
    an_evaluation,
    published,
    scored,
)
from fundmix_events.envelope import Actor
from fundmix_events.evaluations import Dimension, Grade, Stage
from fundmix_events.money import Money
from hypothesis import given
from hypothesis import strategies as st

EMPTY: Final = open_evaluation(CONTRACT, Stage.FINAL)
POINTS: Final = st.integers(0, 10_000)


def scored_by(evaluation: Evaluation, subject: str, points: int) -> Evaluation:
    return score(
        CONTRACT,
        evaluation,
        SCHEME,
        dimension=Dimension.PROFESSIONAL,
        points=points,
        actor=EVALUATOR.model_copy(update={"subject": subject}),
    )


def rated(evaluation: Evaluation, *ratings: tuple[int, int], by: Actor = OFFICER) -> Evaluation:
    counted = [Rating(points=points, count=count) for points, count in ratings]
    return rate(CONTRACT, evaluation, ratings=counted, actor=by)


def test_the_mean_of_three_scorers_is_exact() -> None:
    evaluation = EMPTY
    for subject, points in (("a", 7000), ("b", 7000), ("c", 6000)):
        evaluation = scored_by(evaluation, subject, points)

    assert evaluation.mean(Dimension.PROFESSIONAL) == Fraction(20_000, 3)


def test_thirds_and_sevenths_that_make_sixty_pass() -> None:
    """In decimals, however many, three tenths of one and seven of the other are less than 60."""
    scheme = a_scheme(weights={Dimension.PROFESSIONAL: 3000, Dimension.RECIPIENTS: 7000})
    evaluation = EMPTY
    for subject, points in (("a", 7000), ("b", 7000), ("c", 6000)):
        evaluation = scored_by(evaluation, subject, points)
    evaluation = rated(evaluation, (5714, 5), (5715, 2))

    _, done, event = published(evaluation, scheme=scheme)

    assert done.mean(Dimension.RECIPIENTS) == Fraction(40_000, 7)
    assert (event.score, event.grade) == ("60.000000", Grade.PASS)
    assert [d.mean for d in event.dimensions] == ["66.666667", "57.142857"]


def test_what_is_shown_as_sixty_and_is_less_fails() -> None:
    scheme = a_scheme(weights={Dimension.PROFESSIONAL: 3000, Dimension.RECIPIENTS: 7000})
    evaluation = scored_by(EMPTY, "a", 6000)
    evaluation = rated(evaluation, (6000, 50_000_000), (5999, 1))

    _, _, event = published(evaluation, scheme=scheme)

    assert (event.score, event.grade) == ("60.000000", Grade.FAIL)


@pytest.mark.parametrize(
    ("points", "grade", "deduction_minor"),
    [(6000, Grade.PASS, 0), (5990, Grade.FAIL, 20_000), (5999, Grade.FAIL, 20_000)],
)
def test_sixty_passes_and_anything_less_halves_the_final_instalment(
    points: int, grade: Grade, deduction_minor: int
) -> None:
    _, _, event = published(an_evaluation(points))

    assert (event.grade, event.proposed_deduction) == (grade, Money.of(deduction_minor))
    assert event.recipients_count == 1


@given(
    scores=st.fixed_dictionaries({d: st.lists(POINTS, min_size=1, max_size=5) for d in ACTORS}),
    ratings=st.dictionaries(POINTS, st.integers(1, 1_000_000), min_size=1, max_size=5),
)
def test_a_grade_is_that_of_the_weighted_sum_of_fractions(
    scores: dict[Dimension, list[int]], ratings: dict[int, int]
) -> None:
    evaluation = EMPTY
    for dimension, points_of_all in scores.items():
        for place, points in enumerate(points_of_all):
            actor = ACTORS[dimension].model_copy(update={"subject": str(place)})
            evaluation = score(
                CONTRACT, evaluation, SCHEME, dimension=dimension, points=points, actor=actor
            )
    evaluation = rated(evaluation, *ratings.items())

    _, done, event = published(evaluation)

    expected = Fraction(
        sum(p * n for p, n in ratings.items()) * WEIGHTS[Dimension.RECIPIENTS],
        sum(ratings.values()) * 10_000,
    ) + sum(
        Fraction(sum(points) * WEIGHTS[dimension], len(points) * 10_000)
        for dimension, points in scores.items()
    )
    bands = [(9000, Grade.EXCELLENT), (8000, Grade.GOOD), (6000, Grade.PASS), (0, Grade.FAIL)]
    assert event.grade is next(grade for least, grade in bands if expected >= least)
    assert done.publication is not None
    assert abs(Fraction(done.publication.score_micro, 10_000) - expected) <= Fraction(1, 20_000)
    assert event.recipients_count == sum(ratings.values())


def test_a_second_score_of_a_person_replaces_the_first() -> None:
    evaluation = scored_by(scored_by(scored_by(EMPTY, "a", 5000), "b", 7000), "a", 9000)

    assert evaluation.mean(Dimension.PROFESSIONAL) == 8000
    assert len(evaluation.scores) == 2


def test_surveys_of_several_people_add_up_and_each_replaces_his_own() -> None:
    evaluation = rated(EMPTY, (6000, 10), (8000, 10))
    evaluation = rated(evaluation, (8000, 5), by=EVALUATOR)
    assert evaluation.distribution == {6000: 10, 8000: 15}

    evaluation = rated(evaluation, (7000, 20))

    assert evaluation.distribution == {7000: 20, 8000: 5}
    assert evaluation.recipients_count == 25
    assert evaluation.mean(Dimension.RECIPIENTS) == 7200


def test_a_survey_counts_each_number_of_points_once() -> None:
    with pytest.raises(RatingsError) as refused:
        rated(EMPTY, (6000, 10), (8000, 1), (6000, 1))

    assert refused.value.pointer == "/ratings/2/score"


@pytest.mark.parametrize("dimension", ACTORS)
@pytest.mark.parametrize("actor", ACTORS.values(), ids=lambda a: a.role)
def test_each_dimension_has_its_scorers(dimension: Dimension, actor: Actor) -> None:
    if ACTORS[dimension] is actor:
        evaluation = score(CONTRACT, EMPTY, SCHEME, dimension=dimension, points=1, actor=actor)
        assert evaluation.mean(dimension) == 1
        return
    with pytest.raises(ScorerError) as refused:
        score(CONTRACT, EMPTY, SCHEME, dimension=dimension, points=1, actor=actor)
    assert refused.value.pointer == "/dimension"


@pytest.mark.parametrize("actor", ACTORS.values(), ids=lambda a: a.role)
def test_nobody_scores_for_the_people_served(actor: Actor) -> None:
    with pytest.raises(ScorerError):
        score(CONTRACT, EMPTY, SCHEME, dimension=Dimension.RECIPIENTS, points=10_000, actor=actor)


def test_an_evaluator_of_the_agency_is_none() -> None:
    partial = EVALUATOR.model_copy(update={"org": AGENCY})

    with pytest.raises(ScorerError):
        score(CONTRACT, EMPTY, SCHEME, dimension=Dimension.PROFESSIONAL, points=9000, actor=partial)
    for actor in (partial, TREASURER):
        with pytest.raises(ScorerError):
            rated(EMPTY, (10_000, 1), by=actor)


def test_a_dimension_that_the_scheme_has_not_is_not_scored() -> None:
    scheme = a_scheme(weights={Dimension.PROFESSIONAL: 5000, Dimension.RECIPIENTS: 5000})

    with pytest.raises(ScorerError):
        score(CONTRACT, EMPTY, scheme, dimension=Dimension.SELF, points=1, actor=TREASURER)


@pytest.mark.parametrize("missing", Dimension)
def test_an_evaluation_is_published_when_every_dimension_has_been_scored(
    missing: Dimension,
) -> None:
    points = {d: 7000 for d in Dimension if d is not missing}

    with pytest.raises(EvaluationIncompleteError, match=missing):
        published(scored(EMPTY, points))


def test_publishing_fixes_the_scores_and_says_what_they_mean() -> None:
    contract, evaluation, event = published(an_evaluation(7000), published_on=date(2024, 12, 15))

    assert evaluation.state is EvaluationState.PUBLISHED
    assert contract == replace(CONTRACT, version=8)
    assert (event.aggregate_version, event.key) == (8, str(CONTRACT.contract_id))
    assert (event.stage, event.evaluation_version, event.scheme_version) == (Stage.FINAL, 1, 1)
    assert (event.evaluated_on, event.published_on) == (date(2024, 12, 15), date(2024, 12, 15))
    assert {d.dimension: d.weight_bps for d in event.dimensions} == WEIGHTS
    with pytest.raises(EvaluationStateError):
        published(evaluation)
    with pytest.raises(EvaluationStateError):
        scored_by(evaluation, "late", 10_000)
    with pytest.raises(EvaluationStateError):
        rated(evaluation, (10_000, 1))


@pytest.mark.parametrize(
    ("values", "error", "pointer"),
    [
        ({"evaluated_on": TODAY + timedelta(days=1)}, FutureDateError, "/evaluated_on"),
        ({"published_on": TODAY + timedelta(days=1)}, FutureDateError, "/published_on"),
        ({"evaluated_on": SIGNED_ON - timedelta(days=1)}, EvaluationDateError, "/evaluated_on"),
        (
            {"evaluated_on": TODAY, "published_on": TODAY - timedelta(days=1)},
            EvaluationDateError,
            "/published_on",
        ),
    ],
)
def test_an_evaluation_lies_between_signing_and_its_publication(
    values: dict[str, Any], error: type[EvaluationDateError], pointer: str
) -> None:
    with pytest.raises(error) as refused:
        published(an_evaluation(), **values)

    assert refused.value.pointer == pointer


def test_an_evaluation_may_be_made_and_published_on_the_day_of_signing() -> None:
    _, _, event = published(
        an_evaluation(), evaluated_on=SIGNED_ON, published_on=SIGNED_ON, today=SIGNED_ON
    )

    assert (event.evaluated_on, event.published_on) == (SIGNED_ON, SIGNED_ON)


@pytest.mark.parametrize(("final_minor", "deduction_minor"), [(40_001, 20_000), (1, 0), (2, 1)])
def test_odd_fen_halve_downwards(final_minor: int, deduction_minor: int) -> None:
    contract = a_contract(final_minor)

    _, _, event = published(an_evaluation(contract=contract), contract=contract)

    assert event.proposed_deduction == Money.of(deduction_minor)
    assert (event.objections_until is None) is (deduction_minor == 0)


def test_a_midterm_evaluation_takes_nothing_off() -> None:
    _, evaluation, event = published(an_evaluation(stage=Stage.MIDTERM))

    assert (event.grade, event.proposed_deduction) == (Grade.FAIL, Money.of(0))
    assert not outcome_of(evaluation, TODAY).is_open


def test_without_the_clause_nothing_is_taken_off() -> None:
    contract = a_contract(has_deduction_clause=False)

    _, evaluation, event = published(an_evaluation(contract=contract), contract=contract)

    assert (event.proposed_deduction, event.objections_until) == (Money.of(0), None)
    assert not outcome_of(evaluation, TODAY).is_open


def test_of_a_cancelled_instalment_nothing_is_taken_off() -> None:
    cancelled = replace(CONTRACT.instalment(3), state=InstalmentState.CANCELLED)
    terminated = a_contract(
        terminated_on=TODAY,
        ceiling=Money.of(60_000),
        instalments=(*CONTRACT.instalments[:2], cancelled),
    )

    _, _, event = published(an_evaluation(contract=terminated), contract=terminated)

    assert event.proposed_deduction == Money.of(0)


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (date(2024, 12, 16), date(2024, 12, 30)),
        # Over 国庆节, with two working weekend days.
        (date(2024, 9, 27), date(2024, 10, 16)),
        # Over 元旦, and over 春节 with two working weekend days.
        (date(2024, 12, 31), date(2025, 1, 15)),
        (date(2025, 1, 24), date(2025, 2, 13)),
    ],
)
def test_the_agency_has_ten_working_days(today: date, until: date) -> None:
    _, _, event = published(an_evaluation(), evaluated_on=SIGNED_ON, today=today)

    assert event.objections_until == until


def test_an_earlier_day_of_publication_takes_no_time_from_the_agency() -> None:
    _, _, event = published(an_evaluation(), evaluated_on=SIGNED_ON, published_on=SIGNED_ON)

    assert event.published_on == SIGNED_ON
    assert event.objections_until == date(2024, 12, 30)


def test_a_time_limit_in_a_year_without_a_notice_says_so() -> None:
    calendar = WorkingCalendar(added_days_off=frozenset({date(2061, 1, 3)}))

    known = published(an_evaluation(), today=date(2061, 3, 1), calendar=calendar)[1].publication
    unknown = published(an_evaluation(), today=date(2061, 12, 30), calendar=calendar)[1].publication

    assert known is not None
    assert unknown is not None
    assert (known.is_calendar_announced, unknown.is_calendar_announced) == (True, False)


@pytest.mark.parametrize("state", [InstalmentState.APPROVED, InstalmentState.PAID])
def test_when_the_money_is_promised_an_evaluation_is_neither_published_nor_amended(
    state: InstalmentState,
) -> None:
    settled = with_instalment(CONTRACT, replace(CONTRACT.instalment(2), state=state))
    _, before, _ = published(an_evaluation(stage=Stage.MIDTERM))

    with pytest.raises(InstalmentSettledError):
        amend(settled, before, reason="计分有误")
    with pytest.raises(InstalmentSettledError):
        published(an_evaluation(stage=Stage.MIDTERM), contract=settled)
    assert published(an_evaluation(stage=Stage.FINAL), contract=settled)[1].publication


def test_an_amended_evaluation_is_the_next_version_with_a_reason() -> None:
    _, before, _ = published(an_evaluation(5990))

    opened = amend(CONTRACT, before, reason="计分有误")

    assert (opened.version, opened.state, opened.reason) == (2, EvaluationState.OPEN, "计分有误")
    assert (opened.scores, opened.surveys) == (before.scores, before.surveys)
    assert opened.revision > before.revision
    assert outcome_of(before, TODAY, is_amended=True).is_open
    _, after, event = published(scored(opened, {Dimension.BUYER: 8000}))
    assert (event.evaluation_version, event.reason) == (2, "计分有误")
    assert (event.score, event.grade) == ("63.920000", Grade.PASS)
    assert outcome_of(after, TODAY).deduction == Money.of(0)


def test_only_what_is_published_is_amended() -> None:
    with pytest.raises(EvaluationStateError):
        amend(CONTRACT, an_evaluation(), reason="计分有误")


def test_every_change_is_counted() -> None:
    evaluation = scored_by(EMPTY, "a", 1)
    evaluation = rated(evaluation, (1, 1))

    assert evaluation.revision == EMPTY.revision + 2


def test_an_evaluation_that_contradicts_itself_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        replace(EMPTY, state=EvaluationState.PUBLISHED)
