"""What each event does to the books. A rule needs nothing but its event.

So balances do not depend on how the topics interleave. `docs/posting-rules.md` is this module as a
table, and is tested against it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import assert_never
from uuid import UUID

from fundmix_events.contracts import (
    ContractAmended,
    ContractEvent,
    ContractSigned,
    ContractTerminated,
    DeliveryAccepted,
    DeliveryReported,
    InstalmentApproved,
    InstalmentPaid,
    InvoiceRecorded,
    PaymentConfirmed,
    PaymentReversed,
    Recognition,
    RecoveryReceived,
)
from fundmix_events.donations import (
    DonationReceived,
    DonationRefunded,
    DonationReversed,
    GoodsStated,
    PledgeCancelled,
    PledgeMade,
    PurposeChanged,
)
from fundmix_events.evaluations import (
    DeductionDecided,
    EvaluationPublished,
    ObjectionRaised,
    ResultAccepted,
)
from fundmix_events.goals import GoalStatusChanged
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import (
    CloseApproved,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
)
from fundmix_events.money import Money
from fundmix_events.obligations import ObligationMet, ObligationOverdue
from fundmix_events.registry import OrganisationChanged, OrganisationRegistered

from ledger_svc.domain.funds import Lot, contract_fund, instalment_lot
from ledger_svc.domain.gift_rules import donation_entry, gift_change_entry, pledge_entry
from ledger_svc.domain.journal import Close, Entry, Leg, credit, debit, postings_of
from ledger_svc.domain.request_rules import expenditure_entry, income_entry, posted_entry

PostableEvent = (
    OrganisationRegistered
    | OrganisationChanged
    | ContractSigned
    | InstalmentApproved
    | InstalmentPaid
    | InvoiceRecorded
    | PaymentConfirmed
    | PaymentReversed
    | DeliveryReported
    | DeliveryAccepted
    | ContractAmended
    | RecoveryReceived
    | ContractTerminated
    | EvaluationPublished
    | ObjectionRaised
    | ResultAccepted
    | DeductionDecided
    | ObligationMet
    | ObligationOverdue
    | PledgeMade
    | PledgeCancelled
    | DonationReceived
    | GoodsStated
    | DonationRefunded
    | PurposeChanged
    | DonationReversed
    | ExpenditureApproved
    | IncomeApproved
    | ManualEntryApproved
    | OpeningBalanceApproved
    | ReversalApproved
    | CloseApproved
    | GoalStatusChanged
)
"""The events the ledger listens to, closed: one that nobody posts is a type error here."""


def entry_for(event: PostableEvent, *, event_id: UUID) -> Entry | Close | None:  # noqa: C901, PLR0911, PLR0912  # a case for each event, and nothing else
    """The entry of an event; None for one that moves nothing in the books."""
    # What comes often stands first: each case that does not fit takes its time.
    match event:
        case PledgeMade() | PledgeCancelled():
            return pledge_entry(event, event_id=event_id)
        case DonationReceived():
            return donation_entry(event, event_id=event_id)
        case InstalmentApproved():
            return _entry(event, event_id, on=event.approved_on, legs=_approved(event))
        case ContractSigned():
            return _entry(event, event_id, on=event.signed_on, legs=_signed(event))
        case InstalmentPaid():
            return _entry(
                event, event_id, on=event.paid_on, legs=_paid(event), lot=_instalment(event)
            )
        case PaymentReversed():
            # The money never moved: on the day it was said to, there is nothing.
            return _entry(
                event,
                event_id,
                on=event.paid_on,
                occurred_on=event.reversed_on,
                legs=_reversed(event),
                lot=_instalment(event),
            )
        case DeliveryAccepted():
            return _entry(event, event_id, on=event.accepted_on, legs=_accepted(event))
        case ContractAmended():
            return _entry(event, event_id, on=event.amended_on, legs=_promised(event))
        case RecoveryReceived():
            return _entry(event, event_id, on=event.received_on, legs=_recovered(event))
        case ContractTerminated():
            return _entry(event, event_id, on=event.terminated_on, legs=_promised(event))
        case DonationRefunded() | PurposeChanged() | DonationReversed():
            return gift_change_entry(event, event_id=event_id)
        case ExpenditureApproved():
            return expenditure_entry(event, event_id=event_id)
        case IncomeApproved():
            return income_entry(event, event_id=event_id)
        case ManualEntryApproved() | OpeningBalanceApproved() | ReversalApproved():
            return posted_entry(event, event_id=event_id)
        case CloseApproved():
            return Close(event_id=event_id, kind=event.type, through=event.through)
        case OrganisationRegistered() | OrganisationChanged():
            return None
        case InvoiceRecorded() | PaymentConfirmed() | DeliveryReported():
            return None
        # What an evaluation takes off is booked when the instalment is approved.
        case EvaluationPublished() | ObjectionRaised() | ResultAccepted() | DeductionDecided():
            return None
        # What goods are worth was booked when they came.
        case GoodsStated():
            return None
        case ObligationMet() | ObligationOverdue() | GoalStatusChanged():
            return None
        case _:
            assert_never(event)


def _signed(event: ContractSigned) -> Iterator[Leg]:
    """A promise to pay: beside the books, against its counter account."""
    return _commitment(_fund(event), event.ceiling)


def _approved(event: InstalmentApproved) -> Iterable[Leg]:
    """What a deduction takes off work that was accepted was never earned."""
    return () if event.recognition is None else _recognised(_fund(event), event.recognition)


def _paid(event: InstalmentPaid) -> Iterator[Leg]:
    """Cash before acceptance is an advance; the promise shrinks by all that was due."""
    fund_code = _fund(event)
    if event.payable.amount_minor > 0:
        yield debit(AccountCode.BANK, fund_code, event.payable)
        if event.recognition is None:
            yield credit(AccountCode.ADVANCE_RECEIVED, fund_code, event.payable)
        else:
            yield from _recognised(fund_code, event.recognition)
    yield from _commitment(fund_code, -event.scheduled)


def _reversed(event: PaymentReversed) -> Iterator[Leg]:
    """The mirror of the payment; and the instalment is promised again."""
    fund_code = _fund(event)
    if event.payable.amount_minor > 0:
        yield credit(AccountCode.BANK, fund_code, event.payable)
        yield from _recognised(fund_code, event.recognition)
    yield from _commitment(fund_code, event.scheduled)


def _accepted(event: DeliveryAccepted) -> Iterator[Leg]:
    """Acceptance earns the income: first out of what was paid before, then as a claim."""
    return _recognised(_fund(event), event.recognition)


def _promised(event: ContractAmended | ContractTerminated) -> Iterator[Leg]:
    """What is promised from now on, and what is earned of it."""
    fund_code = _fund(event)
    yield from _recognised(fund_code, event.recognition)
    yield from _commitment(fund_code, event.commitment)


def _recovered(event: RecoveryReceived) -> Iterator[Leg]:
    fund_code = _fund(event)
    yield credit(AccountCode.BANK, fund_code, event.amount)
    yield from _recognised(fund_code, event.recognition)


def _recognised(fund_code: str, recognition: Recognition) -> Iterator[Leg]:
    if recognition.receivable.amount_minor != 0:
        yield debit(AccountCode.RECEIVABLE, fund_code, recognition.receivable)
    if recognition.advance_received.amount_minor != 0:
        yield credit(AccountCode.ADVANCE_RECEIVED, fund_code, recognition.advance_received)
    if recognition.income.amount_minor != 0:
        yield credit(AccountCode.SERVICE_INCOME, fund_code, recognition.income)


def _commitment(fund_code: str, more: Money) -> Iterator[Leg]:
    """A promise beside the books grows or, below nothing, shrinks."""
    if more.amount_minor != 0:
        yield debit(AccountCode.CONTRACT_COMMITMENT, fund_code, more)
        yield credit(AccountCode.CONTRACT_COMMITMENT_COUNTER, fund_code, more)


def _instalment(event: InstalmentPaid | PaymentReversed) -> Lot | None:
    payable = event.payable
    if payable.amount_minor == 0:
        return None
    sign = -1 if isinstance(event, PaymentReversed) else 1
    return Lot(
        instalment_lot(event.contract_id, event.instalment_number),
        _fund(event),
        event.channel,
        payable.currency,
        sign * payable.amount_minor,
    )


def _fund(event: ContractEvent) -> str:
    return contract_fund(event.contract_number)


def _entry(
    event: ContractEvent,
    event_id: UUID,
    *,
    on: date,
    legs: Iterable[Leg],
    occurred_on: date | None = None,
    lot: Lot | None = None,
) -> Entry | None:
    postings = postings_of(event.agency, event.channel, legs)
    if not postings:
        return None
    return Entry(
        event_id=event_id,
        kind=event.type,
        agency=event.agency,
        occurred_on=occurred_on or on,
        value_on=on,
        document=_document(event),
        payer=event.buyer,
        postings=postings,
        lots=() if lot is None else (lot,),
    )


def _document(event: ContractEvent) -> str:
    """What the event's own service calls it."""
    if isinstance(event, InstalmentPaid | InstalmentApproved | PaymentReversed):
        return f"{event.contract_number}/{event.instalment_number}"
    return event.contract_number
