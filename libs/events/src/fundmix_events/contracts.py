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
from fundmix_events.money import Amount, AmountOrNothing, Money
from fundmix_events.registry import Level
from fundmix_events.text import Label, Name, Remark


class PurchaseMode(StrEnum):
    POST = "post"
    PROJECT = "project"


class Condition(StrEnum):
    """What an instalment waits for."""

    SIGNING = "signing"
    MIDTERM = "midterm"
    FINAL = "final"
    # What an amendment adds, and what a termination still owes; neither waits for an evaluation.
    SUPPLEMENT = "supplement"
    SETTLEMENT = "settlement"


LineNumber = Annotated[int, Field(ge=1, le=99, strict=True)]
Quantity = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]
Year = Annotated[int, Field(ge=1, le=9999, strict=True)]
InstalmentNumber = Annotated[int, Field(ge=1, le=99, strict=True)]


class ScheduledInstalment(BaseModel):
    """One payment a contract provides for, in full, before any deduction."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: InstalmentNumber
    due_on: Day
    amount: Amount
    condition: Condition


class ContractLine(BaseModel):
    """What is bought, in units that can be counted, and the price of all of them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: LineNumber
    title: Name
    unit: Label
    quantity: Quantity
    amount: Amount


class YearShare(BaseModel):
    """What of the ceiling a fiscal year's budget bears."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    year: Year
    amount: Amount


class Recovery(BaseModel):
    """Money that the agency has to pay back, after an amendment or a termination."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    amount: Amount
    due_on: Day


class Recognition(BaseModel):
    """What an event moves in the agency's books beside the cash; signed, plus is more.

    Decided by the command, which knows what was paid and accepted before. The agency has earned
    `income`; what of it is not paid yet is `receivable`, and what is paid and not earned yet is
    `advance_received`. So cash = income + advance_received - receivable.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    income: Money
    receivable: Money
    advance_received: Money

    @property
    def cash_minor(self) -> int:
        earned = self.income.amount_minor + self.advance_received.amount_minor
        return earned - self.receivable.amount_minor


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
    lines: tuple[ContractLine, ...] = Field(default=(), max_length=99)
    years: tuple[YearShare, ...] = Field(default=(), max_length=5)
    budget_item: Label | None = None
    plan_number: Label | None = None
    term_reason: Remark | None = Field(default=None, description="Why it lasts over a year.")
    scheme_version: int | None = Field(default=None, ge=1)
    has_deduction_clause: bool | None = None

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
    recognition: Recognition | None = Field(
        default=None, description="What a deduction takes off income that was recognised."
    )


class InstalmentPaid(InstalmentEvent):
    """The buyer's bank has paid an approved instalment; `paid_on` is the value date."""

    type: ClassVar[str] = "contracts.instalment_paid"

    paid_on: Day
    bank_reference: Label
    recognition: Recognition | None = Field(
        default=None, description="Without it, all that was paid is an advance."
    )

    @model_validator(mode="after")
    def _recognition_explains_the_cash(self) -> Self:
        _check_cash(self.recognition, self.payable.amount_minor)
        return self


class PaymentReversed(InstalmentEvent):
    """A payment was recorded in error: the money has not moved, and the instalment waits again."""

    type: ClassVar[str] = "contracts.payment_reversed"

    paid_on: Day
    bank_reference: Label
    reversed_on: Day
    reason: Remark
    recognition: Recognition

    @model_validator(mode="after")
    def _recognition_explains_the_cash(self) -> Self:
        _check_cash(self.recognition, -self.payable.amount_minor)
        return self


class InvoiceRecorded(ContractEvent):
    """The agency has sent an invoice for an instalment: the buyer's time to pay runs."""

    type: ClassVar[str] = "contracts.invoice_recorded"

    instalment_number: InstalmentNumber
    invoice_number: Label
    invoiced_on: Day
    pay_by: Day


class PaymentConfirmed(ContractEvent):
    """The agency has seen an instalment's money on its own account."""

    type: ClassVar[str] = "contracts.payment_confirmed"

    instalment_number: InstalmentNumber
    payable: AmountOrNothing
    arrived_on: Day


class DeliveryReported(ContractEvent):
    """The agency says what it has done of a line."""

    type: ClassVar[str] = "contracts.delivery_reported"

    delivery_number: int = Field(ge=1)
    line_number: LineNumber
    quantity: Quantity
    delivered_on: Day
    place: Name
    attendance: int | None = Field(default=None, ge=0)


class DeliveryAccepted(ContractEvent):
    """The buyer confirms what was delivered of a line; so the agency has earned its price.

    Regulation for the Implementation of the Government Procurement Law, article 45: for services to
    the public, people served take part in the acceptance, and its result is published.
    """

    type: ClassVar[str] = "contracts.delivery_accepted"

    acceptance_number: int = Field(ge=1)
    line_number: LineNumber
    quantity: Quantity
    accepted_on: Day
    recipients_invited: int = Field(ge=0)
    sample_size: int = Field(ge=0)
    responses: int = Field(ge=0)
    recognition: Recognition

    @model_validator(mode="after")
    def _no_cash_moves(self) -> Self:
        _check_cash(self.recognition, 0)
        return self


class ContractAmended(ContractEvent):
    """The parties have changed what they agreed; what was paid stays as it is.

    `instalments`, `lines`, `years`, `ceiling` and `ends_on` are those after the amendment.
    """

    type: ClassVar[str] = "contracts.contract_amended"

    amendment_number: int = Field(ge=1)
    reason: Remark
    amended_on: Day
    delta: Money = Field(description="What the ceiling has grown by; negative when it shrank.")
    ceiling: Amount
    ends_on: Day
    instalments: tuple[ScheduledInstalment, ...] = Field(max_length=99)
    lines: tuple[ContractLine, ...] = Field(max_length=99)
    years: tuple[YearShare, ...] = Field(max_length=5)
    recovery: Recovery | None = None
    commitment: Money = Field(description="What more is promised and not paid; negative for less.")
    recognition: Recognition

    @model_validator(mode="after")
    def _no_cash_moves(self) -> Self:
        _check_cash(self.recognition, 0)
        return self


class RecoveryReceived(ContractEvent):
    """The agency has paid back what an amendment or a termination took off."""

    type: ClassVar[str] = "contracts.recovery_received"

    recovery_number: int = Field(ge=1)
    amount: Amount
    received_on: Day
    bank_reference: Label
    recognition: Recognition

    @model_validator(mode="after")
    def _recognition_explains_the_cash(self) -> Self:
        _check_cash(self.recognition, -self.amount.amount_minor)
        return self


class ContractTerminated(ContractEvent):
    """The contract has ended early, and what was open is settled: paid, or paid back."""

    type: ClassVar[str] = "contracts.contract_terminated"

    terminated_on: Day
    reason: Remark
    ceiling: AmountOrNothing = Field(description="What is due in all, after the settlement.")
    cancelled: tuple[InstalmentNumber, ...] = Field(max_length=99)
    settlement: ScheduledInstalment | None = None
    recovery: Recovery | None = None
    commitment: Money = Field(description="What more is promised and not paid; negative for less.")
    recognition: Recognition

    @model_validator(mode="after")
    def _no_cash_moves(self) -> Self:
        _check_cash(self.recognition, 0)
        return self


def _check_cash(recognition: Recognition | None, cash_minor: int) -> None:
    if recognition is not None and recognition.cash_minor != cash_minor:
        raise PydanticCustomError(
            "sum_mismatch", "income, advance and receivable do not explain the cash"
        )
