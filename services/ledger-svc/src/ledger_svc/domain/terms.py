"""What two persons may decide for the books: the terms of each kind of request."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, Self

from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import POSTINGS_MAX, FundCode
from fundmix_events.money import Amount, Money, SignedAmount
from fundmix_events.text import Label, Remark
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from ledger_svc.domain.periods import period_of

FIRST_MONTH: Final = 194910
LAST_MONTH: Final = 219912
MONTHS: Final = range(1, 13)


class RequestKind(StrEnum):
    EXPENDITURE = "expenditure"
    INCOME = "income"
    MANUAL_ENTRY = "manual_entry"
    OPENING_BALANCE = "opening_balance"
    REVERSAL = "reversal"
    CLOSE = "close"


def _of_group(group: str, *others: AccountCode) -> AfterValidator:
    allowed = [code for code in AccountCode if code.group == group and code not in others]

    def check(code: AccountCode) -> AccountCode:
        if code not in allowed:
            raise PydanticCustomError(
                "account_not_fitting", "the code is one of {codes}", {"codes": ", ".join(allowed)}
            )
        return code

    return AfterValidator(check)


def _no_memo(code: AccountCode) -> AccountCode:
    if code.group == "commitments":
        raise PydanticCustomError(
            "account_not_fitting", "promises are posted by the events that make them"
        )
    return code


def _month(period: int) -> int:
    if period % 100 not in MONTHS:
        raise PydanticCustomError("not_a_month", "a month is written like 202403")
    return period


ExpenseCode = Annotated[AccountCode, _of_group("expenses")]
# Donations are recorded by their own service.
IncomeCode = Annotated[AccountCode, _of_group("income", AccountCode.DONATION_INCOME)]
BookedCode = Annotated[AccountCode, AfterValidator(_no_memo)]
Month = Annotated[int, Field(ge=FIRST_MONTH, le=LAST_MONTH, strict=True), AfterValidator(_month)]


class Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AgencyTerms(Terms):
    """`reference` is the agency's own number; `document_sha256` proves the document beside it."""

    agency: CreditCode
    reference: Label
    memo: Remark | None = None
    document_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class ExpenditureTerms(AgencyTerms):
    """What an agency has used of a fund; `spent_on` is the bank's value date."""

    fund_code: FundCode
    code: ExpenseCode
    spent_on: Day
    amount: Amount


class IncomeTerms(AgencyTerms):
    """Income that no other service records: a subsidy, fees, training, dues, interest."""

    fund_code: FundCode = "general"
    channel: Channel
    code: IncomeCode
    received_on: Day
    amount: Amount
    payer: CreditCode | None = None


class Leg(Terms):
    """Debit positive, credit negative."""

    code: BookedCode
    fund_code: FundCode = "general"
    channel: Channel
    amount: SignedAmount

    @model_validator(mode="after")
    def _is_something(self) -> Self:
        if self.amount.amount_minor == 0:
            raise PydanticCustomError("amount_nothing", "a leg is more or less than nothing")
        return self


Legs = Annotated[tuple[Leg, ...], Field(min_length=2, max_length=POSTINGS_MAX)]


class LegsTerms(AgencyTerms):
    legs: Legs

    @model_validator(mode="after")
    def _legs_sum_to_zero(self) -> Self:
        total = sum(leg.amount.amount_minor for leg in self.legs)
        if total != 0:
            raise PydanticCustomError("sum_mismatch", "the legs do not sum to zero")
        return self


class ManualEntryTerms(LegsTerms):
    occurred_on: Day
    value_on: Day


class OpeningBalanceTerms(LegsTerms):
    """What an agency has and owes at the beginning of `opened_on`."""

    opened_on: Day

    @model_validator(mode="after")
    def _is_a_balance_sheet(self) -> Self:
        if any(leg.code.group in {"income", "expenses"} for leg in self.legs):
            raise PydanticCustomError("account_not_fitting", "a balance has no income or expenses")
        if any(leg.code is AccountCode.BANK and leg.amount.amount_minor < 0 for leg in self.legs):
            raise PydanticCustomError("amount_negative", "no fund begins below nothing")
        return self


class ReversalTerms(AgencyTerms):
    """The entry at place `seq` of the journal was wrong."""

    seq: int = Field(ge=1, lt=2**63, strict=True)
    reason: Remark


class CloseTerms(Terms):
    """The books are closed to the end of the month `through`."""

    through: Month


AnyTerms = (
    ExpenditureTerms
    | IncomeTerms
    | ManualEntryTerms
    | OpeningBalanceTerms
    | ReversalTerms
    | CloseTerms
)

TERMS_BY_KIND: Final[Mapping[RequestKind, type[AnyTerms]]] = {
    RequestKind.EXPENDITURE: ExpenditureTerms,
    RequestKind.INCOME: IncomeTerms,
    RequestKind.MANUAL_ENTRY: ManualEntryTerms,
    RequestKind.OPENING_BALANCE: OpeningBalanceTerms,
    RequestKind.REVERSAL: ReversalTerms,
    RequestKind.CLOSE: CloseTerms,
}
KIND_BY_TERMS: Final = {terms: kind for kind, terms in TERMS_BY_KIND.items()}


def reference_of(terms: AnyTerms) -> str:
    return str(terms.through) if isinstance(terms, CloseTerms) else terms.reference


def fund_of(terms: AnyTerms) -> str | None:
    match terms:
        case ExpenditureTerms() | IncomeTerms():
            return terms.fund_code
        case _:
            return None


def amount_of(terms: AnyTerms) -> Money | None:
    match terms:
        case ExpenditureTerms() | IncomeTerms():
            return terms.amount
        case ManualEntryTerms() | OpeningBalanceTerms():
            return Money.of(sum(max(leg.amount.amount_minor, 0) for leg in terms.legs))
        case ReversalTerms() | CloseTerms():
            return None


def effective_on(terms: AnyTerms, *, today: date) -> date:
    """The value date; of what has none, the day it is asked for."""
    match terms:
        case ExpenditureTerms():
            return terms.spent_on
        case IncomeTerms():
            return terms.received_on
        case ManualEntryTerms():
            return terms.value_on
        case OpeningBalanceTerms():
            return terms.opened_on
        case ReversalTerms() | CloseTerms():
            return today


def is_over(period: int, *, today: date) -> bool:
    return period < period_of(today)
