"""Floors and caps on spending of charities.

Rules on the yearly spending and management costs of charities (关于慈善组织开展慈善活动年度支出和
管理费用的规定, 2016), articles 7, 9, 10 and 11, as to social groups and service organisations:
those that may raise funds in public by their income, others by their net assets. Who is no charity
has no such limits. Nothing is refused: they are warnings, and a floor is judged when its year is
over.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Final

from fundmix_events.ledger import AccountCode
from fundmix_events.money import text_from_minor
from fundmix_events.registry import Charity, CharityStatus, Organisation, OrganisationKind

# The rules of foundations are others, and foundations keep no books here.
LIMITED_KINDS: Final = (OrganisationKind.AGENCY, OrganisationKind.SOCIAL_GROUP)
# Whose management costs less than this in a year has no cap on it.
UNCAPPED_BELOW_MINOR: Final = 200_000_00
YEARS_OF_MEAN: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Programmes cost at least both floors, management at most the cap, of the year's spending."""

    income_floor: Fraction = Fraction(0)
    net_assets_floor: Fraction = Fraction(0)
    management_cap: Fraction


IN_PUBLIC: Final = Limits(income_floor=Fraction(70, 100), management_cap=Fraction(13, 100))
# From these net assets on, at the end of the year before; the largest first.
BY_NET_ASSETS: Final = (
    (
        10_000_000_00,
        Limits(net_assets_floor=Fraction(6, 100), management_cap=Fraction(13, 100)),
    ),
    (
        5_000_000_00,
        Limits(net_assets_floor=Fraction(7, 100), management_cap=Fraction(14, 100)),
    ),
    (
        1_000_000_00,
        Limits(net_assets_floor=Fraction(8, 100), management_cap=Fraction(15, 100)),
    ),
)
SMALL: Final = Limits(
    income_floor=Fraction(50, 100),
    net_assets_floor=Fraction(8, 100),
    management_cap=Fraction(20, 100),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class YearOfSpending:
    """Amounts in fen, by value date; of the years before, the last one first."""

    year: int
    incomes_minor: tuple[int, ...]
    net_assets_minor: tuple[int, ...]
    programme_minor: int
    management_minor: int
    spent_minor: int

    def __post_init__(self) -> None:
        for of_years in (self.incomes_minor, self.net_assets_minor):
            assert len(of_years) == YEARS_OF_MEAN, "a mean is of three years"

    @property
    def programme_share(self) -> Fraction | None:
        """Of last year's income; None where there was none."""
        last = self.incomes_minor[0]
        return Fraction(self.programme_minor, last) if last > 0 else None

    @property
    def management_share(self) -> Fraction | None:
        """Of this year's spending; None where there is none."""
        spent = self.spent_minor
        return Fraction(self.management_minor, spent) if spent > 0 else None

    def with_uses(self, uses: Iterable[tuple[AccountCode, int]]) -> "YearOfSpending":
        """As it will be once these are posted too."""
        programme, management, spent = 0, 0, 0
        for code, amount_minor in uses:
            programme += amount_minor if code is AccountCode.PROGRAMME_EXPENSES else 0
            management += amount_minor if code is AccountCode.MANAGEMENT_EXPENSES else 0
            spent += amount_minor
        return replace(
            self,
            programme_minor=self.programme_minor + programme,
            management_minor=self.management_minor + management,
            spent_minor=self.spent_minor + spent,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SpendingWarning:
    code: str
    detail: str


def charity_of(organisation: Organisation | None, *, year: int) -> Charity | None:
    """What limits it in that year: it has to be a charity from the first day on.

    What it was before it became what it is, is not known here.
    """
    if organisation is None or organisation.standing is None:
        return None
    charity = organisation.standing.charity
    if charity is None or charity.status is CharityStatus.NONE:
        return None
    is_limited = organisation.kind in LIMITED_KINDS and charity.since_on <= date(year, 1, 1)
    return charity if is_limited else None


def limits_of(charity: Charity, spending: YearOfSpending) -> Limits:
    if charity.status is CharityStatus.PUBLIC_FUNDRAISING:
        return IN_PUBLIC
    net_assets = spending.net_assets_minor[0]
    return next((limits for least, limits in BY_NET_ASSETS if net_assets >= least), SMALL)


def programme_floor(limits: Limits, spending: YearOfSpending) -> int:
    """The least that programmes have to cost, in fen."""
    floors = (
        limits.income_floor * _base(spending.incomes_minor),
        limits.net_assets_floor * _base(spending.net_assets_minor),
    )
    # Round up: less than a floor is not enough, be it by part of a fen.
    return max(0, *map(ceil, floors))


def warnings_of(
    limits: Limits, spending: YearOfSpending, *, today: date
) -> Iterator[SpendingWarning]:
    """The floor is judged when the year is over; the cap at any time."""
    share = spending.management_share
    is_capped = spending.management_minor >= UNCAPPED_BELOW_MINOR
    if share is not None and share > limits.management_cap and is_capped:
        yield SpendingWarning(
            code="management_cap",
            detail=f"management is {_percent(share)} of the spending of {spending.year}, above"
            f" {_percent(limits.management_cap)}",
        )
    floor = programme_floor(limits, spending)
    if spending.year < today.year and spending.programme_minor < floor:
        yield SpendingWarning(
            code="programme_floor",
            detail=f"programmes of {spending.year} cost"
            f" {text_from_minor(spending.programme_minor)} yuan, below {text_from_minor(floor)}",
        )


def _base(of_years: tuple[int, ...]) -> Fraction:
    """Of the last year; or the mean of three, which may stand for it, where the books have all."""
    last, mean = Fraction(of_years[0]), Fraction(sum(of_years), len(of_years))
    return min(last, mean) if min(of_years) > 0 else last


def _percent(share: Fraction) -> str:
    """With two decimals, rounded up: what is above a cap looks so."""
    hundredths = ceil(share * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"
