"""Floors and caps on spending of charities that raise funds in public.

Rules on the yearly spending and management costs of charities (关于慈善组织开展慈善活动年度支出和
管理费用的规定, 2016), as to social groups and service organisations that may raise funds in public:
spending on programmes is at least 70 % of last year's income, management at most 13 % of this
year's spending. Others have no such limits. Nothing is refused: a year is judged when it is over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from fundmix_events.registry import CharityStatus, Organisation

PROGRAMME_FLOOR: Final = Fraction(70, 100)
MANAGEMENT_CAP: Final = Fraction(13, 100)


@dataclass(frozen=True, kw_only=True, slots=True)
class YearOfSpending:
    """Amounts in fen, by value date."""

    year: int
    income_last_year_minor: int
    programme_minor: int
    management_minor: int
    spent_minor: int

    @property
    def programme_share(self) -> Fraction | None:
        """Of last year's income; None where there was none."""
        last = self.income_last_year_minor
        return Fraction(self.programme_minor, last) if last > 0 else None

    @property
    def management_share(self) -> Fraction | None:
        """Of this year's spending; None where there is none."""
        spent = self.spent_minor
        return Fraction(self.management_minor, spent) if spent > 0 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class SpendingWarning:
    code: str
    detail: str


def applies_to(organisation: Organisation) -> bool:
    """Whether the limits are this organisation's."""
    charity = organisation.standing.charity if organisation.standing else None
    return charity is not None and charity.status is CharityStatus.PUBLIC_FUNDRAISING


def warnings_of(spending: YearOfSpending, *, today: date) -> Iterator[SpendingWarning]:
    """The floor is judged when the year is over; the cap at any time."""
    management = spending.management_share
    if management is not None and management > MANAGEMENT_CAP:
        yield SpendingWarning(
            code="management_cap",
            detail=f"management is {_percent(management)} of the spending of {spending.year}, above"
            f" {_percent(MANAGEMENT_CAP)}",
        )
    programme = spending.programme_share
    is_over = spending.year < today.year
    if is_over and programme is not None and programme < PROGRAMME_FLOOR:
        yield SpendingWarning(
            code="programme_floor",
            detail=f"programmes of {spending.year} are {_percent(programme)} of the income of the"
            f" year before, below {_percent(PROGRAMME_FLOOR)}",
        )


def _percent(share: Fraction) -> str:
    """With two decimals, rounded half to even."""
    hundredths = round(share * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"
