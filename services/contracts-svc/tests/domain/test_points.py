"""Points are whole hundredths: nothing is rounded on the way in."""

from fractions import Fraction

import pytest
from contracts_svc.domain.points import (
    micro_from_points,
    points_from_text,
    text_from_micro,
    text_from_points,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "points"),
    [("0", 0), ("60", 6000), ("59.9", 5990), ("59.99", 5999), ("88.05", 8805), ("100.00", 10_000)],
)
def test_points_are_read_as_they_are_written(text: str, points: int) -> None:
    assert points_from_text(text) == points


@pytest.mark.parametrize(
    "text", ["", "59.999", "100.01", "101", "-1", "+1", "1e1", ".5", "5.", " 5", "５", "1000"]
)
def test_other_points_are_refused_and_not_rounded(text: str) -> None:
    with pytest.raises(ValueError, match="points"):
        points_from_text(text)


@given(st.integers(0, 10_000))
def test_points_are_written_as_they_are_read(points: int) -> None:
    assert points_from_text(text_from_points(points)) == points


@pytest.mark.parametrize(
    ("points", "shown"),
    [
        (Fraction(6000), "60.000000"),
        (Fraction(20_000, 3), "66.666667"),
        # Half a millionth goes to the even one.
        (Fraction(1, 20_000), "0.000000"),
        (Fraction(3, 20_000), "0.000002"),
        (Fraction(10_000), "100.000000"),
    ],
)
def test_a_mean_is_shown_with_six_places(points: Fraction, shown: str) -> None:
    assert text_from_micro(micro_from_points(points)) == shown
