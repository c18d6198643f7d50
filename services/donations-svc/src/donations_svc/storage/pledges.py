"""Pledges in the database."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.donations import (
    CancellationReason,
    DonationKind,
    Donor,
    DonorKind,
    ScheduledPart,
)
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection, columns

from donations_svc.domain.errors import PledgeNotFoundError, ReferenceTakenError
from donations_svc.domain.pledge import Cancellation, Pledge, PledgeState, PledgeTerms
from donations_svc.storage import tables

INSERT: Final = """
    INSERT INTO pledge
        (pledge_id, version, reference, donor_kind, donor_code, agency, channel, kind,
         amount_minor, fulfilled_minor, currency, restricted_to, pledged_on, is_anonymous,
         recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
INSERT_ALL: Final = """
    INSERT INTO pledge
        (pledge_id, version, reference, donor_kind, donor_code, agency, channel, kind,
         amount_minor, fulfilled_minor, currency, restricted_to, pledged_on, is_anonymous,
         batch_id, recorded_at)
    SELECT u.*, $16
    FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
                $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[],
                $13::date[], $14::boolean[], $15::uuid[]) AS u
"""
SAVE_ALL: Final = """
    UPDATE pledge SET version = u.version, fulfilled_minor = u.fulfilled_minor
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS u (pledge_id, version, fulfilled_minor)
    WHERE pledge.pledge_id = u.pledge_id
"""
REVERSE_ALL: Final = """
    UPDATE pledge SET version = u.version, cancelled_on = u.cancelled_on,
                      cancellation_reason = u.cancellation_reason,
                      cancellation_remark = u.cancellation_remark, reversed_on = u.reversed_on
    FROM unnest($1::uuid[], $2::bigint[], $3::date[], $4::text[], $5::text[], $6::date[])
         AS u (pledge_id, version, cancelled_on, cancellation_reason, cancellation_remark,
               reversed_on)
    WHERE pledge.pledge_id = u.pledge_id
"""
ADD_PARTS: Final = """
    INSERT INTO pledge_part (pledge_id, number, due_on, amount_minor)
    SELECT $1, * FROM unnest($2::smallint[], $3::date[], $4::bigint[])
"""
PARTS: Final = """
    SELECT pledge_id, due_on, amount_minor FROM pledge_part
    WHERE pledge_id = ANY($1::uuid[]) ORDER BY pledge_id, number
"""
LOCK: Final = "SELECT * FROM pledge WHERE pledge_id = $1 FOR UPDATE"
LOCK_ALL: Final = "SELECT * FROM pledge WHERE pledge_id = ANY($1) ORDER BY pledge_id FOR UPDATE"
LOCK_OF_BATCH: Final = """
    SELECT * FROM pledge
    WHERE batch_id = $1 AND reversed_on IS NULL AND pledge_id > $2
    ORDER BY pledge_id LIMIT $3 FOR UPDATE
"""
READ: Final = "SELECT * FROM pledge WHERE pledge_id = $1"
SAVE: Final = """
    UPDATE pledge SET version = $2, fulfilled_minor = $3, cancelled_on = $4,
                      cancellation_reason = $5, cancellation_remark = $6
    WHERE pledge_id = $1
"""
# The state is that of `Pledge.state`, on the day $5.
LIST: Final = """
    SELECT * FROM pledge p
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::text IS NULL OR reference = $2)
      AND ($3::text IS NULL OR agency = $3)
      AND ($4::text IS NULL OR $4 = CASE
              WHEN cancelled_on IS NOT NULL THEN 'cancelled'
              WHEN fulfilled_minor = amount_minor THEN 'received'
              WHEN fulfilled_minor < (
                  SELECT sum(pp.amount_minor) FROM pledge_part pp
                  WHERE pp.pledge_id = p.pledge_id AND pp.due_on < $5) THEN 'overdue'
              WHEN fulfilled_minor > 0 THEN 'part_received'
              ELSE 'promised' END)
      AND pledge_id > $6
    ORDER BY pledge_id LIMIT $7
"""


async def insert(connection: Connection, pledge: Pledge, *, recorded_at: datetime) -> None:
    """Raises ReferenceTakenError."""
    terms = pledge.terms
    try:
        await connection.execute(
            INSERT,
            pledge.pledge_id,
            pledge.version,
            terms.reference,
            terms.donor.kind,
            terms.donor.code,
            terms.agency,
            pledge.channel,
            terms.kind,
            terms.amount.amount_minor,
            pledge.fulfilled.amount_minor,
            terms.amount.currency,
            terms.restricted_to,
            terms.pledged_on,
            terms.is_anonymous,
            recorded_at,
        )
    except asyncpg.UniqueViolationError as error:
        raise ReferenceTakenError(
            f"{terms.agency} has a pledge {terms.reference} already", pointer="/reference"
        ) from error
    if terms.schedule:
        parts = [
            (number, part.due_on, part.amount.amount_minor)
            for number, part in enumerate(terms.schedule, start=1)
        ]
        await connection.execute(ADD_PARTS, pledge.pledge_id, *columns(parts, 3))


async def insert_all(
    connection: Connection, made: Sequence[Pledge], *, recorded_at: datetime
) -> None:
    """Without a schedule, by one statement. Raises ReferenceTakenError."""
    rows = [
        (
            pledge.pledge_id,
            pledge.version,
            pledge.terms.reference,
            pledge.terms.donor.kind,
            pledge.terms.donor.code,
            pledge.terms.agency,
            pledge.channel,
            pledge.terms.kind,
            pledge.terms.amount.amount_minor,
            pledge.fulfilled.amount_minor,
            pledge.terms.amount.currency,
            pledge.terms.restricted_to,
            pledge.terms.pledged_on,
            pledge.terms.is_anonymous,
            pledge.batch_id,
        )
        for pledge in made
    ]
    try:
        await connection.execute(INSERT_ALL, *columns(rows, 15), recorded_at)
    except asyncpg.UniqueViolationError as error:
        raise ReferenceTakenError(
            "a pledge with one of these references has come at the same moment: send them again"
        ) from error


async def save_all(connection: Connection, changed: Sequence[Pledge]) -> None:
    """What has arrived of them, by one statement; the rows are locked."""
    rows = [(p.pledge_id, p.version, p.fulfilled.amount_minor) for p in changed]
    await connection.execute(SAVE_ALL, *columns(rows, 3))


async def reverse_all(connection: Connection, reversed_: Sequence[Pledge]) -> None:
    """That they were errors, by one statement; the rows are locked."""
    rows = [
        (pledge.pledge_id, pledge.version, *_cancelled(pledge), pledge.reversed_on)
        for pledge in reversed_
    ]
    await connection.execute(REVERSE_ALL, *columns(rows, 6))


async def find_for_update(connection: Connection, pledge_id: UUID) -> Pledge | None:
    row = await connection.fetchrow(LOCK, pledge_id)
    return None if row is None else (await pledges_of(connection, [row]))[0]


async def lock_all(connection: Connection, pledge_ids: Collection[UUID]) -> dict[UUID, Pledge]:
    rows = await connection.fetch(LOCK_ALL, pledge_ids)
    return {pledge.pledge_id: pledge for pledge in await pledges_of(connection, rows)}


async def lock_of_batch(
    connection: Connection, batch_id: UUID, *, after: UUID, rows_max: int
) -> list[Pledge]:
    """The next that stand of an import, each row locked."""
    rows = await connection.fetch(LOCK_OF_BATCH, batch_id, after, rows_max)
    return await pledges_of(connection, rows)


async def save(connection: Connection, pledge: Pledge) -> None:
    """What may change of it: what has arrived, and that no more will."""
    await connection.execute(
        SAVE,
        pledge.pledge_id,
        pledge.version,
        pledge.fulfilled.amount_minor,
        *_cancelled(pledge),
    )


def _cancelled(pledge: Pledge) -> tuple[Any, ...]:
    if pledge.cancellation is None:
        return (None,) * 3
    cancellation = pledge.cancellation
    return (cancellation.cancelled_on, cancellation.reason, cancellation.remark)


async def read(connection: Connection, pledge_id: UUID, *, is_locked: bool = False) -> Pledge:
    """Raises PledgeNotFoundError."""
    row = await connection.fetchrow(LOCK if is_locked else READ, pledge_id)
    if row is None:
        raise PledgeNotFoundError(f"there is no pledge {pledge_id}")
    return (await pledges_of(connection, [row]))[0]


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    reference: str | None,
    agency: str | None,
    state: PledgeState | None,
    today: date,
    after: UUID,
    rows_max: int,
) -> list[Pledge]:
    rows = await connection.fetch(LIST, org, reference, agency, state, today, after, rows_max)
    return await pledges_of(connection, rows)


async def pledges_of(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Pledge]:
    parts: dict[UUID, list[ScheduledPart]] = {}
    for part in await connection.fetch(PARTS, [row["pledge_id"] for row in rows]):
        parts.setdefault(part["pledge_id"], []).append(
            ScheduledPart(due_on=part["due_on"], amount=Money.of(part["amount_minor"]))
        )
    return [_pledge(row, tuple(parts.get(row["pledge_id"], ()))) for row in rows]


def _pledge(record: asyncpg.Record, schedule: tuple[ScheduledPart, ...]) -> Pledge:
    row = tables.Pledge(**dict(record))
    currency = Currency(row.currency)
    return Pledge(
        pledge_id=row.pledge_id,
        version=row.version,
        terms=PledgeTerms(
            reference=row.reference,
            donor=Donor(kind=DonorKind(row.donor_kind), code=row.donor_code),
            agency=row.agency,
            kind=DonationKind(row.kind),
            amount=Money.of(row.amount_minor, currency),
            restricted_to=row.restricted_to,
            pledged_on=row.pledged_on,
            is_anonymous=row.is_anonymous,
            schedule=schedule,
        ),
        channel=Channel(row.channel),
        fulfilled=Money.of(row.fulfilled_minor, currency),
        cancellation=_cancellation(row),
        batch_id=row.batch_id,
        reversed_on=row.reversed_on,
    )


def _cancellation(row: tables.Pledge) -> Cancellation | None:
    if row.cancelled_on is None:
        return None
    return Cancellation(
        cancelled_on=row.cancelled_on,
        reason=CancellationReason(row.cancellation_reason),
        remark=row.cancellation_remark,
    )
