"""What has changed, kept beside what is: written with the change itself, and then left."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fundmix_events.envelope import Actor
from fundmix_kit.database import Connection, columns
from fundmix_kit.origin import Origin

from registry_svc.domain.history import FieldChange

APPEND: Final = """
    INSERT INTO organisation_change
        (code, version, field, before, after, subject, role, org, recorded_at, request_id, reason,
         change_request_id)
    SELECT code, version, field, before, after, $6, $7, $8, $9, $10, $11, $12
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::jsonb[], $5::jsonb[])
        AS u (code, version, field, before, after)
"""
LIST: Final = """
    SELECT version, field, before, after, subject, role, org, recorded_at, request_id, reason,
           change_request_id
    FROM organisation_change
    WHERE code = $1 AND (version, field) < ($2, $3)
    ORDER BY version DESC, field DESC LIMIT $4
"""
VERSION_BEFORE: Final = """
    SELECT max(version) FROM organisation_change WHERE code = $1 AND recorded_at < $2
"""
# What each field was before the first of the later changes.
LATER: Final = """
    SELECT DISTINCT ON (field) field, before
    FROM organisation_change
    WHERE code = $1 AND version > $2
    ORDER BY field, version
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """What a person gave as the reason, and the request that two persons decided."""

    reason: str | None = None
    change_request_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PastChange:
    version: int
    change: FieldChange
    by: Actor
    recorded_at: datetime
    request_id: str
    why: Why


Changed = tuple[str, int, Sequence[FieldChange]]
"""A code, its new version, and what is different."""


async def append(
    connection: Connection,
    changed: Sequence[Changed],
    origin: Origin,
    *,
    recorded_at: datetime,
    why: Why | None = None,
) -> None:
    why = why or Why()
    rows = [
        (code, version, change.field, _json(change.before), _json(change.after))
        for code, version, changes in changed
        for change in changes
    ]
    await connection.execute(
        APPEND,
        *columns(rows, 5),
        origin.actor.subject,
        origin.actor.role,
        origin.actor.org,
        recorded_at,
        origin.correlation_id,
        why.reason,
        why.change_request_id,
    )


async def list_rows(
    connection: Connection, code: str, *, before: tuple[int, str], rows_max: int
) -> list[PastChange]:
    """The newest first; `before` is the version and the field of the last row seen."""
    rows = await connection.fetch(LIST, code, *before, rows_max)
    return [
        PastChange(
            version=row["version"],
            change=FieldChange(
                field=row["field"], before=_value(row["before"]), after=_value(row["after"])
            ),
            by=Actor(subject=row["subject"], role=row["role"], org=row["org"]),
            recorded_at=row["recorded_at"],
            request_id=row["request_id"],
            why=Why(reason=row["reason"], change_request_id=row["change_request_id"]),
        )
        for row in rows
    ]


async def version_before(connection: Connection, code: str, instant: datetime) -> int | None:
    """None: it was not in the register then."""
    return await connection.fetchval(VERSION_BEFORE, code, instant)


async def values_before_later(
    connection: Connection, code: str, version: int
) -> list[tuple[str, Any]]:
    rows = await connection.fetch(LATER, code, version)
    return [(row["field"], _value(row["before"])) for row in rows]


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)
