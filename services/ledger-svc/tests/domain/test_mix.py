"""The mix is exact arithmetic on whole fen; it is rounded only when it is shown."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.money import AMOUNT_MINOR_MAX
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.mix import Mix, city_mix, shown

BY_CHANNEL: Final = st.dictionaries(
    st.sampled_from(Channel), st.integers(0, AMOUNT_MINOR_MAX), max_size=len(Channel)
)
INCOMES: Final = BY_CHANNEL.filter(lambda received: sum(received.values()) > 0)


def mix_of(*amounts: int) -> Mix:
    """By channel in the order of the list of channels, so that the first is the government's."""
    return Mix(received=dict(zip(Channel, amounts, strict=False)))


@pytest.mark.parametrize(
    ("amounts", "government_share", "hhi", "effective_sources"),
    [
        ((965, 35), "0.965000", "0.932450", "1.072444"),
        ((965, 35, 0, 0, 0), "0.965000", "0.932450", "1.072444"),
        ((60, 20, 10, 5, 5), "0.600000", "0.415000", "2.409639"),
        ((1,), "1.000000", "1.000000", "1.000000"),
        ((0, 7), "0.000000", "1.000000", "1.000000"),
        ((1, 1, 1), "0.333333", "0.333333", "3.000000"),
        ((AMOUNT_MINOR_MAX,) * 7, "0.142857", "0.142857", "7.000000"),
    ],
)
def test_shares_concentration_and_effective_sources(
    amounts: tuple[int, ...], government_share: str, hhi: str, effective_sources: str
) -> None:
    mix = mix_of(*amounts)

    assert shown(mix.government_share) == Decimal(government_share)
    assert shown(mix.hhi) == Decimal(hhi)
    assert shown(mix.effective_sources) == Decimal(effective_sources)


@pytest.mark.parametrize("mix", [Mix(), mix_of(0, 0), Mix(in_kind_minor=500)])
def test_without_income_there_is_no_ratio(mix: Mix) -> None:
    assert mix.government_share is None
    assert mix.hhi is None
    assert mix.effective_sources is None
    assert shown(mix.hhi) is None
    assert mix.channels == 0


def test_channels_are_counted_that_had_any_income() -> None:
    assert mix_of(965, 35, 0).channels == 2


def test_goods_stand_beside_the_mix_and_not_in_it() -> None:
    mix = Mix(received={Channel.GOVERNMENT: 300, Channel.ENTERPRISE: 100}, in_kind_minor=9_999)

    assert mix.total_minor == 400
    assert mix.government_share == Fraction(3, 4)


@pytest.mark.parametrize(
    ("ratio", "as_shown"),
    [
        (Fraction(5, 10**7), "0.000000"),
        (Fraction(15, 10**7), "0.000002"),
        (Fraction(25, 10**7), "0.000002"),
        (Fraction(-15, 10**7), "-0.000002"),
        (Fraction(5 * 10**20 + 1, 10**27), "0.000001"),
        (Fraction(2, 3), "0.666667"),
        (Fraction(1), "1.000000"),
        (Fraction(7), "7.000000"),
    ],
)
def test_halves_are_rounded_to_even_and_everything_else_to_the_nearest(
    ratio: Fraction, as_shown: str
) -> None:
    assert str(shown(ratio)) == as_shown


@given(st.fractions(0, 10))
def test_what_is_shown_is_at_most_half_a_place_away(ratio: Fraction) -> None:
    rounded = shown(ratio)

    assert rounded is not None
    assert abs(Fraction(rounded) - ratio) <= Fraction(5, 10**7)
    assert float(rounded) == float(str(rounded))


@given(INCOMES)
def test_shares_sum_to_one_and_concentration_lies_between_even_and_single(
    received: dict[Channel, int],
) -> None:
    mix = Mix(received=received)

    assert sum(share for channel in Channel if (share := mix.share(channel)) is not None) == 1
    assert mix.hhi is not None
    assert Fraction(1, mix.channels) <= mix.hhi <= 1
    assert mix.effective_sources is not None
    assert 1 <= mix.effective_sources <= mix.channels


@given(INCOMES, st.integers(2, 1_000))
def test_a_mix_does_not_depend_on_the_size_of_the_income(
    received: dict[Channel, int], factor: int
) -> None:
    larger = {channel: amount * factor for channel, amount in received.items()}

    assert Mix(received=larger).hhi == Mix(received=received).hhi
    assert Mix(received=larger).government_share == Mix(received=received).government_share


@given(st.dictionaries(st.text(max_size=3), st.builds(Mix, received=BY_CHANNEL), max_size=5))
def test_the_city_received_what_its_agencies_received(mixes: dict[str, Mix]) -> None:
    city = city_mix(mixes)

    assert city.total_minor == sum(mix.total_minor for mix in mixes.values())
    for channel, amount in city.received.items():
        assert amount == sum(mix.received.get(channel, 0) for mix in mixes.values())


def test_the_city_has_the_goods_of_its_agencies() -> None:
    mixes = {"a": Mix(in_kind_minor=3), "b": Mix(in_kind_minor=4)}

    assert city_mix(mixes).in_kind_minor == 7
