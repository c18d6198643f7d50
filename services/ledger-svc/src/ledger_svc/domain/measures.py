"""How income is spread over its sources: exact fractions of whole fen, rounded when shown."""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import median
from typing import Final, Generic, TypeVar

SourceT = TypeVar("SourceT", bound=Hashable)

MILLIONTH: Final = Decimal("0.000001")


@dataclass(frozen=True, kw_only=True)
class Spread(Generic[SourceT]):
    """Net income by source, in minor units, out of `n` sources that are defined.

    `n` counts the list that sources are taken from, also those without income, so that readings of
    two years can be compared. What a source has taken back beyond what it gave is negative: it is
    reported, and in no share. Without income there is no ratio, which is not a ratio of 0.
    """

    net: Mapping[SourceT, int]
    n: int

    def __post_init__(self) -> None:
        assert len(self.net) <= self.n, "a source that is not on the list"

    @property
    def total_minor(self) -> int:
        """What shares are shares of: the income of all sources that have any."""
        return sum(amount for amount in self.net.values() if amount > 0)

    @property
    def negative(self) -> dict[SourceT, int]:
        """Sources that have taken back more than they gave, and what they have."""
        return {source: amount for source, amount in self.net.items() if amount < 0}

    def share(self, source: SourceT) -> Fraction | None:
        total = self.total_minor
        return Fraction(max(self.net.get(source, 0), 0), total) if total > 0 else None

    @property
    def hhi(self) -> Fraction | None:
        """The Herfindahl-Hirschman index, the sum of the squared shares: from 1/n to 1.

        The squares of fen overflow 64 bits; whole numbers here have no bound.
        """
        total = self.total_minor
        if total == 0:
            return None
        squares = sum(amount * amount for amount in self.net.values() if amount > 0)
        return Fraction(squares, total * total)

    @property
    def normalised_hhi(self) -> Fraction | None:
        """(HHI - 1/n) / (1 - 1/n): 0 where all sources give the same, 1 where one gives all."""
        hhi = self.hhi
        if hhi is None or self.n < 2:  # noqa: PLR2004  # one source cannot be spread
            return None
        return (hhi - Fraction(1, self.n)) / (1 - Fraction(1, self.n))

    @property
    def effective_sources(self) -> Fraction | None:
        """1/HHI: as many sources of the same size would be spread as widely."""
        hhi = self.hhi
        return None if hhi is None else 1 / hhi

    @property
    def largest(self) -> tuple[SourceT, int] | None:
        """The source that gave most; of two, the first by name."""
        giving = [(source, amount) for source, amount in self.net.items() if amount > 0]
        return min(giving, key=lambda item: (-item[1], str(item[0])), default=None)


def median_of(ratios: list[Fraction]) -> Fraction | None:
    """Of two in the middle, their mean. None where there is nothing to take it of."""
    return Fraction(median(ratios)) if ratios else None


def growth(now_minor: int, before_minor: int) -> Fraction | None:
    """How much more than before, as a ratio of it; None where there was nothing before."""
    return Fraction(now_minor - before_minor, before_minor) if before_minor > 0 else None


def shown_upward(ratio: Fraction | None) -> Decimal | None:
    """To six places, and a half up: of a normalised HHI, the more concentrated of two.

    Ties are common there: with five sources, 0.9155625 comes of shares of 96.5 and 3.5 %.
    """
    if ratio is None:
        return None
    doubled = math.floor(2 * 10**6 * ratio)
    return (Decimal((doubled + 1) // 2) / 10**6).quantize(MILLIONTH)
