"""Events of ledger-svc: the journal, entry by entry in its own order."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.money import Currency, Money


class AccountCode(StrEnum):
    """How something is booked.

    After the accounting system for private non-profit organisations, 民间非营利组织会计制度.
    """

    BANK = "assets:bank"
    RECEIVABLE = "assets:receivable"
    IN_KIND = "assets:in_kind"
    FIXED_ASSETS = "assets:fixed"
    # Money that is only passed on (受托代理): never income, and never an expense.
    AGENCY_ASSETS = "assets:agency"
    ADVANCE_RECEIVED = "liabilities:advance_received"
    PAYABLE = "liabilities:payable"
    PAYROLL_TAX = "liabilities:payroll_tax"
    BORROWING = "liabilities:borrowing"
    AGENCY_LIABILITIES = "liabilities:agency"
    SERVICE_INCOME = "income:service"
    DONATION_INCOME = "income:donation"
    SUBSIDY_INCOME = "income:subsidy"
    DUES_INCOME = "income:dues"
    SALES_INCOME = "income:sales"
    INVESTMENT_INCOME = "income:investment"
    OTHER_INCOME = "income:other"
    PROGRAMME_EXPENSES = "expenses:programme"
    MANAGEMENT_EXPENSES = "expenses:management"
    FUNDRAISING_EXPENSES = "expenses:fundraising"
    OTHER_EXPENSES = "expenses:other"
    RESTRICTED = "net_assets:restricted"
    UNRESTRICTED = "net_assets:unrestricted"
    # Memo accounts: promises, each beside its counter account, kept out of the statements.
    CONTRACT_COMMITMENT = "commitments:contract"
    CONTRACT_COMMITMENT_COUNTER = "commitments:contract_counter"
    PLEDGE_COMMITMENT = "commitments:pledge"
    PLEDGE_COMMITMENT_COUNTER = "commitments:pledge_counter"

    @property
    def group(self) -> str:
        """The part before the colon: assets, liabilities, income, expenses, net_assets, ..."""
        return self.value.partition(":")[0]


class Account(BaseModel):
    """One (agency, code, fund, channel) of the books, in one currency."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    agency: CreditCode
    code: AccountCode
    fund_code: str
    channel: Channel


class Posting(BaseModel):
    """One leg of an entry: debit positive, credit negative."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    account: Account
    amount: Money


class Source(BaseModel):
    """Where the entry's event stands: its dense number in a partition of a topic."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    partition: int
    number: int


class LotMovement(BaseModel):
    """A receipt of money inside a fund has come, or is drawn from; negative: the reverse of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lot_id: UUID
    fund_code: str
    channel: Channel
    amount: Money


class JournalEvent(FundingEvent):
    """Something stands in the journal, for ever, at place `seq`."""

    topic: ClassVar[str] = topics.LEDGER

    seq: int = Field(ge=1)
    event_id: UUID
    source: Source
    posted_at: datetime
    payload_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def key(self) -> str:
        return str(self.seq)


class EntryPosted(JournalEvent):
    """An entry is in the journal, for ever, at place `seq`."""

    type: ClassVar[str] = "ledger.entry_posted"

    kind: str
    agency: CreditCode
    occurred_on: Day
    value_on: Day
    period: int = Field(description="Year and month as one number: 202403.")
    postings: tuple[Posting, ...] = Field(min_length=2)
    document: str | None = Field(default=None, description="What the source calls it.")
    payer: CreditCode | None = Field(default=None, description="Who has paid, where it says so.")
    corrects: UUID | None = Field(default=None, description="The event whose entry this undoes.")
    lots: tuple[LotMovement, ...] = Field(default=(), description="Receipts of money.")
    draws: tuple[LotMovement, ...] = Field(default=(), description="What is taken from lots.")

    @model_validator(mode="after")
    def _postings_sum_to_zero(self) -> Self:
        totals: dict[Currency, int] = {}
        for posting in self.postings:
            money = posting.amount
            totals[money.currency] = totals.get(money.currency, 0) + money.amount_minor
        if any(totals.values()):
            raise PydanticCustomError("sum_mismatch", "the postings do not sum to zero")
        return self


class PeriodClosed(JournalEvent):
    """A barrier at place `seq`: what comes later is posted in a later period."""

    type: ClassVar[str] = "ledger.period_closed"

    through: int = Field(description="The last month that is closed: 202403.")
    accounts: int = Field(ge=0, description="How many accounts have totals.")
    totals_sha256: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="Of all totals of the months closed here, as the ledger's documentation says.",
    )
