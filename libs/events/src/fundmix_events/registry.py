"""Events of registry-svc: each carries the whole organisation as it now is."""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.text import Label, Name, Remark


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


class CharityStatus(StrEnum):
    """What the civil affairs office has found an organisation to be (Charity Law)."""

    NONE = "none"
    CHARITABLE_ORGANISATION = "charitable_organisation"
    PUBLIC_FUNDRAISING = "public_fundraising"


class TaxQualificationKind(StrEnum):
    # 公益性捐赠税前扣除资格: what donors give may be deducted from their taxable income.
    DONATION_DEDUCTION = "donation_deduction"
    # 免税资格: its own income as a non-profit is not taxed.
    INCOME_EXEMPTION = "income_exemption"


CHANNEL_BY_KIND = {
    OrganisationKind.BUYER: Channel.GOVERNMENT,
    OrganisationKind.ENTERPRISE: Channel.ENTERPRISE,
    OrganisationKind.FOUNDATION: Channel.FOUNDATION,
    OrganisationKind.UNIVERSITY: Channel.UNIVERSITY,
    OrganisationKind.SOCIAL_GROUP: Channel.OTHER,
    OrganisationKind.AGENCY: Channel.OTHER,
}


class StandingPart(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class StandingSource(StandingPart):
    """The document that something was recorded from, and who recorded it when."""

    document: Name
    issued_on: Day
    recorded_by: str
    recorded_at: AwareDatetime


class AbnormalListing(StandingPart):
    """A time on the list of abnormal activities (异常名录): to this day, without `removed_on`."""

    listed_on: Day
    reason: Remark
    source: StandingSource
    removed_on: Day | None = None
    removal_source: StandingSource | None = None


class Charity(StandingPart):
    status: CharityStatus
    since_on: Day
    source: StandingSource


class TaxQualification(StandingPart):
    kind: TaxQualificationKind
    year: Annotated[int, Field(ge=1994, le=2199)]
    source: StandingSource


class Standing(StandingPart):
    """What authorities have found about an organisation: nothing recorded is no finding."""

    abnormal_listings: tuple[AbnormalListing, ...] = Field(
        default=(), description="The oldest first; at most the last one is open."
    )
    charity: Charity | None = None
    tax_qualifications: tuple[TaxQualification, ...] = Field(
        default=(), description="At most one for each kind and year."
    )

    def is_abnormal(self, *, on: date) -> bool:
        return any(
            listing.listed_on <= on and (listing.removed_on is None or on < listing.removed_on)
            for listing in self.abnormal_listings
        )

    def is_qualified(self, kind: TaxQualificationKind, *, year: int) -> bool:
        return any(q.kind is kind and q.year == year for q in self.tax_qualifications)


class Organisation(BaseModel):
    """An organisation as the register has it, keyed by its unified social credit code."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: CreditCode
    name: Name
    kind: OrganisationKind
    level: Level | None = None
    town: Label | None = None
    registered_on: Day | None = None
    suspended_on: Day | None = Field(
        default=None,
        description="From this day, which may be to come, nothing new is signed with it.",
    )
    standing: Standing | None = None

    def is_suspended(self, *, on: date) -> bool:
        return self.suspended_on is not None and self.suspended_on <= on


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
