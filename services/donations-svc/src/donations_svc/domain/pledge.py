"""A pledge from promise to arrival; donations never fulfil more of it than was promised."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import CHANNEL_BY_DONOR_KIND, DonationKind, Donor, PledgeMade
from fundmix_events.money import Money

from donations_svc.domain.errors import (
    FutureDateError,
    PledgeMismatchError,
    PledgeNotOpenError,
    SuspendedAgencyError,
)
from donations_svc.domain.parties import Register, check_parties


class PledgeState(StrEnum):
    PROMISED = "promised"
    PART_RECEIVED = "part_received"
    RECEIVED = "received"


@dataclass(frozen=True, kw_only=True, slots=True)
class PledgeTerms:
    """What a donor has promised; `reference` is the agency's own number for it."""

    reference: str
    donor: Donor
    agency: str
    kind: DonationKind
    amount: Money
    restricted_to: str | None
    pledged_on: date
    is_anonymous: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Pledge:
    pledge_id: UUID
    version: int
    terms: PledgeTerms
    channel: Channel
    fulfilled: Money

    def __post_init__(self) -> None:
        promised = self.terms.amount.amount_minor
        assert 0 <= self.fulfilled.amount_minor <= promised, f"{self.pledge_id}: over-fulfilled"

    @property
    def outstanding(self) -> Money:
        return self.terms.amount - self.fulfilled

    @property
    def state(self) -> PledgeState:
        if self.fulfilled.amount_minor == 0:
            return PledgeState.PROMISED
        if self.outstanding.amount_minor > 0:
            return PledgeState.PART_RECEIVED
        return PledgeState.RECEIVED


def make_pledge(
    terms: PledgeTerms, *, pledge_id: UUID, register: Register, today: date
) -> tuple[Pledge, PledgeMade]:
    """Raises DonorError, UnknownOrganisationError, WrongPartyError, FutureDateError.

    Also SuspendedAgencyError: a donation that has arrived is recorded all the same, it is a fact.
    """
    check_parties(terms.donor, terms.agency, register)
    if terms.pledged_on > today:
        raise FutureDateError(f"{terms.pledged_on} is not yet", pointer="/pledged_on")
    agency = register[terms.agency]
    if agency.is_suspended(on=terms.pledged_on):
        raise SuspendedAgencyError(
            f"{agency.code} is suspended since {agency.suspended_on}", pointer="/agency"
        )
    pledge = Pledge(
        pledge_id=pledge_id,
        version=1,
        terms=terms,
        channel=CHANNEL_BY_DONOR_KIND[terms.donor.kind],
        fulfilled=Money.of(0, terms.amount.currency),
    )
    event = PledgeMade(
        aggregate_version=pledge.version,
        pledge_id=pledge_id,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=pledge.channel,
        kind=terms.kind,
        amount=terms.amount,
        restricted_to=terms.restricted_to,
        pledged_on=terms.pledged_on,
        is_anonymous=terms.is_anonymous,
    )
    return pledge, event


def fulfil_pledge(
    pledge: Pledge,
    *,
    donor: Donor,
    agency: str,
    kind: DonationKind,
    amount: Money,
    restricted_to: str | None,
) -> tuple[Pledge, Money]:
    """The pledge after a donation, and how much of it that donation fulfils.

    More may come than was promised; what is over stands alone.
    Raises PledgeMismatchError, PledgeNotOpenError.
    """
    promised = pledge.terms
    differences = [
        name
        for name, is_same in (
            ("donor", donor == promised.donor),
            ("agency", agency == promised.agency),
            ("kind", kind is promised.kind),
            ("currency", amount.currency == promised.amount.currency),
            ("restricted_to", restricted_to == promised.restricted_to),
        )
        if not is_same
    ]
    if differences:
        raise PledgeMismatchError(
            f"the pledge was made otherwise: {', '.join(differences)}", pointer="/pledge_id"
        )
    if pledge.state is PledgeState.RECEIVED:
        raise PledgeNotOpenError(
            f"the pledge of {promised.amount} has been received in full", pointer="/pledge_id"
        )
    fulfils = min(pledge.outstanding, amount, key=lambda money: money.amount_minor)
    after = replace(pledge, version=pledge.version + 1, fulfilled=pledge.fulfilled + fulfils)
    return after, fulfils
