"""Holds every figure of an answer against what its `why` lists."""

from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import parse_qsl

from fundmix_events.money import minor_from_text
from fundmix_kit.testing.api import Caller

Json = dict[str, Any]

# What `why` alone is of, where the answer has one of them.
NAMES: Final = ("amount", "total", "received_total", "recorded")
ROWS_OF_A_PAGE: Final = "2"


async def hold_figures(caller: Caller, answer: Any) -> int:
    """Every figure anywhere in an answer is the sum of what is behind it; how many."""
    held = 0
    for name, amount_minor, paths in figures_in(answer):
        found = [await because(caller, path) for path in paths]
        assert amount_minor in (None, sum(found)), (name, amount_minor, paths)
        held += amount_minor is not None
    return held


async def because(caller: Caller, path: str) -> int:
    """The sum of what a path lists, page by page; it is what the answer says it is."""
    route, _, query = path.partition("?")
    counted, page, following = 0, {}, list[tuple[str, str]]()
    while not page or following:
        parameters: dict[str, Any] = {}
        for name, value in [*parse_qsl(query), ("limit", ROWS_OF_A_PAGE), *following]:
            parameters.setdefault(name, []).append(value)
        answer = await caller.get(route, **parameters)
        assert answer.is_success, answer.text
        page: Json = answer.json()
        counted += sum(minor_from_text(item["amount"]) for item in page["items"])
        following = [("cursor", page["next_cursor"])] if page["next_cursor"] else []
    assert minor_from_text(page["sum"]) == counted, path
    return counted


def figures_in(answer: Any) -> Iterator[tuple[str, int | None, list[str]]]:
    """Each with its name and amount, None where it is a ratio, and the paths of its `why`."""
    if isinstance(answer, list):
        for part in cast("list[Any]", answer):
            yield from figures_in(part)
    if not isinstance(answer, dict):
        return
    found = cast("Json", answer)
    for name, part in found.items():
        if name == "why" and isinstance(part, dict):
            for of, paths in cast("Json", part).items():
                yield of, _minor(_named(found, of)), paths
        elif name == "why":
            of = next((of for of in NAMES if of in found), None)
            yield of or name, _minor(found[of]) if of else None, part
        elif name.startswith("why_"):
            of = name.removeprefix("why_")
            yield of, _minor(found[of] or {}) if of in found else None, part
        else:
            yield from figures_in(part)


def _named(found: Json, name: str) -> Any:
    """A part of an answer, or a channel of one of its parts."""
    if name in found:
        return found[name]
    parts = [cast("Json", part) for part in found.values() if isinstance(part, dict)]
    return next(part[name] for part in parts if name in part)


def _minor(amount: Any) -> int:
    """Of an amount as text, with its currency, or by channel."""
    if isinstance(amount, str):
        return minor_from_text(amount)
    parts = cast("dict[str, str]", amount)
    if "currency" in parts:
        return minor_from_text(parts["amount"])
    return sum(minor_from_text(part) for part in parts.values())
