"""Announcements and their lines in the database."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.donations import DonationKind, Donor, DonorKind
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection, columns

from donations_svc.domain.announcement import (
    Announcement,
    AnnouncementTerms,
    Line,
    LineState,
    LineTerms,
    RejectionReason,
)
from donations_svc.domain.errors import AnnouncementNotFoundError, ReferenceTakenError
from donations_svc.storage import tables
from donations_svc.storage.donations import (
    goods_columns,
    goods_of,
    service_columns,
    service_of,
)

INSERT: Final = """
    INSERT INTO announcement
        (announcement_id, version, reference, donor_kind, donor_code, kind, amount_minor, currency,
         given_on, goods, quantity, unit, proof_kind, proof_sha256, service, hours,
         hourly_rate_minor, is_sponsorship, is_anonymous, remark, recorded_by, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
            $20, $21, $22)
"""
INSERT_LINES: Final = """
    INSERT INTO announcement_line
        (announcement_id, number, agency, restricted_to, amount_minor, pledge_id, state)
    SELECT $1, * FROM unnest($2::smallint[], $3::text[], $4::text[], $5::bigint[], $6::uuid[],
                             $7::text[])
"""
LOCK: Final = "SELECT * FROM announcement WHERE announcement_id = $1 FOR UPDATE"
READ: Final = "SELECT * FROM announcement WHERE announcement_id = $1"
LINES: Final = """
    SELECT * FROM announcement_line WHERE announcement_id = ANY($1::uuid[])
    ORDER BY announcement_id, number
"""
SAVE: Final = "UPDATE announcement SET version = $2 WHERE announcement_id = $1"
SAVE_LINE: Final = """
    UPDATE announcement_line
    SET state = $3, donation_id = $4, rejection_reason = $5, remark = $6, decided_by = $7,
        decided_at = $8, delegation = $9
    WHERE announcement_id = $1 AND number = $2
"""
LIST: Final = """
    SELECT * FROM announcement a
    WHERE ($1::text IS NULL OR donor_code = $1 OR EXISTS (
              SELECT 1 FROM announcement_line l
              WHERE l.announcement_id = a.announcement_id AND l.agency = $1))
      AND ($2::text IS NULL OR reference = $2)
      AND ($3::text IS NULL OR EXISTS (
              SELECT 1 FROM announcement_line l
              WHERE l.announcement_id = a.announcement_id AND l.state = $3
                AND ($1::text IS NULL OR a.donor_code = $1 OR l.agency = $1)))
      AND announcement_id > $4
    ORDER BY announcement_id LIMIT $5
"""


async def insert(connection: Connection, announcement: Announcement) -> None:
    """Raises ReferenceTakenError."""
    terms = announcement.terms
    try:
        await connection.execute(
            INSERT,
            announcement.announcement_id,
            announcement.version,
            terms.reference,
            terms.donor.kind,
            terms.donor.code,
            terms.kind,
            terms.amount.amount_minor,
            terms.amount.currency,
            terms.given_on,
            *goods_columns(terms.goods),
            *service_columns(terms.service),
            terms.is_sponsorship,
            terms.is_anonymous,
            terms.remark,
            announcement.recorded_by,
            announcement.recorded_at,
        )
    except asyncpg.UniqueViolationError as error:
        raise ReferenceTakenError(
            f"{terms.donor.code} has announced {terms.reference} already", pointer="/reference"
        ) from error
    lines = [
        (
            line.number,
            line.terms.agency,
            line.terms.restricted_to,
            line.terms.amount.amount_minor,
            line.terms.pledge_id,
            line.state,
        )
        for line in announcement.lines
    ]
    await connection.execute(INSERT_LINES, announcement.announcement_id, *columns(lines, 6))


async def read(
    connection: Connection, announcement_id: UUID, *, is_locked: bool = False
) -> Announcement:
    """Raises AnnouncementNotFoundError."""
    row = await connection.fetchrow(LOCK if is_locked else READ, announcement_id)
    if row is None:
        raise AnnouncementNotFoundError(f"there is no announcement {announcement_id}")
    return (await _announcements(connection, [row]))[0]


async def save(connection: Connection, announcement: Announcement, changed: Sequence[Line]) -> None:
    await connection.execute(SAVE, announcement.announcement_id, announcement.version)
    await connection.executemany(
        SAVE_LINE,
        [
            (
                announcement.announcement_id,
                line.number,
                line.state,
                line.donation_id,
                line.reason,
                line.remark,
                line.decided_by,
                line.decided_at,
                line.delegation,
            )
            for line in changed
        ],
    )


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    reference: str | None,
    state: LineState | None,
    after: UUID,
    rows_max: int,
) -> list[Announcement]:
    """With a line in that state; of an agency, with one of its own."""
    rows = await connection.fetch(LIST, org, reference, state, after, rows_max)
    return await _announcements(connection, rows)


async def _announcements(
    connection: Connection, rows: Sequence[asyncpg.Record]
) -> list[Announcement]:
    lines: dict[UUID, list[Line]] = {}
    ids = [row["announcement_id"] for row in rows]
    currencies = {row["announcement_id"]: Currency(row["currency"]) for row in rows}
    for line in await connection.fetch(LINES, ids):
        key = line["announcement_id"]
        lines.setdefault(key, []).append(_line(line, currencies[key]))
    return [_announcement(row, tuple(lines[row["announcement_id"]])) for row in rows]


def _line(record: asyncpg.Record, currency: Currency) -> Line:
    row = tables.AnnouncementLine(**dict(record))
    return Line(
        number=row.number,
        terms=LineTerms(
            agency=row.agency,
            restricted_to=row.restricted_to,
            amount=Money.of(row.amount_minor, currency),
            pledge_id=row.pledge_id,
        ),
        state=LineState(row.state),
        donation_id=row.donation_id,
        reason=None if row.rejection_reason is None else RejectionReason(row.rejection_reason),
        remark=row.remark,
        delegation=row.delegation,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


def _announcement(record: asyncpg.Record, lines: tuple[Line, ...]) -> Announcement:
    row = tables.Announcement(**dict(record))
    return Announcement(
        announcement_id=row.announcement_id,
        version=row.version,
        terms=AnnouncementTerms(
            reference=row.reference,
            donor=Donor(kind=DonorKind(row.donor_kind), code=row.donor_code),
            kind=DonationKind(row.kind),
            amount=Money.of(row.amount_minor, Currency(row.currency)),
            given_on=row.given_on,
            lines=tuple(line.terms for line in lines),
            goods=goods_of(row),
            service=service_of(row),
            is_sponsorship=row.is_sponsorship,
            is_anonymous=row.is_anonymous,
            remark=row.remark,
        ),
        lines=lines,
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
