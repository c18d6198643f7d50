"""Limits of charities on their spending: whose they are, and the edge of each."""

from datetime import date
from typing import Any, Final

import pytest
from fundmix_events.ledger import AccountCode
from fundmix_events.registry import Charity, CharityStatus, Organisation, OrganisationKind
from fundmix_events.testing import samples
from ledger_svc.domain.spending_limits import (
    IN_PUBLIC,
    Limits,
    YearOfSpending,
    charity_of,
    limits_of,
    programme_floor,
    warnings_of,
)

OVER: Final = date(2025, 1, 1)
LAST_DAY: Final = date(2024, 12, 31)
MILLION: Final = 1_000_000_00


def a_year(**changes: Any) -> YearOfSpending:
    usual: dict[str, Any] = {
        "year": 2024,
        "incomes_minor": (10 * MILLION, 0, 0),
        "net_assets_minor": (0, 0, 0),
        "programme_minor": 7 * MILLION,
        "management_minor": 0,
        "spent_minor": 10 * MILLION,
    }
    return YearOfSpending(**(usual | changes))


def a_charity(status: CharityStatus, since_on: date = date(2019, 5, 20)) -> Charity:
    return Charity(status=status, since_on=since_on, source=samples.a_source())


def an_organisation(charity: Charity | None, **changes: Any) -> Organisation:
    return samples.an_organisation(standing=samples.a_standing(charity=charity), **changes)


def by_net_assets(net_assets: int) -> Limits:
    charity = a_charity(CharityStatus.CHARITABLE_ORGANISATION)
    return limits_of(charity, a_year(net_assets_minor=(net_assets, 0, 0)))


def codes(limits: Limits, year: YearOfSpending, *, today: date = OVER) -> list[str]:
    return [warning.code for warning in warnings_of(limits, year, today=today)]


def test_who_is_no_charity_has_no_limits() -> None:
    assert charity_of(None, year=2024) is None
    assert charity_of(samples.an_organisation(), year=2024) is None
    assert charity_of(an_organisation(None), year=2024) is None
    assert charity_of(an_organisation(a_charity(CharityStatus.NONE)), year=2024) is None


@pytest.mark.parametrize(
    "status", [CharityStatus.CHARITABLE_ORGANISATION, CharityStatus.PUBLIC_FUNDRAISING]
)
def test_limits_begin_with_the_first_whole_year_of_a_charity(status: CharityStatus) -> None:
    from_the_first_day = an_organisation(a_charity(status, date(2024, 1, 1)))
    from_the_second = an_organisation(a_charity(status, date(2024, 1, 2)))

    assert charity_of(from_the_first_day, year=2024) is not None
    assert charity_of(from_the_first_day, year=2023) is None
    assert charity_of(from_the_second, year=2024) is None
    assert charity_of(from_the_second, year=2025) is not None


def test_foundations_have_other_rules() -> None:
    charity = a_charity(CharityStatus.PUBLIC_FUNDRAISING)

    assert charity_of(an_organisation(charity, kind=OrganisationKind.FOUNDATION), year=2024) is None
    assert charity_of(an_organisation(charity, kind=OrganisationKind.SOCIAL_GROUP), year=2024)


def test_who_may_raise_funds_in_public_is_limited_by_income() -> None:
    assert limits_of(a_charity(CharityStatus.PUBLIC_FUNDRAISING), a_year()) == IN_PUBLIC


@pytest.mark.parametrize(
    ("net_assets", "net_assets_floor", "management_cap", "income_floor"),
    [
        (10 * MILLION, "0.06", "0.13", "0"),
        (10 * MILLION - 1, "0.07", "0.14", "0"),
        (5 * MILLION, "0.07", "0.14", "0"),
        (5 * MILLION - 1, "0.08", "0.15", "0"),
        (MILLION, "0.08", "0.15", "0"),
        (MILLION - 1, "0.08", "0.2", "0.5"),
        (-MILLION, "0.08", "0.2", "0.5"),
    ],
)
def test_other_charities_are_limited_by_net_assets(
    net_assets: int, net_assets_floor: str, management_cap: str, income_floor: str
) -> None:
    limits = by_net_assets(net_assets)

    found = (limits.net_assets_floor, limits.management_cap, limits.income_floor)
    assert tuple(map(float, found)) == tuple(
        map(float, (net_assets_floor, management_cap, income_floor))
    )


def test_seventy_percent_of_last_years_income_is_enough() -> None:
    assert codes(IN_PUBLIC, a_year()) == []
    assert codes(IN_PUBLIC, a_year(programme_minor=7 * MILLION - 1)) == ["programme_floor"]


def test_a_floor_of_part_of_a_fen_is_the_whole_fen() -> None:
    assert programme_floor(IN_PUBLIC, a_year(incomes_minor=(101, 0, 0))) == 71


def test_a_floor_is_judged_when_the_year_is_over() -> None:
    nothing = a_year(programme_minor=0)

    assert codes(IN_PUBLIC, nothing, today=LAST_DAY) == []
    assert codes(IN_PUBLIC, nothing, today=OVER) == ["programme_floor"]


def test_the_mean_of_three_years_may_stand_for_the_last() -> None:
    assert programme_floor(IN_PUBLIC, a_year(incomes_minor=(1000, 500, 300))) == 420
    assert programme_floor(IN_PUBLIC, a_year(incomes_minor=(300, 500, 1000))) == 210
    # A year that the books do not have is no year without income.
    assert programme_floor(IN_PUBLIC, a_year(incomes_minor=(1000, 500, 0))) == 700


def test_a_floor_by_net_assets_is_never_below_nothing() -> None:
    limits = by_net_assets(-MILLION)

    assert programme_floor(limits, a_year(incomes_minor=(0, 0, 0))) == 0
    owing = a_year(incomes_minor=(0, 0, 0), net_assets_minor=(-MILLION, 0, 0))
    assert programme_floor(limits, owing) == 0


def test_a_small_charity_has_both_floors() -> None:
    limits = by_net_assets(500)
    by_income = a_year(incomes_minor=(1000, 0, 0), net_assets_minor=(500, 0, 0))
    by_assets = a_year(incomes_minor=(10, 0, 0), net_assets_minor=(500, 0, 0))

    assert programme_floor(limits, by_income) == 500
    assert programme_floor(limits, by_assets) == 40


def test_management_at_its_cap_is_within_it() -> None:
    at_it = a_year(management_minor=1_300_000_00)
    above = a_year(management_minor=1_300_000_01)

    assert codes(IN_PUBLIC, at_it) == []
    assert codes(IN_PUBLIC, above, today=LAST_DAY) == ["management_cap"]
    [warning] = warnings_of(IN_PUBLIC, above, today=LAST_DAY)
    assert warning.detail == "management is 13.01 % of the spending of 2024, above 13.00 %"


def test_little_management_has_no_cap() -> None:
    little = a_year(management_minor=199_999_99, spent_minor=199_999_99)
    enough = a_year(management_minor=200_000_00, spent_minor=200_000_00)

    assert codes(IN_PUBLIC, little, today=LAST_DAY) == []
    assert codes(IN_PUBLIC, enough, today=LAST_DAY) == ["management_cap"]


def test_without_income_or_spending_there_is_no_share() -> None:
    nothing = a_year(incomes_minor=(0, 0, 0), programme_minor=0, spent_minor=0)

    assert (nothing.programme_share, nothing.management_share) == (None, None)
    assert codes(IN_PUBLIC, nothing) == []


def test_what_is_asked_for_counts_too() -> None:
    uses = [
        (AccountCode.PROGRAMME_EXPENSES, 100),
        (AccountCode.MANAGEMENT_EXPENSES, 20),
        (AccountCode.OTHER_EXPENSES, 3),
    ]

    found = a_year(programme_minor=1, spent_minor=1).with_uses(uses)

    assert (found.programme_minor, found.management_minor, found.spent_minor) == (101, 20, 124)
