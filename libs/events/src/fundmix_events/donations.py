"""Events of donations-svc: what donors have promised and given, without anybody's name."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.money import Amount
from fundmix_events.text import Label, Name, Remark

QUANTITY_MAX: Final = 10**9

Quantity = Annotated[Decimal, Field(gt=0, le=QUANTITY_MAX, decimal_places=3, allow_inf_nan=False)]
"""How many, or how much, of goods or hours: at most three decimals."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


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
    SERVICE = "service"


class ProofKind(StrEnum):
    """What says that goods are worth what is stated, 慈善法 第三十八条 and 财会〔2020〕9号."""

    INVOICE = "invoice"
    MARKET_PRICE = "market_price"
    APPRAISAL = "appraisal"


class Goods(BaseModel):
    """What was given in kind; without a proof its value is the agency's own estimate."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    description: Name
    quantity: Quantity
    unit: Label
    proof_kind: ProofKind | None = None
    proof_sha256: Sha256 | None = Field(default=None, description="Of the proof of the value.")


class Service(BaseModel):
    """Time that was given: hours at a stated rate, beside the books."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    description: Name
    hours: Quantity
    hourly_rate: Amount


class CancellationReason(StrEnum):
    AGREED = "agreed"
    DONOR_IN_HARDSHIP = "donor_in_hardship"
    """The donor's means have collapsed, 慈善法 第四十一条."""
    PURPOSE_GONE = "purpose_gone"
    RECORDED_IN_ERROR = "recorded_in_error"


class RefundReason(StrEnum):
    PURPOSE_NOT_MET = "purpose_not_met"
    LEFT_OVER = "left_over"
    PAID_IN_ERROR = "paid_in_error"
    DONOR_WITHDREW = "donor_withdrew"
    COURT_ORDER = "court_order"


class PurposeChangeBasis(StrEnum):
    """Why money may be used for something else than it was given for."""

    DONOR_CONSENT = "donor_consent"
    """公益事业捐赠法 第十八条."""
    AGREEMENT = "agreement"
    """What is left over goes where the agreement says, 慈善法 第五十八条."""
    SIMILAR_PURPOSE = "similar_purpose"
    """What is left over goes to the most similar purpose, and this is published, the same."""


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


class ScheduledPart(BaseModel):
    """How much of a pledge is to arrive by a day."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    due_on: Day
    amount: Amount


class PledgeMade(DonationEvent):
    """A donor has promised money or goods; nothing has arrived."""

    type: ClassVar[str] = "donations.pledge_made"

    pledge_id: UUID
    reference: Label
    kind: DonationKind
    pledged_on: Day
    schedule: tuple[ScheduledPart, ...] = ()

    @property
    def key(self) -> str:
        return str(self.pledge_id)


class PledgeCancelled(DonationEvent):
    """What was still to come of a pledge, `amount`, will not come."""

    type: ClassVar[str] = "donations.pledge_cancelled"

    pledge_id: UUID
    reference: Label
    kind: DonationKind
    cancelled_on: Day
    reason: CancellationReason
    remark: Remark | None = None

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
    line: int = Field(default=1, ge=1, description="Of the parts of one deposit.")
    goods: Goods | None = None
    service: Service | None = None
    is_sponsorship: bool = Field(default=False, description="Something was given in return.")
    announcement_id: UUID | None = None
    batch_id: UUID | None = None
    delegation: Remark | None = Field(
        default=None, description="Why somebody else than the agency has recorded it."
    )

    @property
    def key(self) -> str:
        return str(self.donation_id)


class GoodsStated(DonationEvent):
    """Of goods that had come it is now known what they are, or what proves their value."""

    type: ClassVar[str] = "donations.goods_stated"

    donation_id: UUID
    reference: Label
    goods: Goods

    @property
    def key(self) -> str:
        return str(self.donation_id)


class DonationChange(DonationEvent):
    """Something happens to what has arrived: `lot_id` says to which of its lots."""

    donation_id: UUID
    reference: Label
    kind: DonationKind
    lot_id: UUID
    hold_id: UUID | None = Field(default=None, description="What the ledger has set aside for it.")

    @property
    def key(self) -> str:
        return str(self.donation_id)


class DonationRefunded(DonationChange):
    """Money or goods, `amount` of them, have gone back to the donor."""

    type: ClassVar[str] = "donations.donation_refunded"

    refund_id: UUID
    refunded_on: Day
    bank_reference: Label | None = None
    reason: RefundReason
    remark: Remark | None = None


class PurposeChanged(DonationChange):
    """What is left of a donation, or a part, is kept for something else from now on.

    `restricted_to` is what it was kept for; it becomes a lot of its own, `change_id`.
    """

    type: ClassVar[str] = "donations.purpose_changed"

    change_id: UUID
    new_restricted_to: Label | None
    changed_on: Day
    basis: PurposeChangeBasis
    consented_on: Day | None = None
    finished_on: Day | None = Field(
        default=None,
        description="The day on which the project had ended that this is left over of.",
    )
    published_on: Day | None = Field(
        default=None, description="The day on which it was made public what becomes of it."
    )
    document_sha256: Sha256
    remark: Remark | None = None


class DonationReversed(DonationChange):
    """It was recorded in error: on the day it was said to arrive, there is nothing."""

    type: ClassVar[str] = "donations.donation_reversed"

    received_on: Day
    reversed_on: Day
    pledge_id: UUID | None = None
    fulfils: Amount | None = Field(default=None, description="What is promised again.")
    batch_id: UUID | None = None
    reason: Remark
