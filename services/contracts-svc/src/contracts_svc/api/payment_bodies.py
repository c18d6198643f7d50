"""What goes in and out over HTTP about paying, and about what waits to be done."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from fundmix_events.day import Day
from fundmix_events.money import Amount, AmountOrNothing, Money
from fundmix_events.text import Label, Remark
from pydantic import BaseModel

from contracts_svc.api.bodies import BodyIn


class InvoiceIn(BodyIn):
    invoice_number: Label
    invoiced_on: Day


class ApprovalIn(BodyIn):
    """`payable` is what the officer expects to approve; another amount is refused.

    The deduction is what the evaluation has decided.
    """

    payable: AmountOrNothing | None = None


class PaymentIn(BodyIn):
    """A transfer as the bank confirmed it; `paid_on` is its value date."""

    amount: AmountOrNothing
    paid_on: Day
    bank_reference: Label


class ConfirmationIn(BodyIn):
    arrived_on: Day


class ReversalIn(BodyIn):
    reason: Remark


class RecoveryIn(BodyIn):
    """What the agency has paid back, as the buyer's bank confirmed it."""

    amount: Amount
    received_on: Day
    bank_reference: Label


class TodoAction(StrEnum):
    """What waits; `answer`: object to a deduction, or accept it; `decide`: the objection."""

    APPROVE = "approve"
    PAY = "pay"
    DECIDE = "decide"
    ACCEPT_DELIVERY = "accept_delivery"
    RECEIVE_RECOVERY = "receive_recovery"
    PUBLISH_CONTRACT = "publish_contract"
    FILE_CONTRACT = "file_contract"
    PUBLISH_AMENDMENT = "publish_amendment"
    PUBLISH_ACCEPTANCE = "publish_acceptance"
    ANSWER = "answer"
    CONFIRM = "confirm"
    PAY_BACK = "pay_back"


class TodoOut(BaseModel):
    """`number` is that of the instalment, line, recovery, amendment or acceptance, if it is one.

    `amount` is what is to be paid, or what an evaluation takes off.
    """

    action: TodoAction
    contract_id: UUID
    contract_number: str
    number: int | None
    due_on: date
    amount: Money | None
