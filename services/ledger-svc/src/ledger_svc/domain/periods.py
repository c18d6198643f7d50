"""Periods: months as one number, 202403, and which of them an entry is posted in."""

from calendar import monthrange
from datetime import date


def period_of(day: date) -> int:
    return day.year * 100 + day.month


def next_period(period: int) -> int:
    return period + 1 if period % 100 < 12 else (period // 100 + 1) * 100 + 1  # noqa: PLR2004  # months


def previous_period(period: int) -> int:
    return period - 1 if period % 100 > 1 else (period // 100 - 1) * 100 + 12


def last_day(period: int) -> date:
    year, month = divmod(period, 100)
    return date(year, month, monthrange(year, month)[1])


def posting_period(value_on: date, *, closed_through: int) -> int:
    """The month of the value date; where that is closed, the first that is open.

    `closed_through` is the last closed month, 0 where none is.
    """
    period = period_of(value_on)
    return period if period > closed_through else next_period(closed_through)


def periods_between(first: int, last: int) -> list[int]:
    periods: list[int] = []
    while first <= last:
        periods.append(first)
        first = next_period(first)
    return periods
