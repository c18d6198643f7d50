"""What goes in and out over HTTP."""

from datetime import date
from typing import Annotated

from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.registry import Level, Organisation, OrganisationKind
from fundmix_events.text import Label, Name
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from registry_svc.domain.registration import Registration


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
    """What is absent stays as it is; null takes it away."""

    name: Annotated[Name | None, AfterValidator(_not_taken_away)] = None
    level: Level | None = None
    town: Label | None = None
    registered_on: Day | None = None

    def applied_to(self, organisation: Organisation) -> Organisation:
        return organisation.model_copy(update=self.model_dump(exclude_unset=True))


class OrganisationOut(BaseModel):
    code: str
    version: int
    name: str
    kind: OrganisationKind
    level: Level | None
    town: str | None
    registered_on: date | None


def organisation_out(registration: Registration) -> OrganisationOut:
    return OrganisationOut(version=registration.version, **dict(registration.organisation))
