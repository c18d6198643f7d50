"""What a donor says it has given: announced, then confirmed or rejected by each agency."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from fundmix_events.donations import DonationKind, Donor, DonorKind, Goods, Service
from fundmix_events.money import Money, text_from_minor

from donations_svc.domain.donation import DonationTerms, check_content
from donations_svc.domain.errors import (
    DonorError,
    FutureDateError,
    LineDecidedError,
    SplitError,
    TermsError,
    UnknownLineError,
)
from donations_svc.domain.parties import Register, check_parties


class LineState(StrEnum):
    ANNOUNCED = "announced"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class RejectionReason(StrEnum):
    NOT_RECEIVED = "not_received"
    OTHER_AMOUNT = "other_amount"
    OTHER_DONOR = "other_donor"
    NOT_ACCEPTED = "not_accepted"
    """The agency does not take such a gift, or not for that purpose."""
    DUPLICATE = "duplicate"


@dataclass(frozen=True, kw_only=True, slots=True)
class LineTerms:
    """What one agency is to have for one purpose."""

    agency: str
    restricted_to: str | None
    amount: Money
    pledge_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnouncementTerms:
    """`reference` is the donor's own number for it; the lines sum to the amount."""

    reference: str
    donor: Donor
    kind: DonationKind
    amount: Money
    given_on: date
    lines: tuple[LineTerms, ...]
    goods: Goods | None = None
    service: Service | None = None
    is_sponsorship: bool = False
    is_anonymous: bool = False
    remark: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    number: int
    terms: LineTerms
    state: LineState = LineState.ANNOUNCED
    donation_id: UUID | None = None
    reason: RejectionReason | None = None
    remark: str | None = None
    delegation: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Announcement:
    announcement_id: UUID
    version: int
    terms: AnnouncementTerms
    lines: tuple[Line, ...]
    recorded_by: str
    recorded_at: datetime

    def lines_of(self, agency: str) -> "Announcement":
        """What one agency may see of it: its own lines, and their sum."""
        lines = tuple(line for line in self.lines if line.terms.agency == agency)
        own = sum(line.terms.amount.amount_minor for line in lines)
        terms = replace(self.terms, amount=Money.of(own, self.terms.amount.currency))
        return replace(self, terms=terms, lines=lines)


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Who has decided, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What the treasurer has seen: the bank's value date and number, and its own of each line."""

    agency: str
    received_on: date
    bank_reference: str | None
    references: Sequence[tuple[int, str]]
    delegation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejection:
    """What has not arrived, or is not taken. Who says so for the agency says why."""

    agency: str
    lines: Sequence[int]
    reason: RejectionReason
    remark: str | None = None
    delegation: str | None = None


def announce(
    terms: AnnouncementTerms,
    *,
    announcement_id: UUID,
    register: Register,
    today: date,
    decision: Decision,
) -> Announcement:
    """Raises DonorError, UnknownOrganisationError, WrongPartyError, SplitError, TermsError.

    Also FutureDateError.
    """
    if terms.donor.kind is DonorKind.INDIVIDUAL:
        raise DonorError("an organisation announces what it has given", pointer="/donor/kind")
    for number, line in enumerate(terms.lines):
        check_parties(terms.donor, line.agency, register, agency_pointer=f"/lines/{number}/agency")
    check_split(terms.amount, [line.amount for line in terms.lines])
    if terms.kind is not DonationKind.CASH and len(terms.lines) > 1:
        raise TermsError("goods and time go to one agency for one purpose", pointer="/lines")
    check_content(terms.kind, terms.amount, goods=terms.goods, service=terms.service)
    if terms.kind is DonationKind.IN_KIND and terms.goods is None:
        raise TermsError("goods have a description, a quantity and a unit", pointer="/goods")
    if terms.given_on > today:
        raise FutureDateError(f"{terms.given_on} is not yet", pointer="/given_on")
    return Announcement(
        announcement_id=announcement_id,
        version=1,
        terms=terms,
        lines=tuple(Line(number=n, terms=line) for n, line in enumerate(terms.lines, start=1)),
        recorded_by=decision.by,
        recorded_at=decision.at,
    )


def check_split(amount: Money, parts: Sequence[Money]) -> None:
    """Raises SplitError unless the parts are of the amount's currency and sum to it."""
    if any(part.currency is not amount.currency for part in parts):
        raise SplitError("the lines are of another currency", pointer="/lines")
    # A sum may be beyond what one amount can be.
    total = sum(part.amount_minor for part in parts)
    if total != amount.amount_minor:
        raise SplitError(
            f"the lines sum to {text_from_minor(total)}, not to {amount}", pointer="/lines"
        )


def lines_to_decide(
    announcement: Announcement, *, agency: str, numbers: Sequence[int]
) -> list[Line]:
    """Raises UnknownLineError, LineDecidedError."""
    known = {line.number: line for line in announcement.lines if line.terms.agency == agency}
    found: list[Line] = []
    for place, number in enumerate(numbers):
        pointer = f"/lines/{place}"
        if number not in known or numbers.index(number) != place:
            raise UnknownLineError(
                f"{agency} has no line {number} here, or it was named twice", pointer=pointer
            )
        line = known[number]
        if line.state is not LineState.ANNOUNCED:
            raise LineDecidedError(f"line {number} is {line.state}", pointer=pointer)
        found.append(line)
    return found


def donation_terms(
    announcement: Announcement, line: Line, *, reference: str, arrival: Arrival
) -> DonationTerms:
    """What has arrived, as the donor announced it and the agency has seen it."""
    terms = announcement.terms
    return DonationTerms(
        reference=reference,
        donor=terms.donor,
        agency=line.terms.agency,
        kind=terms.kind,
        amount=line.terms.amount,
        restricted_to=line.terms.restricted_to,
        given_on=min(terms.given_on, arrival.received_on),
        received_on=arrival.received_on,
        bank_reference=arrival.bank_reference,
        is_anonymous=terms.is_anonymous,
        goods=terms.goods,
        service=terms.service,
        is_sponsorship=terms.is_sponsorship,
        delegation=arrival.delegation,
    )


def confirmed(line: Line, donation_id: UUID, decision: Decision) -> Line:
    return replace(
        line,
        state=LineState.CONFIRMED,
        donation_id=donation_id,
        decided_by=decision.by,
        decided_at=decision.at,
    )


def rejected(line: Line, decision: Decision, rejection: Rejection) -> Line:
    return replace(
        line,
        state=LineState.REJECTED,
        reason=rejection.reason,
        remark=rejection.remark,
        delegation=rejection.delegation,
        decided_by=decision.by,
        decided_at=decision.at,
    )


def withdrawn(announcement: Announcement, decision: Decision) -> list[Line]:
    """What nobody has decided yet. Raises LineDecidedError when nothing is left."""
    waiting = [line for line in announcement.lines if line.state is LineState.ANNOUNCED]
    if not waiting:
        raise LineDecidedError("every line of it was decided before")
    return [
        replace(line, state=LineState.WITHDRAWN, decided_by=decision.by, decided_at=decision.at)
        for line in waiting
    ]


def after(announcement: Announcement, changed: Sequence[Line]) -> Announcement:
    """The announcement with some of its lines decided."""
    by_number = {line.number: line for line in changed}
    return replace(
        announcement,
        version=announcement.version + 1,
        lines=tuple(by_number.get(line.number, line) for line in announcement.lines),
    )
