"""Contracts that are being written: kept as their officers left them, until they are signed."""

from datetime import datetime
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection

from contracts_svc.domain.errors import DraftNotFoundError
from contracts_svc.storage import tables

INSERT: Final = """
    INSERT INTO draft (draft_id, version, buyer, agency, state, body, changed_by, changed_at)
    VALUES ($1, 1, $2, $3, 'open', $4, $5, $6)
    RETURNING *
"""
LOCK: Final = "SELECT * FROM draft WHERE draft_id = $1 FOR UPDATE"
READ: Final = "SELECT * FROM draft WHERE draft_id = $1"
SAVE: Final = """
    UPDATE draft
    SET version = version + 1, agency = $2, state = $3, body = $4, changed_by = $5, changed_at = $6
    WHERE draft_id = $1
    RETURNING *
"""
LIST: Final = """
    SELECT * FROM draft
    WHERE ($1::text IS NULL OR buyer = $1) AND state = $2 AND draft_id > $3
    ORDER BY draft_id LIMIT $4
"""


async def insert(
    connection: Connection,
    draft_id: UUID,
    *,
    buyer: str,
    agency: str,
    body: str,
    changed_by: str,
    changed_at: datetime,
) -> tables.Draft:
    row = await connection.fetchrow(INSERT, draft_id, buyer, agency, body, changed_by, changed_at)
    assert row is not None, "an insert returns its row"
    return tables.Draft(**dict(row))


async def load_for_update(connection: Connection, draft_id: UUID) -> tables.Draft:
    """Raises DraftNotFoundError."""
    return await _one(connection, LOCK, draft_id)


async def read(connection: Connection, draft_id: UUID) -> tables.Draft:
    """Raises DraftNotFoundError."""
    return await _one(connection, READ, draft_id)


async def save(
    connection: Connection,
    draft_id: UUID,
    *,
    agency: str,
    state: str,
    body: str,
    changed_by: str,
    changed_at: datetime,
) -> tables.Draft:
    row = await connection.fetchrow(SAVE, draft_id, agency, state, body, changed_by, changed_at)
    assert row is not None, "the draft is locked, so it is there"
    return tables.Draft(**dict(row))


async def list_rows(
    connection: Connection, *, org: str | None, state: str, after: UUID, rows_max: int
) -> list[tables.Draft]:
    rows = await connection.fetch(LIST, org, state, after, rows_max)
    return [tables.Draft(**dict(row)) for row in rows]


async def _one(connection: Connection, statement: str, draft_id: UUID) -> tables.Draft:
    row = await connection.fetchrow(statement, draft_id)
    if row is None:
        raise DraftNotFoundError(f"there is no draft {draft_id}")
    return tables.Draft(**dict(row))
