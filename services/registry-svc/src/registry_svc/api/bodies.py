"""What goes in and out over HTTP."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.envelope import Actor
from fundmix_events.registry import Level, Organisation, OrganisationKind, Standing
from fundmix_events.text import Label, Name
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from registry_svc.domain.plausibility import doubts_about
from registry_svc.domain.registration import Registration
from registry_svc.storage.history import PastChange


def _not_taken_away(name: str | None) -> str | None:
    if name is None:
        raise PydanticCustomError("name_missing", "an organisation always has a name")
    return name


class BodyIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OrganisationIn(BodyIn):
    code: CreditCode
    name: Name
    kind: OrganisationKind
    level: Level | None = None
    town: Label | None = None
    registered_on: Day | None = None

    def organisation(self) -> Organisation:
        return Organisation(
            code=self.code,
            name=self.name,
            kind=self.kind,
            level=self.level,
            town=self.town,
            registered_on=self.registered_on,
        )


class OrganisationChangeIn(BodyIn):
    """What is absent stays as it is; null takes it away. Another name needs a change request."""

    name: Annotated[Name | None, AfterValidator(_not_taken_away)] = None
    level: Level | None = None
    town: Label | None = None
    registered_on: Day | None = None

    def applied_to(self, organisation: Organisation) -> Organisation:
        return organisation.model_copy(update=self.model_dump(exclude_unset=True))


class WarningOut(BaseModel):
    """What a person should look at; nothing was refused for it."""

    pointer: str
    code: str
    detail: str


class OrganisationOut(BaseModel):
    """`suspended_on` may be a day to come."""

    code: str
    version: int
    name: str
    kind: OrganisationKind
    level: Level | None
    town: str | None
    registered_on: date | None
    suspended_on: date | None
    standing: Standing | None
    warnings: list[WarningOut]


class HistoryOut(BaseModel):
    """A field of one version; `null` where there was, or is, nothing."""

    version: int
    field: str
    before: Any
    after: Any
    by: Actor
    recorded_at: datetime
    reason: str | None
    request_id: str
    change_request_id: UUID | None


def organisation_out(registration: Registration) -> OrganisationOut:
    organisation = registration.organisation
    doubts = doubts_about(organisation)
    return OrganisationOut(
        version=registration.version,
        warnings=[WarningOut(pointer=d.pointer, code=d.code, detail=d.detail) for d in doubts],
        **dict(organisation),
    )


def history_out(past: PastChange) -> HistoryOut:
    return HistoryOut(
        version=past.version,
        field=past.change.field,
        before=past.change.before,
        after=past.change.after,
        by=past.by,
        recorded_at=past.recorded_at,
        reason=past.why.reason,
        request_id=past.request_id,
        change_request_id=past.why.change_request_id,
    )
