"""How scores become a grade, and what a grade takes off: versioned, fixed for a contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from fundmix_events.evaluations import Dimension, Grade

from contracts_svc.domain.errors import SchemeError
from contracts_svc.domain.points import POINTS_MAX, text_from_points

BPS: Final = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Bands:
    """From how many points on a grade is given, in hundredths; below `passing` it is a fail."""

    excellent: int
    good: int
    passing: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Scheme:
    version: int
    # In basis points, of the dimensions there are.
    weights: Mapping[Dimension, int]
    bands: Bands
    # What share of the final instalment a grade takes off; a grade that is left out: nothing.
    deduction_bps: Mapping[Grade, int]
    objection_working_days: int

    def __post_init__(self) -> None:
        assert sum(self.weights.values()) == BPS, f"scheme {self.version}: weights"
        assert self.bands.excellent > self.bands.good > self.bands.passing, "bands descend"
        assert Dimension.RECIPIENTS in self.weights, "the people served are always heard"

    def points(self, means: Mapping[Dimension, Fraction]) -> Fraction:
        """The weighted sum, exact, in hundredths."""
        return sum((weight * means[d] for d, weight in self.weights.items()), Fraction(0)) / BPS

    def grade(self, points: Fraction) -> Grade:
        """Of the exact points, in hundredths: 59.999999 is no pass, whatever is shown."""
        if points >= self.bands.excellent:
            return Grade.EXCELLENT
        if points >= self.bands.good:
            return Grade.GOOD
        return Grade.PASS if points >= self.bands.passing else Grade.FAIL

    def deduction_minor(self, grade: Grade, *, amount_minor: int) -> int:
        """Rounded down: an odd fen stays with the agency."""
        return amount_minor * self.deduction_bps.get(grade, 0) // BPS


def adopt_scheme(
    *,
    version: int,
    weights: Mapping[Dimension, int],
    bands: Bands,
    deduction_bps: Mapping[Grade, int],
    objection_working_days: int,
    recipients_weight_bps_min: int,
) -> Scheme:
    """Raises SchemeError."""
    total = sum(weights.values())
    if total != BPS:
        raise SchemeError(f"the weights sum to {total}, not to {BPS}", pointer="/weights")
    heard = weights.get(Dimension.RECIPIENTS, 0)
    if heard < max(recipients_weight_bps_min, 1):
        raise SchemeError(
            f"the people served weigh {recipients_weight_bps_min} at least, not {heard}",
            pointer="/weights/recipients",
        )
    _check_bands(bands)
    _check_deductions(deduction_bps)
    return Scheme(
        version=version,
        weights=dict(weights),
        bands=bands,
        deduction_bps=dict(deduction_bps),
        objection_working_days=objection_working_days,
    )


def _check_bands(bands: Bands) -> None:
    above = POINTS_MAX + 1
    descending = {"excellent": bands.excellent, "good": bands.good, "pass": bands.passing}
    for name, points in descending.items():
        if not 0 < points < above:
            raise SchemeError(
                f"the bands descend from 100 to more than 0: not with {text_from_points(points)}",
                pointer=f"/bands/{name}",
            )
        above = points


def _check_deductions(deduction_bps: Mapping[Grade, int]) -> None:
    for better, worse in pairwise(Grade):
        if deduction_bps.get(better, 0) > deduction_bps.get(worse, 0):
            raise SchemeError(
                f"{better} takes off more than {worse}", pointer=f"/deduction_bps/{better}"
            )
