"""Compares what the ledger tells with what a city's `expected.json` says must come out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from fundmix_cli.city.files import FileUnusableError

Json = dict[str, Any]

FILE: Final = "expected.json"


class AgencyFigures(BaseModel):
    received_total: str
    government_share: Decimal | None
    hhi: Decimal | None


class YearFigures(AgencyFigures):
    """What a year must come to. Names and texts are those of the mix that the ledger tells."""

    in_kind_total: str
    effective_sources: Decimal | None
    received_by_channel: dict[str, str]
    agencies: dict[str, AgencyFigures]


class FlowFigure(BaseModel):
    """What was spent in a year out of one channel's money in one kind of fund."""

    year: int
    channel: str
    fund_kind: str
    category: str
    amount: str


class Expected(BaseModel):
    """What a city must come to. `spent` is of all years; what is None is not compared."""

    years: dict[int, YearFigures]
    spent: dict[str, str] | None = None
    flows: tuple[FlowFigure, ...] | None = None
    contract_funds_prefinanced_on_some_day: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """`expected` and `found` as JSON has them; None where one side does not name the figure."""

    name: str
    expected: object
    found: object

    @property
    def is_as_expected(self) -> bool:
        return _exact(self.expected) == _exact(self.found)

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}, found {self.found}"


def read_expected(folder: Path) -> Expected | None:
    """None where the city does not say. Raises FileUnusableError."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        return Expected.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise FileUnusableError(file, f"{place}: {first['msg']}") from error


def compared(year: int, expected: YearFigures, mix: Json) -> Sequence[Figure]:
    """Every figure of the year, of each channel and each agency with income on either side."""
    wanted = expected.model_dump()
    channels, agencies = wanted.pop("received_by_channel"), wanted.pop("agencies")
    there = mix["received_by_channel"]
    figures = [
        *_figures(f"{year}", wanted.keys(), wanted, mix),
        *_figures(f"{year} received_by_channel", channels.keys() | there.keys(), channels, there),
    ]
    with_income = {
        c for c, figures in mix["agencies"].items() if Decimal(figures["received_total"])
    }
    for code in sorted(agencies.keys() | with_income):
        figures += _figures(
            f"{year} agencies.{code}",
            AgencyFigures.model_fields,
            agencies.get(code, {}),
            mix["agencies"].get(code, {}),
        )
    return figures


def compared_uses(expected: Expected, flows: Sequence[Json]) -> Sequence[Figure]:
    """Every line of `flows` on either side, and what each category comes to; flows of all years."""
    figures: list[Figure] = []
    if expected.spent is not None:
        spent: dict[str, Decimal] = {}
        for row in flows:
            category = row["category"]
            spent[category] = spent.get(category, Decimal()) + Decimal(row["amount"])
        figures += _figures("spent", expected.spent.keys() | spent.keys(), expected.spent, spent)
    if expected.flows is not None:
        wanted = {_line(row.model_dump()): row.amount for row in expected.flows}
        found = {_line(row): row["amount"] for row in flows}
        figures += _figures("flows", wanted.keys() | found.keys(), wanted, found)
    return figures


def compared_advances(expected: Expected, advances: int) -> Sequence[Figure]:
    """How many contract funds were spent before they were paid, on some day."""
    name = "contract_funds_prefinanced_on_some_day"
    wanted = expected.contract_funds_prefinanced_on_some_day
    return () if wanted is None else (Figure(name=name, expected=wanted, found=advances),)


def _line(row: Json) -> str:
    return f"{row['year']} {row['channel']} {row['fund_kind']} {row['category']}"


def _figures(place: str, names: Iterable[str], expected: Json, mix: Json) -> Iterator[Figure]:
    for name in sorted(names):
        yield Figure(name=f"{place} {name}", expected=expected.get(name), found=mix.get(name))


def _exact(figure: object) -> Decimal | None:
    """By way of its text, which a JSON number of six places keeps."""
    return None if figure is None else Decimal(str(figure))
