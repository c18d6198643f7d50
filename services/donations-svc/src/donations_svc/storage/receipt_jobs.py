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
from donations_svc.storage.receiptable import BEFORE_ALL, Place

INSERT: Final = """
    INSERT INTO job (job_id, agency, month, handler, total, issued, refused, after_on, after,
                     requested_by, requested_at)
    VALUES ($1, $2, $3, $4, 0, 0, '{}', $5, $6, $7, $8)
    RETURNING *
"""
READ: Final = "SELECT * FROM job WHERE job_id = $1"
LIST: Final = """
    SELECT * FROM job
    WHERE ($1::text IS NULL OR agency = $1) AND ($2::text IS NULL OR agency = $2) AND job_id > $3
    ORDER BY job_id LIMIT $4
"""
TAKE: Final = """
    SELECT * FROM job WHERE finished_at IS NULL
    ORDER BY tried_at NULLS FIRST, job_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
"""
START: Final = "UPDATE job SET started_at = $2, total = $3 WHERE job_id = $1"
ADVANCE: Final = """
    UPDATE job SET tried_at = $2, issued = $3, refused = $4, after_on = $5, after = $6
    WHERE job_id = $1
"""
PUT_LAST: Final = "UPDATE job SET tried_at = $2 WHERE job_id = $1"
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
    after: Place
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
    row = await connection.fetchrow(
        INSERT, job_id, agency, month, handler, *BEFORE_ALL, requested_by, requested_at
    )
    assert row is not None, "an insert returns its row"
    return _job(row)


async def read(connection: Connection, job_id: UUID) -> Job:
    """Raises JobNotFoundError."""
    row = await connection.fetchrow(READ, job_id)
    if row is None:
        raise JobNotFoundError(f"there is no job {job_id}")
    return _job(row)


async def list_rows(
    connection: Connection, *, org: str | None, agency: str | None, after: UUID, rows_max: int
) -> list[Job]:
    return [_job(row) for row in await connection.fetch(LIST, org, agency, after, rows_max)]


async def take(connection: Connection) -> Job | None:
    """Of those that are open and nobody works on, the one that was not tried for longest.

    It is locked to the end of this transaction.
    """
    row = await connection.fetchrow(TAKE)
    return None if row is None else _job(row)


async def start(connection: Connection, job_id: UUID, *, at: datetime, total: int) -> None:
    await connection.execute(START, job_id, at, total)


async def advance(
    connection: Connection,
    job_id: UUID,
    *,
    at: datetime,
    issued: int,
    refused: Mapping[str, int],
    after: Place,
) -> None:
    await connection.execute(ADVANCE, job_id, at, issued, json.dumps(dict(refused)), *after)


async def put_last(connection: Connection, job_id: UUID, *, at: datetime) -> None:
    """All others come first."""
    await connection.execute(PUT_LAST, job_id, at)


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
        after=Place(row.after_on, row.after),
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
