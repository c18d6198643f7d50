"""What two persons have decided for the books: the ledger posts it like any other event."""

from typing import Annotated, ClassVar, Final, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from fundmix_events import text, topics
from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.ledger import AccountCode, LotMovement, Posting
from fundmix_events.money import Amount, AmountOrNothing, Currency
from fundmix_events.text import Label, Remark

POSTINGS_MAX: Final = 500
LOTS_MAX: Final = 10_000

FundCode = Annotated[
    str,
    StringConstraints(max_length=80, pattern=r"^(general|(contract|purpose):.+)$"),
    AfterValidator(text.check),
]
"""What money is kept for: general, a contract by its number, or a purpose that a giver set."""


class LedgerRequestEvent(FundingEvent):
    """`prepared_by` asked for it; the event's actor, somebody else, has approved it."""

    topic: ClassVar[str] = topics.LEDGER_REQUESTS

    request_id: UUID
    prepared_by: str

    @property
    def key(self) -> str:
        return str(self.request_id)


class AgencyRequestEvent(LedgerRequestEvent):
    """Something in the books of one agency, which calls it `reference`."""

    agency: CreditCode
    reference: Label
    memo: Remark | None = None
    document_sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-f]{64}$", description="Of the document that proves it."
    )


class ExpenditureApproved(AgencyRequestEvent):
    """An agency has used money of a fund; `draws` says of which lots, `advance` what of none."""

    type: ClassVar[str] = "ledger.expenditure_approved"

    fund_code: FundCode
    code: AccountCode
    spent_on: Day
    amount: Amount
    draws: tuple[LotMovement, ...] = Field(max_length=LOTS_MAX)
    advance: AmountOrNothing = Field(description="Spent before the contract has paid for it.")
    advance_channel: Channel
    hold_id: UUID

    @model_validator(mode="after")
    def _parts_sum_to_the_amount(self) -> Self:
        parts = sum(d.amount.amount_minor for d in self.draws) + self.advance.amount_minor
        if parts != self.amount.amount_minor:
            raise PydanticCustomError("sum_mismatch", "lots and advance do not sum to the amount")
        return self


class IncomeApproved(AgencyRequestEvent):
    """Income that no other service records: subsidies, fees, dues, interest."""

    type: ClassVar[str] = "ledger.income_approved"

    fund_code: FundCode
    channel: Channel
    code: AccountCode
    received_on: Day
    amount: Amount
    payer: CreditCode | None = None


class PostedRequestEvent(AgencyRequestEvent):
    """An entry leg by leg."""

    occurred_on: Day
    value_on: Day
    postings: tuple[Posting, ...] = Field(min_length=2, max_length=POSTINGS_MAX)
    lots: tuple[LotMovement, ...] = Field(default=(), max_length=LOTS_MAX)
    draws: tuple[LotMovement, ...] = Field(default=(), max_length=LOTS_MAX)
    hold_ids: tuple[UUID, ...] = Field(default=(), max_length=POSTINGS_MAX)

    @model_validator(mode="after")
    def _postings_are_an_entry(self) -> Self:
        check_entry(self.agency, self.postings)
        return self


class ManualEntryApproved(PostedRequestEvent):
    """What no other event says: an accountant's own entry."""

    type: ClassVar[str] = "ledger.manual_entry_approved"


class OpeningBalanceApproved(PostedRequestEvent):
    """What an agency had and owed when its books here began; once for each agency."""

    type: ClassVar[str] = "ledger.opening_balance_approved"


class ReversalApproved(PostedRequestEvent):
    """An entry was wrong: this is its mirror, on the value date it had."""

    type: ClassVar[str] = "ledger.reversal_approved"

    corrects: UUID = Field(description="The event whose entry this undoes.")
    corrects_kind: str
    payer: CreditCode | None = Field(default=None, description="Of the entry that is undone.")
    reason: Remark


class CloseApproved(LedgerRequestEvent):
    """The books are closed to the end of a month: what comes later is posted in a later one."""

    type: ClassVar[str] = "ledger.close_approved"

    through: Annotated[int, Field(ge=194901, le=219912, description="202403")]


def check_entry(agency: str, postings: tuple[Posting, ...]) -> None:
    """Raises PydanticCustomError: another agency's account, a sum that is not zero."""
    if any(posting.account.agency != agency for posting in postings):
        raise PydanticCustomError("foreign_account", "an entry is in the books of one agency")
    totals: dict[Currency, int] = {}
    for posting in postings:
        money = posting.amount
        totals[money.currency] = totals.get(money.currency, 0) + money.amount_minor
    if any(totals.values()):
        raise PydanticCustomError("sum_mismatch", "the postings do not sum to zero")
