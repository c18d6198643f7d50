"""Compares the mix of each year with what a city's `expected.json` says must come out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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


class Expected(BaseModel):
    years: dict[int, YearFigures]


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


def read_expected(folder: Path) -> Mapping[int, YearFigures] | None:
    """None where the city does not say. Raises FileUnusableError."""
    file = folder / FILE
    if not file.exists():
        return None
    try:
        return Expected.model_validate_json(file.read_bytes()).years
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


def _figures(place: str, names: Iterable[str], expected: Json, mix: Json) -> Iterator[Figure]:
    for name in sorted(names):
        yield Figure(name=f"{place} {name}", expected=expected.get(name), found=mix.get(name))


def _exact(figure: object) -> Decimal | None:
    """By way of its text, which a JSON number of six places keeps."""
    return None if figure is None else Decimal(str(figure))
