"""An instalment from invoice to arrival: two officers approve and pay it, the agency confirms."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from fundmix_events.contracts import (
    Condition,
    InstalmentApproved,
    InstalmentPaid,
    InvoiceRecorded,
    PaymentConfirmed,
    PaymentReversed,
    RecoveryReceived,
)
from fundmix_events.money import Money

from contracts_svc.domain.contract import (
    Contract,
    Instalment,
    InstalmentState,
    changed,
    identity,
    recognition,
    require_state,
    with_instalment,
)
from contracts_svc.domain.errors import (
    DeductionTooLargeError,
    EvaluationMissingError,
    FutureDateError,
    InvoiceError,
    OutcomeOpenError,
    PaymentConfirmedError,
    PaymentDateError,
    PaymentMismatchError,
    RecoveryStateError,
    SamePersonError,
)

# Regulations on Ensuring Payments to Small and Medium-sized Enterprises (2020), article 8: an organ
# pays within 30 days. Contracts here are paid by the same clock, from the invoice on.
PAYMENT_DAYS: Final = 30
EVALUATED_CONDITIONS: Final = frozenset({Condition.MIDTERM, Condition.FINAL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a published evaluation says about the instalment that waited for it."""

    deduction: Money
    # The agency may still object, or has objected and nobody has decided.
    is_open: bool


def record_invoice(
    contract: Contract,
    *,
    instalment_number: int,
    invoice_number: str,
    invoiced_on: date,
    today: date,
) -> tuple[Contract, InvoiceRecorded]:
    """Raises InstalmentNotFoundError, InvoiceError, FutureDateError."""
    before = contract.instalment(instalment_number)
    if before.is_paid or before.is_cancelled:
        raise InvoiceError(f"instalment {before.number} is {before.state}")
    _require_past(invoiced_on, today=today, pointer="/invoiced_on")
    if invoiced_on < contract.signed_on:
        raise InvoiceError("an invoice comes after signing", pointer="/invoiced_on")
    # Nobody has to pay before it is due, however early the invoice comes.
    pay_by = max(invoiced_on + timedelta(days=PAYMENT_DAYS), before.due_on)
    invoiced = replace(
        before, invoice_number=invoice_number, invoiced_on=invoiced_on, pay_by=pay_by
    )
    after = with_instalment(contract, invoiced)
    return after, InvoiceRecorded(
        **identity(after),
        instalment_number=instalment_number,
        invoice_number=invoice_number,
        invoiced_on=invoiced_on,
        pay_by=pay_by,
    )


def approve_instalment(
    contract: Contract,
    *,
    instalment_number: int,
    verdict: Verdict | None,
    approved_by: str,
    approved_on: date,
    expected: Money | None = None,
) -> tuple[Contract, InstalmentApproved]:
    """The deduction is what the evaluation has decided; nobody types it.

    Raises InstalmentNotFoundError, InstalmentStateError, EvaluationMissingError, OutcomeOpenError,
    and PaymentMismatchError when the officer expects to approve another amount.
    """
    before = contract.instalment(instalment_number)
    require_state(contract, before, InstalmentState.SCHEDULED)
    deduction = _deduction(before, verdict)
    if deduction.amount_minor > before.amount.amount_minor:
        raise DeductionTooLargeError(f"{deduction} is more than the instalment's {before.amount}")
    approved = replace(
        before,
        state=InstalmentState.APPROVED,
        deduction=deduction,
        approved_by=approved_by,
        approved_on=approved_on,
    )
    if expected is not None and expected != approved.payable:
        raise PaymentMismatchError(
            f"{approved.payable} is to be approved, not {expected}", pointer="/payable/amount"
        )
    after = with_instalment(contract, approved)
    return after, InstalmentApproved(
        **identity(after),
        instalment_number=instalment_number,
        scheduled=approved.amount,
        deduction=approved.deduction,
        payable=approved.payable,
        approved_on=approved_on,
        recognition=recognition(contract, after),
    )


def pay_instalment(
    contract: Contract,
    *,
    instalment_number: int,
    amount: Money,
    paid_on: date,
    bank_reference: str,
    paid_by: str,
    today: date,
) -> tuple[Contract, InstalmentPaid]:
    """Raises InstalmentNotFoundError, InstalmentStateError, SamePersonError, PaymentMismatchError.

    Also FutureDateError and PaymentDateError: a bank has paid after signing, and not tomorrow.
    """
    before = contract.instalment(instalment_number)
    require_state(contract, before, InstalmentState.APPROVED)
    if before.approved_by == paid_by:
        raise SamePersonError(
            f"{paid_by} approved instalment {instalment_number}, another one pays"
        )
    _require_past(paid_on, today=today, pointer="/paid_on")
    if paid_on < contract.signed_on:
        raise PaymentDateError(
            f"the contract was signed on {contract.signed_on}", pointer="/paid_on"
        )
    if amount != before.payable:
        raise PaymentMismatchError(
            f"{before.payable} is approved, {amount} was paid", pointer="/amount/amount"
        )
    paid = replace(
        before,
        state=InstalmentState.PAID,
        paid_by=paid_by,
        paid_on=paid_on,
        bank_reference=bank_reference,
    )
    after = with_instalment(contract, paid)
    return after, InstalmentPaid(
        **identity(after),
        instalment_number=instalment_number,
        scheduled=paid.amount,
        deduction=paid.deduction,
        payable=paid.payable,
        paid_on=paid_on,
        bank_reference=bank_reference,
        recognition=recognition(contract, after),
    )


def confirm_payment(
    contract: Contract,
    *,
    instalment_number: int,
    arrived_on: date,
    confirmed_by: str,
    today: date,
) -> tuple[Contract, PaymentConfirmed]:
    """Raises InstalmentNotFoundError, InstalmentStateError, PaymentConfirmedError.

    Also FutureDateError, and PaymentDateError for a day before the payment.
    """
    before = contract.instalment(instalment_number)
    require_state(contract, before, InstalmentState.PAID)
    _require_unconfirmed(before)
    _require_past(arrived_on, today=today, pointer="/arrived_on")
    assert before.paid_on is not None, "a paid instalment has its day"
    if arrived_on < before.paid_on:
        raise PaymentDateError(f"it was paid on {before.paid_on}", pointer="/arrived_on")
    confirmed = replace(before, confirmed_by=confirmed_by, arrived_on=arrived_on)
    after = with_instalment(contract, confirmed)
    return after, PaymentConfirmed(
        **identity(after),
        instalment_number=instalment_number,
        payable=confirmed.payable,
        arrived_on=arrived_on,
    )


def reverse_payment(
    contract: Contract, *, instalment_number: int, reason: str, reversed_by: str, reversed_on: date
) -> tuple[Contract, PaymentReversed]:
    """Raises InstalmentNotFoundError, InstalmentStateError, PaymentConfirmedError, SamePersonError.

    Also RecoveryStateError when a part of it has to come back. What the agency has confirmed has
    arrived: that is undone by paying it back, not here.
    """
    before = contract.instalment(instalment_number)
    require_state(contract, before, InstalmentState.PAID)
    _require_unconfirmed(before)
    if before.paid_by == reversed_by:
        raise SamePersonError(f"{reversed_by} recorded this payment, another one reverses it")
    rest_minor = contract.paid_ever.amount_minor - before.payable.amount_minor
    if rest_minor < contract.to_recover.amount_minor:
        raise RecoveryStateError("of this payment something has to come back")
    assert before.paid_on is not None, "a paid instalment has its day"
    assert before.bank_reference is not None, "a paid instalment has its reference"
    approved = replace(
        before, state=InstalmentState.APPROVED, paid_by=None, paid_on=None, bank_reference=None
    )
    after = with_instalment(contract, approved)
    return after, PaymentReversed(
        **identity(after),
        instalment_number=instalment_number,
        scheduled=before.amount,
        deduction=before.deduction,
        payable=before.payable,
        paid_on=before.paid_on,
        bank_reference=before.bank_reference,
        reversed_on=reversed_on,
        reason=reason,
        recognition=recognition(contract, after),
    )


def receive_recovery(
    contract: Contract,
    *,
    recovery_number: int,
    amount: Money,
    received_on: date,
    bank_reference: str,
    today: date,
) -> tuple[Contract, RecoveryReceived]:
    """Raises RecoveryNotFoundError, RecoveryStateError, PaymentMismatchError.

    Also FutureDateError, and PaymentDateError for a day before signing.
    """
    before = contract.recovery(recovery_number)
    if before.is_received:
        raise RecoveryStateError(f"recovery {recovery_number} was received before")
    _require_past(received_on, today=today, pointer="/received_on")
    if received_on < contract.signed_on:
        raise PaymentDateError(
            f"the contract was signed on {contract.signed_on}", pointer="/received_on"
        )
    if amount != before.agreed.amount:
        raise PaymentMismatchError(
            f"{before.agreed.amount} is to come back, not {amount}", pointer="/amount/amount"
        )
    received = replace(before, received_on=received_on, bank_reference=bank_reference)
    after = changed(
        contract,
        recoveries=tuple(
            received if r.number == received.number else r for r in contract.recoveries
        ),
    )
    return after, RecoveryReceived(
        **identity(after),
        recovery_number=recovery_number,
        amount=amount,
        received_on=received_on,
        bank_reference=bank_reference,
        recognition=recognition(contract, after),
    )


def _deduction(instalment: Instalment, verdict: Verdict | None) -> Money:
    nothing = Money.of(0, instalment.amount.currency)
    if instalment.condition not in EVALUATED_CONDITIONS:
        return nothing
    if verdict is None:
        raise EvaluationMissingError(
            f"instalment {instalment.number} waits for the {instalment.condition} evaluation"
        )
    if verdict.is_open:
        raise OutcomeOpenError(
            f"the {instalment.condition} evaluation is not settled: the agency may object, or has"
            " objected, or it is being amended"
        )
    return verdict.deduction if instalment.condition is Condition.FINAL else nothing


def _require_past(day: date, *, today: date, pointer: str) -> None:
    if day > today:
        raise FutureDateError(f"{day} is not yet", pointer=pointer)


def _require_unconfirmed(instalment: Instalment) -> None:
    if instalment.arrived_on is not None:
        raise PaymentConfirmedError(
            f"the agency has confirmed instalment {instalment.number} on {instalment.arrived_on}"
        )
