"""Imports in the database: what there is that rows are about, what they leave, and the batches."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import asyncpg
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection, columns

from donations_svc.domain.donation import LINES_MAX, Donation
from donations_svc.domain.errors import BatchNotFoundError, ReferenceTakenError
from donations_svc.domain.import_file import ImportRow
from donations_svc.domain.import_plan import Known
from donations_svc.storage import donations, pledges

# Any number that nothing else here locks.
LOCK_KEY: Final = 6_017
# Of whose files the columns are where an agency does not send them itself: part of a key.
NOBODY: Final = ""
TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock($1)"
# The tables grow while the plan would be kept: what is right for few rows is wrong for many.
PLAN_ANEW: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
# One look into one index for each row. Left to itself, a join reads the whole table where its
# statistics are older than what this transaction has written into it; and of two indexes with the
# same first column either would do. So the last column is asked for as a range, in its order, which
# one index alone has.
DONATIONS_KNOWN: Final = """
    SELECT d.* FROM unnest($1::text[], $2::text[]) AS u (agency, reference)
    CROSS JOIN LATERAL (
        SELECT * FROM donation d
        WHERE d.agency = u.agency AND d.reference BETWEEN u.reference AND u.reference
          AND d.reversed_on IS NULL
        ORDER BY d.reference LIMIT 1
    ) AS d
"""
# In the order of the key, as by every writer.
PLEDGES_KNOWN: Final = """
    SELECT * FROM pledge
    WHERE pledge_id = ANY(ARRAY(
        SELECT p.pledge_id FROM unnest($1::text[], $2::text[]) AS u (agency, reference)
        CROSS JOIN LATERAL (
            SELECT pledge_id FROM pledge p
            WHERE p.agency = u.agency AND p.reference BETWEEN u.reference AND u.reference
              AND p.reversed_on IS NULL
            ORDER BY p.reference LIMIT 1
        ) AS p
    ))
    ORDER BY pledge_id FOR UPDATE
"""
LINES_KNOWN: Final = """
    SELECT d.* FROM unnest($1::text[], $2::text[]) AS u (agency, bank_reference)
    CROSS JOIN LATERAL (
        SELECT * FROM donation d
        WHERE d.agency = u.agency AND d.bank_reference = u.bank_reference AND d.reversed_on IS NULL
        ORDER BY d.line LIMIT $3
    ) AS d
"""
ALIKE_KNOWN: Final = """
    SELECT d.agency, d.donor_code, d.received_on, d.amount_minor, d.bank_reference, d.reference
    FROM unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::text[])
        AS u (agency, donor_code, received_on, amount_minor, bank_reference)
    CROSS JOIN LATERAL (
        SELECT * FROM donation d
        WHERE d.agency = u.agency AND d.donor_code = u.donor_code
          AND d.received_on = u.received_on
          AND d.amount_minor BETWEEN u.amount_minor AND u.amount_minor
          AND d.reversed_on IS NULL AND d.donor_code IS NOT NULL
          AND (u.bank_reference IS NULL OR d.bank_reference IS DISTINCT FROM u.bank_reference)
        ORDER BY d.amount_minor LIMIT 1
    ) AS d
"""
INSERT_BATCH: Final = """
    INSERT INTO import_batch
        (batch_id, source, file_sha256, format, rows, donations, pledges, duplicates, left_out,
         control_total_minor, booked_minor, currency, org, recorded_by, delegation, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
INSERT_SHARES: Final = """
    INSERT INTO import_share (batch_id, agency, donations, pledges, amount_minor)
    SELECT $1, * FROM unnest($2::text[], $3::integer[], $4::integer[], $5::bigint[])
"""
LIST: Final = """
    SELECT b.* FROM import_batch b
    WHERE ($1::text IS NULL OR b.org = $1
           OR EXISTS (SELECT FROM import_share s WHERE s.batch_id = b.batch_id AND s.agency = $1))
      AND ($2::text IS NULL OR b.source = $2)
      AND b.batch_id > $3
    ORDER BY b.batch_id LIMIT $4
"""
READ: Final = "SELECT * FROM import_batch WHERE batch_id = $1"
SHARES: Final = """
    SELECT * FROM import_share WHERE batch_id = ANY($1::uuid[]) ORDER BY batch_id, agency
"""
COUNT_STANDING: Final = """
    SELECT (SELECT count(*) FROM donation WHERE batch_id = $1 AND reversed_on IS NULL),
           (SELECT count(*) FROM pledge WHERE batch_id = $1 AND reversed_on IS NULL)
"""
READ_MAPPING: Final = """
    SELECT header, field FROM import_column WHERE agency = $1 AND source = $2 ORDER BY header
"""
# Of two who save at once, one comes after the other.
LOCK_MAPPING: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))"
FORGET_MAPPING: Final = "DELETE FROM import_column WHERE agency = $1 AND source = $2"
SAVE_MAPPING: Final = """
    INSERT INTO import_column (agency, source, header, field)
    SELECT $1, $2, * FROM unnest($3::text[], $4::text[])
"""


class Counted(NamedTuple):
    """How many of a batch."""

    donations: int
    pledges: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What of a batch is one agency's."""

    agency: str
    donations: int
    pledges: int
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """`rows` and `control_total` are of the whole file, `booked` is what was new in it.

    `org` is the organisation of who sent it.
    """

    batch_id: UUID
    source: str
    file_sha256: bytes
    format: str
    rows: int
    donations: int
    pledges: int
    duplicates: int
    left_out: int
    control_total: Money
    booked: Money
    org: str | None
    recorded_by: str
    delegation: str | None
    recorded_at: datetime
    shares: Sequence[Share]


async def try_lock(connection: Connection) -> bool:
    """One import at a time, to the end of the transaction."""
    await connection.execute(PLAN_ANEW)
    return await connection.fetchval(TRY_LOCK, LOCK_KEY)


async def read_known(connection: Connection, rows: Collection[ImportRow], known: Known) -> None:
    """Add what there is that the rows are about; pledges stay locked."""
    keys = columns([row.key for row in rows], 2)
    for found in map(donations.donation_of, await connection.fetch(DONATIONS_KNOWN, *keys)):
        known.donations[found.terms.agency, found.terms.reference] = found
    if promised := [row.key for row in rows if row.pledged_on is not None]:
        pledged = await connection.fetch(PLEDGES_KNOWN, *columns(promised, 2))
        for found in await pledges.pledges_of(connection, pledged):
            known.pledges[found.terms.agency, found.terms.reference] = found
    banked = {(row.agency, row.bank_reference) for row in rows if row.bank_reference}
    for line in await connection.fetch(LINES_KNOWN, *columns(list(banked), 2), LINES_MAX):
        known.add_line(donations.donation_of(line), line["bank_reference"])
    alike = [
        (row.agency, row.donor_code, row.received_on, row.amount.amount_minor, row.bank_reference)
        for row in rows
        if row.donor_code and row.received_on
    ]
    for found in await connection.fetch(ALIKE_KNOWN, *columns(alike, 5)):
        agency, donor_code, received_on, amount_minor, bank_reference, reference = found
        key = (agency, donor_code, received_on, amount_minor)
        known.alike.setdefault(key, {})[bank_reference] = reference


async def insert_donations(
    connection: Connection, booked: Sequence[Donation], *, recorded_at: datetime
) -> None:
    """By one COPY. Raises ReferenceTakenError."""
    rows = [donations.row_of(donation, recorded_at=recorded_at) for donation in booked]
    try:
        await connection.copy_records_to_table("donation", records=rows, columns=donations.COLUMNS)
    except asyncpg.UniqueViolationError as error:
        raise ReferenceTakenError(
            "a donation with a reference of this file has come at the same moment: send it again"
        ) from error


async def insert(connection: Connection, batch: Batch) -> None:
    await connection.execute(
        INSERT_BATCH,
        batch.batch_id,
        batch.source,
        batch.file_sha256,
        batch.format,
        batch.rows,
        batch.donations,
        batch.pledges,
        batch.duplicates,
        batch.left_out,
        batch.control_total.amount_minor,
        batch.booked.amount_minor,
        batch.booked.currency,
        batch.org,
        batch.recorded_by,
        batch.delegation,
        batch.recorded_at,
    )
    shares = [(s.agency, s.donations, s.pledges, s.amount.amount_minor) for s in batch.shares]
    await connection.execute(INSERT_SHARES, batch.batch_id, *columns(shares, 4))


async def read(connection: Connection, batch_id: UUID) -> Batch:
    """Raises BatchNotFoundError."""
    row = await connection.fetchrow(READ, batch_id)
    if row is None:
        raise BatchNotFoundError(f"there is no batch {batch_id}")
    [batch] = await _batches(connection, [row])
    return batch


async def count_standing(connection: Connection, batch_id: UUID) -> Counted:
    """What of it has not been reversed."""
    row = await connection.fetchrow(COUNT_STANDING, batch_id)
    assert row is not None, "a count is a row"
    return Counted(*row)


async def list_rows(
    connection: Connection, *, org: str | None, source: str | None, after: UUID, rows_max: int
) -> list[Batch]:
    """Those that `org` has sent, or that some of is its own."""
    return await _batches(connection, await connection.fetch(LIST, org, source, after, rows_max))


async def read_mapping(
    connection: Connection, *, agency: str | None, source: str
) -> dict[str, str]:
    rows = await connection.fetch(READ_MAPPING, agency or NOBODY, source)
    return {row["header"]: row["field"] for row in rows}


async def save_mapping(
    connection: Connection, mapping: Mapping[str, str], *, agency: str | None, source: str
) -> None:
    """Instead of what was remembered before."""
    await connection.execute(LOCK_MAPPING, agency or NOBODY, source)
    await connection.execute(FORGET_MAPPING, agency or NOBODY, source)
    await connection.execute(
        SAVE_MAPPING, agency or NOBODY, source, *columns(list(mapping.items()), 2)
    )


async def _batches(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[Batch]:
    currency_by_batch = {row["batch_id"]: Currency(row["currency"]) for row in rows}
    shares: dict[UUID, list[Share]] = {}
    for row in await connection.fetch(SHARES, list(currency_by_batch)):
        shares.setdefault(row["batch_id"], []).append(
            Share(
                agency=row["agency"],
                donations=row["donations"],
                pledges=row["pledges"],
                amount=Money.of(row["amount_minor"], currency_by_batch[row["batch_id"]]),
            )
        )
    return [_batch(row, shares.get(row["batch_id"], [])) for row in rows]


def _batch(row: asyncpg.Record, shares: Sequence[Share]) -> Batch:
    values: dict[str, Any] = dict(row)
    currency = Currency(values.pop("currency"))
    return Batch(
        control_total=Money.of(values.pop("control_total_minor"), currency),
        booked=Money.of(values.pop("booked_minor"), currency),
        shares=shares,
        **values,
    )
