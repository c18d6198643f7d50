"""Goals: what is said to close a gap closes it, to the fen, and a fen less does not."""

from fractions import Fraction
from typing import Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.goals import Basis, GoalState
from fundmix_events.money import AMOUNT_MINOR_MAX
from hypothesis import given
from hypothesis import strategies as st
from ledger_svc.domain.errors import NoLimitsError
from ledger_svc.domain.goal import (
    Limits,
    judged,
    lacking_amount,
    lacking_besides_government,
    lacking_for_growth,
    lacking_for_hhi,
    lacking_for_share,
    worst_of,
)
from ledger_svc.domain.measures import Spread, growth

NET: Final = st.dictionaries(
    st.sampled_from(Channel), st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)
)
SMALL_NET: Final = st.dictionaries(st.sampled_from(Channel), st.integers(-5, 20))
OTHERS: Final = [channel for channel in Channel if channel is not Channel.GOVERNMENT]
RATIOS: Final = st.fractions(0, 1, max_denominator=10**6)


def spread(net: dict[Channel, int]) -> Spread[Channel]:
    return Spread(net=net, n=len(Channel))


def with_more(net: dict[Channel, int], channel: Channel, amount: int) -> Spread[Channel]:
    return spread({**net, channel: net.get(channel, 0) + amount})


@given(NET, st.sampled_from(Channel), RATIOS)
def test_what_a_channel_lacks_brings_it_to_its_share_and_a_fen_less_does_not(
    net: dict[Channel, int], channel: Channel, share: Fraction
) -> None:
    lacking = lacking_for_share(spread(net), channel, share=share)

    if lacking is None:
        assert share == 1
        return
    reached = with_more(net, channel, lacking).share(channel)
    assert (0 if reached is None else reached) >= share
    if lacking > 0:
        short = with_more(net, channel, lacking - 1).share(channel)
        assert short is None or short < share


@given(NET, RATIOS, st.sampled_from(OTHERS))
def test_other_income_brings_the_government_share_under_its_limit_and_a_fen_less_does_not(
    net: dict[Channel, int], share_max: Fraction, giver: Channel
) -> None:
    net = {**net, giver: max(net.get(giver, 0), 0)}  # what comes is more, and settles no debt
    lacking = lacking_besides_government(spread(net), share_max=share_max)

    if lacking is None:
        assert share_max == 0
        return
    reached = with_more(net, giver, lacking).share(Channel.GOVERNMENT)
    assert reached is None or reached <= share_max
    if lacking > 0:
        short = with_more(net, giver, lacking - 1).share(Channel.GOVERNMENT)
        assert short is not None
        assert short > share_max


@given(NET | SMALL_NET, RATIOS, st.data())
def test_one_channel_brings_the_hhi_to_its_limit_and_a_fen_less_of_any_does_not(
    net: dict[Channel, int], hhi_max: Fraction, data: st.DataObject
) -> None:
    lacking = lacking_for_hhi(spread(net), hhi_max=hhi_max)
    giver = data.draw(st.sampled_from(OTHERS))

    if lacking is None:
        more = data.draw(st.integers(0, 20) | st.integers(0, AMOUNT_MINOR_MAX))
        reached = with_more(net, giver, more).hhi
        assert spread(net).hhi is None or reached is None or reached > hhi_max
        return
    if lacking.channel is not None:
        reached = with_more(net, lacking.channel, lacking.amount_minor).hhi
        assert reached is not None
        assert reached <= hhi_max
        for less in (lacking.amount_minor - 1, data.draw(st.integers(0, lacking.amount_minor - 1))):
            short = with_more(net, giver, less).hhi
            assert short is not None
            assert short > hhi_max
    else:
        reached = spread(net).hhi
        assert lacking.amount_minor == 0
        assert reached is not None
        assert reached <= hhi_max


@pytest.mark.parametrize(
    ("net", "lacking"),
    [
        # (965² + x²) / (965 + x)² is at most 7 in 10 from x = 217.27 yuan on.
        ({Channel.GOVERNMENT: 965_00}, (217_27, Channel.ENTERPRISE)),
        ({Channel.GOVERNMENT: 965_00, Channel.UNIVERSITY: 100_00}, (100_82, Channel.ENTERPRISE)),
        ({Channel.GOVERNMENT: 965_00, Channel.OWN: -1_00}, (217_27, Channel.ENTERPRISE)),
        ({Channel.GOVERNMENT: 50, Channel.OWN: 50}, (0, None)),
        ({}, None),
    ],
)
def test_of_what_concentrates_the_channel_that_needs_least_is_named(
    net: dict[Channel, int], lacking: tuple[int, Channel | None] | None
) -> None:
    assert lacking_for_hhi(spread(net), hhi_max=Fraction(7, 10)) == lacking


def test_beside_a_single_channel_another_brings_the_hhi_to_a_half_and_no_further() -> None:
    assert lacking_for_hhi(spread({Channel.GOVERNMENT: 100}), hhi_max=Fraction(49, 100)) is None


@given(st.integers(-10, AMOUNT_MINOR_MAX), st.integers(0, AMOUNT_MINOR_MAX), st.fractions(-1, 5))
def test_what_procurement_lacks_brings_it_to_its_growth_and_a_fen_less_does_not(
    paid: int, before: int, least: Fraction
) -> None:
    lacking = lacking_for_growth(paid_minor=paid, before_minor=before, growth=least)

    if lacking is None:
        assert before == 0
        return
    reached = growth(paid + lacking, before)
    assert reached is not None
    assert reached >= least
    if lacking > 0:
        short = growth(paid + lacking - 1, before)
        assert short is not None
        assert short < least


@given(NET, st.sampled_from(Channel), st.integers(0, AMOUNT_MINOR_MAX))
def test_what_a_channel_lacks_brings_it_to_its_amount(
    net: dict[Channel, int], channel: Channel, amount: int
) -> None:
    lacking = lacking_amount(spread(net), channel, amount_minor=amount)

    reached = net.get(channel, 0) + lacking
    assert reached >= amount
    assert lacking == 0 or reached == amount


def test_of_965_in_1000_it_takes_135_more_from_others_to_come_to_85_percent() -> None:
    city = spread({Channel.GOVERNMENT: 965_00, Channel.ENTERPRISE: 35_00})

    lacking = lacking_besides_government(city, share_max=Fraction(85, 100))

    assert lacking == 135_30  # 965.00 / 0.85 = 1135.294...


@pytest.mark.parametrize(
    ("is_kept", "at_year_end", "state"),
    [
        (True, True, GoalState.MET),
        (True, False, GoalState.AT_RISK),
        (False, True, GoalState.AT_RISK),
        (False, False, GoalState.MISSED),
        (True, None, GoalState.MET),
        (False, None, GoalState.MISSED),
        (None, True, GoalState.UNKNOWN),
        (None, None, GoalState.UNKNOWN),
    ],
)
def test_a_limit_is_judged_by_the_reading_and_the_projection(
    *, is_kept: bool | None, at_year_end: bool | None, state: GoalState
) -> None:
    assert judged(is_kept=is_kept, is_kept_at_year_end=at_year_end) is state


def test_a_goal_stands_where_its_worst_limit_stands() -> None:
    assert worst_of([GoalState.MET, GoalState.UNKNOWN]) is GoalState.UNKNOWN
    assert worst_of([GoalState.UNKNOWN, GoalState.AT_RISK]) is GoalState.AT_RISK
    assert worst_of(GoalState) is GoalState.MISSED
    assert worst_of([GoalState.MET]) is GoalState.MET


def test_a_goal_has_a_limit() -> None:
    with pytest.raises(NoLimitsError):
        Limits(basis=Basis.RECEIVED).require_any()

    Limits(basis=Basis.RECEIVED, procurement_growth_min=Fraction(0)).require_any()
