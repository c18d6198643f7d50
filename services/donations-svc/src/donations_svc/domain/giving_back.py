"""What happens to a donation after it has come: given back, kept for something else, or undone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, assert_never
from uuid import UUID

from fundmix_events.donations import (
    DonationKind,
    DonationRefunded,
    DonationReversed,
    PurposeChangeBasis,
    PurposeChanged,
    RefundReason,
)
from fundmix_events.money import Money

from donations_svc.domain.donation import Donation
from donations_svc.domain.errors import (
    ConsentMissingError,
    DonationReversedError,
    FutureDateError,
    MoreThanLeftError,
    NotRefundableError,
    NotReversibleError,
    ReceiptStandsError,
    RefundStateError,
    TermsError,
    UnknownLotError,
)
from donations_svc.domain.pledge import Pledge, unfulfil_pledge


class RefundState(StrEnum):
    """Held in the ledger until it is paid, or not paid after all."""

    HELD = "held"
    PAID = "paid"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class LotRef:
    """A lot, by what it is kept for."""

    lot_id: UUID
    restricted_to: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Lot(LotRef):
    """Money of a donation that is kept for one thing: all of it at first, less what was moved."""

    since: date


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundTerms:
    """`amount` of one lot of a donation; `lot_id` may be left out where there is one."""

    reference: str
    donation_id: UUID
    lot_id: UUID | None
    amount: Money
    reason: RefundReason
    remark: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """`held_on` is the day from which on the money is set aside.

    Of one that was cancelled, the ledger has given it back since `released_at`.
    """

    refund_id: UUID
    version: int
    terms: RefundTerms
    agency: str
    donor_code: str | None
    kind: DonationKind
    lot: LotRef
    state: RefundState
    held_on: date
    requested_by: str
    requested_at: datetime
    refunded_on: date | None = None
    bank_reference: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def is_held(self) -> bool:
        """Whether the ledger sets money aside for it: goods are in no lot."""
        return self.kind is DonationKind.CASH


@dataclass(frozen=True, kw_only=True, slots=True)
class PurposeChangeTerms:
    """`document_sha256` is of the consent, the agreement, or what was published.

    What is left over has the day on which its project had ended, `finished_on`.
    """

    reference: str
    donation_id: UUID
    lot_id: UUID | None
    amount: Money
    new_restricted_to: str | None
    basis: PurposeChangeBasis
    consented_on: date | None
    finished_on: date | None
    published_on: date | None
    document_sha256: str
    changed_on: date
    remark: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PurposeChange:
    change_id: UUID
    terms: PurposeChangeTerms
    agency: str
    donor_code: str | None
    lot: LotRef
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Gift:
    """A donation with all that was done to it since."""

    donation: Donation
    refunds: Sequence[Refund]
    changes: Sequence[PurposeChange]

    @property
    def lots(self) -> list[tuple[Lot, Money]]:
        """Each lot, and what this service knows to be left of it: the ledger knows what was used.

        What is held for a refund is not left.
        """
        donation = self.donation
        left = {donation.donation_id: donation.terms.amount}
        lots = {
            donation.donation_id: Lot(
                lot_id=donation.donation_id,
                restricted_to=donation.terms.restricted_to,
                since=donation.terms.received_on,
            )
        }
        for change in self.changes:
            terms = change.terms
            lots[change.change_id] = Lot(
                lot_id=change.change_id,
                restricted_to=terms.new_restricted_to,
                since=terms.changed_on,
            )
            left[change.change_id] = terms.amount
        # Apart from the first pass: a lot may come after what was taken from it.
        for change in self.changes:
            left[change.lot.lot_id] -= change.terms.amount
        for refund in self.refunds:
            if refund.state is not RefundState.CANCELLED:
                left[refund.lot.lot_id] -= refund.terms.amount
        return [(lot, left[lot_id]) for lot_id, lot in lots.items()]

    @property
    def kept_for(self) -> dict[str | None, Money]:
        """What is left by what it is kept for now: first that it was given for, then as changed."""
        kept: dict[str | None, Money] = {}
        for lot, left in self.lots:
            if left.amount_minor:
                kept[lot.restricted_to] = left + kept.get(lot.restricted_to, Money.of(0))
        return kept

    def lot(self, lot_id: UUID | None) -> tuple[Lot, Money]:
        """The lot that is named, or the only one. Raises UnknownLotError."""
        lots = self.lots
        if lot_id is None and len(lots) == 1:
            return lots[0]
        for lot, left in lots:
            if lot.lot_id == lot_id:
                return lot, left
        known = ", ".join(str(lot.lot_id) for lot, _ in lots)
        raise UnknownLotError(f"its lots are {known}", pointer="/lot_id")


def check_changeable(gift: Gift, *, receipt: str | None) -> None:
    """Raises DonationReversedError, ReceiptStandsError."""
    donation = gift.donation
    if donation.reversed_on is not None:
        raise DonationReversedError(
            f"{donation.terms.reference} was reversed on {donation.reversed_on}",
            pointer="/donation_id",
        )
    if receipt is not None:
        raise ReceiptStandsError(
            f"receipt {receipt} stands: withdraw it first", pointer="/donation_id"
        )


def lot_for(gift: Gift, *, lot_id: UUID | None, amount: Money) -> Lot:
    """Raises UnknownLotError, MoreThanLeftError."""
    lot, left = gift.lot(lot_id)
    if amount.amount_minor > left.amount_minor:
        raise MoreThanLeftError(f"of that lot {left} are left", pointer="/amount")
    return lot


def request_refund(  # what a refund is made of
    gift: Gift,
    terms: RefundTerms,
    *,
    refund_id: UUID,
    receipt: str | None,
    held_on: date,
    by: str,
    at: datetime,
) -> Refund:
    """Raises DonationReversedError, ReceiptStandsError, UnknownLotError, MoreThanLeftError.

    Also NotRefundableError.
    """
    donation = gift.donation
    if donation.terms.kind is DonationKind.SERVICE:
        raise NotRefundableError("time that was given cannot go back", pointer="/donation_id")
    check_changeable(gift, receipt=receipt)
    return Refund(
        refund_id=refund_id,
        version=1,
        terms=terms,
        agency=donation.terms.agency,
        donor_code=donation.terms.donor.code,
        kind=donation.terms.kind,
        lot=lot_for(gift, lot_id=terms.lot_id, amount=terms.amount),
        state=RefundState.HELD,
        held_on=held_on,
        requested_by=by,
        requested_at=at,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Payment:
    """The money or the goods have left the agency."""

    refunded_on: date
    bank_reference: str | None
    by: str
    at: datetime


def pay_refund(
    refund: Refund, donation: Donation, payment: Payment, *, receipt: str | None, today: date
) -> tuple[Refund, Donation, DonationRefunded]:
    """Raises RefundStateError, TermsError, FutureDateError, ReceiptStandsError."""
    _check_held(refund)
    if (payment.bank_reference is None) != (refund.kind is not DonationKind.CASH):
        raise TermsError(
            "cash goes back under a bank reference, and only cash", pointer="/bank_reference"
        )
    # Money is set aside from that day on: before it, it may have been needed.
    if payment.refunded_on < refund.held_on:
        raise TermsError(f"it is set aside since {refund.held_on}", pointer="/refunded_on")
    if payment.refunded_on > today:
        raise FutureDateError(f"{payment.refunded_on} is not yet", pointer="/refunded_on")
    if receipt is not None:
        raise ReceiptStandsError(f"receipt {receipt} stands: withdraw it first")
    paid = replace(
        refund,
        version=refund.version + 1,
        state=RefundState.PAID,
        refunded_on=payment.refunded_on,
        bank_reference=payment.bank_reference,
        decided_by=payment.by,
        decided_at=payment.at,
    )
    after = replace(
        donation,
        version=donation.version + 1,
        refunded=donation.refunded + refund.terms.amount,
    )
    event = DonationRefunded(
        **_change_fields(after, refund.lot, refund.terms.amount),
        reference=refund.terms.reference,
        hold_id=refund.refund_id if refund.is_held else None,
        refund_id=refund.refund_id,
        refunded_on=payment.refunded_on,
        bank_reference=payment.bank_reference,
        reason=refund.terms.reason,
        remark=refund.terms.remark,
    )
    return paid, after, event


def cancel_refund(refund: Refund, *, by: str, at: datetime) -> Refund:
    """Cancelling again is no error: the money may still be held. Raises RefundStateError."""
    if refund.state is RefundState.CANCELLED:
        return refund
    _check_held(refund)
    return replace(
        refund,
        version=refund.version + 1,
        state=RefundState.CANCELLED,
        decided_by=by,
        decided_at=at,
    )


def _check_held(refund: Refund) -> None:
    if refund.state is not RefundState.HELD:
        raise RefundStateError(f"it is {refund.state}")


def change_purpose(  # what a change is made of
    gift: Gift,
    terms: PurposeChangeTerms,
    *,
    change_id: UUID,
    receipt: str | None,
    today: date,
    by: str,
    at: datetime,
) -> tuple[PurposeChange, Donation, PurposeChanged]:
    """Raises DonationReversedError, ReceiptStandsError, UnknownLotError, MoreThanLeftError.

    Also ConsentMissingError, TermsError, FutureDateError.
    """
    donation = gift.donation
    check_changeable(gift, receipt=receipt)
    if donation.terms.kind is not DonationKind.CASH:
        raise TermsError("only money is kept for a purpose", pointer="/donation_id")
    lot = lot_for(gift, lot_id=terms.lot_id, amount=terms.amount)
    _check_change(terms, lot, today=today)
    change = PurposeChange(
        change_id=change_id,
        terms=terms,
        agency=donation.terms.agency,
        donor_code=donation.terms.donor.code,
        lot=lot,
        recorded_by=by,
        recorded_at=at,
    )
    after = replace(donation, version=donation.version + 1)
    event = PurposeChanged(
        **_change_fields(after, lot, terms.amount),
        reference=terms.reference,
        hold_id=change_id,
        change_id=change_id,
        new_restricted_to=terms.new_restricted_to,
        changed_on=terms.changed_on,
        basis=terms.basis,
        consented_on=terms.consented_on,
        finished_on=terms.finished_on,
        published_on=terms.published_on,
        document_sha256=terms.document_sha256,
        remark=terms.remark,
    )
    return change, after, event


def _check_change(terms: PurposeChangeTerms, lot: Lot, *, today: date) -> None:
    if terms.new_restricted_to == lot.restricted_to:
        raise TermsError("it is kept for that already", pointer="/new_restricted_to")
    _check_basis(terms, lot, today=today)
    if terms.changed_on > today:
        raise FutureDateError(f"{terms.changed_on} is not yet", pointer="/changed_on")
    if terms.changed_on < lot.since:
        raise TermsError(f"it came on {lot.since}", pointer="/changed_on")
    if terms.consented_on is not None and terms.consented_on > terms.changed_on:
        raise TermsError("consent comes before the change", pointer="/consented_on")


def _check_basis(terms: PurposeChangeTerms, lot: Lot, *, today: date) -> None:
    match terms.basis:
        case PurposeChangeBasis.DONOR_CONSENT:
            if terms.consented_on is None:
                raise ConsentMissingError("the donor's consent has a day", pointer="/consented_on")
        case PurposeChangeBasis.AGREEMENT:
            _check_left_over(terms, lot)
        case PurposeChangeBasis.SIMILAR_PURPOSE:
            _check_left_over(terms, lot)
            if terms.new_restricted_to is None:
                raise TermsError("a similar purpose is one", pointer="/new_restricted_to")
            if terms.published_on is None:
                raise TermsError("it is made public", pointer="/published_on")
        case _:
            assert_never(terms.basis)
    if terms.published_on is not None and terms.published_on > today:
        raise FutureDateError(f"{terms.published_on} is not yet", pointer="/published_on")


def _check_left_over(terms: PurposeChangeTerms, lot: Lot) -> None:
    """慈善法 第五十八条: what a finished project leaves over needs no consent, but a reason."""
    if lot.restricted_to is None:
        raise TermsError("only what was for a project is left over of it", pointer="/basis")
    if terms.finished_on is None:
        raise TermsError("what is left over has the day its project ended", pointer="/finished_on")
    if terms.finished_on > terms.changed_on:
        raise TermsError("the project ends before what is left is used", pointer="/finished_on")
    if terms.remark is None:
        raise TermsError("why it goes there is said", pointer="/remark")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversal:
    """A donation was recorded in error; `hold_id` is what the ledger has set aside for undoing."""

    reversed_on: date
    reason: str
    hold_id: UUID | None


def reverse_donation(
    gift: Gift, reversal: Reversal, *, pledge: Pledge | None, receipt: str | None
) -> tuple[Donation, Pledge | None, DonationReversed]:
    """Raises DonationReversedError, ReceiptStandsError, NotReversibleError."""
    donation = gift.donation
    check_changeable(gift, receipt=receipt)
    if gift.changes or any(r.state is not RefundState.CANCELLED for r in gift.refunds):
        raise NotReversibleError(
            f"{donation.terms.reference} was given back or kept for something else since",
            pointer="/donation_id",
        )
    after = replace(
        donation,
        version=donation.version + 1,
        reversed_on=reversal.reversed_on,
        reversal_reason=reversal.reason,
    )
    pledge_after = promised_again = None
    if pledge is not None and donation.fulfils is not None:
        pledge_after, promised_again = unfulfil_pledge(pledge, donation.fulfils)
    lot, amount = gift.lots[0]
    event = DonationReversed(
        **_change_fields(after, lot, amount),
        reference=donation.terms.reference,
        hold_id=reversal.hold_id,
        received_on=donation.terms.received_on,
        reversed_on=reversal.reversed_on,
        pledge_id=donation.pledge_id,
        fulfils=promised_again,
        batch_id=donation.belonging.batch_id,
        reason=reversal.reason,
    )
    return after, pledge_after, event


def _change_fields(donation: Donation, lot: LotRef, amount: Money) -> dict[str, Any]:
    terms = donation.terms
    return {
        "aggregate_version": donation.version,
        "donation_id": donation.donation_id,
        "donor": terms.donor,
        "agency": terms.agency,
        "channel": donation.channel,
        "kind": terms.kind,
        "amount": amount,
        "restricted_to": lot.restricted_to,
        "is_anonymous": terms.is_anonymous,
        "lot_id": lot.lot_id,
    }
