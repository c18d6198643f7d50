"""Every field an organisation has had: what changed from what, and how it was on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fundmix_events.registry import Organisation

FIELDS: Final = tuple(name for name in Organisation.model_fields if name != "code")


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """Values as JSON has them; None: there was, or is, none."""

    field: str
    before: Any
    after: Any


def changes_between(before: Organisation | None, after: Organisation) -> list[FieldChange]:
    """`before` None: every field that a registration has brought."""
    old: Mapping[str, Any] = {} if before is None else before.model_dump(mode="json")
    new = after.model_dump(mode="json")
    return [
        FieldChange(field=field, before=old.get(field), after=new[field])
        for field in FIELDS
        if old.get(field) != new[field]
    ]


def as_it_was(now: Organisation, later: Iterable[tuple[str, Any]]) -> Organisation:
    """Undo later changes: of each field, what was `before` the first of them."""
    return Organisation.model_validate({**now.model_dump(mode="json"), **dict(later)})
