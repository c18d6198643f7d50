"""What the parties change after signing, and how a contract ends before its time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from fundmix_events.contracts import (
    Condition,
    ContractAmended,
    ContractLine,
    ContractTerminated,
    Recovery,
    ScheduledInstalment,
    YearShare,
)
from fundmix_events.money import AMOUNT_MINOR_MAX, Money

from contracts_svc.domain.contract import (
    Contract,
    Instalment,
    InstalmentState,
    Line,
    RecoveryClaim,
    changed,
    identity,
    recognition,
    require_in_force,
    require_state,
)
from contracts_svc.domain.errors import (
    FutureDateError,
    NothingChangedError,
    SupplementLimitError,
    TermsError,
)
from contracts_svc.domain.signing import check_lines, check_term, check_years

# Government Procurement Law, article 49: supplements together are at most a tenth.
SUPPLEMENT_SHARE_BPS_MAX: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """An amount and the day on which it is to be paid, by whichever side."""

    amount: Money
    due_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Amendment:
    """`delta` is the sum of its parts.

    These are other amounts of instalments that nobody has approved, a further instalment, and money
    to be paid back. What was paid or approved is never edited. Lines and yearly shares are given
    anew, unless there is one of them, which bears the difference.
    """

    reason: str
    amended_on: date
    delta: Money
    amounts: Mapping[int, Money]
    supplement: Due | None
    recovery: Due | None
    ends_on: date | None
    lines: Sequence[ContractLine]
    years: Sequence[YearShare]


@dataclass(frozen=True, kw_only=True, slots=True)
class Termination:
    """`settlement` is still owed for what was done; `recovery` was paid for what was not."""

    reason: str
    terminated_on: date
    settlement: Due | None
    recovery: Due | None


def amend_contract(
    contract: Contract, amendment: Amendment, *, today: date
) -> tuple[Contract, ContractAmended]:
    """Raises TermsError, SupplementLimitError, ContractClosedError, FutureDateError.

    Also NothingChangedError, InstalmentNotFoundError, and InstalmentStateError for what is approved
    or paid.
    """
    require_in_force(contract)
    _require_day(contract, amendment.amended_on, today=today, pointer="/amended_on")
    for name in ("supplement", "recovery"):
        _require_due(getattr(amendment, name), from_day=amendment.amended_on, name=name)
    recoveries = _with_recovery(contract, amendment.recovery)
    ceiling = _amended_ceiling(contract, amendment)
    ends_on = amendment.ends_on or contract.ends_on
    # Why it may last long is a reason like another: an amendment has one.
    check_term(contract.starts_on, ends_on, has_reason=True)
    instalments = _amended_instalments(contract, amendment)
    _check_delta(contract, instalments, recoveries, amendment)
    amended = replace(
        contract,
        ceiling=ceiling,
        supplemented=contract.supplemented + _supplement_of(amendment),
        ends_on=ends_on,
        instalments=instalments,
        recoveries=recoveries,
        lines=_amended_lines(contract, amendment, ceiling=ceiling),
        years=_amended_years(contract, amendment, ceiling=ceiling, ends_on=ends_on),
    )
    if amended == contract:
        raise NothingChangedError("the contract says all of this already")
    after = changed(amended, amendment_count=contract.amendment_count + 1)
    event = ContractAmended(
        **identity(after),
        amendment_number=after.amendment_count,
        reason=amendment.reason,
        amended_on=amendment.amended_on,
        delta=amendment.delta,
        ceiling=after.ceiling,
        ends_on=after.ends_on,
        instalments=tuple(i.agreed for i in after.instalments if not i.is_cancelled),
        lines=tuple(line.agreed for line in after.lines),
        years=after.years,
        recovery=None if amendment.recovery is None else after.recoveries[-1].agreed,
        commitment=after.promised - contract.promised,
        recognition=recognition(contract, after),
    )
    return after, event


def terminate_contract(
    contract: Contract, termination: Termination, *, worked_until: date | None, today: date
) -> tuple[Contract, ContractTerminated]:
    """What is not paid is cancelled, approved or not; the settlement says what is still owed.

    `worked_until`: the last day on which something was delivered or accepted.
    Raises TermsError, ContractClosedError, FutureDateError.
    """
    require_in_force(contract)
    if contract.is_settled:
        raise TermsError("a contract that is completed is not terminated")
    _require_day(contract, termination.terminated_on, today=today, pointer="/terminated_on")
    if worked_until is not None and worked_until > termination.terminated_on:
        raise TermsError(
            f"something was delivered or accepted on {worked_until}", pointer="/terminated_on"
        )
    if termination.settlement is not None and termination.recovery is not None:
        raise TermsError("either something is owed, or something comes back", pointer="/recovery")
    for name in ("settlement", "recovery"):
        _require_due(getattr(termination, name), from_day=termination.terminated_on, name=name)
    cancelled = [i for i in contract.instalments if not i.is_paid and not i.is_cancelled]
    kept = tuple(_cancel(i) if i in cancelled else i for i in contract.instalments)
    settlement = _settlement(contract, termination.settlement)
    instalments = (*kept, Instalment.scheduled(settlement)) if settlement else kept
    recoveries = _with_recovery(contract, termination.recovery)
    due_minor = sum(i.amount.amount_minor for i in instalments if not i.is_cancelled)
    due_minor -= sum(r.agreed.amount.amount_minor for r in recoveries)
    if due_minor > contract.ceiling.amount_minor:
        raise TermsError(
            f"with what was paid this passes the ceiling of {contract.ceiling}",
            pointer="/settlement/amount/amount",
        )
    after = changed(
        contract,
        terminated_on=termination.terminated_on,
        ceiling=Money.of(due_minor, contract.ceiling.currency),
        instalments=instalments,
        recoveries=recoveries,
    )
    event = ContractTerminated(
        **identity(after),
        terminated_on=termination.terminated_on,
        reason=termination.reason,
        ceiling=after.ceiling,
        cancelled=tuple(i.number for i in cancelled),
        settlement=settlement,
        recovery=None if termination.recovery is None else after.recoveries[-1].agreed,
        commitment=after.promised - contract.promised,
        recognition=recognition(contract, after),
    )
    return after, event


def _require_day(contract: Contract, day: date, *, today: date, pointer: str) -> None:
    if day > today:
        raise FutureDateError(f"{day} is not yet", pointer=pointer)
    if day < contract.signed_on:
        raise TermsError(f"the contract was signed on {contract.signed_on}", pointer=pointer)


def _require_due(due: Due | None, *, from_day: date, name: str) -> None:
    if due is not None and due.due_on < from_day:
        raise TermsError(f"nothing is due before {from_day}", pointer=f"/{name}/due_on")


def _amended_ceiling(contract: Contract, amendment: Amendment) -> Money:
    ceiling_minor = contract.ceiling.amount_minor + amendment.delta.amount_minor
    if not 0 < ceiling_minor <= AMOUNT_MINOR_MAX:
        raise TermsError("the ceiling stays more than nothing", pointer="/delta/amount")
    supplemented = contract.supplemented.amount_minor + _supplement_of(amendment).amount_minor
    # Rounded down: a tenth and a fen is more than a tenth.
    limit = contract.original_ceiling.amount_minor * SUPPLEMENT_SHARE_BPS_MAX // 10_000
    if supplemented > limit:
        raise SupplementLimitError(
            f"supplements together are at most {Money.of(limit)}", pointer="/delta/amount"
        )
    return Money.of(ceiling_minor, contract.ceiling.currency)


def _supplement_of(amendment: Amendment) -> Money:
    return Money.of(max(amendment.delta.amount_minor, 0), amendment.delta.currency)


def _amended_instalments(contract: Contract, amendment: Amendment) -> tuple[Instalment, ...]:
    for number in amendment.amounts:
        require_state(contract, contract.instalment(number), InstalmentState.SCHEDULED)
    changed_ones = tuple(
        _with_amount(i, amendment.amounts[i.number]) if i.number in amendment.amounts else i
        for i in contract.instalments
    )
    if amendment.supplement is None:
        return changed_ones
    supplement = ScheduledInstalment(
        number=len(changed_ones) + 1,
        due_on=amendment.supplement.due_on,
        amount=amendment.supplement.amount,
        condition=Condition.SUPPLEMENT,
    )
    return (*changed_ones, Instalment.scheduled(supplement))


def _with_recovery(contract: Contract, due: Due | None) -> tuple[RecoveryClaim, ...]:
    if due is None:
        return contract.recoveries
    to_recover_minor = contract.to_recover.amount_minor + due.amount.amount_minor
    if to_recover_minor > contract.paid_ever.amount_minor:
        raise TermsError(
            f"only what was paid can come back, {contract.paid} now",
            pointer="/recovery/amount/amount",
        )
    recovery = Recovery(number=len(contract.recoveries) + 1, amount=due.amount, due_on=due.due_on)
    return (*contract.recoveries, RecoveryClaim(agreed=recovery))


def _check_delta(
    contract: Contract,
    instalments: Sequence[Instalment],
    recoveries: Sequence[RecoveryClaim],
    amendment: Amendment,
) -> None:
    scheduled = sum(i.amount.amount_minor for i in instalments if not i.is_cancelled)
    to_recover = sum(r.agreed.amount.amount_minor for r in recoveries)
    delta_minor = scheduled - to_recover - contract.ceiling.amount_minor
    if delta_minor != amendment.delta.amount_minor:
        raise TermsError(
            f"its parts change the ceiling by {Money.of(delta_minor)}, not by {amendment.delta}",
            pointer="/delta/amount",
        )


def _amended_lines(contract: Contract, amendment: Amendment, *, ceiling: Money) -> tuple[Line, ...]:
    if not amendment.lines:
        if amendment.delta.amount_minor == 0:
            return contract.lines
        if len(contract.lines) > 1:
            raise TermsError("say what the lines are from now on", pointer="/lines")
        return tuple(
            replace(line, agreed=line.agreed.model_copy(update={"amount": ceiling}))
            for line in contract.lines
        )
    check_lines(amendment.lines, ceiling=ceiling)
    if len(amendment.lines) < len(contract.lines):
        raise TermsError("lines are changed or added, none goes", pointer="/lines")
    known = {line.number: line for line in contract.lines}
    lines: list[Line] = []
    for place, agreed in enumerate(amendment.lines):
        before = known.get(agreed.number, Line(agreed=agreed))
        if agreed.quantity < before.delivered:
            raise TermsError(
                f"{before.delivered} were delivered already", pointer=f"/lines/{place}/quantity"
            )
        lines.append(replace(before, agreed=agreed))
    return tuple(lines)


def _amended_years(
    contract: Contract, amendment: Amendment, *, ceiling: Money, ends_on: date
) -> tuple[YearShare, ...]:
    if amendment.years:
        check_years(amendment.years, ceiling=ceiling, starts_on=contract.starts_on, ends_on=ends_on)
        return tuple(amendment.years)
    if amendment.delta.amount_minor == 0:
        return contract.years
    if len(contract.years) > 1:
        raise TermsError("say what each year bears from now on", pointer="/years")
    return tuple(share.model_copy(update={"amount": ceiling}) for share in contract.years)


def _settlement(contract: Contract, due: Due | None) -> ScheduledInstalment | None:
    if due is None:
        return None
    return ScheduledInstalment(
        number=len(contract.instalments) + 1,
        due_on=due.due_on,
        amount=due.amount,
        condition=Condition.SETTLEMENT,
    )


def _with_amount(instalment: Instalment, amount: Money) -> Instalment:
    """Nothing at all is no instalment any more."""
    return replace(instalment, amount=amount) if amount.amount_minor > 0 else _cancel(instalment)


def _cancel(instalment: Instalment) -> Instalment:
    return replace(
        instalment,
        state=InstalmentState.CANCELLED,
        deduction=Money.of(0, instalment.amount.currency),
        approved_by=None,
        approved_on=None,
    )
