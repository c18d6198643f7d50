"""A scheme weighs, grades and deducts; one that contradicts itself is refused."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from contracts_svc.domain.errors import SchemeError
from contracts_svc.domain.scheme import Bands
from contracts_svc.testing.evaluations import SCHEME, WEIGHTS, a_scheme
from fundmix_events.evaluations import Dimension, Grade
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("points", "grade"),
    [
        (Fraction(10_000), Grade.EXCELLENT),
        (Fraction(9000), Grade.EXCELLENT),
        (Fraction(9000) - Fraction(1, 10**9), Grade.GOOD),
        (Fraction(8000), Grade.GOOD),
        (Fraction(7999), Grade.PASS),
        (Fraction(6000), Grade.PASS),
        (Fraction(6000) - Fraction(1, 10**9), Grade.FAIL),
        (Fraction(5990), Grade.FAIL),
        (Fraction(0), Grade.FAIL),
    ],
)
def test_a_grade_begins_exactly_at_its_band(points: Fraction, grade: Grade) -> None:
    assert SCHEME.grade(points) is grade


@given(st.fixed_dictionaries({d: st.fractions(0, 10_000) for d in Dimension}))
def test_the_weighted_sum_is_that_of_fractions(means: dict[Dimension, Fraction]) -> None:
    expected = Fraction(0)
    for dimension, mean in means.items():
        expected += mean * Fraction(WEIGHTS[dimension], 10_000)

    assert SCHEME.points(means) == expected
    assert min(means.values()) <= SCHEME.points(means) <= max(means.values())


@pytest.mark.parametrize(
    ("amount_minor", "deduction_minor"), [(100, 50), (101, 50), (1, 0), (8_105_946, 4_052_973)]
)
def test_an_odd_fen_stays_with_the_agency(amount_minor: int, deduction_minor: int) -> None:
    assert SCHEME.deduction_minor(Grade.FAIL, amount_minor=amount_minor) == deduction_minor


@pytest.mark.parametrize("grade", [Grade.EXCELLENT, Grade.GOOD, Grade.PASS])
def test_a_grade_that_is_left_out_takes_nothing_off(grade: Grade) -> None:
    assert SCHEME.deduction_minor(grade, amount_minor=100) == 0


def test_a_scheme_needs_not_all_dimensions() -> None:
    scheme = a_scheme(weights={Dimension.PROFESSIONAL: 5000, Dimension.RECIPIENTS: 5000})

    means = {Dimension.PROFESSIONAL: Fraction(6000), Dimension.RECIPIENTS: Fraction(7000)}
    assert scheme.points(means) == 6500


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"weights": WEIGHTS | {Dimension.SELF: 999}}, "/weights"),
        ({"weights": WEIGHTS | {Dimension.SELF: 1001}}, "/weights"),
        (
            {"weights": WEIGHTS | {Dimension.SELF: 1001, Dimension.RECIPIENTS: 3999}},
            "/weights/recipients",
        ),
        ({"weights": {Dimension.PROFESSIONAL: 10_000}}, "/weights/recipients"),
        (
            {"weights": {Dimension.BUYER: 10_000}, "recipients_weight_bps_min": 0},
            "/weights/recipients",
        ),
        ({"bands": Bands(excellent=10_001, good=8000, passing=6000)}, "/bands/excellent"),
        ({"bands": Bands(excellent=8000, good=8000, passing=6000)}, "/bands/good"),
        ({"bands": Bands(excellent=9000, good=8000, passing=8000)}, "/bands/pass"),
        ({"bands": Bands(excellent=9000, good=8000, passing=0)}, "/bands/pass"),
        ({"deduction_bps": {Grade.PASS: 1}}, "/deduction_bps/pass"),
        ({"deduction_bps": {Grade.EXCELLENT: 2, Grade.GOOD: 1}}, "/deduction_bps/excellent"),
    ],
)
def test_a_scheme_that_contradicts_itself_is_refused(values: dict[str, Any], pointer: str) -> None:
    with pytest.raises(SchemeError) as refused:
        a_scheme(**values)

    assert refused.value.pointer == pointer


def test_the_floor_of_the_people_served_is_a_setting() -> None:
    weights = WEIGHTS | {Dimension.SELF: 2000, Dimension.RECIPIENTS: 3000}

    assert a_scheme(weights=weights, recipients_weight_bps_min=3000).weights == weights


def test_a_scheme_cannot_be_made_wrong() -> None:
    with pytest.raises(AssertionError):
        replace(SCHEME, weights=WEIGHTS | {Dimension.SELF: 1})
    with pytest.raises(AssertionError):
        replace(SCHEME, bands=Bands(excellent=1, good=2, passing=3))
