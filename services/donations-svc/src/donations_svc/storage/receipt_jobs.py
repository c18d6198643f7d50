"""Jobs in the database: who works on one holds its row, so that others take another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_kit.database import Connection

from donations_svc.domain.errors import JobNotFoundError
from donations_svc.storage import receipt_tables as tables

INSERT: Final = """
    INSERT INTO job (job_id, agency, month, handler, total, issued, refused, after, requested_by,
                     requested_at)
    VALUES ($1, $2, $3, $4, 0, 0, '{}', $5, $6, $7)
    RETURNING *
"""
READ: Final = "SELECT * FROM job WHERE job_id = $1"
TAKE: Final = """
    SELECT * FROM job WHERE finished_at IS NULL
    ORDER BY job_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
START: Final = "UPDATE job SET started_at = $2, total = $3 WHERE job_id = $1"
ADVANCE: Final = "UPDATE job SET issued = $2, refused = $3, after = $4 WHERE job_id = $1"
FINISH: Final = "UPDATE job SET finished_at = $2 WHERE job_id = $1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """Receipts for what an agency has received in `month`, as 202603."""

    job_id: UUID
    agency: str
    month: int
    handler: str | None
    total: int
    issued: int
    refused: Mapping[str, int]
    after: UUID
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def done(self) -> int:
        return self.issued + sum(self.refused.values())


async def insert(
    connection: Connection,
    job_id: UUID,
    *,
    agency: str,
    month: int,
    handler: str | None,
    requested_by: str,
    requested_at: datetime,
) -> Job:
    first = UUID(int=0)
    row = await connection.fetchrow(
        INSERT, job_id, agency, month, handler, first, requested_by, requested_at
    )
    assert row is not None, "an insert returns its row"
    return _job(row)


async def read(connection: Connection, job_id: UUID) -> Job:
    """Raises JobNotFoundError."""
    row = await connection.fetchrow(READ, job_id)
    if row is None:
        raise JobNotFoundError(f"there is no job {job_id}")
    return _job(row)


async def take(connection: Connection) -> Job | None:
    """The oldest that is open and nobody works on, locked to the end of this transaction."""
    row = await connection.fetchrow(TAKE)
    return None if row is None else _job(row)


async def start(connection: Connection, job_id: UUID, *, at: datetime, total: int) -> None:
    await connection.execute(START, job_id, at, total)


async def advance(
    connection: Connection, job_id: UUID, *, issued: int, refused: Mapping[str, int], after: UUID
) -> None:
    await connection.execute(ADVANCE, job_id, issued, json.dumps(dict(refused)), after)


async def finish(connection: Connection, job_id: UUID, *, at: datetime) -> None:
    await connection.execute(FINISH, job_id, at)


def _job(record: asyncpg.Record) -> Job:
    row = tables.Job(**dict(record))
    return Job(
        job_id=row.job_id,
        agency=row.agency,
        month=row.month,
        handler=row.handler,
        total=row.total,
        issued=row.issued,
        refused=json.loads(row.refused),
        after=row.after,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
