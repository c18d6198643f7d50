"""Working days in mainland China: weekends, statutory days, and the yearly exchange of the two.

The State Council announces each November which working days of the next year are off and which
weekend days are worked for them (调休). The package `holidays` has these notices since 2001; what
it lacks, or has not yet, stands in the tables below, which win over it.

A year without a notice is counted by what the law alone fixes: weekends, the statutory days, and
the working days that stand in for those on a weekend. `is_announced` tells such a year, so that
what was counted in it can say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from holidays.countries.china import China

WEEKEND: Final = frozenset({5, 6})
DAY: Final = timedelta(days=1)

# A weekend day that is worked, and the notice that says so.
ADDED_WORKING_DAYS: Final[Mapping[date, str]] = {}
# A day off, and the notice that says so.
ADDED_DAYS_OFF: Final[Mapping[date, str]] = {}


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkingCalendar:
    """The days that are worked; the added days win over those of the package."""

    added_working_days: frozenset[date] = frozenset()
    added_days_off: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        both = self.added_working_days & self.added_days_off
        assert not both, f"{sorted(both)} cannot be worked and off"

    def is_working_day(self, day: date) -> bool:
        if day in self.added_working_days:
            return True
        return day not in self.added_days_off and _is_working_day(day)

    def is_announced(self, year: int) -> bool:
        """Whether the State Council's notice for the year is known here."""
        added = self.added_working_days | self.added_days_off
        # Every notice there was has made some weekend day a working day.
        return bool(_worked_weekend_days(year)) or any(day.year == year for day in added)

    def after(self, day: date, count: int) -> date:
        """The last of `count` working days, of which the first is after `day`."""
        assert count >= 1, "a time limit has a day at least"
        while count:
            day += DAY
            count -= self.is_working_day(day)
        return day


CALENDAR: Final = WorkingCalendar(
    added_working_days=frozenset(ADDED_WORKING_DAYS), added_days_off=frozenset(ADDED_DAYS_OFF)
)


def working_days_after(day: date, count: int, *, calendar: WorkingCalendar = CALENDAR) -> date:
    """The last day of a time limit of `count` working days; `day` itself does not count."""
    return calendar.after(day, count)


def _is_working_day(day: date) -> bool:
    if day.weekday() in WEEKEND:
        return day in _worked_weekend_days(day.year)
    return day not in _days_off(day.year)


@cache
def _days_off(year: int) -> frozenset[date]:
    return frozenset(China(years=year))


@cache
def _worked_weekend_days(year: int) -> frozenset[date]:
    # The package names those of other years too, where a notice moved a day across New Year.
    return frozenset(day for day in China(years=year).weekend_workdays if day.year == year)
