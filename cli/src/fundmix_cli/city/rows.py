"""The rows of a city's files: their columns, their types, and what a row alone can tell is wrong.

Fields have the names of the APIs, aliases those of the columns: so the fields make the requests,
and a refusal that names a field of the request finds its column.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

from fundmix_events.contracts import Condition, InstalmentNumber, PurchaseMode
from fundmix_events.credit_code import CreditCode
from fundmix_events.donations import DonationKind, DonorKind
from fundmix_events.evaluations import Dimension, Stage
from fundmix_events.money import Money
from fundmix_events.registry import Level, OrganisationKind
from fundmix_events.text import Label, Name
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

Json = dict[str, Any]
Fault = tuple[str, str]
"""A column, and why it cannot be as it is."""

DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
POINTS: Final = re.compile(r"100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?", re.ASCII)
BOOLEANS: Final = {"true": True, "false": False}


def _day(text: str) -> date:
    try:
        if DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise PydanticCustomError("day_invalid", "a day is written like 2024-03-31, and exists")


def _whole_number(text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text):
        raise PydanticCustomError("number_invalid", "a number has only digits")
    return int(text)


def _true_or_false(text: str) -> bool:
    if text not in BOOLEANS:
        raise PydanticCustomError("boolean_invalid", "this is true or false")
    return BOOLEANS[text]


def _points(text: str) -> Decimal:
    if not POINTS.fullmatch(text):
        raise PydanticCustomError(
            "points_invalid", "points are from 0 to 100, with at most two decimals"
        )
    return Decimal(text)


def _not_negative(money: Money) -> Money:
    if money.amount_minor < 0:
        raise PydanticCustomError("amount_negative", "this amount is not negative")
    return money


def _more_than_nothing(money: Money) -> Money:
    if money.amount_minor <= 0:
        raise PydanticCustomError("amount_not_positive", "this amount is more than nothing")
    return money


Day = Annotated[date, BeforeValidator(_day)]
Yes = Annotated[bool, BeforeValidator(_true_or_false)]
AmountOrNothing = Annotated[Money, BeforeValidator(Money.parse), AfterValidator(_not_negative)]
Amount = Annotated[Money, BeforeValidator(Money.parse), AfterValidator(_more_than_nothing)]
Posts = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=10_000)]
Number = Annotated[InstalmentNumber, BeforeValidator(_whole_number)]
Points = Annotated[Decimal, BeforeValidator(_points)]
People = Annotated[int, BeforeValidator(_whole_number), Field(ge=1, le=1_000_000)]


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    # Where a field of a request or an answer is not the row's field of that name.
    column_by_request_field: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def columns(cls) -> list[str]:
        return [field.alias or name for name, field in cls.model_fields.items()]

    @classmethod
    def column_of(cls, pointer: str) -> str:
        """The column behind a JSON pointer into a request; the pointer itself if there is none."""
        path = pointer.removeprefix("/")
        name = path.partition("/")[0]
        column = cls.column_by_request_field.get(path) or cls.column_by_request_field.get(name)
        if column is None and name in cls.model_fields:
            column = cls.model_fields[name].alias or name
        return column or path or "row"

    def contradictions(self) -> Iterator[Fault]:
        return iter(())

    def json_of(self, *fields: str) -> Json:
        """These fields as the APIs write them; without any, all."""
        return self.model_dump(mode="json", include=set(fields) or None)


class OrganisationRow(Row):
    code: CreditCode = Field(alias="uscc")
    name: Name
    kind: OrganisationKind
    level: Level | None = None
    town: Label | None = None
    registered_on: Day | None = None


class ContractRow(Row):
    number: Label = Field(alias="contract_no")
    title: Name
    buyer: CreditCode = Field(alias="buyer_uscc")
    agency: CreditCode = Field(alias="agency_uscc")
    purchase_mode: PurchaseMode
    service_area: Label
    people_served: Label
    town: Label
    signed_on: Day
    published_on: Day | None = None
    filed_on: Day | None = None
    starts_on: Day
    ends_on: Day
    ceiling: Amount = Field(alias="amount")
    posts: Posts | None = None
    payer_level: Level

    def contradictions(self) -> Iterator[Fault]:
        if self.ends_on < self.starts_on:
            yield "ends_on", "the contract ends before it starts"
        if self.posts is not None and self.purchase_mode is not PurchaseMode.POST:
            yield "posts", "only a purchase of posts counts posts"


class InstalmentRow(Row):
    column_by_request_field = {
        "payable": "paid_amount",
        # Of a payment; the amount of the instalment itself goes out with its contract.
        "amount/amount": "paid_amount",
    }

    contract: Label = Field(alias="contract_no")
    number: Number
    due_on: Day
    amount: Amount
    condition: Condition
    paid_on: Day | None = None
    bank_reference: Label | None = None
    paid_amount: AmountOrNothing | None = None

    def contradictions(self) -> Iterator[Fault]:
        payment = {"bank_reference": self.bank_reference, "paid_amount": self.paid_amount}
        for column, value in payment.items():
            if self.paid_on is None and value is not None:
                yield "paid_on", f"there is a {column}, but no day of payment"
        # What was paid may be left out: it follows from the evaluation.
        if self.paid_on is not None and self.bank_reference is None:
            yield "bank_reference", "a paid instalment has one"
        if self.paid_amount and self.paid_amount.amount_minor > self.amount.amount_minor:
            yield "paid_amount", f"more was paid than the {self.amount} of this instalment"


class EvaluationRow(Row):
    """The people served gave their points together: `recipient_score` is what each of them gave."""

    # Everything that follows from an evaluation happens on its day.
    column_by_request_field = {
        "published_on": "evaluated_on",
        "delivered_on": "evaluated_on",
        "accepted_on": "evaluated_on",
        "met_on": "evaluated_on",
        "ratings": "recipient_score",
        "recipients_invited": "recipients_surveyed",
        "sample_size": "recipients_surveyed",
        "responses": "recipients_surveyed",
    }

    contract: Label = Field(alias="contract_no")
    stage: Stage
    evaluated_on: Day
    professional_score: Points
    buyer_score: Points
    self_score: Points
    recipient_score: Points
    recipients_surveyed: People

    @property
    def points_by_dimension(self) -> Mapping[Dimension, Decimal]:
        return {
            Dimension.PROFESSIONAL: self.professional_score,
            Dimension.BUYER: self.buyer_score,
            Dimension.SELF: self.self_score,
            Dimension.RECIPIENTS: self.recipient_score,
        }


class Category(StrEnum):
    """What money was used for, as the accounts of expenses are called."""

    PROGRAMME = "programme"
    MANAGEMENT = "management"
    FUNDRAISING = "fundraising"
    OTHER = "other"


class ExpenditureRow(Row):
    """`fund` is "general", a contract's number, or the purpose that a giver set."""

    column_by_request_field = {"fund_code": "fund", "code": "category"}

    reference: Label = Field(alias="expenditure_ref")
    agency: CreditCode = Field(alias="agency_uscc")
    fund: Label
    category: Category
    spent_on: Day
    amount: Amount
    memo: Name | None = None

    def expenditure(self, fund_code: str) -> Json:
        return {
            **self.json_of("reference", "agency", "spent_on", "amount", "memo"),
            "fund_code": fund_code,
            "code": f"expenses:{self.category}",
        }


class DonationRow(Row):
    column_by_request_field = {
        "donor": "donor_uscc",
        "donor/code": "donor_uscc",
        "donor/kind": "donor_kind",
        "is_anonymous": "anonymous",
        "pledge_id": "pledged_on",
    }

    reference: Label = Field(alias="donation_ref")
    donor_code: CreditCode | None = Field(default=None, alias="donor_uscc")
    donor_name: Name | None = None
    donor_kind: DonorKind
    agency: CreditCode = Field(alias="agency_uscc")
    kind: DonationKind
    amount: Amount
    pledged_on: Day | None = None
    received_on: Day | None = None
    restricted_to: Label | None = None
    bank_reference: Label | None = None
    is_anonymous: Yes = Field(alias="anonymous")

    def contradictions(self) -> Iterator[Fault]:
        if self.pledged_on is None and self.received_on is None:
            yield "received_on", "a gift was pledged, received, or both"
        if self.pledged_on and self.received_on and self.received_on < self.pledged_on:
            yield "received_on", "it was received before it was pledged"
        if self.donor_kind is DonorKind.INDIVIDUAL:
            for column, value in (("donor_uscc", self.donor_code), ("donor_name", self.donor_name)):
                if value is not None:
                    yield column, "of a person only the kind is kept"
        elif self.donor_code is None:
            yield "donor_uscc", "an organisation that gives is known by its code"
        if self.bank_reference and (self.kind is DonationKind.IN_KIND or not self.received_on):
            yield "bank_reference", "only money that has arrived has one"
        if self.kind is DonationKind.CASH and self.received_on and not self.bank_reference:
            yield "bank_reference", "money that has arrived has one"

    def pledge(self) -> Json:
        return {**self._gift(), **self.json_of("pledged_on")}

    def donation(self) -> Json:
        return {**self._gift(), **self.json_of("received_on", "bank_reference")}

    def _gift(self) -> Json:
        return {
            "donor": {"kind": self.donor_kind.value, "code": self.donor_code},
            **self.json_of(
                "reference", "agency", "kind", "amount", "restricted_to", "is_anonymous"
            ),
        }
