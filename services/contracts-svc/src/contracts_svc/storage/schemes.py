"""Schemes in the database: added, never changed."""

from datetime import datetime
from typing import Final

from fundmix_events.evaluations import Dimension, Grade
from fundmix_kit.database import Connection

from contracts_svc.domain.errors import SchemeNotFoundError
from contracts_svc.domain.scheme import Bands, Scheme
from contracts_svc.storage import evaluation_tables as tables

# One at a time: the next version is that after the last.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('contracts-svc.scheme'))"
LAST_VERSION: Final = "SELECT max(version) FROM scheme"
INSERT: Final = """
    INSERT INTO scheme
        (version, professional_bps, buyer_bps, self_bps, recipients_bps, excellent_from, good_from,
         pass_from, excellent_deduction_bps, good_deduction_bps, pass_deduction_bps,
         fail_deduction_bps, objection_working_days, adopted_by, adopted_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
READ: Final = "SELECT * FROM scheme WHERE version = $1"
LIST: Final = "SELECT * FROM scheme WHERE version > $1 ORDER BY version LIMIT $2"


async def lock_next_version(connection: Connection) -> int:
    """The version of the next scheme, for this transaction alone."""
    await connection.execute(LOCK)
    return await read_last_version(connection) + 1


async def read_last_version(connection: Connection) -> int:
    last = await connection.fetchval(LAST_VERSION)
    assert last is not None, "the first scheme comes with the migration"
    return last


async def insert(
    connection: Connection, scheme: Scheme, *, adopted_by: str, adopted_at: datetime
) -> None:
    await connection.execute(
        INSERT,
        scheme.version,
        *(scheme.weights.get(dimension, 0) for dimension in Dimension),
        scheme.bands.excellent,
        scheme.bands.good,
        scheme.bands.passing,
        *(scheme.deduction_bps.get(grade, 0) for grade in Grade),
        scheme.objection_working_days,
        adopted_by,
        adopted_at,
    )


async def read(connection: Connection, version: int) -> Scheme:
    """Raises SchemeNotFoundError."""
    row = await connection.fetchrow(READ, version)
    if row is None:
        raise SchemeNotFoundError(f"there is no scheme {version}")
    return _scheme(tables.Scheme(**dict(row)))


async def list_rows(connection: Connection, *, after: int, rows_max: int) -> list[Scheme]:
    rows = await connection.fetch(LIST, after, rows_max)
    return [_scheme(tables.Scheme(**dict(row))) for row in rows]


def _scheme(row: tables.Scheme) -> Scheme:
    weights = {
        Dimension.PROFESSIONAL: row.professional_bps,
        Dimension.BUYER: row.buyer_bps,
        Dimension.SELF: row.self_bps,
        Dimension.RECIPIENTS: row.recipients_bps,
    }
    deductions = {
        Grade.EXCELLENT: row.excellent_deduction_bps,
        Grade.GOOD: row.good_deduction_bps,
        Grade.PASS: row.pass_deduction_bps,
        Grade.FAIL: row.fail_deduction_bps,
    }
    return Scheme(
        version=row.version,
        weights={dimension: weight for dimension, weight in weights.items() if weight},
        bands=Bands(excellent=row.excellent_from, good=row.good_from, passing=row.pass_from),
        deduction_bps={grade: bps for grade, bps in deductions.items() if bps},
        objection_working_days=row.objection_working_days,
    )
