"""What contracts promise and when: of each fact, what the highest version of its contract says.

So the terms are the same in whatever order a contract's events come, and however often.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple, assert_never
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.contracts import (
    ContractAmended,
    ContractSigned,
    ContractTerminated,
    InstalmentApproved,
    InstalmentPaid,
    PaymentReversed,
    ScheduledInstalment,
)

TermsEvent = (
    ContractSigned
    | ContractAmended
    | ContractTerminated
    | InstalmentApproved
    | InstalmentPaid
    | PaymentReversed
)


class InstalmentState(StrEnum):
    SCHEDULED = "scheduled"
    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


class PromisedInstalment(NamedTuple):
    """One payment; `listed_version` is the contract's when it was last on its schedule."""

    number: int
    due_on: date | None = None
    amount_minor: int = 0
    listed_version: int = 0
    state: InstalmentState = InstalmentState.SCHEDULED
    deduction_minor: int = 0
    paid_on: date | None = None
    state_version: int = 0

    @property
    def payable_minor(self) -> int:
        return self.amount_minor - self.deduction_minor


class Agreement(NamedTuple):
    """The end and the ceiling that hold from a day on, until a higher version says otherwise."""

    contract_id: UUID
    version: int
    agreed_on: date
    ends_on: date
    ceiling_minor: int


NOTHING_PROMISED: Final[Mapping[int, PromisedInstalment]] = {}


class ContractTerms(NamedTuple):
    """A contract as its buyer and agency have agreed it; what only its signing says may be None."""

    contract_id: UUID
    number: str
    agency: str
    buyer: str
    channel: Channel
    payer_level: str | None = None
    service_area: str | None = None
    town: str | None = None
    signed_on: date | None = None
    starts_on: date | None = None
    terminated_on: date | None = None
    # Of the last version that gave a whole schedule: what is not on it any more is dropped.
    list_version: int = 0
    instalments: Mapping[int, PromisedInstalment] = NOTHING_PROMISED

    @property
    def agreed(self) -> tuple[Any, ...]:
        """All but the instalments, in the order of the fields."""
        return self[:-1]

    def is_listed(self, instalment: PromisedInstalment) -> bool:
        return 0 < self.list_version <= instalment.listed_version


def agreement_of(event: TermsEvent) -> Agreement | None:
    """None for what agrees nothing; a termination leaves no contract that could end."""
    match event:
        case ContractSigned():
            agreed_on = event.signed_on
        case ContractAmended():
            agreed_on = event.amended_on
        case _:
            return None
    return Agreement(
        contract_id=event.contract_id,
        version=event.aggregate_version,
        agreed_on=agreed_on,
        ends_on=event.ends_on,
        ceiling_minor=event.ceiling.amount_minor,
    )


def after(before: ContractTerms | None, event: TermsEvent) -> ContractTerms:
    """The terms once an event is known; the same terms when they knew better already."""
    terms = before or ContractTerms(
        contract_id=event.contract_id,
        number=event.contract_number,
        agency=event.agency,
        buyer=event.buyer,
        channel=event.channel,
    )
    match event:
        case ContractSigned():
            return _listed(_signed(terms, event), event.instalments, event.aggregate_version)
        case ContractAmended():
            return _listed(terms, event.instalments, event.aggregate_version)
        case ContractTerminated():
            return _terminated(terms, event)
        case InstalmentApproved() | InstalmentPaid() | PaymentReversed():
            return _moved(terms, event)
        case _:
            assert_never(event)


def _signed(terms: ContractTerms, event: ContractSigned) -> ContractTerms:
    return terms._replace(
        payer_level=event.payer_level.value,
        service_area=event.service_area,
        town=event.town,
        signed_on=event.signed_on,
        starts_on=event.starts_on,
    )


def _terminated(terms: ContractTerms, event: ContractTerminated) -> ContractTerms:
    """What was cancelled is not due any more; a settlement is one more instalment."""
    version = event.aggregate_version
    terms = terms._replace(terminated_on=event.terminated_on)
    for number in event.cancelled:
        instalment = terms.instalments.get(number) or PromisedInstalment(number=number)
        if version > instalment.state_version:
            cancelled = instalment._replace(
                state=InstalmentState.CANCELLED, paid_on=None, state_version=version
            )
            terms = _with(terms, cancelled)
    if event.settlement is not None:
        terms = _with(terms, _scheduled(terms, event.settlement, version))
    return terms


def _listed(
    terms: ContractTerms, schedule: Sequence[ScheduledInstalment], version: int
) -> ContractTerms:
    planned = (_scheduled(terms, scheduled, version) for scheduled in schedule)
    return terms._replace(
        instalments={**terms.instalments, **{one.number: one for one in planned}},
        list_version=max(terms.list_version, version),
    )


def _scheduled(
    terms: ContractTerms, scheduled: ScheduledInstalment, version: int
) -> PromisedInstalment:
    instalment = terms.instalments.get(scheduled.number)
    if instalment is None:
        instalment = PromisedInstalment(number=scheduled.number)
    if version <= instalment.listed_version:
        return instalment
    return instalment._replace(
        due_on=scheduled.due_on,
        amount_minor=scheduled.amount.amount_minor,
        listed_version=version,
    )


def _moved(
    terms: ContractTerms, event: InstalmentApproved | InstalmentPaid | PaymentReversed
) -> ContractTerms:
    """A payment that is reversed was never made: the instalment is approved, and waits."""
    number, version = event.instalment_number, event.aggregate_version
    instalment = terms.instalments.get(number) or PromisedInstalment(number=number)
    if version <= instalment.state_version:
        return terms
    is_paid = isinstance(event, InstalmentPaid)
    moved = instalment._replace(
        state=InstalmentState.PAID if is_paid else InstalmentState.APPROVED,
        deduction_minor=event.deduction.amount_minor,
        paid_on=event.paid_on if is_paid else None,
        state_version=version,
    )
    return _with(terms, moved)


def _with(terms: ContractTerms, instalment: PromisedInstalment) -> ContractTerms:
    return terms._replace(instalments={**terms.instalments, instalment.number: instalment})
