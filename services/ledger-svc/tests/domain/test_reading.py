"""Readings: what the facts of a year come to, on both bases, to the day and by the year's end."""

from datetime import date
from fractions import Fraction
from typing import Any, Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.contracts import ContractSigned, InstalmentPaid
from fundmix_events.donations import DonationKind, DonationReceived
from fundmix_events.goals import Basis, GoalState
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import IncomeApproved
from ledger_svc.domain.goal import Limits, Minimum
from ledger_svc.domain.limits import read_limits
from ledger_svc.domain.ranking import RankedBy, ranked
from ledger_svc.domain.reading import (
    Due,
    Facts,
    Flow,
    Payer,
    Pledged,
    Reading,
    Standing,
    year_before,
)

JUNE_30: Final = date(2024, 6, 30)
GOVERNMENT: Final = Channel.GOVERNMENT
FOUNDATION: Final = Channel.FOUNDATION


def paid(amount: int, agency: str = "a") -> Flow:
    return Flow(agency, AccountCode.BANK, GOVERNMENT, InstalmentPaid.type, amount)


def given(amount: int, agency: str = "a") -> Flow:
    return Flow(agency, AccountCode.BANK, FOUNDATION, DonationReceived.type, amount)


def facts(*flows: Flow, on: date = JUNE_30, **changes: Any) -> Facts:
    usual: dict[str, Any] = {
        "year": 2024,
        "on": on,
        "as_of": None,
        "seq": len(flows),
        "quarantined": 0,
        "this_year": flows,
    }
    return Facts(**(usual | changes))


def reading(*flows: Flow, basis: Basis = Basis.RECEIVED, **changes: Any) -> Reading:
    return Reading(facts=facts(*flows, **changes), basis=basis)


def test_goods_are_no_part_of_either_basis() -> None:
    goods = Flow("a", AccountCode.IN_KIND, FOUNDATION, DonationReceived.type, 99)
    income = Flow("a", AccountCode.DONATION_INCOME, FOUNDATION, DonationReceived.type, -119)

    found = reading(given(20), goods, income)

    assert found.received.spread.net == {FOUNDATION: 20}
    assert found.recognised.spread.net == {FOUNDATION: 20}
    assert found.received.in_kind_minor == found.recognised.in_kind_minor == 99


def test_of_the_government_contracts_and_subsidies_are_apart_on_both_bases() -> None:
    subsidy = Flow("a", AccountCode.BANK, GOVERNMENT, IncomeApproved.type, 100)
    earned = Flow("a", AccountCode.SERVICE_INCOME, GOVERNMENT, "any", -250)
    granted = Flow("a", AccountCode.SUBSIDY_INCOME, GOVERNMENT, IncomeApproved.type, -100)

    found = reading(paid(300), subsidy, earned, granted)

    assert (found.received.contracts_minor, found.received.subsidies_minor) == (300, 100)
    assert (found.recognised.contracts_minor, found.recognised.subsidies_minor) == (250, 100)


def test_by_the_end_of_the_year_comes_what_is_due_and_pledged() -> None:
    due = (Due("a", GOVERNMENT, 2, 400, 1, 150),)
    pledges = (Pledged("a", FOUNDATION, DonationKind.CASH, 80, 5),)

    found = reading(paid(600), given(20), due=due, pledged=pledges)

    assert found.projected.net == {GOVERNMENT: 1000, FOUNDATION: 100}
    assert found.overdue_government == (1, 150)


def test_goods_and_what_is_promised_for_later_stand_beside_the_projection() -> None:
    pledges = (
        Pledged("a", FOUNDATION, DonationKind.CASH, 80, 500),
        Pledged("a", FOUNDATION, DonationKind.IN_KIND, 900, 30),
    )

    found = reading(given(20), pledged=pledges)

    assert found.projected.net == {FOUNDATION: 100}
    assert (found.pledged_later, found.pledged_in_kind) == ({FOUNDATION: 500}, {FOUNDATION: 900})


def test_what_is_paid_is_earned_by_the_end_of_the_year_and_a_claim_was_earned_before() -> None:
    earned = Flow("a", AccountCode.SERVICE_INCOME, GOVERNMENT, "any", -700)
    standings = (
        Standing("a", AccountCode.ADVANCE_RECEIVED, GOVERNMENT, -250),
        Standing("a", AccountCode.RECEIVABLE, GOVERNMENT, 100),
    )
    due = (Due("a", GOVERNMENT, 1, 400, 0, 0),)

    found = reading(earned, basis=Basis.RECOGNISED, standings=standings, due=due)

    # Paid until now: 700 + 250 - 100 = 850; by the end of the year 1250, and so much is earned.
    assert found.projected.net == {GOVERNMENT: 1250}


def test_when_the_year_is_over_nothing_more_comes_in_it() -> None:
    due = (Due("a", GOVERNMENT, 1, 400, 1, 400),)
    pledges = (Pledged("a", FOUNDATION, DonationKind.CASH, 80, 5),)

    found = reading(paid(600), due=due, pledged=pledges, on=date(2025, 2, 1))

    assert found.projected.net == {GOVERNMENT: 600}
    assert found.pledged == found.pledged_later == {}
    assert found.overdue_government == (1, 400)
    assert found.facts.year_gone == 1


@pytest.mark.parametrize(
    ("on", "gone"),
    [
        (date(2023, 12, 31), Fraction(0)),
        (date(2024, 1, 1), Fraction(1, 366)),
        (date(2024, 12, 31), Fraction(1)),
        (date(2026, 1, 1), Fraction(1)),
    ],
)
def test_so_much_of_the_year_is_gone(on: date, gone: Fraction) -> None:
    assert facts(on=on).year_gone == gone


def test_a_leap_day_is_held_against_the_last_day_of_february() -> None:
    assert year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert year_before(JUNE_30) == date(2023, 6, 30)


def test_the_largest_funder_may_be_anybody_and_a_buyer_is_of_the_government() -> None:
    payers = (
        Payer("a", "town", GOVERNMENT, 300),
        Payer("b", "town", GOVERNMENT, 300),
        Payer("a", "city", GOVERNMENT, 200),
        Payer("a", "gives", FOUNDATION, 500),
    )

    known, nobody = reading(payers=payers), reading()

    assert known.payers.largest == ("town", 600)
    assert known.buyers.hhi == Fraction(9, 16) + Fraction(1, 16)
    assert (nobody.payers.largest, nobody.buyers.hhi) == (None, None)


def test_procurement_grows_by_what_is_signed_paid_and_due() -> None:
    def signed(amount: int) -> Flow:
        return Flow("a", AccountCode.CONTRACT_COMMITMENT, GOVERNMENT, ContractSigned.type, amount)

    found = reading(
        signed(1200),
        paid(500),
        last_year_to_day=(signed(1000), paid(400)),
        last_year=(signed(1000), paid(800)),
        due=(Due("a", GOVERNMENT, 1, 380, 0, 0),),
    )

    assert found.procurement.signed_growth == Fraction(1, 5)
    assert found.procurement.paid_growth == Fraction(1, 4)
    assert found.procurement.projected_growth == Fraction(1, 10)
    limits = Limits(basis=Basis.RECEIVED, procurement_growth_min=Fraction(3, 10))
    [limit] = read_limits(found, limits)
    # 30 % more than 400 are 520, and more than 800 are 1040.
    assert (limit.lacking_minor, limit.lacking_at_year_end_minor) == (20, 160)


def test_facts_of_an_agency_are_its_own() -> None:
    city = facts(paid(600), given(20, agency="b"))

    assert Reading(facts=city.of("b"), basis=Basis.RECEIVED).received.government_share == 0
    assert city.of(None) is city


def test_the_median_is_of_agencies_with_income() -> None:
    nothing = Flow("c", AccountCode.SERVICE_INCOME, GOVERNMENT, "any", -5)

    found = reading(paid(600), given(20, agency="b"), nothing)

    assert found.median_government_share == Fraction(1, 2)
    assert len(found.government_shares) == 2


def test_an_agency_without_income_has_no_rank_and_equals_share_one() -> None:
    nothing = Flow("a", AccountCode.SERVICE_INCOME, GOVERNMENT, "any", -5)

    found = ranked(
        reading(nothing, paid(1, "c"), paid(2, "b"), given(1, "d")), by=RankedBy.GOVERNMENT_SHARE
    )

    places = [(row.place, row.rank, row.agency) for row in found]
    assert places == [(1, 1, "b"), (2, 1, "c"), (3, 3, "d"), (4, None, "a")]


def test_each_limit_stands_where_the_reading_and_the_projection_put_it() -> None:
    limits = Limits(
        basis=Basis.RECEIVED,
        government_share_max=Fraction(9, 10),
        hhi_max=Fraction(1, 2),
        channel_minimums={FOUNDATION: Minimum(amount_minor=100, share=Fraction(1, 20))},
        procurement_growth_min=Fraction(0),
    )
    pledges = (Pledged("a", FOUNDATION, DonationKind.CASH, 90, 0),)

    found = read_limits(reading(paid(600), given(20), pledged=pledges), limits)

    assert [(limit.kind.value, limit.state) for limit in found] == [
        ("government_share_max", GoalState.AT_RISK),
        ("hhi_max", GoalState.MISSED),
        ("channel_amount_min", GoalState.AT_RISK),
        ("channel_share_min", GoalState.AT_RISK),
        ("procurement_growth_min", GoalState.UNKNOWN),
    ]
    assert [limit.lacking_minor for limit in found] == [47, 401, 80, 12, None]
