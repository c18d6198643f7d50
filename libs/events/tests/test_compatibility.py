"""Inside a version optional fields come and lists of values grow; all else breaks somebody."""

from copy import deepcopy
from typing import Any, Final

import pytest
from fundmix_events.compatibility import breaking_changes

BEFORE: Final[dict[str, Any]] = {
    "$id": "urn:x",
    "title": "Before",
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "kind": {"$ref": "#/$defs/Kind"},
        "remark": {"anyOf": [{"type": "string", "maxLength": 64}, {"type": "null"}]},
        "legs": {"type": "array", "items": {"$ref": "#/$defs/Leg"}, "minItems": 2},
        "money": {"$ref": "#/$defs/Money"},
    },
    "required": ["id", "kind"],
    "$defs": {
        "Kind": {"enum": ["cash", "in_kind"], "type": "string"},
        "Leg": {"type": "object", "properties": {"on": {"type": "string", "format": "date"}}},
        "Money": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"amount": {"type": "string", "pattern": "^[0-9]+$"}},
            "required": ["amount"],
        },
    },
}


def changed(*path: str | int, to: object) -> dict[str, Any]:
    after: Any = deepcopy(BEFORE)
    inner = after
    for step in path[:-1]:
        inner = inner[step]
    if to is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = to
    return after


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        changed("title", to="After"),
        changed("description", to="better words"),
        changed("properties", "later", to={"type": "string"}),
        changed("$defs", "Leg", "properties", "later", to={"type": "string"}),
        changed("$defs", "Kind", "enum", to=["in_kind", "cash", "time"]),
        changed("properties", "id", "description", to="better words"),
    ],
)
def test_readers_stand_optional_fields_and_longer_lists(after: dict[str, Any]) -> None:
    assert breaking_changes(BEFORE, after) == []


@pytest.mark.parametrize(
    ("after", "place"),
    [
        (changed("properties", "remark", to=None), "/remark: "),
        (changed("required", to=["id", "kind", "remark"]), "/remark: "),
        (changed("required", to=["id"]), "/kind: "),
        (changed("properties", "id", "type", to="string"), "/id: type"),
        (changed("properties", "id", "minimum", to=2), "/id: minimum"),
        (changed("properties", "id", "maximum", to=9), "/id: maximum"),
        (changed("$defs", "Kind", "enum", to=["cash"]), "/kind: "),
        (changed("$defs", "Kind", "enum", to=None), "/kind: "),
        (changed("properties", "remark", "anyOf", 0, "maxLength", to=32), "/remark: maxLength"),
        (changed("properties", "remark", "anyOf", 1, to=None), "/remark: "),
        (changed("properties", "legs", "minItems", to=3), "/legs: minItems"),
        (changed("properties", "legs", "items", to=None), "/legs: "),
        (changed("properties", "legs", "items", to={"type": "object"}), "/legs/*/on: "),
        (changed("$defs", "Leg", "properties", "on", "format", to=None), "/legs/*/on: format"),
        (changed("$defs", "Money", "additionalProperties", to=None), "/money: additional"),
        (changed("$defs", "Money", "properties", "scale", to={"type": "integer"}), "/money/scale"),
        (changed("$defs", "Money", "properties", "amount", "pattern", to="^[0-9]$"), "/money/"),
        (changed("$defs", "Money", "not", to={"type": "null"}), "/money: not"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_everything_else_breaks_somebody(after: dict[str, Any], place: str) -> None:
    (change,) = breaking_changes(BEFORE, after)

    assert change.startswith(place)


def test_a_new_field_that_is_required_breaks_those_who_read_older_messages() -> None:
    after = changed("properties", "later", to={"type": "string"})
    after["required"] = [*BEFORE["required"], "later"]

    assert breaking_changes(BEFORE, after) == ["/later: the new field is required"]
