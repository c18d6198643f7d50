"""Events of contracts-svc: what a buyer has promised, approved and paid."""

from enum import StrEnum
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.money import Amount, AmountOrNothing
from fundmix_events.registry import Level
from fundmix_events.text import Label, Name


class PurchaseMode(StrEnum):
    POST = "post"
    PROJECT = "project"


class Condition(StrEnum):
    """What an instalment waits for."""

    SIGNING = "signing"
    MIDTERM = "midterm"
    FINAL = "final"


InstalmentNumber = Annotated[int, Field(ge=1, le=99)]


class ScheduledInstalment(BaseModel):
    """One payment a contract provides for, in full, before any deduction."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: InstalmentNumber
    due_on: Day
    amount: Amount
    condition: Condition


class ContractEvent(FundingEvent):
    topic: ClassVar[str] = topics.CONTRACTS

    contract_id: UUID
    contract_number: Label
    buyer: CreditCode
    agency: CreditCode
    channel: Channel

    @property
    def key(self) -> str:
        return str(self.contract_id)


class ContractSigned(ContractEvent):
    """A buyer and an agency have signed; the buyer owes at most the ceiling."""

    type: ClassVar[str] = "contracts.contract_signed"

    title: Name
    purchase_mode: PurchaseMode
    service_area: Label
    people_served: Label
    town: Label
    payer_level: Level
    posts: int | None = Field(default=None, ge=1)
    signed_on: Day
    starts_on: Day
    ends_on: Day
    ceiling: Amount
    instalments: tuple[ScheduledInstalment, ...] = Field(min_length=1, max_length=99)

    @model_validator(mode="after")
    def _instalments_sum_to_the_ceiling(self) -> Self:
        total = sum(i.amount.amount_minor for i in self.instalments)
        if total != self.ceiling.amount_minor:
            raise PydanticCustomError("sum_mismatch", "the instalments do not sum to the ceiling")
        return self


class InstalmentEvent(ContractEvent):
    """`scheduled` = `deduction` + `payable`."""

    instalment_number: InstalmentNumber
    scheduled: Amount
    deduction: AmountOrNothing
    payable: AmountOrNothing

    @model_validator(mode="after")
    def _parts_sum_to_the_scheduled(self) -> Self:
        parts = self.deduction.amount_minor + self.payable.amount_minor
        if parts != self.scheduled.amount_minor:
            raise PydanticCustomError(
                "sum_mismatch", "deduction and payable do not sum to the scheduled amount"
            )
        return self


class InstalmentApproved(InstalmentEvent):
    """An officer of the buyer has approved an instalment for payment."""

    type: ClassVar[str] = "contracts.instalment_approved"

    approved_on: Day


class InstalmentPaid(InstalmentEvent):
    """The buyer's bank has paid an approved instalment; `paid_on` is the value date."""

    type: ClassVar[str] = "contracts.instalment_paid"

    paid_on: Day
    bank_reference: Label
