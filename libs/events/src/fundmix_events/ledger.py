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
    ADVANCE_RECEIVED = "liabilities:advance_received"
    SERVICE_INCOME = "income:service"
    DONATION_INCOME = "income:donation"
    RESTRICTED = "net_assets:restricted"
    UNRESTRICTED = "net_assets:unrestricted"
    # Memo accounts: promises, each beside its counter account, kept out of the statements.
    CONTRACT_COMMITMENT = "commitments:contract"
    CONTRACT_COMMITMENT_COUNTER = "commitments:contract_counter"
    PLEDGE_COMMITMENT = "commitments:pledge"
    PLEDGE_COMMITMENT_COUNTER = "commitments:pledge_counter"


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


class EntryPosted(FundingEvent):
    """An entry is in the journal, for ever, at place `seq`."""

    type: ClassVar[str] = "ledger.entry_posted"
    topic: ClassVar[str] = topics.LEDGER

    seq: int = Field(ge=1)
    event_id: UUID
    source: Source
    kind: str
    agency: CreditCode
    occurred_on: Day
    value_on: Day
    posted_at: datetime
    period: int = Field(description="Year and month as one number: 202403.")
    payload_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    postings: tuple[Posting, ...] = Field(min_length=2)

    @property
    def key(self) -> str:
        return str(self.seq)

    @model_validator(mode="after")
    def _postings_sum_to_zero(self) -> Self:
        totals: dict[Currency, int] = {}
        for posting in self.postings:
            money = posting.amount
            totals[money.currency] = totals.get(money.currency, 0) + money.amount_minor
        if any(totals.values()):
            raise PydanticCustomError("sum_mismatch", "the postings do not sum to zero")
        return self
