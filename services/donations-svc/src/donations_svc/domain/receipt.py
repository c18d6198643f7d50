"""A receipt (捐赠接收确认函): drafted, issued under a number without gap, withdrawn if need be.

The sources: 慈善法 第三十八条; 财综〔2024〕1号 for what a receipt states. Ours is an
acknowledgement; the official bill (公益事业捐赠票据) is named on it by its code and number.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

from fundmix_events.donations import DonationKind, Donor, Goods
from fundmix_events.money import Money
from fundmix_events.text import Label
from pydantic import BaseModel, ConfigDict, model_validator

from donations_svc.domain.amount_words import in_words
from donations_svc.domain.donor_names import donor_name_on_receipt
from donations_svc.domain.errors import (
    NoReceiptForRefundedError,
    NoReceiptForReversedError,
    NoReceiptForServiceError,
    NoReceiptForSponsorshipError,
    NoReceiptWhileRefundingError,
    NoReceiptWithoutProofError,
    OfficialBillNamedError,
    ReceiptExistsError,
    ReceiptNotDraftError,
    ReceiptWithdrawnError,
)
from donations_svc.domain.parties import Register

SEQUENCE_DIGITS: Final = 6


class ReceiptState(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


class WithdrawalReason(StrEnum):
    WRONG = "wrong"
    """It states something wrong; another one replaces it."""
    REFUND = "refund"
    PURPOSE_CHANGE = "purpose_change"
    REVERSAL = "reversal"
    """The donation was recorded in error."""
    DONOR_REQUEST = "donor_request"


class OfficialBill(BaseModel):
    """公益事业捐赠票据: the bill of the finance department, by its code and number."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Label
    number: Label


class KeptFor(BaseModel):
    """Part of a donation, by what it is kept for; `restricted_to` is None where that is free."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    restricted_to: str | None
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedDonation:
    """A donation as far as a receipt is concerned with it; `amount` is what arrived.

    `restricted_to` is what it was given for; `kept_for` sums to `kept`.
    """

    donation_id: UUID
    reference: str
    agency: str
    donor: Donor
    is_anonymous: bool
    kind: DonationKind
    amount: Money
    refunded: Money
    restricted_to: str | None
    given_on: date
    received_on: date
    bank_reference: str | None
    goods: Goods | None
    is_sponsorship: bool
    is_reversed: bool
    is_refunding: bool
    kept_for: tuple[KeptFor, ...]

    @property
    def kept(self) -> Money:
        return self.amount - self.refunded


class Snapshot(BaseModel):
    """All that an issued receipt shows, for ever: what changes later changes nothing of it.

    `amount` is what the receipt is about, `received` less `refunded`. `restricted_to` is what it
    was given for, `kept_for` what it was kept for when this was issued. `form` says how it is
    shown. What was kept once is read for ever: a new field has a value for those without it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: int = 1
    number: str
    agency: str
    agency_name: str
    donor: Donor
    donor_name: str
    is_anonymous: bool
    reference: str
    kind: DonationKind
    amount: Money
    amount_in_words: str
    received: Money
    refunded: Money
    restricted_to: str | None
    kept_for: tuple[KeptFor, ...]
    given_on: date
    received_on: date
    bank_reference: str | None
    goods: Goods | None
    official_bill: OfficialBill | None
    handler: str | None
    replaces: str | None
    issued_on: date
    check_code: str
    check_url: str

    @model_validator(mode="before")
    @classmethod
    def says_what_it_is_kept_for(cls, kept: Any) -> Any:
        """The first ones were of donations whose purpose nobody had changed."""
        if not isinstance(kept, dict):
            return kept
        fields = cast("dict[str, Any]", kept)
        if "kept_for" in fields:
            return fields
        whole = {name: fields.get(name) for name in ("restricted_to", "amount")}
        return {**fields, "kept_for": [whole]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawal:
    on: date
    at: datetime
    by: str
    reason: WithdrawalReason
    remark: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """`sequence` is the place in the series of the agency and `year`."""

    year: int
    sequence: int
    at: datetime
    by: str
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """`handler` (经办人) is who signs for the agency; nobody: a line to sign on."""

    receipt_id: UUID
    version: int
    donation_id: UUID
    agency: str
    donor_code: str | None
    official_bill: OfficialBill | None
    handler: str | None
    drafted_by: str
    drafted_at: datetime
    issue: Issue | None = None
    withdrawal: Withdrawal | None = None

    @property
    def state(self) -> ReceiptState:
        if self.withdrawal is not None:
            return ReceiptState.WITHDRAWN
        return ReceiptState.DRAFT if self.issue is None else ReceiptState.ISSUED

    @property
    def number(self) -> str | None:
        return None if self.issue is None else self.issue.snapshot.number


def receipt_number(agency: str, *, year: int, sequence: int) -> str:
    return f"{agency}-{year}-{sequence:0{SEQUENCE_DIGITS}d}"


def check_receiptable(donation: ReceivedDonation) -> None:
    """Raises NoReceiptForServiceError, NoReceiptForSponsorshipError, NoReceiptForReversedError,
    NoReceiptForRefundedError, NoReceiptWhileRefundingError, NoReceiptWithoutProofError.
    """  # noqa: D205  # one sentence
    pointer = "/donation_id"
    name = f"donation {donation.reference}"
    if donation.is_reversed:
        raise NoReceiptForReversedError(f"{name} was recorded in error", pointer=pointer)
    if donation.kind is DonationKind.SERVICE:
        raise NoReceiptForServiceError(
            f"{name} is time that was given: there is no receipt for services", pointer=pointer
        )
    if donation.is_sponsorship:
        raise NoReceiptForSponsorshipError(
            f"something was given in return for {name}: it is no gift", pointer=pointer
        )
    if donation.kept.amount_minor == 0:
        raise NoReceiptForRefundedError(f"{name} has gone back to its donor", pointer=pointer)
    if donation.is_refunding:
        raise NoReceiptWhileRefundingError(f"a refund of {name} is under way", pointer=pointer)
    if donation.kind is DonationKind.IN_KIND and not _is_proved(donation.goods):
        raise NoReceiptWithoutProofError(
            f"nothing proves what the goods of {name} are worth", pointer=pointer
        )


def check_none_stands(standing: Receipt | None) -> None:
    """Raises ReceiptExistsError: also where a draft is open, which is to be issued."""
    if standing is not None:
        which = standing.number or f"the draft {standing.receipt_id}"
        raise ReceiptExistsError(f"the donation has {which}", pointer="/donation_id")


def snapshot_of(
    donation: ReceivedDonation,
    *,
    register: Register,
    number: str,
    official_bill: OfficialBill | None,
    handler: str | None,
    replaces: str | None,
    issued_on: date,
    check_code: str,
    check_url: str,
) -> Snapshot:
    return Snapshot(
        number=number,
        agency=donation.agency,
        agency_name=register[donation.agency].name,
        donor=donation.donor,
        donor_name=donor_name_on_receipt(donation.donor, register),
        is_anonymous=donation.is_anonymous,
        reference=donation.reference,
        kind=donation.kind,
        amount=donation.kept,
        amount_in_words=in_words(donation.kept),
        received=donation.amount,
        refunded=donation.refunded,
        restricted_to=donation.restricted_to,
        kept_for=donation.kept_for,
        given_on=donation.given_on,
        received_on=donation.received_on,
        bank_reference=donation.bank_reference,
        goods=donation.goods,
        official_bill=official_bill,
        handler=handler,
        replaces=replaces,
        issued_on=issued_on,
        check_code=check_code,
        check_url=check_url,
    )


def check_draft(receipt: Receipt) -> None:
    """Raises ReceiptNotDraftError."""
    if receipt.state is not ReceiptState.DRAFT:
        raise ReceiptNotDraftError(f"{_name(receipt)} is {receipt.state}, no draft")


def issue_receipt(receipt: Receipt, issue: Issue) -> Receipt:
    """Raises ReceiptNotDraftError."""
    check_draft(receipt)
    return replace(receipt, version=receipt.version + 1, issue=issue)


def name_official_bill(receipt: Receipt, bill: OfficialBill) -> Receipt:
    """Beside what it shows: the official bill may come when the receipt was issued long ago.

    Raises ReceiptWithdrawnError, OfficialBillNamedError.
    """
    check_not_withdrawn(receipt)
    if receipt.official_bill is not None:
        named = receipt.official_bill
        raise OfficialBillNamedError(f"{_name(receipt)} names {named.code} {named.number}")
    return replace(receipt, version=receipt.version + 1, official_bill=bill)


def check_not_withdrawn(receipt: Receipt) -> None:
    """Raises ReceiptWithdrawnError."""
    if receipt.withdrawal is not None:
        raise ReceiptWithdrawnError(
            f"{_name(receipt)} was withdrawn on {receipt.withdrawal.on} already"
        )


def withdraw_receipt(receipt: Receipt, withdrawal: Withdrawal) -> Receipt:
    """Its number, if it has one, stays taken, and the receipt visible.

    Raises ReceiptWithdrawnError.
    """
    check_not_withdrawn(receipt)
    return replace(receipt, version=receipt.version + 1, withdrawal=withdrawal)


def _is_proved(goods: Goods | None) -> bool:
    return goods is not None and goods.proof_kind is not None


def _name(receipt: Receipt) -> str:
    return receipt.number or f"the receipt {receipt.receipt_id}"
