"""Events of registry-svc: each carries the whole organisation as it now is."""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.text import Label, Name


class OrganisationKind(StrEnum):
    AGENCY = "agency"
    BUYER = "buyer"
    ENTERPRISE = "enterprise"
    FOUNDATION = "foundation"
    UNIVERSITY = "university"
    SOCIAL_GROUP = "social_group"


class Level(StrEnum):
    CITY = "city"
    TOWN = "town"


CHANNEL_BY_KIND = {
    OrganisationKind.BUYER: Channel.GOVERNMENT,
    OrganisationKind.ENTERPRISE: Channel.ENTERPRISE,
    OrganisationKind.FOUNDATION: Channel.FOUNDATION,
    OrganisationKind.UNIVERSITY: Channel.UNIVERSITY,
    OrganisationKind.SOCIAL_GROUP: Channel.OTHER,
    OrganisationKind.AGENCY: Channel.OTHER,
}


class Organisation(BaseModel):
    """An organisation as the register has it, keyed by its unified social credit code."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: CreditCode
    name: Name
    kind: OrganisationKind
    level: Level | None = None
    town: Label | None = None
    registered_on: Day | None = None


class OrganisationEvent(FundingEvent):
    topic: ClassVar[str] = topics.REGISTRY

    organisation: Organisation

    @property
    def key(self) -> str:
        return self.organisation.code


class OrganisationRegistered(OrganisationEvent):
    """An organisation is in the register for the first time."""

    type: ClassVar[str] = "registry.organisation_registered"


class OrganisationChanged(OrganisationEvent):
    """Something in the register about an organisation has changed."""

    type: ClassVar[str] = "registry.organisation_changed"
