"""A change that needs two persons: who asks for it gives evidence, and somebody else decides."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from fundmix_events.envelope import Actor
from fundmix_events.registry import OrganisationKind

from registry_svc.domain.errors import (
    ChangeOutdatedError,
    ChangeRequestDecidedError,
    NoChangeError,
    SamePersonError,
)
from registry_svc.domain.registration import Registration, Revision, revise


class RequestState(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A document that proves the change, by the digest of its bytes; the bytes stay elsewhere."""

    name: str
    sha256: str
    issued_by: str | None
    issued_on: date | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What the closely kept fields are to be; None: as they are."""

    name: str | None = None
    kind: OrganisationKind | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    by: Actor
    at: datetime
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRequest:
    """`before` has what the fields to be changed were when the change was asked for."""

    request_id: UUID
    organisation_code: str
    wanted: Wanted
    before: Wanted
    reason: str
    evidence: tuple[Evidence, ...]
    requested_by: Actor
    requested_at: datetime
    state: RequestState = RequestState.OPEN
    decision: Decision | None = None

    @property
    def version(self) -> int:
        """Asked for, then decided: there is no third state."""
        return 1 if self.state is RequestState.OPEN else 2


def ask_for_change(
    registration: Registration,
    *,
    request_id: UUID,
    wanted: Wanted,
    reason: str,
    evidence: tuple[Evidence, ...],
    by: Actor,
    at: datetime,
) -> ChangeRequest:
    """Only what would be different is asked for. Raises NoChangeError."""
    organisation = registration.organisation
    name = None if wanted.name == organisation.name else wanted.name
    kind = None if wanted.kind is organisation.kind else wanted.kind
    if name is None and kind is None:
        raise NoChangeError("the register has it so already", pointer="/changes")
    return ChangeRequest(
        request_id=request_id,
        organisation_code=organisation.code,
        wanted=Wanted(name=name, kind=kind),
        before=Wanted(
            name=None if name is None else organisation.name,
            kind=None if kind is None else organisation.kind,
        ),
        reason=reason,
        evidence=evidence,
        requested_by=by,
        requested_at=at,
    )


def approve(
    request: ChangeRequest, registration: Registration, *, decision: Decision
) -> tuple[ChangeRequest, Revision]:
    """Raises ChangeRequestDecidedError, SamePersonError, ChangeOutdatedError."""
    decided = _decided(request, state=RequestState.APPROVED, decision=decision)
    organisation = registration.organisation
    changes: dict[str, object] = {}
    for field in ("name", "kind"):
        wanted, before = getattr(request.wanted, field), getattr(request.before, field)
        if wanted is None:
            continue
        if getattr(organisation, field) != before:
            raise ChangeOutdatedError(
                f"the {field} was {before} when the change was asked for, and is not any more",
                pointer=f"/changes/{field}",
            )
        changes[field] = wanted
    return decided, revise(registration, organisation.model_copy(update=changes))


def reject(request: ChangeRequest, *, decision: Decision) -> ChangeRequest:
    """Raises ChangeRequestDecidedError, SamePersonError."""
    return _decided(request, state=RequestState.REJECTED, decision=decision)


def _decided(request: ChangeRequest, *, state: RequestState, decision: Decision) -> ChangeRequest:
    if request.state is not RequestState.OPEN:
        assert request.decision is not None, "a closed request has its decision"
        raise ChangeRequestDecidedError(
            f"the request was {request.state} by {request.decision.by.subject}"
        )
    if decision.by.subject == request.requested_by.subject:
        raise SamePersonError("who asks for a change does not decide on it")
    return replace(request, state=state, decision=decision)
