"""Months as numbers: an entry belongs to that of its value date, while it is open."""

from datetime import date

import pytest
from ledger_svc.domain.periods import (
    last_day,
    next_period,
    period_of,
    periods_between,
    posting_period,
)


def test_a_period_is_year_and_month_as_one_number() -> None:
    assert period_of(date(2025, 12, 31)) == 202512


@pytest.mark.parametrize(("period", "following"), [(202403, 202404), (202412, 202501)])
def test_after_december_comes_january(period: int, following: int) -> None:
    assert next_period(period) == following


def test_months_between_two_are_told_with_both() -> None:
    assert periods_between(202411, 202502) == [202411, 202412, 202501, 202502]
    assert periods_between(202403, 202402) == []


def test_a_month_ends_on_its_last_day() -> None:
    assert last_day(202402) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("closed_through", "period"),
    [(0, 202403), (202402, 202403), (202403, 202404), (202412, 202501)],
)
def test_what_comes_late_is_posted_in_the_first_open_month(
    closed_through: int, period: int
) -> None:
    assert posting_period(date(2024, 3, 15), closed_through=closed_through) == period
