"""What the journal is made of: entries whose postings sum to zero, and barriers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency, Money

from ledger_svc.domain.funds import Draw, Lot

# What undoes income or an opening balance is counted where that was counted: other reversals are of
# the kind of their event.
INCOME_REVERSED: Final = "ledger.income_reversed"
OPENING_BALANCE_REVERSED: Final = "ledger.opening_balance_reversed"


class AccountKey(NamedTuple):
    """One account of the books: whose, how booked, for what, and where the money comes from."""

    agency: str
    code: AccountCode
    fund_code: str
    channel: Channel
    currency: Currency


class Posting(NamedTuple):
    """One leg of an entry: debit positive, credit negative."""

    account: AccountKey
    amount_minor: int


Leg = tuple[AccountCode, str, Currency, int]
"""A posting of an event that says itself whose money moves: the account's code and fund."""


# Not frozen, as what is alike: to make a frozen one takes three times as long, for every event.
@dataclass(kw_only=True, slots=True)
class Entry:
    """What one event does to the books, before the journal gives it a place and a period."""

    event_id: UUID
    kind: str
    agency: str
    occurred_on: date
    value_on: date
    postings: tuple[Posting, ...]
    document: str | None = None
    payer: str | None = None
    corrects: UUID | None = None
    lots: tuple[Lot, ...] = ()
    draws: tuple[Draw, ...] = ()
    # What was held for it until now.
    hold_ids: tuple[UUID, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.postings) > 1, f"entry {self.event_id} has no two postings"
        for currency, total in total_by_currency(self.postings).items():
            assert total == 0, f"entry {self.event_id} does not balance in {currency}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """A barrier: what stands behind it in the journal is posted in a later period."""

    event_id: UUID
    kind: str
    through: int


def debit(code: AccountCode, fund_code: str, amount: Money) -> Leg:
    return code, fund_code, amount.currency, amount.amount_minor


def credit(code: AccountCode, fund_code: str, amount: Money) -> Leg:
    return code, fund_code, amount.currency, -amount.amount_minor


def postings_of(agency: str, channel: Channel, legs: Iterable[Leg]) -> tuple[Posting, ...]:
    return tuple(
        [
            Posting(AccountKey(agency, code, fund_code, channel, currency), amount_minor)
            for code, fund_code, currency, amount_minor in legs
        ]
    )


def total_by_currency(postings: Iterable[Posting]) -> dict[Currency, int]:
    totals: dict[Currency, int] = {}
    for posting in postings:
        currency = posting.account.currency
        totals[currency] = totals.get(currency, 0) + posting.amount_minor
    return totals
