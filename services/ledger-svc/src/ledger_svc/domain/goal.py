"""Goals: the limits a mix must keep in a fiscal year, and what would close the gap to them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.goals import Basis, GoalState

from ledger_svc.domain.errors import NoLimitsError
from ledger_svc.domain.measures import Spread


class LimitKind(StrEnum):
    GOVERNMENT_SHARE_MAX = "government_share_max"
    HHI_MAX = "hhi_max"
    CHANNEL_AMOUNT_MIN = "channel_amount_min"
    CHANNEL_SHARE_MIN = "channel_share_min"
    PROCUREMENT_GROWTH_MIN = "procurement_growth_min"


@dataclass(frozen=True, kw_only=True, slots=True)
class Minimum:
    """The least that a channel has to give: an amount in minor units, a share, or both."""

    amount_minor: int | None = None
    share: Fraction | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a mix must keep, and what it is measured by; a limit that is None is none."""

    basis: Basis
    government_share_max: Fraction | None = None
    hhi_max: Fraction | None = None
    channel_minimums: Mapping[Channel, Minimum] = field(default_factory=dict[Channel, Minimum])
    # On the year before: 0 is as much as then.
    procurement_growth_min: Fraction | None = None
    # Income by audited accounts: what is recorded here is held against it.
    audited_income_minor: int | None = None

    def require_any(self) -> None:
        """Raises NoLimitsError."""
        ratios = (self.government_share_max, self.hhi_max, self.procurement_growth_min)
        if not self.channel_minimums and all(ratio is None for ratio in ratios):
            raise NoLimitsError("a goal without a limit is none", pointer="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """A version of a goal; without `agency` it is the city's."""

    goal_id: UUID
    version: int
    agency: str | None
    year: int
    limits: Limits
    reason: str | None
    set_by: str
    set_at: datetime


class Lacking(NamedTuple):
    """How much more, in minor units, would keep a limit; `channel`: if it came from that alone."""

    amount_minor: int
    channel: Channel | None = None


NOTHING_LACKING: Final = Lacking(0)


def judged(*, is_kept: bool | None, is_kept_at_year_end: bool | None) -> GoalState:
    """At risk: kept now and not by projection, or the other way round.

    None: it cannot be told, as there is no income to have a share of.
    """
    if is_kept is None:
        return GoalState.UNKNOWN
    if is_kept_at_year_end is None or is_kept == is_kept_at_year_end:
        return GoalState.MET if is_kept else GoalState.MISSED
    return GoalState.AT_RISK


def worst_of(states: Iterable[GoalState]) -> GoalState:
    """One limit that is missed is a goal that is missed."""
    found = set(states)
    for state in (GoalState.MISSED, GoalState.AT_RISK, GoalState.UNKNOWN):
        if state in found:
            return state
    return GoalState.MET


def lacking_amount(spread: Spread[Channel], channel: Channel, *, amount_minor: int) -> int:
    """How much more a channel has to give to reach an amount."""
    return max(0, amount_minor - spread.net.get(channel, 0))


def lacking_for_share(spread: Spread[Channel], channel: Channel, *, share: Fraction) -> int | None:
    """The least that a channel has to give more to reach a share, if nothing else changes.

    None: others give, so it never has all.
    """
    net = spread.net.get(channel, 0)
    others = spread.total_minor - max(net, 0)
    if share == 0:
        return 0
    if others == 0:  # a fen of it is all there is
        return max(0, 1 - net)
    return None if share == 1 else max(0, math.ceil(share * others / (1 - share)) - net)


def lacking_besides_government(spread: Spread[Channel], *, share_max: Fraction) -> int | None:
    """The least that others have to give more to bring the government's share under its limit.

    It is the same whichever of them gives it. None: no other income makes a share of nothing out of
    something.
    """
    government = max(spread.net.get(Channel.GOVERNMENT, 0), 0)
    if government == 0:
        return 0
    if share_max == 0:
        return None
    return max(0, math.ceil(government / share_max) - spread.total_minor)


def lacking_for_hhi(spread: Spread[Channel], *, hhi_max: Fraction) -> Lacking | None:
    """The least that one channel besides the government's has to give more to bring the HHI down.

    Of two that need the same, the first by name. None: no channel alone can, or there is no income.
    """
    hhi = spread.hhi
    if hhi is None:
        return None
    if hhi <= hhi_max:
        return NOTHING_LACKING
    lacking = [
        Lacking(amount, channel)
        for channel in sorted(set(Channel) - {Channel.GOVERNMENT})
        if (amount := _lacking_of_channel(spread, channel, hhi_max)) is not None
    ]
    return min(lacking, default=None)


def _lacking_of_channel(spread: Spread[Channel], channel: Channel, hhi_max: Fraction) -> int | None:
    """How much more a channel has to give, where the HHI is above its limit.

    Beside others of sum s and squares q, an amount x makes (q + x²) / (s + x)², which falls until x
    is q / s and rises from there: so the least x is found by halving, in whole fen.
    """
    has = spread.net.get(channel, 0)
    others = [net for c, net in spread.net.items() if c is not channel and net > 0]
    total, squares = sum(others), sum(net * net for net in others)
    if total == 0:  # it has all there is
        return None

    def is_kept(amount: int) -> bool:
        above = (squares + amount * amount) * hhi_max.denominator
        return above <= (total + amount) ** 2 * hhi_max.numerator

    low, high = max(has, 0), squares // total
    if not is_kept(high):
        high += 1
    if low >= high or not is_kept(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_kept(middle) else (middle, high)
    return high - has


def lacking_for_growth(*, paid_minor: int, before_minor: int, growth: Fraction) -> int | None:
    """The least that has to be paid more for a growth; None: on nothing, nothing can grow."""
    if before_minor <= 0:
        return None
    return max(0, math.ceil((1 + growth) * before_minor) - paid_minor)
