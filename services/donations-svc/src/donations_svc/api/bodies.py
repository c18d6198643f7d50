"""What goes in and out over HTTP."""

from datetime import date
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.donations import DonationKind, Donor, DonorKind
from fundmix_events.money import Amount, Money
from fundmix_events.text import Label
from pydantic import BaseModel, ConfigDict

from donations_svc.domain.donation import Donation, DonationTerms
from donations_svc.domain.pledge import Pledge, PledgeState, PledgeTerms


class BodyIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DonorIn(BodyIn):
    """An organisation by its code; a person only as a kind, and nothing that says who."""

    kind: DonorKind
    code: CreditCode | None = None

    def donor(self) -> Donor:
        return Donor(kind=self.kind, code=self.code)


class PledgeIn(BodyIn):
    """A promise; `reference` is the agency's own number for it."""

    reference: Label
    donor: DonorIn
    agency: CreditCode
    kind: DonationKind
    amount: Amount
    restricted_to: Label | None = None
    pledged_on: Day
    is_anonymous: bool = False

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
        )


class DonationIn(BodyIn):
    """What has arrived: `received_on` is the bank's value date, `given_on` is that day unless said.

    Cash has a bank reference; goods have none, and `amount` is what they are worth.
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
    is_anonymous: bool = False

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
        )


class PledgeOut(BaseModel):
    """`outstanding` is what is still to come: `amount` less `fulfilled`."""

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


class DonationOut(BaseModel):
    """`fulfils` is the part of `amount` that the pledge had promised; the rest stands alone."""

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


class TodoOut(BaseModel):
    """`action` is what waits: `give` for a donor, `receive` for an agency."""

    action: str
    pledge_id: UUID
    reference: str
    donor: Donor
    agency: str
    pledged_on: date
    outstanding: Money


def pledge_out(pledge: Pledge) -> PledgeOut:
    terms = pledge.terms
    return PledgeOut(
        pledge_id=pledge.pledge_id,
        version=pledge.version,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=pledge.channel,
        kind=terms.kind,
        state=pledge.state,
        amount=terms.amount,
        fulfilled=pledge.fulfilled,
        outstanding=pledge.outstanding,
        restricted_to=terms.restricted_to,
        pledged_on=terms.pledged_on,
        is_anonymous=terms.is_anonymous,
    )


def donation_out(donation: Donation) -> DonationOut:
    terms = donation.terms
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
    )
