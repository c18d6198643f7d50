"""How a deduction becomes final: accepted by the agency, decided by an officer, or by time."""

from dataclasses import replace
from datetime import date
from typing import Any

from fundmix_events.evaluations import DeductionDecided, ObjectionRaised, ResultAccepted
from fundmix_events.money import Money

from contracts_svc.domain.contract import Contract, changed, identity
from contracts_svc.domain.errors import (
    DeductionTooLargeError,
    EvaluationStateError,
    NothingDeductedError,
    ObjectionLateError,
    ObjectionStateError,
    SamePersonError,
)
from contracts_svc.domain.evaluation import (
    Acceptance,
    Decision,
    Evaluation,
    EvaluationState,
    Objection,
    Publication,
)


def raise_objection(
    contract: Contract, evaluation: Evaluation, *, grounds: str, objected_by: str, today: date
) -> tuple[Contract, Evaluation, ObjectionRaised]:
    """Until the last day for it, that day included.

    Raises EvaluationStateError, NothingDeductedError, ObjectionStateError, ObjectionLateError.
    """
    published = _require_deduction(evaluation)
    _require_unsettled(evaluation)
    if evaluation.objection is not None:
        raise ObjectionStateError(f"there is an objection of {evaluation.objection.objected_on}")
    if published.objections_until is not None and today > published.objections_until:
        raise ObjectionLateError(f"objections were possible until {published.objections_until}")
    objection = Objection(objected_by=objected_by, objected_on=today, grounds=grounds)
    after = changed(contract)
    event = ObjectionRaised(**_identity(after, evaluation), objected_on=today, grounds=grounds)
    return after, _with(evaluation, objection=objection), event


def accept_result(
    contract: Contract, evaluation: Evaluation, *, accepted_by: str, today: date
) -> tuple[Contract, Evaluation, ResultAccepted]:
    """Ends the time for objections early, or withdraws the objection that was raised.

    Raises EvaluationStateError, NothingDeductedError, ObjectionStateError.
    """
    published = _require_deduction(evaluation)
    _require_unsettled(evaluation)
    acceptance = Acceptance(accepted_by=accepted_by, accepted_on=today)
    after = changed(contract)
    event = ResultAccepted(
        **_identity(after, evaluation), accepted_on=today, deduction=published.proposed_deduction
    )
    return after, _with(evaluation, acceptance=acceptance), event


def decide_deduction(
    contract: Contract,
    evaluation: Evaluation,
    *,
    deduction: Money,
    reason: str,
    decided_by: str,
    today: date,
) -> tuple[Contract, Evaluation, DeductionDecided]:
    """Another officer than the one who published answers the objection.

    Raises EvaluationStateError, NothingDeductedError, ObjectionStateError, SamePersonError,
    DeductionTooLargeError.
    """
    published = _require_deduction(evaluation)
    _require_unsettled(evaluation)
    if evaluation.objection is None:
        raise ObjectionStateError("the agency has raised no objection to decide")
    if published.published_by == decided_by:
        raise SamePersonError(f"{decided_by} published this evaluation, another one decides")
    if deduction.amount_minor > published.proposed_deduction.amount_minor:
        raise DeductionTooLargeError(
            f"{published.proposed_deduction} was proposed, {deduction} is more",
            pointer="/deduction/amount",
        )
    decision = Decision(decided_by=decided_by, decided_on=today, deduction=deduction, reason=reason)
    after = changed(contract)
    event = DeductionDecided(
        **_identity(after, evaluation),
        decided_on=today,
        proposed_deduction=published.proposed_deduction,
        deduction=deduction,
        reason=reason,
    )
    return after, _with(evaluation, decision=decision), event


def _require_deduction(evaluation: Evaluation) -> Publication:
    published = evaluation.publication
    if published is None or evaluation.state is not EvaluationState.PUBLISHED:
        raise EvaluationStateError(
            f"version {evaluation.version} of the {evaluation.stage} evaluation is"
            f" {evaluation.state}, not published"
        )
    if published.proposed_deduction.amount_minor == 0:
        raise NothingDeductedError(f"the grade {published.grade} takes nothing off")
    return published


def _require_unsettled(evaluation: Evaluation) -> None:
    if evaluation.acceptance is not None:
        raise ObjectionStateError(f"accepted on {evaluation.acceptance.accepted_on}")
    if evaluation.decision is not None:
        raise ObjectionStateError(f"decided on {evaluation.decision.decided_on}")


def _with(evaluation: Evaluation, **changes: Any) -> Evaluation:
    return replace(evaluation, revision=evaluation.revision + 1, **changes)


def _identity(contract: Contract, evaluation: Evaluation) -> dict[str, Any]:
    return {
        **identity(contract),
        "stage": evaluation.stage,
        "evaluation_version": evaluation.version,
    }
