"""A donation: money, goods or time that have arrived, as the receiving agency confirms it."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import (
    CHANNEL_BY_DONOR_KIND,
    DonationKind,
    DonationReceived,
    Donor,
    Goods,
    GoodsStated,
    Service,
)
from fundmix_events.money import Money, text_from_minor

from donations_svc.domain.errors import (
    DonationReversedError,
    FutureDateError,
    GoodsStatedError,
    TermsError,
)
from donations_svc.domain.parties import Register, check_parties
from donations_svc.domain.pledge import Pledge, fulfil_pledge

# Of one deposit.
LINES_MAX: Final = 100


class DonationTerms(NamedTuple):
    """What has arrived: `amount` is the money, or what the goods or the hours are worth.

    `reference` is the agency's own number for it, `received_on` the bank's value date. `delegation`
    says why somebody else than the agency records it.
    """

    reference: str
    donor: Donor
    agency: str
    kind: DonationKind
    amount: Money
    restricted_to: str | None
    given_on: date
    received_on: date
    bank_reference: str | None
    is_anonymous: bool
    goods: Goods | None = None
    service: Service | None = None
    is_sponsorship: bool = False
    delegation: str | None = None


class Belonging(NamedTuple):
    """What a donation came with: a deposit of several lines, an announcement, an import."""

    line: int = 1
    deposit_id: UUID | None = None
    announcement_id: UUID | None = None
    batch_id: UUID | None = None


ALONE = Belonging()


# Not frozen, as what is alike: to make a frozen one takes three times as long, for every row.
@dataclass(kw_only=True, slots=True)
class Donation:
    """`refunded` has gone back; one that was `reversed_on` a day was never there."""

    donation_id: UUID
    version: int
    terms: DonationTerms
    channel: Channel
    pledge_id: UUID | None
    fulfils: Money | None
    recorded_by: str
    belonging: Belonging = ALONE
    refunded: Money
    reversed_on: date | None = None
    reversal_reason: str | None = None

    def __post_init__(self) -> None:
        assert (self.pledge_id is None) == (self.fulfils is None), f"{self.donation_id}: no part"
        if self.fulfils is not None:
            amount = self.terms.amount.amount_minor
            assert 0 < self.fulfils.amount_minor <= amount, f"{self.donation_id}: wrong part"


def receive_donation(
    terms: DonationTerms,
    *,
    donation_id: UUID,
    register: Register,
    pledge: Pledge | None,
    today: date,
    by: str,
    belonging: Belonging = ALONE,
) -> tuple[Donation, Pledge | None, DonationReceived]:
    """The donation, the pledge it fulfils as it now stands, and the event.

    Raises DonorError, UnknownOrganisationError, WrongPartyError, TermsError, FutureDateError,
    PledgeMismatchError, PledgeNotOpenError.
    """
    check_parties(terms.donor, terms.agency, register)
    _check_terms(terms, today=today)
    fulfilled, fulfils = (None, None) if pledge is None else _fulfil(pledge, terms)
    donation = Donation(
        donation_id=donation_id,
        version=1,
        terms=terms,
        channel=CHANNEL_BY_DONOR_KIND[terms.donor.kind],
        pledge_id=None if pledge is None else pledge.pledge_id,
        fulfils=fulfils,
        recorded_by=by,
        belonging=belonging,
        refunded=Money.of(0, terms.amount.currency),
    )
    event = DonationReceived(
        aggregate_version=donation.version,
        donation_id=donation_id,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=donation.channel,
        kind=terms.kind,
        amount=terms.amount,
        restricted_to=terms.restricted_to,
        pledge_id=donation.pledge_id,
        fulfils=donation.fulfils,
        given_on=terms.given_on,
        received_on=terms.received_on,
        bank_reference=terms.bank_reference,
        is_anonymous=terms.is_anonymous,
        line=belonging.line,
        goods=terms.goods,
        service=terms.service,
        is_sponsorship=terms.is_sponsorship,
        announcement_id=belonging.announcement_id,
        batch_id=belonging.batch_id,
        delegation=terms.delegation,
    )
    return donation, fulfilled, event


def check_content(
    kind: DonationKind, amount: Money, *, goods: Goods | None, service: Service | None
) -> None:
    """Raises TermsError: goods that are no gift in kind, or time whose value is another."""
    if goods is not None and kind is not DonationKind.IN_KIND:
        raise TermsError(f"goods are no gift of kind {kind}", pointer="/goods")
    if goods is not None and (goods.proof_kind is None) != (goods.proof_sha256 is None):
        raise TermsError("a proof has its kind and its document", pointer="/goods/proof_sha256")
    if (service is not None) != (kind is DonationKind.SERVICE):
        raise TermsError("a gift of time, and no other, has its hours", pointer="/service")
    if service is not None and value_minor_of(service) != amount.amount_minor:
        raise TermsError(
            f"{service.hours} hours at {service.hourly_rate} are"
            f" {text_from_minor(value_minor_of(service))}",
            pointer="/amount",
        )


def state_goods(donation: Donation, goods: Goods) -> tuple[Donation, GoodsStated]:
    """Of goods that have come, add what nobody has said of them yet.

    What was said stays. Without a proof there was no receipt that could say something else.
    Raises DonationReversedError, GoodsStatedError, TermsError.
    """
    terms, before = donation.terms, donation.terms.goods
    if donation.reversed_on is not None:
        raise DonationReversedError(f"{terms.reference} was reversed on {donation.reversed_on}")
    if terms.kind is not DonationKind.IN_KIND:
        raise TermsError(
            f"{terms.reference} is a gift of kind {terms.kind}", pointer="/description"
        )
    if before is not None:
        if before.proof_kind is not None:
            raise GoodsStatedError("what they are worth is proved", pointer="/proof_kind")
        for name in ("description", "quantity", "unit"):
            if (there := getattr(before, name)) != getattr(goods, name):
                raise GoodsStatedError(f"it is {there}", pointer=f"/{name}")
        if goods.proof_kind is None:
            raise GoodsStatedError("that was said before", pointer="/proof_kind")
    if (goods.proof_kind is None) != (goods.proof_sha256 is None):
        raise TermsError("a proof has its kind and its document", pointer="/proof_sha256")
    after = replace(donation, version=donation.version + 1, terms=terms._replace(goods=goods))
    event = GoodsStated(
        aggregate_version=after.version,
        donation_id=after.donation_id,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=after.channel,
        amount=terms.amount,
        restricted_to=terms.restricted_to,
        is_anonymous=terms.is_anonymous,
        goods=goods,
    )
    return after, event


def value_minor_of(service: Service) -> int:
    """Hours by the rate, of half a fen the even one; it may be beyond what an amount can be."""
    return int((service.hours * service.hourly_rate.amount_minor).to_integral_value())


def _check_terms(terms: DonationTerms, *, today: date) -> None:
    is_cash = terms.kind is DonationKind.CASH
    if is_cash and terms.bank_reference is None:
        raise TermsError("cash arrives under a bank reference", pointer="/bank_reference")
    if not is_cash and terms.bank_reference is not None:
        raise TermsError("only cash arrives under a bank reference", pointer="/bank_reference")
    check_content(terms.kind, terms.amount, goods=terms.goods, service=terms.service)
    if terms.given_on > terms.received_on:
        raise TermsError("it was received before it was given", pointer="/given_on")
    if terms.received_on > today:
        raise FutureDateError(f"{terms.received_on} is not yet", pointer="/received_on")


def _fulfil(pledge: Pledge, terms: DonationTerms) -> tuple[Pledge, Money]:
    return fulfil_pledge(
        pledge,
        donor=terms.donor,
        agency=terms.agency,
        kind=terms.kind,
        amount=terms.amount,
        restricted_to=terms.restricted_to,
    )
