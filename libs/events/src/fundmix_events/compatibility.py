"""What may change inside a version of an event: optional fields come, and lists of values grow.

Messages stay on the topics for ever and are read by older and newer code, so everything else is a
new version beside the old one. Who does not know a new value of a list sets the message aside and
reads it again after its upgrade.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

ANNOTATIONS: Final = frozenset(
    {"$schema", "$id", "$defs", "title", "description", "default", "examples"}
)
COMPARED_APART: Final = frozenset({"properties", "required", "enum", "items", "anyOf"})
DEFINITIONS: Final = "#/$defs/"


def breaking_changes(before: Schema, after: Schema) -> list[str]:
    """What the later schema of one version does to those who know the earlier, place by place."""
    return list(_Comparison(before, after).compare(before, after, ""))


class _Comparison:
    def __init__(self, before_root: Schema, after_root: Schema) -> None:
        self._before_root = before_root
        self._after_root = after_root

    def compare(self, before: Schema, after: Schema, place: str) -> Iterator[str]:
        before = _resolved(before, self._before_root)
        after = _resolved(after, self._after_root)
        for keyword in sorted((before.keys() | after.keys()) - ANNOTATIONS - COMPARED_APART):
            if before.get(keyword) != after.get(keyword):
                yield f"{place}: {keyword} was {before.get(keyword)}, is {after.get(keyword)}"
        yield from _compare_values(before, after, place)
        yield from self._compare_fields(before, after, place)
        if "items" in before and "items" in after:
            yield from self.compare(before["items"], after["items"], f"{place}/*")
        elif "items" in before or "items" in after:
            yield f"{place}: items have come or gone"
        branches = before.get("anyOf", []), after.get("anyOf", [])
        if len(branches[0]) != len(branches[1]):
            yield f"{place}: had {len(branches[0])} forms, has {len(branches[1])}"
            return
        for old, new in zip(*branches, strict=True):
            yield from self.compare(old, new, place)

    def _compare_fields(self, before: Schema, after: Schema, place: str) -> Iterator[str]:
        old_fields: Schema = before.get("properties", {})
        new_fields: Schema = after.get("properties", {})
        old_required, new_required = before.get("required", []), after.get("required", [])
        is_closed = before.get("additionalProperties") is False
        for name, field in old_fields.items():
            if name not in new_fields:
                yield f"{place}/{name}: the field is gone"
                continue
            if (name in old_required) != (name in new_required):
                yield f"{place}/{name}: the field has become required or optional"
            yield from self.compare(field, new_fields[name], f"{place}/{name}")
        for name in new_fields.keys() - old_fields.keys():
            if name in new_required:
                yield f"{place}/{name}: the new field is required"
            if is_closed:
                yield f"{place}/{name}: older readers refuse the new field"


def _compare_values(before: Schema, after: Schema, place: str) -> Iterator[str]:
    if ("enum" in before) != ("enum" in after):
        yield f"{place}: a list of values has come or gone"
        return
    gone = [value for value in before.get("enum", []) if value not in after.get("enum", [])]
    if gone:
        yield f"{place}: the values {gone} are gone"


def _resolved(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    if reference is None:
        return schema
    definition: Schema = root["$defs"][reference.removeprefix(DEFINITIONS)]
    beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
    return _resolved({**definition, **beside}, root)
