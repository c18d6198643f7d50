"""The database's own guard over receipts: what was issued stays, whoever asks."""

from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from asyncpg.exceptions import ForeignKeyViolationError, RestrictViolationError
from donations_svc.testing.donations import insert_donation

ISSUED: Final[dict[str, Any]] = {
    "receipt_id": UUID(int=1),
    "version": 2,
    "agency": "52441900AJC6XAY6DW",
    "state": "issued",
    "drafted_by": "treasurer",
    "year": 2026,
    "sequence": 1,
    "number": "R-1",
    "snapshot": "{}",
    "issued_by": "treasurer",
    "withdrawal_reason": None,
    "official_code": None,
    "replaces": None,
}
INSERT: Final = """
    INSERT INTO receipt (receipt_id, version, agency, state, drafted_by, year, sequence, number,
                         snapshot, issued_by, withdrawal_reason, official_code, replaces,
                         donation_id, drafted_at, issued_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, now(),
            CASE WHEN $8::varchar IS NULL THEN NULL ELSE now() END)
"""
WITHDRAW: Final = """
    UPDATE receipt SET state = 'withdrawn', withdrawn_on = '2026-04-01', withdrawn_by = 'x',
                       withdrawn_at = now(), withdrawal_reason = 'wrong'
"""


async def insert(connection: asyncpg.Connection, **changes: Any) -> None:
    donation_id = await insert_donation(connection)
    await connection.execute(INSERT, *{**ISSUED, **changes}.values(), donation_id)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "lost"}, "ck_receipt_state"),
        ({"state": "draft"}, "ck_receipt_numbered"),
        ({"number": None}, "ck_receipt_numbered"),
        ({"snapshot": None}, "ck_receipt_numbered"),
        ({"state": "withdrawn"}, "ck_receipt_withdrawn"),
        ({"withdrawal_reason": "wrong"}, "ck_receipt_withdrawn"),
        ({"official_code": "44"}, "ck_receipt_official"),
        ({"sequence": 0}, "ck_receipt_sequence"),
    ],
)
async def test_a_receipt_that_cannot_be_is_not_kept(
    connection: asyncpg.Connection, changes: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await insert(connection, **changes)

    assert violation.value.constraint_name == constraint


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"number": "R-2"}, "uq_receipt_agency_year_sequence"),
        ({"sequence": 2}, "uq_receipt_number"),
    ],
)
async def test_no_number_is_given_twice(
    connection: asyncpg.Connection, changes: dict[str, Any], constraint: str
) -> None:
    await insert(connection)

    with pytest.raises(asyncpg.UniqueViolationError) as violation:
        await insert(connection, receipt_id=UUID(int=2), **changes)

    assert violation.value.constraint_name == constraint


async def test_a_donation_has_one_open_receipt(connection: asyncpg.Connection) -> None:
    donation_id = await insert_donation(connection)
    await connection.execute(INSERT, *ISSUED.values(), donation_id)
    other = {**ISSUED, "receipt_id": UUID(int=2), "sequence": 2, "number": "R-2"}

    with pytest.raises(asyncpg.UniqueViolationError) as violation:
        await connection.execute(INSERT, *other.values(), donation_id)

    assert violation.value.constraint_name == "ix_receipt_open"


async def test_a_receipt_replaces_one_there_is(connection: asyncpg.Connection) -> None:
    with pytest.raises(ForeignKeyViolationError):
        await insert(connection, replaces="R-0")


@pytest.mark.parametrize(
    "change",
    ["snapshot = '{\"a\": 1}'", "number = 'R-9'", "sequence = 9", "year = 2025", "issued_by = 'y'"],
)
async def test_what_was_issued_never_changes(connection: asyncpg.Connection, change: str) -> None:
    await insert(connection)

    with pytest.raises(RestrictViolationError):
        await connection.execute(f"UPDATE receipt SET {change}")


async def test_what_was_withdrawn_never_changes(connection: asyncpg.Connection) -> None:
    await insert(connection)
    await connection.execute(WITHDRAW)

    with pytest.raises(RestrictViolationError):
        await connection.execute("UPDATE receipt SET state = 'issued'")


@pytest.mark.parametrize(
    "forbidden",
    [
        "DELETE FROM receipt",
        "UPDATE receipt SET donation_id = receipt_id",
        "DELETE FROM receipt_series",
        "UPDATE receipt_key SET key = ''",
        "INSERT INTO receipt_key VALUES (2, '')",
        "DELETE FROM job",
        "ALTER TABLE receipt DISABLE TRIGGER tr_receipt_stays",
    ],
)
async def test_the_service_is_refused_what_it_must_not_do(
    forbidden: str, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(forbidden)


async def test_an_official_bill_that_is_named_stays(connection: asyncpg.Connection) -> None:
    await insert(connection)
    await connection.execute("UPDATE receipt SET official_code = '44', official_number = '1'")

    with pytest.raises(RestrictViolationError):
        await connection.execute("UPDATE receipt SET official_number = '2'")
