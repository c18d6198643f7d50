"""Change requests as they go in and out over HTTP."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fundmix_events.day import Day
from fundmix_events.envelope import Actor
from fundmix_events.registry import OrganisationKind
from fundmix_events.text import Name, Remark
from pydantic import BaseModel, Field

from registry_svc.api.bodies import BodyIn, OrganisationOut, organisation_out
from registry_svc.domain.change_request import ChangeRequest, Evidence, RequestState, Wanted
from registry_svc.domain.registration import Registration


class ChangesIn(BodyIn):
    """What is absent stays as it is."""

    name: Name | None = None
    kind: OrganisationKind | None = None


class EvidenceIn(BodyIn):
    """A document, known by the digest of its bytes, which are kept where it is kept."""

    name: Name
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    issued_by: Name | None = None
    issued_on: Day | None = None

    def evidence(self) -> Evidence:
        return Evidence(**self.model_dump())


class ChangeRequestIn(BodyIn):
    changes: ChangesIn
    reason: Remark
    evidence: Annotated[list[EvidenceIn], Field(min_length=1, max_length=20)]

    @property
    def wanted(self) -> Wanted:
        return Wanted(name=self.changes.name, kind=self.changes.kind)


class RejectIn(BodyIn):
    reason: Remark


class ChangesOut(BaseModel):
    name: str | None
    kind: OrganisationKind | None


class EvidenceOut(BaseModel):
    name: str
    sha256: str
    issued_by: str | None
    issued_on: date | None


class ChangeRequestOut(BaseModel):
    """`before` has what the fields were when the change was asked for."""

    request_id: UUID
    code: str
    version: int
    state: RequestState
    changes: ChangesOut
    before: ChangesOut
    reason: str
    evidence: list[EvidenceOut]
    requested_by: Actor
    requested_at: datetime
    decided_by: Actor | None
    decided_at: datetime | None
    decision_reason: str | None


class ApprovedOut(ChangeRequestOut):
    """With the organisation as it is now."""

    organisation: OrganisationOut


class TodoOut(BaseModel):
    """A change that waits for the decision of somebody else than who asked for it."""

    action: Literal["decide_change"] = "decide_change"
    request_id: UUID
    code: str
    changes: ChangesOut
    before: ChangesOut
    reason: str
    requested_by: Actor
    requested_at: datetime


def change_request_out(request: ChangeRequest) -> ChangeRequestOut:
    decision = request.decision
    return ChangeRequestOut(
        request_id=request.request_id,
        code=request.organisation_code,
        version=request.version,
        state=request.state,
        changes=_changes(request.wanted),
        before=_changes(request.before),
        reason=request.reason,
        evidence=[
            EvidenceOut(
                name=document.name,
                sha256=document.sha256,
                issued_by=document.issued_by,
                issued_on=document.issued_on,
            )
            for document in request.evidence
        ],
        requested_by=request.requested_by,
        requested_at=request.requested_at,
        decided_by=None if decision is None else decision.by,
        decided_at=None if decision is None else decision.at,
        decision_reason=None if decision is None else decision.reason,
    )


def approved_out(request: ChangeRequest, registration: Registration) -> ApprovedOut:
    return ApprovedOut(
        organisation=organisation_out(registration), **dict(change_request_out(request))
    )


def todo_out(request: ChangeRequest) -> TodoOut:
    return TodoOut(
        request_id=request.request_id,
        code=request.organisation_code,
        changes=_changes(request.wanted),
        before=_changes(request.before),
        reason=request.reason,
        requested_by=request.requested_by,
        requested_at=request.requested_at,
    )


def _changes(wanted: Wanted) -> ChangesOut:
    return ChangesOut(name=wanted.name, kind=wanted.kind)
