"""Time limits in Chinese working days, over the long holidays and in years without a notice."""

from datetime import date, timedelta
from typing import Final

import pytest
from contracts_svc.domain.working_days import CALENDAR, WorkingCalendar, working_days_after

A_SATURDAY: Final = date(2024, 3, 16)
A_MONDAY: Final = date(2024, 3, 18)


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2024-03-15", True),
        ("2024-03-16", False),
        # 国庆节 2024: 1 to 7 October off; 29 September and 12 October worked for it.
        ("2024-09-29", True),
        ("2024-09-30", True),
        ("2024-10-01", False),
        ("2024-10-07", False),
        ("2024-10-08", True),
        ("2024-10-12", True),
        ("2024-10-13", False),
        # 春节 2025: 28 January to 4 February off; 26 January and 8 February worked for it.
        ("2025-01-26", True),
        ("2025-01-27", True),
        ("2025-01-28", False),
        ("2025-02-04", False),
        ("2025-02-08", True),
        ("2025-02-09", False),
        # 春节 2026: 15 to 23 February off; 14 and 28 February worked for it.
        ("2026-02-14", True),
        ("2026-02-15", False),
        ("2026-02-23", False),
        ("2026-02-28", True),
        # Moved across New Year: worked in 2005 for a day off in 2006.
        ("2005-12-31", True),
        ("2006-01-03", False),
    ],
)
def test_days_are_worked_as_the_state_council_has_said(day: str, *, is_worked: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is is_worked


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        ("2024-03-15", 1, "2024-03-18"),
        ("2024-03-16", 1, "2024-03-18"),
        ("2024-12-16", 10, "2024-12-30"),
        ("2024-12-20", 10, "2025-01-06"),
        # 29 and 30 September, then 8 to 12 October, which has a worked Saturday.
        ("2024-09-27", 2, "2024-09-30"),
        ("2024-09-27", 3, "2024-10-08"),
        ("2024-09-27", 7, "2024-10-12"),
        ("2024-09-27", 8, "2024-10-14"),
        ("2024-09-27", 10, "2024-10-16"),
        # 24, 26 and 27 January, then 5 to 8 February.
        ("2025-01-23", 3, "2025-01-27"),
        ("2025-01-23", 7, "2025-02-08"),
        ("2025-01-23", 10, "2025-02-12"),
    ],
)
def test_a_time_limit_ends_on_its_last_working_day(day: str, count: int, last: str) -> None:
    assert working_days_after(date.fromisoformat(day), count) == date.fromisoformat(last)


@pytest.mark.parametrize("year", range(2020, 2027))
def test_a_year_with_a_notice_is_announced(year: int) -> None:
    assert CALENDAR.is_announced(year)


def test_a_year_without_a_notice_has_the_days_the_law_fixes_and_says_so() -> None:
    assert not CALENDAR.is_announced(2061)
    assert not CALENDAR.is_working_day(date(2061, 10, 1))
    assert CALENDAR.is_working_day(date(2061, 10, 10))
    assert not any(
        CALENDAR.is_working_day(day)
        for day in (date(2061, 1, 1) + timedelta(days=n) for n in range(365))
        if day.weekday() > 4
    )


def test_an_added_day_wins_over_the_package() -> None:
    calendar = WorkingCalendar(
        added_working_days=frozenset({A_SATURDAY}), added_days_off=frozenset({A_MONDAY})
    )

    assert calendar.is_working_day(A_SATURDAY)
    assert not calendar.is_working_day(A_MONDAY)
    assert working_days_after(date(2024, 3, 15), 2, calendar=calendar) == date(2024, 3, 19)


def test_an_added_day_is_a_notice_of_its_year() -> None:
    assert WorkingCalendar(added_days_off=frozenset({date(2061, 10, 4)})).is_announced(2061)


def test_a_day_is_not_both_worked_and_off() -> None:
    with pytest.raises(AssertionError):
        WorkingCalendar(
            added_working_days=frozenset({A_SATURDAY}), added_days_off=frozenset({A_SATURDAY})
        )


def test_a_time_limit_has_a_day_at_least() -> None:
    with pytest.raises(AssertionError):
        working_days_after(A_MONDAY, 0)
