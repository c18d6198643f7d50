"""Pledges in the database."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind, Donor, DonorKind
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

from donations_svc.domain.errors import PledgeNotFoundError, ReferenceTakenError
from donations_svc.domain.pledge import Pledge, PledgeTerms
from donations_svc.storage import tables

INSERT: Final = """
    INSERT INTO pledge
        (pledge_id, version, reference, donor_kind, donor_code, agency, channel, kind,
         amount_minor, fulfilled_minor, currency, restricted_to, pledged_on, is_anonymous,
         recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
LOCK: Final = "SELECT * FROM pledge WHERE pledge_id = $1 FOR UPDATE"
READ: Final = "SELECT * FROM pledge WHERE pledge_id = $1"
SAVE: Final = "UPDATE pledge SET version = $2, fulfilled_minor = $3 WHERE pledge_id = $1"
LIST: Final = """
    SELECT * FROM pledge
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::text IS NULL OR reference = $2)
      AND ($3::text IS NULL OR agency = $3)
      AND pledge_id > $4
    ORDER BY pledge_id LIMIT $5
"""
LIST_OPEN: Final = """
    SELECT * FROM pledge
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND fulfilled_minor < amount_minor
      AND (pledged_on, pledge_id) > ($2, $3)
    ORDER BY pledged_on, pledge_id LIMIT $4
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


async def find_for_update(connection: Connection, pledge_id: UUID) -> Pledge | None:
    row = await connection.fetchrow(LOCK, pledge_id)
    return None if row is None else _pledge(row)


async def save(connection: Connection, pledge: Pledge) -> None:
    await connection.execute(SAVE, pledge.pledge_id, pledge.version, pledge.fulfilled.amount_minor)


async def read(connection: Connection, pledge_id: UUID) -> Pledge:
    """Raises PledgeNotFoundError."""
    row = await connection.fetchrow(READ, pledge_id)
    if row is None:
        raise PledgeNotFoundError(f"there is no pledge {pledge_id}")
    return _pledge(row)


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    reference: str | None,
    agency: str | None,
    after: UUID,
    rows_max: int,
) -> list[Pledge]:
    rows = await connection.fetch(LIST, org, reference, agency, after, rows_max)
    return [_pledge(row) for row in rows]


async def list_open(
    connection: Connection, *, org: str | None, after: tuple[date, UUID], rows_max: int
) -> list[Pledge]:
    rows = await connection.fetch(LIST_OPEN, org, *after, rows_max)
    return [_pledge(row) for row in rows]


def _pledge(record: asyncpg.Record) -> Pledge:
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
        ),
        channel=Channel(row.channel),
        fulfilled=Money.of(row.fulfilled_minor, currency),
    )
