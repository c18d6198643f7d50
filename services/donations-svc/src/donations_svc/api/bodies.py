"""What goes in and out over HTTP."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.donations import (
    CancellationReason,
    DonationKind,
    Donor,
    DonorKind,
    Goods,
    ProofKind,
    Quantity,
    ScheduledPart,
    Service,
    Sha256,
)
from fundmix_events.money import Amount, Money
from fundmix_events.text import Label, Name, Remark
from pydantic import BaseModel, ConfigDict, Field

from donations_svc.domain.donation import Donation, DonationTerms
from donations_svc.domain.pledge import Pledge, PledgeState, PledgeTerms

PARTS_MAX: Final = 60


class BodyIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DonorIn(BodyIn):
    """An organisation by its code; a person only as a kind, and nothing that says who."""

    kind: DonorKind
    code: CreditCode | None = None

    def donor(self) -> Donor:
        return Donor(kind=self.kind, code=self.code)


class GoodsIn(BodyIn):
    """`proof_sha256` is of the document that says what they are worth."""

    description: Name
    quantity: Quantity
    unit: Label
    proof_kind: ProofKind | None = None
    proof_sha256: Sha256 | None = None

    def goods(self) -> Goods:
        return Goods(**dict(self))


class ServiceIn(BodyIn):
    """Time that is given: its hours, and what the donor says an hour is worth."""

    description: Name
    hours: Quantity
    hourly_rate: Amount

    def service(self) -> Service:
        return Service(**dict(self))


class ScheduledPartIn(BodyIn):
    due_on: Day
    amount: Amount


class PledgeIn(BodyIn):
    """A promise; `reference` is the agency's own number for it.

    The parts of a `schedule` sum to the amount, each due later than the one before.
    """

    reference: Label
    donor: DonorIn
    agency: CreditCode
    kind: DonationKind
    amount: Amount
    restricted_to: Label | None = None
    pledged_on: Day
    is_anonymous: bool = Field(default=False, strict=True)
    schedule: Annotated[tuple[ScheduledPartIn, ...], Field(max_length=PARTS_MAX)] = ()

    def terms(self) -> PledgeTerms:
        return PledgeTerms(
            reference=self.reference,
            donor=self.donor.donor(),
            agency=self.agency,
            kind=self.kind,
            amount=self.amount,
            restricted_to=self.restricted_to,
            pledged_on=self.pledged_on,
            is_anonymous=self.is_anonymous,
            schedule=tuple(
                ScheduledPart(due_on=part.due_on, amount=part.amount) for part in self.schedule
            ),
        )


class CancellationIn(BodyIn):
    """Today, unless it is said."""

    reason: CancellationReason
    cancelled_on: Day | None = None
    remark: Remark | None = None


class DonationIn(BodyIn):
    """What has arrived: `received_on` is the bank's value date, `given_on` is that day unless said.

    Cash has a bank reference; goods have none, and `amount` is what they are worth. Who records it
    for the agency says why, as `delegation`.
    """

    reference: Label
    donor: DonorIn
    agency: CreditCode
    kind: DonationKind
    amount: Amount
    restricted_to: Label | None = None
    given_on: Day | None = None
    received_on: Day
    bank_reference: Label | None = None
    pledge_id: UUID | None = None
    is_anonymous: bool = Field(default=False, strict=True)
    goods: GoodsIn | None = None
    service: ServiceIn | None = None
    is_sponsorship: bool = Field(default=False, strict=True)
    delegation: Remark | None = None

    def terms(self) -> DonationTerms:
        return DonationTerms(
            reference=self.reference,
            donor=self.donor.donor(),
            agency=self.agency,
            kind=self.kind,
            amount=self.amount,
            restricted_to=self.restricted_to,
            given_on=self.received_on if self.given_on is None else self.given_on,
            received_on=self.received_on,
            bank_reference=self.bank_reference,
            is_anonymous=self.is_anonymous,
            goods=None if self.goods is None else self.goods.goods(),
            service=None if self.service is None else self.service.service(),
            is_sponsorship=self.is_sponsorship,
            delegation=self.delegation,
        )


class PledgeOut(BaseModel):
    """`outstanding` is what is still to come, `overdue` what should have come before today.

    What was `reversed_on` a day was an error of the import `batch_id`, and was never promised.
    """

    pledge_id: UUID
    version: int
    reference: str
    donor: Donor
    agency: str
    channel: Channel
    kind: DonationKind
    state: PledgeState
    amount: Money
    fulfilled: Money
    outstanding: Money
    restricted_to: str | None
    pledged_on: date
    is_anonymous: bool
    schedule: tuple[ScheduledPart, ...]
    next_due_on: date | None
    overdue: Money
    cancelled_on: date | None
    cancellation_reason: CancellationReason | None
    cancellation_remark: str | None
    batch_id: UUID | None
    reversed_on: date | None


class DonationOut(BaseModel):
    """`fulfils` is the part of `amount` that the pledge had promised; the rest stands alone.

    `refunded` has gone back; what was `reversed_on` a day was an error, and was never there.
    """

    donation_id: UUID
    version: int
    reference: str
    donor: Donor
    agency: str
    channel: Channel
    kind: DonationKind
    amount: Money
    restricted_to: str | None
    given_on: date
    received_on: date
    bank_reference: str | None
    pledge_id: UUID | None
    fulfils: Money | None
    is_anonymous: bool
    goods: Goods | None
    service: Service | None
    is_sponsorship: bool
    line: int
    deposit_id: UUID | None
    announcement_id: UUID | None
    batch_id: UUID | None
    refunded: Money
    reversed_on: date | None
    reversal_reason: str | None
    recorded_by: str
    delegation: str | None


def pledge_out(pledge: Pledge, *, today: date) -> PledgeOut:
    terms, cancellation = pledge.terms, pledge.cancellation
    return PledgeOut(
        pledge_id=pledge.pledge_id,
        version=pledge.version,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=pledge.channel,
        kind=terms.kind,
        state=pledge.state(today=today),
        amount=terms.amount,
        fulfilled=pledge.fulfilled,
        outstanding=pledge.outstanding,
        restricted_to=terms.restricted_to,
        pledged_on=terms.pledged_on,
        is_anonymous=terms.is_anonymous,
        schedule=terms.schedule,
        next_due_on=pledge.next_due_on,
        overdue=pledge.overdue(today=today),
        cancelled_on=None if cancellation is None else cancellation.cancelled_on,
        cancellation_reason=None if cancellation is None else cancellation.reason,
        cancellation_remark=None if cancellation is None else cancellation.remark,
        batch_id=pledge.batch_id,
        reversed_on=pledge.reversed_on,
    )


def donation_out(donation: Donation) -> DonationOut:
    terms, belonging = donation.terms, donation.belonging
    return DonationOut(
        donation_id=donation.donation_id,
        version=donation.version,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=donation.channel,
        kind=terms.kind,
        amount=terms.amount,
        restricted_to=terms.restricted_to,
        given_on=terms.given_on,
        received_on=terms.received_on,
        bank_reference=terms.bank_reference,
        pledge_id=donation.pledge_id,
        fulfils=donation.fulfils,
        is_anonymous=terms.is_anonymous,
        goods=terms.goods,
        service=terms.service,
        is_sponsorship=terms.is_sponsorship,
        line=belonging.line,
        deposit_id=belonging.deposit_id,
        announcement_id=belonging.announcement_id,
        batch_id=belonging.batch_id,
        refunded=donation.refunded,
        reversed_on=donation.reversed_on,
        reversal_reason=donation.reversal_reason,
        recorded_by=donation.recorded_by,
        delegation=terms.delegation,
    )
