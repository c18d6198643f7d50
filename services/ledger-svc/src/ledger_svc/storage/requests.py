"""Requests in the database."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.errors import (
    NotReversibleError,
    OpeningBalanceTakenError,
    ReferenceTakenError,
)
from ledger_svc.domain.request import Request, RequestState
from ledger_svc.domain.terms import (
    TERMS_BY_KIND,
    RequestKind,
    amount_of,
    effective_on,
    fund_of,
    reference_of,
)

INSERT: Final = """
    INSERT INTO request
        (request_id, version, kind, agency, reference, fund_code, effective_on, amount_minor, state,
         body, prepared_by, prepared_at, corrects, batch_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
LOCK: Final = "SELECT * FROM request WHERE request_id = $1 FOR UPDATE"
READ: Final = "SELECT * FROM request WHERE request_id = $1"
LOCK_BY_EVENT: Final = "SELECT * FROM request WHERE event_id = $1 FOR UPDATE"
SAVE: Final = """
    UPDATE request
    SET version = $2, state = $3, decided_by = $4, decided_at = $5, reason = $6, event_id = $7
    WHERE request_id = $1
"""
SAVE_ENDED: Final = """
    UPDATE request r
    SET version = u.version, state = u.state, decided_by = u.decided_by,
        decided_at = u.decided_at, reason = u.reason
    FROM unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::timestamptz[], $6::text[])
        AS u (request_id, version, state, decided_by, decided_at, reason)
    WHERE r.request_id = u.request_id
"""
LIST: Final = """
    SELECT * FROM request
    WHERE ($1::text IS NULL OR agency = $1)
      AND ($2::text IS NULL OR kind = $2)
      AND ($3::text IS NULL OR state = $3)
      AND ($4::text IS NULL OR reference = $4)
      AND ($5::text IS NULL OR fund_code = $5)
      AND ($6::uuid IS NULL OR batch_id = $6)
      AND request_id > $7
    ORDER BY request_id LIMIT $8
"""
LIST_WAITING: Final = """
    SELECT * FROM request
    WHERE state = 'prepared' AND agency IS NOT DISTINCT FROM $1 AND prepared_by <> $2
      AND request_id > $3
    ORDER BY request_id LIMIT $4
"""
LOCK_BATCH: Final = """
    SELECT * FROM request WHERE batch_id = $1 AND state = 'prepared'
    ORDER BY effective_on, request_id FOR UPDATE
"""
SEQ_OF_EVENTS: Final = "SELECT event_id, seq FROM journal_entry WHERE event_id = ANY($1::uuid[])"
REVERSED_BY: Final = "SELECT seq FROM journal_entry WHERE corrects = $1"
NO_ID: Final = UUID(int=0)


async def insert(connection: Connection, request: Request, *, today: date) -> None:
    """Raises ReferenceTakenError, OpeningBalanceTakenError, NotReversibleError."""
    terms = request.terms
    amount = amount_of(terms)
    try:
        await connection.execute(
            INSERT,
            request.request_id,
            request.version,
            request.kind,
            request.agency,
            reference_of(terms),
            fund_of(terms),
            effective_on(terms, today=today),
            None if amount is None else amount.amount_minor,
            request.state,
            terms.model_dump_json(),
            request.prepared_by,
            request.prepared_at,
            request.corrects,
            request.batch_id,
        )
    except asyncpg.UniqueViolationError as error:
        raise _refusal(request, error) from error


def _refusal(request: Request, error: asyncpg.UniqueViolationError) -> Exception:
    match error.constraint_name:
        case "uq_request_reference":
            reference = reference_of(request.terms)
            pointer = "/through" if request.kind is RequestKind.CLOSE else "/reference"
            return ReferenceTakenError(
                f"there is a request {reference} of this kind already", pointer=pointer
            )
        case "uq_request_opening":
            return OpeningBalanceTakenError(
                f"the books of {request.agency} have an opening balance", pointer="/agency"
            )
        case "uq_request_corrects":
            return NotReversibleError("its reversal is asked for already", pointer="/seq")
        case _:
            return error


async def find_for_update(connection: Connection, request_id: UUID) -> Request | None:
    row = await connection.fetchrow(LOCK, request_id)
    return None if row is None else _request(row)


async def find_by_event_for_update(connection: Connection, event_id: UUID) -> Request | None:
    row = await connection.fetchrow(LOCK_BY_EVENT, event_id)
    return None if row is None else _request(row)


async def find(connection: Connection, request_id: UUID) -> Request | None:
    row = await connection.fetchrow(READ, request_id)
    return None if row is None else _request(row)


async def lock_batch(connection: Connection, batch_id: UUID) -> list[Request]:
    """What waits of a batch, the oldest value date first."""
    return [_request(row) for row in await connection.fetch(LOCK_BATCH, batch_id)]


async def save(connection: Connection, request: Request) -> None:
    await connection.execute(
        SAVE,
        request.request_id,
        request.version,
        request.state,
        request.decided_by,
        request.decided_at,
        request.reason,
        request.event_id,
    )


async def save_ended(connection: Connection, ended: Sequence[Request]) -> None:
    """Those that come to no event."""
    rows = [(r.request_id, r.version, r.state, r.decided_by, r.decided_at, r.reason) for r in ended]
    await connection.execute(SAVE_ENDED, *columns(rows, 6))


async def read_list(
    connection: Connection,
    *,
    agency: str | None,
    kind: RequestKind | None,
    state: RequestState | None,
    reference: str | None,
    fund_code: str | None,
    batch_id: UUID | None,
    after: UUID | None,
    rows_max: int,
) -> list[Request]:
    rows = await connection.fetch(
        LIST, agency, kind, state, reference, fund_code, batch_id, after or NO_ID, rows_max
    )
    return [_request(row) for row in rows]


async def read_waiting(
    connection: Connection, *, agency: str | None, not_by: str, after: UUID | None, rows_max: int
) -> list[Request]:
    """What another person has prepared: of an agency, or of the whole books."""
    rows = await connection.fetch(LIST_WAITING, agency, not_by, after or NO_ID, rows_max)
    return [_request(row) for row in rows]


async def seq_by_event(connection: Connection, event_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Where the events stand in the journal, as far as they do yet."""
    rows = await connection.fetch(SEQ_OF_EVENTS, event_ids)
    return {row["event_id"]: row["seq"] for row in rows}


async def reversed_by(connection: Connection, event_id: UUID) -> int | None:
    return await connection.fetchval(REVERSED_BY, event_id)


def _request(row: asyncpg.Record) -> Request:
    kind = RequestKind(row["kind"])
    return Request(
        request_id=row["request_id"],
        version=row["version"],
        terms=TERMS_BY_KIND[kind].model_validate_json(row["body"]),
        state=RequestState(row["state"]),
        prepared_by=row["prepared_by"],
        prepared_at=row["prepared_at"],
        corrects=row["corrects"],
        batch_id=row["batch_id"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
        event_id=row["event_id"],
    )
