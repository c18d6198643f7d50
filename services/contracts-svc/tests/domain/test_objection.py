"""How a deduction becomes final: by time, by the agency, or by an officer's decision."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest
from contracts_svc.domain.errors import (
    DeductionTooLargeError,
    EvaluationStateError,
    NothingDeductedError,
    ObjectionLateError,
    ObjectionStateError,
    SamePersonError,
)
from contracts_svc.domain.evaluation import Evaluation, EvaluationState, outcome_of
from contracts_svc.domain.objection import accept_result, decide_deduction, raise_objection
from contracts_svc.testing.evaluations import CONTRACT, TODAY, an_evaluation, published
from fundmix_events.evaluations import Stage
from fundmix_events.money import Money

FAILED: Final = published(an_evaluation(5990))[1]
PASSED: Final = published(an_evaluation(6000))[1]
LAST_DAY: Final = date(2024, 12, 30)
PROPOSED: Final = Money.of(20_000)


def objected(evaluation: Evaluation = FAILED, *, today: date = TODAY) -> Evaluation:
    return raise_objection(
        CONTRACT, evaluation, grounds="样本不足", objected_by="zhao.lei", today=today
    )[1]


def accepted(evaluation: Evaluation = FAILED) -> Evaluation:
    return accept_result(CONTRACT, evaluation, accepted_by="zhao.lei", today=TODAY)[1]


def decided(evaluation: Evaluation, minor: int = 5_000, *, by: str = "wang.wei") -> Evaluation:
    return decide_deduction(
        CONTRACT,
        evaluation,
        deduction=Money.of(minor),
        reason="部分成立",
        decided_by=by,
        today=TODAY,
    )[1]


def test_an_outcome_is_open_until_the_last_day_for_objections_is_over() -> None:
    assert outcome_of(FAILED, LAST_DAY).is_open
    assert outcome_of(FAILED, LAST_DAY).objections_until == LAST_DAY
    assert not outcome_of(FAILED, LAST_DAY + timedelta(days=1)).is_open
    assert outcome_of(FAILED, LAST_DAY).deduction == PROPOSED


def test_without_a_deduction_nothing_is_open() -> None:
    assert not outcome_of(PASSED, TODAY).is_open
    assert outcome_of(PASSED, TODAY).deduction == Money.of(0)


def test_an_agency_may_accept_early() -> None:
    contract, evaluation, event = accept_result(
        CONTRACT, FAILED, accepted_by="zhao.lei", today=TODAY
    )

    assert contract == replace(CONTRACT, version=8)
    assert (event.aggregate_version, event.accepted_on, event.deduction) == (8, TODAY, PROPOSED)
    outcome = outcome_of(evaluation, TODAY)
    assert (outcome.is_open, outcome.deduction) == (False, PROPOSED)


def test_an_objection_keeps_the_outcome_open_until_it_is_decided() -> None:
    contract, evaluation, event = raise_objection(
        CONTRACT, FAILED, grounds="样本不足", objected_by="zhao.lei", today=LAST_DAY
    )

    assert contract.version == event.aggregate_version == 8
    assert (event.objected_on, event.grounds) == (LAST_DAY, "样本不足")
    assert outcome_of(evaluation, LAST_DAY + timedelta(days=365)).is_open


@pytest.mark.parametrize("minor", [0, 1, 19_999, 20_000])
def test_an_objection_is_decided_by_another_officer_with_a_reason(minor: int) -> None:
    contract, evaluation, event = decide_deduction(
        CONTRACT,
        objected(),
        deduction=Money.of(minor),
        reason="部分成立",
        decided_by="wang.wei",
        today=TODAY,
    )

    assert contract.version == event.aggregate_version == 8
    assert (event.proposed_deduction, event.deduction) == (PROPOSED, Money.of(minor))
    assert (event.reason, event.decided_on) == ("部分成立", TODAY)
    outcome = outcome_of(evaluation, TODAY)
    assert (outcome.is_open, outcome.deduction) == (False, Money.of(minor))


def test_a_decision_takes_off_no_more_than_was_proposed() -> None:
    with pytest.raises(DeductionTooLargeError) as refused:
        decided(objected(), 20_001)

    assert refused.value.pointer == "/deduction/amount"


def test_who_published_does_not_decide() -> None:
    with pytest.raises(SamePersonError):
        decided(objected(), by="li.na")


def test_without_an_objection_there_is_nothing_to_decide() -> None:
    with pytest.raises(ObjectionStateError):
        decided(FAILED)


def test_an_objection_comes_on_the_last_day_at_the_latest() -> None:
    objected(today=LAST_DAY)

    with pytest.raises(ObjectionLateError):
        objected(today=LAST_DAY + timedelta(days=1))


def test_an_agency_may_accept_what_it_had_objected_to() -> None:
    outcome = outcome_of(accepted(objected()), TODAY)

    assert (outcome.is_open, outcome.deduction) == (False, PROPOSED)


@pytest.mark.parametrize(
    "again",
    [
        lambda: objected(objected()),
        lambda: objected(accepted()),
        lambda: objected(decided(objected())),
        lambda: accepted(accepted()),
        lambda: accepted(decided(objected())),
        lambda: decided(decided(objected())),
        lambda: decided(accepted(objected())),
    ],
)
def test_what_is_settled_stays_settled(again: Callable[[], Evaluation]) -> None:
    with pytest.raises(ObjectionStateError):
        again()


@pytest.mark.parametrize("action", [objected, accepted, decided])
def test_what_takes_nothing_off_needs_no_answer(action: Callable[[Evaluation], object]) -> None:
    midterm = published(an_evaluation(stage=Stage.MIDTERM))[1]

    for evaluation in (PASSED, midterm):
        with pytest.raises(NothingDeductedError):
            action(evaluation)


@pytest.mark.parametrize("action", [objected, accepted, decided])
def test_only_the_published_version_is_answered(action: Callable[[Evaluation], object]) -> None:
    for evaluation in (an_evaluation(), replace(FAILED, state=EvaluationState.SUPERSEDED)):
        with pytest.raises(EvaluationStateError):
            action(evaluation)


def test_a_deduction_is_not_settled_twice() -> None:
    settled = decided(objected())

    with pytest.raises(AssertionError):
        replace(settled, acceptance=accepted().acceptance)
    with pytest.raises(AssertionError):
        replace(settled, objection=None)
