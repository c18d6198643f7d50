"""What goes in and out over HTTP."""

from datetime import date
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.contracts import Condition, InstalmentNumber, PurchaseMode, ScheduledInstalment
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.money import Amount, AmountOrNothing, Money
from fundmix_events.registry import Level
from fundmix_events.text import Label, Name
from pydantic import BaseModel, ConfigDict, Field

from contracts_svc.domain.contract import Contract, ContractState, InstalmentState, Terms
from contracts_svc.storage.contracts import ContractRow


class BodyIn(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InstalmentIn(BodyIn):
    number: InstalmentNumber
    due_on: Day
    amount: Amount
    condition: Condition


class ContractIn(BodyIn):
    """A contract as it was signed; the instalments sum to the ceiling."""

    number: Label
    title: Name
    buyer: CreditCode
    agency: CreditCode
    purchase_mode: PurchaseMode
    service_area: Label
    people_served: Label
    town: Label
    payer_level: Level
    posts: int | None = Field(default=None, ge=1, le=10_000)
    signed_on: Day
    published_on: Day | None = None
    filed_on: Day | None = None
    starts_on: Day
    ends_on: Day
    ceiling: Amount
    instalments: list[InstalmentIn] = Field(min_length=1, max_length=99)

    def terms(self) -> Terms:
        return Terms(
            number=self.number,
            title=self.title,
            purchase_mode=self.purchase_mode,
            service_area=self.service_area,
            people_served=self.people_served,
            town=self.town,
            payer_level=self.payer_level,
            posts=self.posts,
            signed_on=self.signed_on,
            published_on=self.published_on,
            filed_on=self.filed_on,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            ceiling=self.ceiling,
            instalments=[
                ScheduledInstalment(
                    number=i.number, due_on=i.due_on, amount=i.amount, condition=i.condition
                )
                for i in self.instalments
            ],
        )


class ApprovalIn(BodyIn):
    deduction: AmountOrNothing = Money.of(0)


class PaymentIn(BodyIn):
    """A transfer as the bank confirmed it; `paid_on` is its value date."""

    amount: AmountOrNothing
    paid_on: Day
    bank_reference: Label


class InstalmentOut(BaseModel):
    number: int
    due_on: date
    amount: Money
    condition: Condition
    state: InstalmentState
    deduction: Money
    payable: Money
    approved_on: date | None
    paid_on: date | None
    bank_reference: str | None


class ContractSummaryOut(BaseModel):
    """What a command answers: where the contract now stands."""

    contract_id: UUID
    version: int
    number: str
    buyer: str
    agency: str
    channel: Channel
    state: ContractState
    ceiling: Money
    paid: Money
    instalments: list[InstalmentOut]


class ContractOut(ContractSummaryOut):
    title: str
    purchase_mode: PurchaseMode
    service_area: str
    people_served: str
    town: str
    payer_level: Level
    posts: int | None
    signed_on: date
    published_on: date | None
    filed_on: date | None
    starts_on: date
    ends_on: date


class TodoOut(BaseModel):
    """`action` is what waits: `approve` or `pay`."""

    action: str
    contract_id: UUID
    contract_number: str
    instalment_number: int
    due_on: date
    payable: Money


def contract_summary(contract: Contract) -> ContractSummaryOut:
    return ContractSummaryOut(
        contract_id=contract.contract_id,
        version=contract.version,
        number=contract.number,
        buyer=contract.buyer,
        agency=contract.agency,
        channel=contract.channel,
        state=contract.state,
        ceiling=contract.ceiling,
        paid=contract.paid,
        instalments=[
            InstalmentOut.model_validate(i, from_attributes=True) for i in contract.instalments
        ],
    )


def contract_out(found: ContractRow) -> ContractOut:
    row, contract = found
    texts = ContractOut.model_fields.keys() - ContractSummaryOut.model_fields.keys()
    return ContractOut.model_validate(
        {**dict(contract_summary(contract)), **{name: getattr(row, name) for name in texts}}
    )
