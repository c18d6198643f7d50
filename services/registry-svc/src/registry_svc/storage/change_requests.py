"""Change requests in the database."""

import json
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import asyncpg
from asyncpg import exceptions
from fundmix_events.envelope import Actor
from fundmix_events.registry import OrganisationKind
from fundmix_kit.database import Connection
from pydantic import TypeAdapter

from registry_svc.domain.change_request import (
    ChangeRequest,
    Decision,
    Evidence,
    RequestState,
    Wanted,
)
from registry_svc.domain.errors import ChangeRequestNotFoundError, ChangeRequestOpenError

COLUMNS: Final = """
    change_request_id, code, state, name, name_before, kind, kind_before, reason, evidence,
    requested_by, requested_role, requested_org, requested_at,
    decided_by, decided_role, decided_org, decided_at, decision_reason
"""
INSERT: Final = """
    INSERT INTO change_request
        (change_request_id, code, state, name, name_before, kind, kind_before, reason, evidence,
         requested_by, requested_role, requested_org, requested_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
READ: Final = f"SELECT {COLUMNS} FROM change_request WHERE change_request_id = $1"  # noqa: S608  # our own columns
LOCK: Final = f"{READ} FOR UPDATE"
SAVE: Final = """
    UPDATE change_request
    SET state = $2, decided_by = $3, decided_role = $4, decided_org = $5, decided_at = $6,
        decision_reason = $7
    WHERE change_request_id = $1
"""
LIST: Final = f"""
    SELECT {COLUMNS} FROM change_request
    WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR code = $2)
      AND change_request_id > $3
    ORDER BY change_request_id LIMIT $4
"""  # noqa: S608  # our own columns
WAITING: Final = f"""
    SELECT {COLUMNS} FROM change_request
    WHERE state = 'open' AND requested_by <> $1 AND change_request_id > $2
    ORDER BY change_request_id LIMIT $3
"""  # noqa: S608  # our own columns
EVIDENCE: Final = TypeAdapter(tuple[Evidence, ...])


async def insert(connection: Connection, request: ChangeRequest) -> None:
    """Call it with the organisation locked. Raises ChangeRequestOpenError."""
    try:
        await connection.execute(
            INSERT,
            request.request_id,
            request.organisation_code,
            request.state,
            request.wanted.name,
            request.before.name,
            request.wanted.kind,
            request.before.kind,
            request.reason,
            _evidence(request),
            request.requested_by.subject,
            request.requested_by.role,
            request.requested_by.org,
            request.requested_at,
        )
    except exceptions.UniqueViolationError as error:
        field = "kind" if (error.constraint_name or "").endswith("kind") else "name"
        raise ChangeRequestOpenError(
            f"another change of its {field} waits for a decision", pointer=f"/changes/{field}"
        ) from error


async def read(connection: Connection, request_id: UUID) -> ChangeRequest:
    """Raises ChangeRequestNotFoundError."""
    return _found(await connection.fetchrow(READ, request_id), request_id)


async def load_for_update(connection: Connection, request_id: UUID) -> ChangeRequest:
    """Raises ChangeRequestNotFoundError."""
    return _found(await connection.fetchrow(LOCK, request_id), request_id)


async def save(connection: Connection, request: ChangeRequest) -> None:
    decision = request.decision
    assert decision is not None, "only a decision changes a request"
    await connection.execute(
        SAVE,
        request.request_id,
        request.state,
        decision.by.subject,
        decision.by.role,
        decision.by.org,
        decision.at,
        decision.reason,
    )


async def list_rows(
    connection: Connection, *, state: str | None, code: str | None, after: UUID, rows_max: int
) -> list[ChangeRequest]:
    """The oldest first: their identifiers are in the order of time."""
    rows = await connection.fetch(LIST, state, code, after, rows_max)
    return [_request(row) for row in rows]


async def list_waiting(
    connection: Connection, *, subject: str, after: UUID, rows_max: int
) -> list[ChangeRequest]:
    """Open requests of others than `subject`, the oldest first."""
    rows = await connection.fetch(WAITING, subject, after, rows_max)
    return [_request(row) for row in rows]


def _found(row: asyncpg.Record | None, request_id: UUID) -> ChangeRequest:
    if row is None:
        raise ChangeRequestNotFoundError(f"there is no change request {request_id}")
    return _request(row)


def _request(row: asyncpg.Record) -> ChangeRequest:
    return ChangeRequest(
        request_id=row["change_request_id"],
        organisation_code=row["code"],
        wanted=_wanted(row["name"], row["kind"]),
        before=_wanted(row["name_before"], row["kind_before"]),
        reason=row["reason"],
        evidence=EVIDENCE.validate_json(row["evidence"]),
        requested_by=_actor(row, "requested"),
        requested_at=row["requested_at"],
        state=RequestState(row["state"]),
        decision=None
        if row["decided_by"] is None
        else Decision(
            by=_actor(row, "decided"), at=row["decided_at"], reason=row["decision_reason"]
        ),
    )


def _wanted(name: str | None, kind: str | None) -> Wanted:
    return Wanted(name=name, kind=None if kind is None else OrganisationKind(kind))


def _actor(row: asyncpg.Record, what: str) -> Actor:
    return Actor(subject=row[f"{what}_by"], role=row[f"{what}_role"], org=row[f"{what}_org"])


def _evidence(request: ChangeRequest) -> str:
    documents: list[dict[str, Any]] = [asdict(document) for document in request.evidence]
    return json.dumps(documents, ensure_ascii=False, default=str)
