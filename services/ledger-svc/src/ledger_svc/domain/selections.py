"""Which postings a figure counts: what is asked of the books, and what is told as its `why`."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.contracts import InstalmentPaid, PaymentReversed, RecoveryReceived
from fundmix_events.donations import DonationReceived, DonationRefunded, DonationReversed
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import IncomeApproved, OpeningBalanceApproved

from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.journal import INCOME_REVERSED, OPENING_BALANCE_REVERSED
from ledger_svc.domain.periods import period_of

# Kinds of entries by which money comes to an agency from outside, or goes back there.
RECEIPT_KINDS: Final = (
    InstalmentPaid.type,
    PaymentReversed.type,
    RecoveryReceived.type,
    DonationReceived.type,
    DonationRefunded.type,
    DonationReversed.type,
    IncomeApproved.type,
    INCOME_REVERSED,
)
OPENING_KINDS: Final = (OpeningBalanceApproved.type, OPENING_BALANCE_REVERSED)


WHY: Final = "/v1/why"
LOT_MOVEMENTS: Final = "/v1/lot-movements"
Why = tuple[str, ...]
"""What to ask to see what a figure is made of: paths, whose sums add up to it."""


class EntryGroup(StrEnum):
    """What kinds of entries a figure counts."""

    RECEIPTS = "receipts"
    OPENINGS = "openings"
    OTHERS = "others"


class Side(StrEnum):
    DEBIT = "debit"
    CREDIT = "credit"


class LotSide(StrEnum):
    """What came to a lot, less what was taken back of it; or what was used of it."""

    RECEIVED = "received"
    USED = "used"


class Held(StrEnum):
    """Which accounts a figure counts, by what each holds on a day."""

    SOMETHING = "something"
    LESS_THAN_NOTHING = "less_than_nothing"


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Postings, by account and by date; None and () stand for all.

    By dates: `value_from` to `value_to`, as known on `as_of`; or, as booked, by the months
    `period_from` to `period_to`. Never both. `only` counts one side of the postings, as booked.
    `counted_as` credit turns the sign: income and liabilities are credits. `held` counts only
    those accounts that hold so much at the end of the day `held_on` by value date or, as booked, at
    the end of its month. `payer` is the organisation that paid, or that was paid back. `through` is
    the last posting of the journal that counts, by `seq` and line.
    """

    agency: str | None = None
    codes: tuple[AccountCode, ...] = ()
    fund_kind: FundKind | None = None
    fund_code: str | None = None
    channel: Channel | None = None
    account_id: int | None = None
    payer: str | None = None
    groups: tuple[EntryGroup, ...] = ()
    kinds: tuple[str, ...] = ()
    value_from: date | None = None
    value_to: date | None = None
    as_of: date | None = None
    period_from: int | None = None
    period_to: int | None = None
    only: Side | None = None
    counted_as: Side = Side.DEBIT
    held: Held | None = None
    held_on: date | None = None
    through: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        assert not (self.is_as_booked and self.has_days), "a figure is by days or by periods"
        assert self.only is None or not self.has_days, "sides are known by periods"
        assert (self.held is None) == (self.held_on is None), "what is held is held on a day"

    def within(self, first: date, last: date, *, is_booked: bool) -> "Selection":
        """Of these days by value date or, as booked, of their months."""
        if is_booked:
            return replace(self, period_from=period_of(first), period_to=period_of(last))
        return replace(self, value_from=first, value_to=last)

    def up_to(self, day: date | None, *, is_booked: bool) -> "Selection":
        """The same from the beginning on; None: to the end."""
        if is_booked:
            return replace(self, period_to=None if day is None else period_of(day))
        return replace(self, value_to=day)

    @property
    def is_as_booked(self) -> bool:
        return self.period_from is not None or self.period_to is not None

    @property
    def has_days(self) -> bool:
        days = (self.value_from, self.value_to, self.as_of)
        return any(day is not None for day in days)

    def figure(self, debit_minus_credit: int) -> int:
        return -debit_minus_credit if self.counted_as is Side.CREDIT else debit_minus_credit

    @property
    def why(self) -> str:
        """The path that lists what this counts."""
        singles = (
            ("agency", self.agency),
            ("fund_kind", self.fund_kind),
            ("fund_code", self.fund_code),
            ("channel", self.channel),
            ("account_id", self.account_id),
            ("payer", self.payer),
            ("value_from", self.value_from),
            ("value_to", self.value_to),
            ("as_of", self.as_of),
            ("period_from", self.period_from),
            ("period_to", self.period_to),
            ("only", self.only),
            ("counted_as", self.counted_as if self.counted_as is Side.CREDIT else None),
            ("held", self.held),
            ("held_on", self.held_on),
            ("through_seq", self.through and self.through[0]),
            ("through_line", self.through and self.through[1]),
        )
        pairs = [("code", str(code)) for code in self.codes]
        pairs += [("group", str(group)) for group in self.groups]
        pairs += [("kind", kind) for kind in self.kinds]
        pairs += [(name, str(value)) for name, value in singles if value is not None]
        return f"{WHY}?{urlencode(pairs)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class LotSelection:
    """One side of what entries moved in a lot: parts of postings, which may move several lots."""

    agency: str
    lot_id: UUID
    side: LotSide

    @property
    def why(self) -> str:
        """The path that lists what this counts."""
        asked = {"agency": self.agency, "lot_id": str(self.lot_id), "side": str(self.side)}
        return f"{LOT_MOVEMENTS}?{urlencode(asked)}"


def codes_of(*groups: str) -> tuple[AccountCode, ...]:
    """The codes of a group, or of several: assets, liabilities, income, expenses, net_assets."""
    return tuple(code for code in AccountCode if code.group in groups)


# What comes in and goes out of these is income only when it was a receipt.
ASSETS: Final = (AccountCode.BANK, AccountCode.IN_KIND)
FLOW_CODES: Final = (*ASSETS, *codes_of("income"), AccountCode.CONTRACT_COMMITMENT)
STANDING_CODES: Final = (AccountCode.ADVANCE_RECEIVED, AccountCode.RECEIVABLE)
# What mixes and readings are made from: it is kept also by channel. One more needs a migration.
CHANNEL_CODES: Final = frozenset((*FLOW_CODES, *STANDING_CODES))


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """An amount in minor units, and what to ask to see the entries it is the sum of."""

    amount_minor: int
    why: Why


def figure(amount_minor: int, *selections: Selection) -> Figure:
    return Figure(amount_minor=amount_minor, why=tuple(s.why for s in selections))
