"""A request: one person asks, another decides. What is approved is an event, and then an entry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.registry import Organisation, OrganisationKind

from ledger_svc.domain.errors import (
    FutureDateError,
    PeriodClosedError,
    PeriodNotOverError,
    RequestStateError,
    SamePersonError,
    TermsError,
    UnknownOrganisationError,
    WrongPartyError,
)
from ledger_svc.domain.funds import FundKind, kind_of
from ledger_svc.domain.terms import (
    KIND_BY_TERMS,
    AnyTerms,
    CloseTerms,
    ExpenditureTerms,
    IncomeTerms,
    ManualEntryTerms,
    OpeningBalanceTerms,
    RequestKind,
    ReversalTerms,
    is_over,
)

Register = Mapping[str, Organisation]
"""Organisations by code: as much of the register as a decision needs."""


class RequestState(StrEnum):
    PREPARED = "prepared"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    # Approved, and undone by a later entry.
    REVERSED = "reversed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    request_id: UUID
    version: int
    terms: AnyTerms
    state: RequestState
    prepared_by: str
    prepared_at: datetime
    # What a reversal corrects, once it is known which event that is.
    corrects: UUID | None = None
    batch_id: UUID | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    event_id: UUID | None = None

    @property
    def kind(self) -> RequestKind:
        return KIND_BY_TERMS[type(self.terms)]

    @property
    def agency(self) -> str | None:
        return None if isinstance(self.terms, CloseTerms) else self.terms.agency


DATES: Final[Mapping[RequestKind, tuple[str, ...]]] = {
    RequestKind.EXPENDITURE: ("spent_on",),
    RequestKind.INCOME: ("received_on",),
    RequestKind.MANUAL_ENTRY: ("occurred_on", "value_on"),
    RequestKind.OPENING_BALANCE: ("opened_on",),
}


def prepare(
    terms: AnyTerms,
    *,
    request_id: UUID,
    by: str,
    at: datetime,
    today: date,
    register: Register,
    batch_id: UUID | None = None,
) -> Request:
    """Raises UnknownOrganisationError, WrongPartyError, TermsError and, of days, FutureDateError.

    A month that has not ended: PeriodNotOverError.
    """
    _check_dates(terms, today=today)
    _check_parties(terms, register)
    _check_codes(terms)
    return Request(
        request_id=request_id,
        version=1,
        terms=terms,
        state=RequestState.PREPARED,
        prepared_by=by,
        prepared_at=at,
        batch_id=batch_id,
    )


def correcting(request: Request, corrects: UUID | None) -> Request:
    """With the event that it corrects, if it does."""
    return replace(request, corrects=corrects)


def approve(request: Request, *, by: str, at: datetime, event_id: UUID) -> Request:
    """By another person than prepared it. Raises RequestStateError, SamePersonError."""
    check_reviewer(request, by=by)
    return replace(
        request,
        version=request.version + 1,
        state=RequestState.APPROVED,
        decided_by=by,
        decided_at=at,
        event_id=event_id,
    )


def reject(request: Request, *, by: str, at: datetime, reason: str) -> Request:
    """Raises RequestStateError, SamePersonError."""
    check_reviewer(request, by=by)
    return _ended(request, RequestState.REJECTED, by=by, at=at, reason=reason)


def withdraw(request: Request, *, by: str, at: datetime) -> Request:
    """By the person that prepared it. Raises RequestStateError, SamePersonError."""
    _check_waiting(request)
    if by != request.prepared_by:
        raise SamePersonError("only who prepared it can withdraw it")
    return _ended(request, RequestState.WITHDRAWN, by=by, at=at, reason=None)


def reverse(request: Request) -> Request:
    """What was approved and posted is undone by another request's entry."""
    assert request.state is RequestState.APPROVED, "only what is in the journal is reversed"
    return replace(request, version=request.version + 1, state=RequestState.REVERSED)


def check_reviewer(request: Request, *, by: str) -> None:
    """Raises RequestStateError, SamePersonError."""
    _check_waiting(request)
    if by == request.prepared_by:
        raise SamePersonError("who prepared it may not review it")


def check_close(terms: CloseTerms, *, closed_through: int) -> None:
    """Raises PeriodClosedError."""
    if terms.through <= closed_through:
        raise PeriodClosedError(
            f"the books are closed through {closed_through}", pointer="/through"
        )


def _ended(
    request: Request, state: RequestState, *, by: str, at: datetime, reason: str | None
) -> Request:
    return replace(
        request,
        version=request.version + 1,
        state=state,
        decided_by=by,
        decided_at=at,
        reason=reason,
    )


def _check_waiting(request: Request) -> None:
    if request.state is not RequestState.PREPARED:
        raise RequestStateError(f"it is {request.state}: only what is prepared can be decided")


def _check_dates(terms: AnyTerms, *, today: date) -> None:
    for name in DATES.get(KIND_BY_TERMS[type(terms)], ()):
        day: date = getattr(terms, name)
        if day > today:
            raise FutureDateError(f"{day} has not come yet", pointer=f"/{name}")
    if isinstance(terms, CloseTerms) and not is_over(terms.through, today=today):
        raise PeriodNotOverError(f"{terms.through} has not ended", pointer="/through")


def _check_parties(terms: AnyTerms, register: Register) -> None:
    if isinstance(terms, CloseTerms):
        return
    agency = _registered(terms.agency, register, pointer="/agency")
    if agency.kind is not OrganisationKind.AGENCY:
        raise WrongPartyError(
            f"{terms.agency} is of kind {agency.kind}, not an agency", pointer="/agency"
        )
    if isinstance(terms, IncomeTerms) and terms.payer is not None:
        _registered(terms.payer, register, pointer="/payer")


def _registered(code: str, register: Register, *, pointer: str) -> Organisation:
    if code not in register:
        raise UnknownOrganisationError(f"{code} is not in the register", pointer=pointer)
    return register[code]


def _check_codes(terms: AnyTerms) -> None:
    match terms:
        case IncomeTerms():
            _check_income(terms)
        case ManualEntryTerms() | OpeningBalanceTerms():
            for place, leg in enumerate(terms.legs):
                is_restricted = leg.code is AccountCode.RESTRICTED
                if is_restricted and kind_of(leg.fund_code) is not FundKind.PURPOSE:
                    raise TermsError(
                        "only funds for a purpose are restricted",
                        pointer=f"/legs/{place}/fund_code",
                    )
        case ExpenditureTerms() | ReversalTerms() | CloseTerms():
            return


def _check_income(terms: IncomeTerms) -> None:
    kind = kind_of(terms.fund_code)
    if kind is FundKind.CONTRACT:
        raise TermsError("what a contract pays is recorded with the contract", pointer="/fund_code")
    if terms.code is AccountCode.SERVICE_INCOME and terms.channel is Channel.GOVERNMENT:
        raise TermsError(
            "what government buys is recorded with its contract; what it grants is a subsidy",
            pointer="/code",
        )
    if kind is FundKind.PURPOSE and terms.code is not AccountCode.SUBSIDY_INCOME:
        raise TermsError("of these only subsidies can be given for a purpose", pointer="/fund_code")
