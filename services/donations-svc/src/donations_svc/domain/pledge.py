"""A pledge from promise to arrival; donations never fulfil more of it than was promised."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import (
    CHANNEL_BY_DONOR_KIND,
    CancellationReason,
    DonationKind,
    Donor,
    PledgeCancelled,
    PledgeMade,
    ScheduledPart,
)
from fundmix_events.money import Money, text_from_minor

from donations_svc.domain.errors import (
    FutureDateError,
    NotReversibleError,
    PledgeClosedError,
    PledgeMismatchError,
    PledgeNotOpenError,
    ScheduleError,
    SuspendedAgencyError,
)
from donations_svc.domain.parties import Register, check_parties


class PledgeState(StrEnum):
    PROMISED = "promised"
    PART_RECEIVED = "part_received"
    RECEIVED = "received"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True, slots=True)
class PledgeTerms:
    """What a donor has promised; `reference` is the agency's own number for it.

    `schedule` says by when how much of it is to arrive; without one there is no day.
    """

    reference: str
    donor: Donor
    agency: str
    kind: DonationKind
    amount: Money
    restricted_to: str | None
    pledged_on: date
    is_anonymous: bool
    schedule: tuple[ScheduledPart, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancellation:
    """What was still to come will not come."""

    cancelled_on: date
    reason: CancellationReason
    remark: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Pledge:
    """`batch_id` is of the import that has made it; one that was `reversed_on` a day never was."""

    pledge_id: UUID
    version: int
    terms: PledgeTerms
    channel: Channel
    fulfilled: Money
    cancellation: Cancellation | None = None
    batch_id: UUID | None = None
    reversed_on: date | None = None

    def __post_init__(self) -> None:
        promised = self.terms.amount.amount_minor
        assert 0 <= self.fulfilled.amount_minor <= promised, f"{self.pledge_id}: over-fulfilled"
        if self.reversed_on is not None:
            assert self.cancellation is not None, f"{self.pledge_id}: promised by an error"
            assert self.fulfilled.amount_minor == 0, f"{self.pledge_id}: fulfilled, an error"

    @property
    def outstanding(self) -> Money:
        if self.cancellation is not None:
            return Money.of(0, self.terms.amount.currency)
        return self.terms.amount - self.fulfilled

    @property
    def is_open(self) -> bool:
        return self.outstanding.amount_minor > 0

    def overdue(self, *, today: date) -> Money:
        """What should have arrived before today and has not."""
        due = sum(p.amount.amount_minor for p in self.terms.schedule if p.due_on < today)
        missing = max(0, due - self.fulfilled.amount_minor) if self.is_open else 0
        return Money.of(missing, self.terms.amount.currency)

    @property
    def next_due_on(self) -> date | None:
        """The day of the first part that has not arrived in full."""
        if not self.is_open:
            return None
        due = 0
        for part in self.terms.schedule:
            due += part.amount.amount_minor
            if due > self.fulfilled.amount_minor:
                return part.due_on
        return None

    def state(self, *, today: date) -> PledgeState:
        if self.cancellation is not None:
            return PledgeState.CANCELLED
        if not self.is_open:
            return PledgeState.RECEIVED
        if self.overdue(today=today).amount_minor > 0:
            return PledgeState.OVERDUE
        if self.fulfilled.amount_minor > 0:
            return PledgeState.PART_RECEIVED
        return PledgeState.PROMISED


def make_pledge(
    terms: PledgeTerms,
    *,
    pledge_id: UUID,
    register: Register,
    today: date,
    batch_id: UUID | None = None,
) -> tuple[Pledge, PledgeMade]:
    """Raises DonorError, UnknownOrganisationError, WrongPartyError, FutureDateError, ScheduleError.

    Also SuspendedAgencyError: a donation that has arrived is recorded all the same, it is a fact.
    """
    check_parties(terms.donor, terms.agency, register)
    if terms.pledged_on > today:
        raise FutureDateError(f"{terms.pledged_on} is not yet", pointer="/pledged_on")
    check_schedule(terms)
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
        batch_id=batch_id,
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
        schedule=terms.schedule,
    )
    return pledge, event


def check_schedule(terms: PledgeTerms) -> None:
    """Raises ScheduleError."""
    parts = terms.schedule
    if not parts:
        return
    if any(part.amount.currency is not terms.amount.currency for part in parts):
        raise ScheduleError("the parts are of another currency", pointer="/schedule")
    # A sum may be beyond what one amount can be.
    total = sum(part.amount.amount_minor for part in parts)
    if total != terms.amount.amount_minor:
        raise ScheduleError(
            f"the parts sum to {text_from_minor(total)}, not to {terms.amount}", pointer="/schedule"
        )
    if parts[0].due_on < terms.pledged_on:
        raise ScheduleError("a part is due before the pledge", pointer="/schedule/0/due_on")
    for number, (earlier, later) in enumerate(pairwise(parts), start=1):
        if later.due_on <= earlier.due_on:
            raise ScheduleError(
                "each part is due later than the one before", pointer=f"/schedule/{number}/due_on"
            )


def cancel_pledge(
    pledge: Pledge, cancellation: Cancellation, *, today: date
) -> tuple[Pledge, PledgeCancelled]:
    """What has arrived stays. Raises PledgeClosedError, FutureDateError."""
    if not pledge.is_open:
        raise PledgeClosedError(
            "it was cancelled before" if pledge.cancellation else "it was received in full"
        )
    if not pledge.terms.pledged_on <= cancellation.cancelled_on <= today:
        raise FutureDateError(
            f"{cancellation.cancelled_on} is before the pledge or not yet",
            pointer="/cancelled_on",
        )
    terms = pledge.terms
    after = replace(pledge, version=pledge.version + 1, cancellation=cancellation)
    event = PledgeCancelled(
        aggregate_version=after.version,
        pledge_id=pledge.pledge_id,
        reference=terms.reference,
        donor=terms.donor,
        agency=terms.agency,
        channel=pledge.channel,
        kind=terms.kind,
        amount=pledge.outstanding,
        restricted_to=terms.restricted_to,
        is_anonymous=terms.is_anonymous,
        cancelled_on=cancellation.cancelled_on,
        reason=cancellation.reason,
        remark=cancellation.remark,
    )
    return after, event


def reverse_pledge(
    pledge: Pledge, *, reversed_on: date, reason: str
) -> tuple[Pledge, PledgeCancelled | None]:
    """It was recorded in error: on the day it was said to be made, nothing was promised.

    No event where it was cancelled before. Raises NotReversibleError.
    """
    terms = pledge.terms
    if pledge.fulfilled.amount_minor:
        raise NotReversibleError(
            f"of the pledge {terms.reference} ({pledge.pledge_id}) {pledge.fulfilled} have come by"
            " donations that stand"
        )
    if pledge.cancellation is not None:
        return replace(pledge, version=pledge.version + 1, reversed_on=reversed_on), None
    cancellation = Cancellation(
        cancelled_on=terms.pledged_on, reason=CancellationReason.RECORDED_IN_ERROR, remark=reason
    )
    after, event = cancel_pledge(pledge, cancellation, today=reversed_on)
    return replace(after, reversed_on=reversed_on), event


def unfulfil_pledge(pledge: Pledge, fulfilled: Money) -> tuple[Pledge, Money | None]:
    """The pledge after a donation that fulfilled it turned out an error, and what is open again.

    None where it was cancelled meanwhile: nothing is promised any more.
    """
    after = replace(pledge, version=pledge.version + 1, fulfilled=pledge.fulfilled - fulfilled)
    return after, None if pledge.cancellation else fulfilled


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
    if not pledge.is_open:
        what = "cancelled" if pledge.cancellation else "received in full"
        raise PledgeNotOpenError(
            f"the pledge of {promised.amount} has been {what}", pointer="/pledge_id"
        )
    fulfils = min(pledge.outstanding, amount, key=lambda money: money.amount_minor)
    after = replace(pledge, version=pledge.version + 1, fulfilled=pledge.fulfilled + fulfils)
    return after, fulfils
