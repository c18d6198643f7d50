"""Where each limit of a goal stands in a reading, and what would close its gap."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from fundmix_events.channel import Channel
from fundmix_events.goals import GoalState

from ledger_svc.domain.goal import (
    LimitKind,
    Limits,
    Minimum,
    judged,
    lacking_amount,
    lacking_besides_government,
    lacking_for_growth,
    lacking_for_hhi,
    lacking_for_share,
)
from ledger_svc.domain.measures import Spread
from ledger_svc.domain.reading import Reading


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitReading:
    """A limit, what was measured, and what is projected for the end of the year.

    Amounts are in minor units. `lacking` is how much more from `channel` would keep the limit; for
    the government's share from others, whichever they are, for the HHI from `lacking_from` alone.
    None where no amount would.
    """

    kind: LimitKind
    limit: Fraction | int
    measured: Fraction | int | None
    projected: Fraction | int | None
    state: GoalState
    channel: Channel | None = None
    lacking_minor: int | None = None
    lacking_at_year_end_minor: int | None = None
    lacking_from: Channel | None = None
    lacking_at_year_end_from: Channel | None = None


def read_limits(reading: Reading, limits: Limits) -> list[LimitReading]:
    return [
        *_government_share(reading, limits),
        *_hhi(reading, limits),
        *_channels(reading, limits),
        *_growth(reading, limits),
    ]


def _government_share(reading: Reading, limits: Limits) -> Iterator[LimitReading]:
    limit = limits.government_share_max
    if limit is None:
        return
    now, end = reading.measured.spread, reading.projected
    yield _at_most(
        LimitKind.GOVERNMENT_SHARE_MAX,
        limit,
        now.share(Channel.GOVERNMENT),
        end.share(Channel.GOVERNMENT),
        lacking=(
            lacking_besides_government(now, share_max=limit),
            lacking_besides_government(end, share_max=limit),
        ),
    )


def _hhi(reading: Reading, limits: Limits) -> Iterator[LimitReading]:
    limit = limits.hhi_max
    if limit is None:
        return
    now, end = reading.measured.spread, reading.projected
    lacking = lacking_for_hhi(now, hhi_max=limit)
    lacking_at_year_end = lacking_for_hhi(end, hhi_max=limit)
    found = _at_most(
        LimitKind.HHI_MAX,
        limit,
        now.hhi,
        end.hhi,
        lacking=(
            lacking.amount_minor if lacking else None,
            lacking_at_year_end.amount_minor if lacking_at_year_end else None,
        ),
    )
    yield replace(
        found,
        lacking_from=lacking.channel if lacking else None,
        lacking_at_year_end_from=lacking_at_year_end.channel if lacking_at_year_end else None,
    )


def _channels(reading: Reading, limits: Limits) -> Iterator[LimitReading]:
    now, end = reading.measured.spread, reading.projected
    for channel, minimum in sorted(limits.channel_minimums.items()):
        yield from _channel(now, end, channel, minimum)


def _channel(
    now: Spread[Channel], end: Spread[Channel], channel: Channel, minimum: Minimum
) -> Iterator[LimitReading]:
    amount, share = minimum.amount_minor, minimum.share
    if amount is not None:
        yield _at_least(
            LimitKind.CHANNEL_AMOUNT_MIN,
            amount,
            now.net.get(channel, 0),
            end.net.get(channel, 0),
            channel=channel,
            lacking=(
                lacking_amount(now, channel, amount_minor=amount),
                lacking_amount(end, channel, amount_minor=amount),
            ),
        )
    if share is not None:
        yield _at_least(
            LimitKind.CHANNEL_SHARE_MIN,
            share,
            now.share(channel),
            end.share(channel),
            channel=channel,
            lacking=(
                lacking_for_share(now, channel, share=share),
                lacking_for_share(end, channel, share=share),
            ),
        )


def _growth(reading: Reading, limits: Limits) -> Iterator[LimitReading]:
    """Paid to the day against the same day, and by the end of the year against the whole year."""
    limit = limits.procurement_growth_min
    if limit is None:
        return
    paid = reading.procurement
    yield _at_least(
        LimitKind.PROCUREMENT_GROWTH_MIN,
        limit,
        paid.paid_growth,
        paid.projected_growth,
        channel=Channel.GOVERNMENT,
        lacking=(
            lacking_for_growth(
                paid_minor=paid.paid_minor, before_minor=paid.paid_before_minor, growth=limit
            ),
            lacking_for_growth(
                paid_minor=paid.paid_minor + paid.due_minor,
                before_minor=paid.paid_last_year_minor,
                growth=limit,
            ),
        ),
    )


def _at_most(
    kind: LimitKind,
    limit: Fraction,
    now: Fraction | None,
    end: Fraction | None,
    *,
    lacking: tuple[int | None, int | None],
) -> LimitReading:
    return LimitReading(
        kind=kind,
        limit=limit,
        measured=now,
        projected=end,
        state=judged(
            is_kept=None if now is None else now <= limit,
            is_kept_at_year_end=None if end is None else end <= limit,
        ),
        lacking_minor=lacking[0],
        lacking_at_year_end_minor=lacking[1],
    )


def _at_least(  # a limit is all of this
    kind: LimitKind,
    limit: Fraction | int,
    now: Fraction | int | None,
    end: Fraction | int | None,
    *,
    channel: Channel,
    lacking: tuple[int | None, int | None],
) -> LimitReading:
    return LimitReading(
        kind=kind,
        channel=channel,
        limit=limit,
        measured=now,
        projected=end,
        state=judged(
            is_kept=None if now is None else now >= limit,
            is_kept_at_year_end=None if end is None else end >= limit,
        ),
        lacking_minor=lacking[0],
        lacking_at_year_end_minor=lacking[1],
    )
