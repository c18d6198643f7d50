"""How income is spread: exact, with the list of sources stated, and null without income."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.money import AMOUNT_MINOR_MAX
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.measures import Spread, growth, median_of, shown_upward
from ledger_svc.domain.mix import shown

NET: Final = st.dictionaries(
    st.sampled_from(Channel), st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)
)


def spread_of(*amounts: int, n: int | None = None) -> Spread[int]:
    return Spread(net=dict(enumerate(amounts)), n=n or len(amounts))


@pytest.mark.parametrize(
    ("amounts", "hhi", "normalised", "effective"),
    [
        ((965, 35, 0, 0, 0), "0.932450", "0.915563", "1.072444"),
        ((60, 20, 10, 5, 5), "0.415000", "0.268750", "2.409639"),
        ((50, 25, 15, 5, 5), "0.340000", "0.175000", "2.941176"),
        ((1, 1, 1, 1, 1), "0.200000", "0.000000", "5.000000"),
        ((7, 0, 0, 0, 0), "1.000000", "1.000000", "1.000000"),
    ],
)
def test_concentration_of_five_sources(
    amounts: tuple[int, ...], hhi: str, normalised: str, effective: str
) -> None:
    spread = spread_of(*amounts)

    assert shown(spread.hhi) == Decimal(hhi)
    assert shown_upward(spread.normalised_hhi) == Decimal(normalised)
    assert shown(spread.effective_sources) == Decimal(effective)


@pytest.mark.parametrize("spread", [spread_of(n=5), spread_of(0, 0), spread_of(-3, n=5)])
def test_without_income_every_ratio_is_null_and_none_is_zero(spread: Spread[int]) -> None:
    assert spread.hhi is None
    assert spread.normalised_hhi is None
    assert spread.effective_sources is None
    assert spread.share(0) is None
    assert spread.largest is None


def test_sources_of_the_list_count_that_gave_nothing() -> None:
    assert spread_of(965, 35, n=5).normalised_hhi == spread_of(965, 35, 0, 0, 0).normalised_hhi


def test_what_a_source_took_back_is_reported_and_in_no_share() -> None:
    spread = spread_of(300, -50, 100)

    assert spread.negative == {1: -50}
    assert spread.share(1) == 0
    assert spread.share(0) == Fraction(3, 4)
    assert spread.hhi == spread_of(300, 0, 100).hhi


def test_of_the_same_size_the_first_by_name_is_the_largest() -> None:
    assert spread_of(3, 7, 7).largest == (1, 7)


def test_the_middle_of_an_even_number_is_the_mean_of_two() -> None:
    assert median_of([Fraction(1), Fraction(1, 2), Fraction(0), Fraction(1, 3)]) == Fraction(5, 12)
    assert median_of([]) is None


def test_there_is_no_growth_on_nothing() -> None:
    assert growth(110, 100) == Fraction(1, 10)
    assert growth(90, 100) == Fraction(-1, 10)
    assert growth(100, 0) is None


@given(NET)
def test_shares_sum_to_one_and_concentration_keeps_its_bounds(net: dict[Channel, int]) -> None:
    spread = Spread(net=net, n=len(Channel))
    shares = [spread.share(channel) for channel in Channel]

    if spread.hhi is None:
        assert shares == [None] * len(Channel)
        return
    assert sum(share for share in shares if share is not None) == 1
    assert Fraction(1, len(Channel)) <= spread.hhi <= 1
    assert spread.normalised_hhi is not None
    assert 0 <= spread.normalised_hhi <= 1


@pytest.mark.parametrize(
    ("ratio", "as_shown"),
    [
        (Fraction(9_155_625, 10**7), "0.915563"),
        (Fraction(9_155_624, 10**7), "0.915562"),
        (Fraction(5, 10**7), "0.000001"),
        (Fraction(0), "0.000000"),
        (Fraction(1), "1.000000"),
    ],
)
def test_a_half_is_shown_as_the_more_concentrated(ratio: Fraction, as_shown: str) -> None:
    assert str(shown_upward(ratio)) == as_shown
