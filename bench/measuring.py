"""Two ways of doing one thing, measured in turn; the median of the rounds' ratios is the result."""

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from pydantic import BaseModel

Measure = Callable[[], Awaitable[float]]


class Mark(BaseModel):
    """What a ratio is to reach."""

    bound: Literal["at_least", "at_most"]
    ratio: float

    def is_met(self, ratio: float) -> bool:
        return ratio >= self.ratio if self.bound == "at_least" else ratio <= self.ratio


class Round(BaseModel):
    ours: float
    bare: float
    ratio: float


class Beside(BaseModel):
    """Another figure of the same rounds, and ours measured against it."""

    ratio: float
    bare: float


class Comparison(BaseModel):
    """`ratio` is the median of the rounds' ratios; `ours` and `bare` are medians by themselves."""

    what: str
    unit: str
    ratio: float
    ours: float
    bare: float
    ratio_min: float
    ratio_max: float
    mark: Mark
    is_met: bool
    beside: Mapping[str, Beside]
    details: Mapping[str, int | float | str]
    rounds: list[Round]


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What is compared: `ours` with all its guarantees, `bare` without them."""

    what: str
    unit: str
    mark: Mark
    ours: Measure
    bare: Measure
    # Other figures that ours may be measured against.
    beside: Mapping[str, Measure] = field(default_factory=dict[str, Measure])
    details: Mapping[str, int | float | str]


async def compare(contest: Contest, *, rounds: int) -> Comparison:
    """Each round measures both, the order changing: a slow moment of the machine hits both."""
    results: list[Round] = []
    beside: dict[str, list[Beside]] = {name: [] for name in contest.beside}
    for number in range(rounds):
        if number % 2 == 0:
            ours = await _measured(contest.ours)
            bare = await _measured(contest.bare)
        else:
            bare = await _measured(contest.bare)
            ours = await _measured(contest.ours)
        results.append(Round(ours=ours, bare=bare, ratio=ours / bare))
        for name, measure in contest.beside.items():
            other = await _measured(measure)
            beside[name].append(Beside(ratio=ours / other, bare=other))
    ratios = [result.ratio for result in results]
    ratio = median(ratios)
    return Comparison(
        what=contest.what,
        unit=contest.unit,
        ratio=ratio,
        ours=median(result.ours for result in results),
        bare=median(result.bare for result in results),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
        mark=contest.mark,
        is_met=contest.mark.is_met(ratio),
        beside={name: _median(found) for name, found in beside.items()},
        details=contest.details,
        rounds=results,
    )


def _median(found: Sequence[Beside]) -> Beside:
    return Beside(ratio=median(b.ratio for b in found), bare=median(b.bare for b in found))


async def _measured(measure: Measure) -> float:
    # Nobody pays for the rubbish of the one before, or for walking over what the bench keeps.
    gc.collect()
    gc.freeze()
    try:
        return await measure()
    finally:
        gc.unfreeze()
