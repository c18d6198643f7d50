"""Events of donations-svc: what donors have promised and given, without anybody's name."""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.money import Amount
from fundmix_events.text import Label


class DonorKind(StrEnum):
    ENTERPRISE = "enterprise"
    FOUNDATION = "foundation"
    UNIVERSITY = "university"
    INDIVIDUAL = "individual"
    GOVERNMENT_BODY = "government_body"


CHANNEL_BY_DONOR_KIND = {
    DonorKind.ENTERPRISE: Channel.ENTERPRISE,
    DonorKind.FOUNDATION: Channel.FOUNDATION,
    DonorKind.UNIVERSITY: Channel.UNIVERSITY,
    DonorKind.INDIVIDUAL: Channel.INDIVIDUAL,
    DonorKind.GOVERNMENT_BODY: Channel.GOVERNMENT,
}


class DonationKind(StrEnum):
    CASH = "cash"
    IN_KIND = "in_kind"


class Donor(BaseModel):
    """An organisation by its code; a person only as a kind."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: DonorKind
    code: CreditCode | None = None


class DonationEvent(FundingEvent):
    topic: ClassVar[str] = topics.DONATIONS

    donor: Donor
    agency: CreditCode
    channel: Channel
    amount: Amount
    restricted_to: Label | None = None
    # The donor is not named to the public.
    is_anonymous: bool = False


class PledgeMade(DonationEvent):
    """A donor has promised money or goods; nothing has arrived."""

    type: ClassVar[str] = "donations.pledge_made"

    pledge_id: UUID
    reference: Label
    kind: DonationKind
    pledged_on: Day

    @property
    def key(self) -> str:
        return str(self.pledge_id)


class DonationReceived(DonationEvent):
    """A donor's money or goods have arrived, with or without an earlier pledge."""

    type: ClassVar[str] = "donations.donation_received"

    donation_id: UUID
    reference: Label
    kind: DonationKind
    pledge_id: UUID | None = None
    # How much of the pledge this fulfils: the pledge may have promised more or less than came.
    fulfils: Amount | None = None
    given_on: Day
    received_on: Day
    bank_reference: Label | None = None

    @property
    def key(self) -> str:
        return str(self.donation_id)
