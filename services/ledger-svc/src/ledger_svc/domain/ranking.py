"""Agencies in a row, those first that depend most on one source."""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from ledger_svc.domain.reading import Income, Reading, incomes_by_agency


class RankedBy(StrEnum):
    GOVERNMENT_SHARE = "government_share"
    HHI = "hhi"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """`place` counts from 1 and is nobody else's; agencies that are equal share a `rank`."""

    place: int
    rank: int | None
    agency: str
    income: Income


def ranked(reading: Reading, *, by: RankedBy) -> list[Ranked]:
    """Without income there is nothing to rank an agency by: it stands at the end."""
    incomes = incomes_by_agency(reading.facts, reading.basis)
    ratios = {agency: _ratio(income, by) for agency, income in incomes.items()}
    known = sorted({ratio for ratio in ratios.values() if ratio is not None}, reverse=True)
    above = {
        ratio: sum(1 for other in ratios.values() if other is not None and other > ratio)
        for ratio in known
    }

    def key(agency: str) -> tuple[bool, Fraction, str]:
        ratio = ratios[agency]
        return ratio is None, -(ratio or Fraction(0)), agency

    return [
        Ranked(
            place=place,
            rank=None if (ratio := ratios[agency]) is None else above[ratio] + 1,
            agency=agency,
            income=incomes[agency],
        )
        for place, agency in enumerate(sorted(incomes, key=key), start=1)
    ]


def _ratio(income: Income, by: RankedBy) -> Fraction | None:
    return income.government_share if by is RankedBy.GOVERNMENT_SHARE else income.spread.hhi
