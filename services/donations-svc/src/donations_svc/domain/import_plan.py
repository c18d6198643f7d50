"""What becomes of each row of an import: booked, a duplicate, suspected of being one, or refused.

A reference says what a row is: what an agency has under it already is the same donation, or an
error. What looks like another donation under another reference is for a person to decide; who gives
without a code is never suspected, for there may be many.

Rows of one donor and day under one bank reference are lines of one deposit. Two of them for the
same agency, purpose and amount may be one line told twice: that is for a person to decide, too.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.donations import Goods
from fundmix_events.ids import uuid5
from fundmix_events.money import Money

from donations_svc.domain import donation as donation_rules
from donations_svc.domain import pledge as pledge_rules
from donations_svc.domain.donation import LINES_MAX, Belonging, Donation
from donations_svc.domain.errors import DonationsError
from donations_svc.domain.import_file import Columns, ImportRow, RowError
from donations_svc.domain.parties import Register
from donations_svc.domain.pledge import Pledge

FIELD_BY_POINTER: Final = {
    "/donor/code": "donor_code",
    "/donor/kind": "donor_kind",
    "/pledge_id": "pledged_on",
}

Alike = tuple[str, str | None, date, int]
"""What two entries of one donation have in common: agency, donor, day and fen."""


@dataclass(kw_only=True, slots=True)
class Known:
    """What there is that some rows may be about; each row that is booked joins it.

    `deposits` are by agency and bank reference, `alike` are references by bank reference.
    """

    register: Register
    donations: dict[tuple[str, str], Donation] = field(
        default_factory=dict[tuple[str, str], Donation]
    )
    pledges: dict[tuple[str, str], Pledge] = field(default_factory=dict[tuple[str, str], Pledge])
    deposits: dict[tuple[str, str], list[Donation]] = field(
        default_factory=dict[tuple[str, str], list[Donation]]
    )
    alike: dict[Alike, dict[str | None, str]] = field(
        default_factory=dict[Alike, dict[str | None, str]]
    )

    def add(self, donation: Donation) -> None:
        terms = donation.terms
        self.donations[terms.agency, terms.reference] = donation
        if terms.bank_reference is not None:
            self.add_line(donation, terms.bank_reference)
        if terms.donor.code is not None:
            key = (terms.agency, terms.donor.code, terms.received_on, terms.amount.amount_minor)
            self.alike.setdefault(key, {})[terms.bank_reference] = terms.reference

    def join(self, booked: "Booked") -> None:
        if booked.pledge is not None:
            terms = booked.pledge.terms
            self.pledges[terms.agency, terms.reference] = booked.pledge
        if booked.donation is not None:
            self.add(booked.donation)

    def add_line(self, donation: Donation, bank_reference: str) -> None:
        self.deposits.setdefault((donation.terms.agency, bank_reference), []).append(donation)

    def lines_beside(self, row: ImportRow) -> Sequence[Donation]:
        """What its bank reference has brought its agency."""
        if row.bank_reference is None:
            return ()
        return self.deposits.get((row.agency, row.bank_reference), ())


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportTerms:
    """What is said once for all rows; of suspected rows, those that a person has decided."""

    batch_id: UUID
    today: date
    by: str
    delegation: str | None
    own_agency: str | None
    accepted: Collection[str]
    left_out: Collection[str]
    new_id: Callable[[], UUID]


class Unbooked(StrEnum):
    """Why a row that is in order is not booked."""

    DUPLICATE = "duplicate"
    LEFT_OUT = "left_out"


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspected:
    """Another donation looks like this one; `alike` is its reference."""

    row: int
    agency: str
    reference: str
    amount: Money
    received_on: date
    alike: str


class Booked(NamedTuple):
    """`pledge` as it is in the end; `is_new_pledge` says that it was not there before."""

    donation: Donation | None
    pledge: Pledge | None
    is_new_pledge: bool
    events: list[FundingEvent]


Outcome = Booked | Unbooked | Suspected | list[RowError]


def decide(
    number: int, row: ImportRow, known: Known, *, terms: ImportTerms, columns: Columns
) -> Outcome:
    """Of a row in order; whatever is booked is known from then on."""

    def refused(name: str | None, code: str, detail: str) -> RowError:
        return RowError(
            row=number, field=name, column=columns.name_of(name), code=code, detail=detail
        )

    if terms.own_agency is not None and row.agency != terms.own_agency:
        return [refused("agency", "foreign_row", "it is another agency's")]
    if row.key in known.donations or (row.received_on is None and row.key in known.pledges):
        differing = [
            refused(name, "differs", f"{row.reference} is there already, with another {name}")
            for name in _differences(row, known, told=columns.field_by_place.values())
        ]
        return differing or Unbooked.DUPLICATE
    errors = [refused(*found) for found in _conflicts(row, known, terms)]
    if errors:
        return errors
    if (suspicion := _suspicion(number, row, known, terms)) is not None:
        return suspicion
    try:
        booked = _book(row, known, terms)
    except DonationsError as error:
        pointer = error.pointer or ""
        name = FIELD_BY_POINTER.get(pointer) or pointer.strip("/").partition("/")[0] or None
        return [refused(name, error.code, str(error))]
    known.join(booked)
    return booked


def _suspicion(
    number: int, row: ImportRow, known: Known, terms: ImportTerms
) -> Suspected | Unbooked | None:
    if row.received_on is None or row.reference in terms.accepted:
        return None
    alike = _looks_like(row, row.received_on, known)
    if alike is None:
        return None
    if row.reference in terms.left_out:
        return Unbooked.LEFT_OUT
    return Suspected(
        row=number,
        agency=row.agency,
        reference=row.reference,
        amount=row.amount,
        received_on=row.received_on,
        alike=alike,
    )


def _looks_like(row: ImportRow, received_on: date, known: Known) -> str | None:
    """Lines of its own deposit look like it only where they are for the same purpose."""
    for line in known.lines_beside(row):
        if (line.terms.restricted_to, line.terms.amount) == (row.restricted_to, row.amount):
            return line.terms.reference
    alike = known.alike.get((row.agency, row.donor_code, received_on, row.amount.amount_minor), {})
    for bank_reference, reference in alike.items():
        if bank_reference is None or bank_reference != row.bank_reference:
            return reference
    return None


# A donation without them has none; of the others a file may say nothing.
ALWAYS_TOLD: Final = ("received_on", "bank_reference")


def _differences(row: ImportRow, known: Known, *, told: Collection[str]) -> Iterator[str]:
    """What the file says otherwise than it is known; `told` are the fields that it has."""
    donation = known.donations.get(row.key)
    there = known.pledges[row.key].terms if donation is None else donation.terms
    for name, is_same in (
        ("donor_code", row.donor_code == there.donor.code),
        ("donor_kind", row.donor_kind is there.donor.kind),
        ("kind", row.kind is there.kind),
        ("amount", row.amount == there.amount),
        ("restricted_to", row.restricted_to == there.restricted_to),
    ):
        if not is_same:
            yield name
    if "is_anonymous" in told and row.is_anonymous != there.is_anonymous:
        yield "is_anonymous"
    if donation is None:
        if row.pledged_on != known.pledges[row.key].terms.pledged_on:
            yield "pledged_on"
        return
    # What a pledge promises may be told again after it has arrived.
    if row.received_on is not None:
        yield from _differences_received(row, row.received_on, donation, told=told)


def _differences_received(
    row: ImportRow, received_on: date, donation: Donation, *, told: Collection[str]
) -> Iterator[str]:
    before, again = donation.terms, row.donation_terms(received_on, delegation=None)
    for name, is_same in (
        ("received_on", again.received_on == before.received_on),
        ("bank_reference", again.bank_reference == before.bank_reference),
        ("given_on", again.given_on == before.given_on),
        ("is_sponsorship", again.is_sponsorship == before.is_sponsorship),
        # Of goods that the file does not say anything of, it may have been said since.
        ("goods", again.goods is None or _measured(again.goods) == _measured(before.goods)),
        ("service", again.service == before.service),
    ):
        if not is_same and (name in told or name in ALWAYS_TOLD):
            yield name


def _measured(goods: Goods | None) -> tuple[str, Decimal, str] | None:
    """Without what proves their value, which may be said later."""
    return None if goods is None else (goods.description, goods.quantity, goods.unit)


def _conflicts(row: ImportRow, known: Known, terms: ImportTerms) -> Iterator[tuple[str, str, str]]:
    """Field, code and reason of what the rules for one donation do not look at."""
    organisation = known.register.get(row.donor_code or "")
    if organisation and row.donor_name and organisation.name != row.donor_name:
        reason = f"{organisation.code} is called {organisation.name} in the register"
        yield "donor_name", "name_differs", reason
    lines = known.lines_beside(row)
    if lines and not _is_line_beside(lines[0], row, terms):
        used_by = lines[0].terms.reference
        reason = f"{row.bank_reference} has brought {row.agency} the donation {used_by}"
        yield "bank_reference", "bank_reference_used", reason
    elif len(lines) >= LINES_MAX:
        reason = f"{row.bank_reference} has brought {row.agency} {LINES_MAX} donations already"
        yield "bank_reference", "too_many_lines", reason


def _is_line_beside(line: Donation, row: ImportRow, terms: ImportTerms) -> bool:
    """Of one deposit: of the same file, donor and day, under the same bank reference."""
    there = line.terms
    return (line.belonging.batch_id, there.donor.kind, there.donor.code, there.received_on) == (
        terms.batch_id,
        row.donor_kind,
        row.donor_code,
        row.received_on,
    )


def _book(row: ImportRow, known: Known, terms: ImportTerms) -> Booked:
    """Raises what a pledge and a donation by themselves are refused for."""
    events: list[FundingEvent] = []
    pledge = known.pledges.get(row.key) if row.pledged_on is not None else None
    is_new_pledge = pledge is None and row.pledged_on is not None
    if pledge is None and row.pledged_on is not None:
        pledge, made = pledge_rules.make_pledge(
            row.pledge_terms(row.pledged_on),
            pledge_id=terms.new_id(),
            register=known.register,
            today=terms.today,
            batch_id=terms.batch_id,
        )
        events.append(made)
    if row.received_on is None:
        return Booked(donation=None, pledge=pledge, is_new_pledge=is_new_pledge, events=events)
    donation, fulfilled, received = donation_rules.receive_donation(
        row.donation_terms(row.received_on, delegation=terms.delegation),
        donation_id=terms.new_id(),
        register=known.register,
        pledge=pledge,
        today=terms.today,
        by=terms.by,
        belonging=_belonging(row, known, terms),
    )
    events.append(received)
    return Booked(donation=donation, pledge=fulfilled, is_new_pledge=is_new_pledge, events=events)


def _belonging(row: ImportRow, known: Known, terms: ImportTerms) -> Belonging:
    """Whether more lines come is not known yet: every transfer is a deposit, if of one line."""
    if row.bank_reference is None:
        return Belonging(batch_id=terms.batch_id)
    transfer = f"{row.donor_kind} {row.donor_code} {row.received_on} {row.bank_reference}"
    beside = known.lines_beside(row)
    return Belonging(
        line=1 + max(line.belonging.line for line in beside) if beside else 1,
        deposit_id=uuid5(terms.batch_id, transfer),
        batch_id=terms.batch_id,
    )
