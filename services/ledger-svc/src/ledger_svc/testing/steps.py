"""What a trial of the books is made of: steps that are drawn, and how they are delivered.

`pick` chooses among what there is: gifts, pledges, approvals, messages; of none, nothing is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from fundmix_events.channel import Channel
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from hypothesis import strategies as st

from ledger_svc.testing.model import CONTRACT, GENERAL, OTHER_PURPOSE, PURPOSE

MONTHS: Final = (202401, 202402)
LAST_DAY: Final = date(2024, 3, 31)


@dataclass(frozen=True)
class Give:
    """`pick`: as one of the pledges has promised, in its fund and channel."""

    agency: str
    fund_code: str
    channel: Channel
    on: date
    amount: int
    is_goods: bool
    pick: int | None


@dataclass(frozen=True)
class Promise:
    agency: str
    fund_code: str
    channel: Channel
    on: date
    amount: int
    is_goods: bool


@dataclass(frozen=True)
class CancelPledge:
    pick: int
    on: date


@dataclass(frozen=True)
class Refund:
    """So many thirds of what is left of a gift, and `more`: nothing, or more than there is."""

    pick: int
    on: date
    thirds: int
    more: int
    is_let_go: bool


@dataclass(frozen=True)
class ChangePurpose:
    pick: int
    on: date
    thirds: int
    fund_code: str
    is_let_go: bool


@dataclass(frozen=True)
class ReverseGifts:
    """So many, beginning with the one picked: all of them or none."""

    pick: int
    count: int
    is_let_go: bool


@dataclass(frozen=True)
class Sign:
    """In three instalments, the first the largest."""

    agency: str
    on: date
    ceiling: int


@dataclass(frozen=True)
class Pay:
    """The next instalment, less so many halves of it."""

    agency: str
    on: date
    halves_deducted: int


@dataclass(frozen=True)
class ReversePayment:
    """Of the last instalment that was paid."""

    agency: str


@dataclass(frozen=True)
class Accept:
    agency: str
    on: date
    thirds: int


@dataclass(frozen=True)
class Amend:
    """More is promised or, below nothing, less of the last instalment that is not paid."""

    agency: str
    on: date
    more: int


@dataclass(frozen=True)
class Terminate:
    """What is not paid is cancelled; what is paid and not earned is paid back, some day.

    They may think better of it.
    """

    agency: str
    on: date
    is_meant: bool


@dataclass(frozen=True)
class PayBack:
    agency: str
    on: date


@dataclass(frozen=True)
class Spend:
    agency: str
    fund_code: str
    on: date
    amount: int


@dataclass(frozen=True)
class Earn:
    """Fees or, for a purpose, a subsidy."""

    agency: str
    fund_code: str
    on: date
    amount: int


class Manual(StrEnum):
    OWE = "owe"
    BORROW = "borrow"
    REPAY = "repay"
    SHIFT = "shift"


@dataclass(frozen=True)
class Enter:
    """Wages that are owed, money that is borrowed or paid back, or kept for something else."""

    agency: str
    what: Manual
    fund_code: str
    channel: Channel
    on: date
    amount: int


@dataclass(frozen=True)
class Open:
    """Of a general part and one for a purpose."""

    agency: str
    on: date
    general: int
    restricted: int


@dataclass(frozen=True)
class Undo:
    """What the ledger itself was asked for."""

    pick: int


@dataclass(frozen=True)
class Close:
    through: int


@dataclass(frozen=True)
class SayAgain:
    """Under a new number, as a source does that lost its memory of having said it."""

    pick: int


class End(StrEnum):
    """How a transaction ends that does not end well."""

    REFUSED = "refused"
    """The database refuses a statement."""
    CUT_OFF = "cut_off"
    """The session is ended by the server."""


@dataclass(frozen=True)
class Deliver:
    """A batch: so many of each partition, of the one before the other; some came before.

    `days_later` than the last one. At first it fails at some of its statements, with `end`.
    """

    rows_max: int
    turn: int
    before: Sequence[int]
    again: int
    days_later: int
    fail_at: Sequence[int]
    end: End


Step = (
    Give
    | Promise
    | CancelPledge
    | Refund
    | ChangePurpose
    | ReverseGifts
    | Sign
    | Pay
    | ReversePayment
    | Accept
    | Amend
    | Terminate
    | PayBack
    | Spend
    | Earn
    | Enter
    | Open
    | Undo
    | Close
    | SayAgain
    | Deliver
)

# Mostly of one agency and few funds, days and gifts, so that steps meet.
AGENCIES: Final = st.sampled_from([AGENCY, AGENCY, AGENCY, OTHER_AGENCY])
GIFT_FUNDS: Final = st.sampled_from([GENERAL, PURPOSE])
CHANNELS: Final = st.sampled_from([Channel.ENTERPRISE, Channel.FOUNDATION])
DAYS: Final = st.sampled_from(
    [date(2024, 1, 8), date(2024, 1, 31), date(2024, 2, 1), date(2024, 3, 1), LAST_DAY]
)
LATE: Final = st.sampled_from([date(2024, 3, 1), LAST_DAY, LAST_DAY])
AMOUNTS: Final = st.integers(1, 500)
PARTS: Final = st.integers(1, 150) | st.integers(1, 400)
PICKS: Final = st.integers(0, 11)
THIRDS: Final = st.integers(1, 3)
RARELY: Final = st.sampled_from([False, False, False, True])
SIGNINGS: Final = st.builds(Sign, AGENCIES, DAYS, st.integers(300, 900))
PAYMENTS: Final = st.builds(Pay, AGENCIES, DAYS, st.sampled_from([0, 0, 0, 1, 2]))
GIFTS: Final = st.builds(
    Give, AGENCIES, GIFT_FUNDS, CHANNELS, DAYS, AMOUNTS, RARELY, st.none() | PICKS
)
PROMISES: Final = st.builds(Promise, AGENCIES, GIFT_FUNDS, CHANNELS, DAYS, AMOUNTS, RARELY)
REFUNDS: Final = st.builds(Refund, PICKS, LATE, THIRDS, st.sampled_from([0, 0, 1]), RARELY)
CHANGES: Final = st.builds(
    ChangePurpose,
    PICKS,
    LATE,
    THIRDS,
    st.sampled_from([GENERAL, PURPOSE, OTHER_PURPOSE]),
    RARELY,
)
SPENDINGS: Final = st.builds(
    Spend, AGENCIES, st.sampled_from([GENERAL, PURPOSE, CONTRACT, CONTRACT]), LATE, PARTS
)
ENTRIES: Final = st.builds(
    Enter,
    AGENCIES,
    st.sampled_from(Manual),
    st.sampled_from([GENERAL, PURPOSE, CONTRACT]),
    st.sampled_from([Channel.ENTERPRISE, Channel.FOUNDATION, Channel.GOVERNMENT]),
    LATE,
    PARTS,
)
INCOME: Final = st.builds(Earn, AGENCIES, GIFT_FUNDS, DAYS, AMOUNTS)
UNDOING: Final = st.builds(Undo, PICKS)
STEPS: Final[st.SearchStrategy[Step]] = st.one_of(
    *(GIFTS, PROMISES, REFUNDS, CHANGES, REFUNDS),
    *(SIGNINGS, PAYMENTS, PAYMENTS, SPENDINGS, SPENDINGS, SPENDINGS, SPENDINGS),
    *(INCOME, ENTRIES, ENTRIES, UNDOING, UNDOING),
    st.builds(CancelPledge, PICKS, DAYS),
    st.builds(ReverseGifts, PICKS, st.integers(1, 2), RARELY),
    st.builds(ReversePayment, AGENCIES),
    st.builds(Accept, AGENCIES, DAYS, THIRDS),
    st.builds(Amend, AGENCIES, DAYS, st.sampled_from([-90, -1, 60])),
    st.builds(Terminate, AGENCIES, LATE, st.booleans()),
    st.builds(PayBack, AGENCIES, LATE),
    st.builds(Open, AGENCIES, DAYS, AMOUNTS, AMOUNTS),
    st.builds(Close, st.sampled_from(MONTHS)),
    st.builds(SayAgain, st.integers(0, 30)),
)
BATCHES: Final = st.builds(
    Deliver,
    rows_max=st.integers(1, 6),
    turn=st.integers(0, 7),
    before=st.lists(st.integers(0, 30), max_size=2),
    again=st.integers(0, 2),
    days_later=st.integers(0, 1),
    fail_at=st.lists(st.integers(1, 16), min_size=1, max_size=3, unique=True),
    end=st.sampled_from(End),
)
# With something to use before anybody uses it.
BEGINNINGS: Final[st.SearchStrategy[tuple[Step, ...]]] = st.tuples(
    st.builds(Sign, st.just(AGENCY), DAYS, st.integers(300, 900)),
    st.builds(Pay, st.just(AGENCY), DAYS, st.just(0)),
    GIFTS,
    GIFTS,
    INCOME,
    st.just(Deliver(100, 0, (), 0, 0, (8,), End.CUT_OFF)),
)
# A batch is no end: what waits longer than that comes with a later one.
CHAPTERS: Final = st.tuples(st.lists(STEPS, min_size=3, max_size=8), BATCHES)
STORIES: Final[st.SearchStrategy[list[Step]]] = st.tuples(
    BEGINNINGS, st.lists(CHAPTERS, min_size=2, max_size=5)
).map(lambda parts: [*parts[0], *(step for steps, end in parts[1] for step in (*steps, end))])
