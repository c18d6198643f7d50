"""Receipts in the database, and the counters of their series."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_kit.database import Connection

from donations_svc.domain.errors import OfficialBillUsedError, ReceiptNotFoundError
from donations_svc.domain.receipt import (
    Issue,
    OfficialBill,
    Receipt,
    ReceiptState,
    Snapshot,
    Withdrawal,
    WithdrawalReason,
)
from donations_svc.storage import receipt_tables as tables

INSERT: Final = """
    INSERT INTO receipt
        (receipt_id, version, donation_id, agency, donor_code, state, handler, official_code,
         official_number, drafted_by, drafted_at)
    VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10)
"""
NAME_BILL: Final = """
    UPDATE receipt SET version = $2, official_code = $3, official_number = $4
    WHERE receipt_id = $1
"""
ISSUE: Final = """
    UPDATE receipt
    SET version = $2, state = 'issued', year = $3, sequence = $4, number = $5, replaces = $6,
        snapshot = $7, issued_by = $8, issued_at = $9
    WHERE receipt_id = $1
"""
WITHDRAW: Final = """
    UPDATE receipt
    SET version = $2, state = 'withdrawn', withdrawn_on = $3, withdrawn_by = $4,
        withdrawn_at = $5, withdrawal_reason = $6, withdrawal_remark = $7
    WHERE receipt_id = $1
"""
WITHDRAW_ALL: Final = """
    UPDATE receipt
    SET version = version + 1, state = 'withdrawn', withdrawn_on = $2, withdrawn_by = $3,
        withdrawn_at = $4, withdrawal_reason = $5, withdrawal_remark = $6
    WHERE donation_id = ANY($1::uuid[]) AND state <> 'withdrawn'
    RETURNING donation_id, number
"""
# Whoever takes a number holds the row to the end of its transaction: what is undone gives it back,
# and nobody takes the next before that is known. A sequence of the database would leave gaps.
NEXT_NUMBER: Final = """
    INSERT INTO receipt_series AS s (agency, year, last_sequence) VALUES ($1, $2, 1)
    ON CONFLICT (agency, year) DO UPDATE SET last_sequence = s.last_sequence + 1
    RETURNING last_sequence
"""
KEY: Final = "SELECT key FROM receipt_key WHERE id = 1"
READ: Final = "SELECT * FROM receipt WHERE receipt_id = $1"
READ_NUMBERED: Final = "SELECT * FROM receipt WHERE number = $1"
LOCK: Final = "SELECT * FROM receipt WHERE receipt_id = $1 FOR NO KEY UPDATE"
LOCK_OPEN: Final = """
    SELECT * FROM receipt WHERE donation_id = $1 AND state <> 'withdrawn' FOR NO KEY UPDATE
"""
LAST_VOID: Final = """
    SELECT number FROM receipt
    WHERE donation_id = $1 AND state = 'withdrawn' AND number IS NOT NULL
    ORDER BY issued_at DESC, receipt_id DESC LIMIT 1
"""
STANDING: Final = """
    SELECT donation_id, number FROM receipt
    WHERE donation_id = ANY($1::uuid[]) AND state = 'issued'
"""
# A donor is shown what was issued to it, not what an agency has in preparation.
LIST: Final = """
    SELECT * FROM receipt
    WHERE ($1::text IS NULL OR agency = $1 OR (donor_code = $1 AND number IS NOT NULL))
      AND ($2::text IS NULL OR agency = $2)
      AND ($3::smallint IS NULL OR year = $3)
      AND ($4::text IS NULL OR state = $4)
      AND ($5::uuid IS NULL OR donation_id = $5)
      AND ($6::text IS NULL OR number = $6)
      AND receipt_id > $7
    ORDER BY receipt_id LIMIT $8
"""
NUMBERS: Final = """
    SELECT coalesce((SELECT last_sequence FROM receipt_series WHERE agency = $1 AND year = $2), 0)
               AS taken,
           count(*) FILTER (WHERE state = 'issued') AS issued,
           count(*) FILTER (WHERE state = 'withdrawn') AS withdrawn,
           coalesce(max(sequence), 0) AS highest
    FROM receipt WHERE agency = $1 AND year = $2
"""
MISSING: Final = """
    SELECT n FROM generate_series(1, $3::int) AS n
    WHERE NOT EXISTS (
        SELECT FROM receipt WHERE agency = $1 AND year = $2 AND sequence = n
    )
    ORDER BY n LIMIT $4
"""
DOUBLE: Final = """
    SELECT sequence FROM receipt WHERE agency = $1 AND year = $2
    GROUP BY sequence HAVING count(*) > 1 ORDER BY sequence LIMIT $3
"""
OFFICIAL: Final = "ix_receipt_official"
GAPS_SHOWN_MAX: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptFilter:
    agency: str | None = None
    year: int | None = None
    state: ReceiptState | None = None
    donation_id: UUID | None = None
    number: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesReport:
    """What became of the numbers 1 to `taken`; at most a thousand gaps or doubles are named."""

    agency: str
    year: int
    taken: int
    issued: int
    withdrawn: int
    missing: Sequence[int]
    double: Sequence[int]
    highest: int

    @property
    def is_whole(self) -> bool:
        """Each number is on one receipt, and no receipt has another."""
        return not self.missing and not self.double and self.highest == self.taken


async def insert(connection: Connection, receipt: Receipt) -> None:
    """Raises OfficialBillUsedError. The donation is locked: it has no other that is open."""
    bill = receipt.official_bill
    try:
        await connection.execute(
            INSERT,
            receipt.receipt_id,
            receipt.version,
            receipt.donation_id,
            receipt.agency,
            receipt.donor_code,
            receipt.handler,
            None if bill is None else bill.code,
            None if bill is None else bill.number,
            receipt.drafted_by,
            receipt.drafted_at,
        )
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != OFFICIAL or bill is None:
            raise
        raise _bill_used(bill, pointer="/official_bill/number") from error


async def save_official_bill(connection: Connection, receipt: Receipt, bill: OfficialBill) -> None:
    """Raises OfficialBillUsedError."""
    try:
        await connection.execute(
            NAME_BILL, receipt.receipt_id, receipt.version, bill.code, bill.number
        )
    except asyncpg.UniqueViolationError as error:
        raise _bill_used(bill, pointer="/number") from error


def _bill_used(bill: OfficialBill, *, pointer: str) -> OfficialBillUsedError:
    return OfficialBillUsedError(
        f"{bill.code} {bill.number} is named on another receipt", pointer=pointer
    )


async def save_issue(connection: Connection, receipt: Receipt) -> None:
    issue = receipt.issue
    assert issue is not None, "it was issued just now"
    await connection.execute(
        ISSUE,
        receipt.receipt_id,
        receipt.version,
        issue.year,
        issue.sequence,
        issue.snapshot.number,
        issue.snapshot.replaces,
        issue.snapshot.model_dump_json(),
        issue.by,
        issue.at,
    )


async def save_withdrawal(connection: Connection, receipt: Receipt) -> None:
    withdrawal = receipt.withdrawal
    assert withdrawal is not None, "it was withdrawn just now"
    await connection.execute(
        WITHDRAW,
        receipt.receipt_id,
        receipt.version,
        withdrawal.on,
        withdrawal.by,
        withdrawal.at,
        withdrawal.reason,
        withdrawal.remark,
    )


async def withdraw_all(
    connection: Connection, donation_ids: Sequence[UUID], withdrawal: Withdrawal
) -> dict[UUID, str | None]:
    """Also drafts, which have no number. Lock the donations first."""
    rows = await connection.fetch(
        WITHDRAW_ALL,
        donation_ids,
        withdrawal.on,
        withdrawal.by,
        withdrawal.at,
        withdrawal.reason,
        withdrawal.remark,
    )
    return {row["donation_id"]: row["number"] for row in rows}


async def next_sequence(connection: Connection, agency: str, *, year: int) -> int:
    """Take the next number. Call it last: all others of the series wait for this transaction."""
    sequence: int = await connection.fetchval(NEXT_NUMBER, agency, year)
    return sequence


async def check_key(connection: Connection) -> bytes:
    key: bytes = await connection.fetchval(KEY)
    return key


async def read(connection: Connection, receipt_id: UUID) -> Receipt:
    """Raises ReceiptNotFoundError."""
    return _found(await connection.fetchrow(READ, receipt_id), receipt_id)


async def read_numbered(connection: Connection, number: str) -> Receipt | None:
    row = await connection.fetchrow(READ_NUMBERED, number)
    return None if row is None else _receipt(row)


async def load_for_update(connection: Connection, receipt_id: UUID) -> Receipt:
    """Raises ReceiptNotFoundError. Lock its donation first."""
    return _found(await connection.fetchrow(LOCK, receipt_id), receipt_id)


async def find_open_for_update(connection: Connection, donation_id: UUID) -> Receipt | None:
    """The receipt of a donation that stands, or its draft. Lock the donation first."""
    row = await connection.fetchrow(LOCK_OPEN, donation_id)
    return None if row is None else _receipt(row)


async def last_void(connection: Connection, donation_id: UUID) -> str | None:
    """The number that a new receipt of the donation replaces."""
    number: str | None = await connection.fetchval(LAST_VOID, donation_id)
    return number


async def standing(connection: Connection, donation_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The number of the receipt that stands, by donation, for those that have one."""
    rows = await connection.fetch(STANDING, donation_ids)
    return {row["donation_id"]: row["number"] for row in rows}


async def list_rows(
    connection: Connection, wanted: ReceiptFilter, *, org: str | None, after: UUID, rows_max: int
) -> list[Receipt]:
    rows = await connection.fetch(
        LIST,
        org,
        wanted.agency,
        wanted.year,
        wanted.state,
        wanted.donation_id,
        wanted.number,
        after,
        rows_max,
    )
    return [_receipt(row) for row in rows]


async def report_series(connection: Connection, agency: str, *, year: int) -> SeriesReport:
    """In one snapshot of the database: counter and receipts are seen as of the same moment."""
    row = await connection.fetchrow(NUMBERS, agency, year)
    assert row is not None, "an aggregate has a row"
    last = max(row["taken"], row["highest"])
    missing = await connection.fetch(MISSING, agency, year, last, GAPS_SHOWN_MAX)
    double = await connection.fetch(DOUBLE, agency, year, GAPS_SHOWN_MAX)
    return SeriesReport(
        agency=agency,
        year=year,
        taken=row["taken"],
        issued=row["issued"],
        withdrawn=row["withdrawn"],
        missing=[gap["n"] for gap in missing],
        double=[two["sequence"] for two in double],
        highest=row["highest"],
    )


def _found(row: asyncpg.Record | None, receipt_id: UUID) -> Receipt:
    if row is None:
        raise ReceiptNotFoundError(f"there is no receipt {receipt_id}")
    return _receipt(row)


def _receipt(record: asyncpg.Record) -> Receipt:
    row = tables.Receipt(**dict(record))
    return Receipt(
        receipt_id=row.receipt_id,
        version=row.version,
        donation_id=row.donation_id,
        agency=row.agency,
        donor_code=row.donor_code,
        official_bill=_official_bill(row),
        handler=row.handler,
        drafted_by=row.drafted_by,
        drafted_at=row.drafted_at,
        issue=_issue(row),
        withdrawal=_withdrawal(row),
    )


def _official_bill(row: tables.Receipt) -> OfficialBill | None:
    if row.official_code is None or row.official_number is None:
        return None
    return OfficialBill(code=row.official_code, number=row.official_number)


def _issue(row: tables.Receipt) -> Issue | None:
    if row.snapshot is None:
        return None
    return Issue(
        year=_stated(row.year),
        sequence=_stated(row.sequence),
        at=_instant(row.issued_at),
        by=str(row.issued_by),
        snapshot=Snapshot.model_validate_json(row.snapshot),
    )


def _withdrawal(row: tables.Receipt) -> Withdrawal | None:
    if row.withdrawal_reason is None:
        return None
    return Withdrawal(
        on=_day(row.withdrawn_on),
        at=_instant(row.withdrawn_at),
        by=str(row.withdrawn_by),
        reason=WithdrawalReason(row.withdrawal_reason),
        remark=row.withdrawal_remark,
    )


# The database holds that these are there, all or none (ck_receipt_numbered, ck_receipt_withdrawn).
def _stated(number: int | None) -> int:
    assert number is not None, "an issued receipt has a number"
    return number


def _instant(instant: datetime | None) -> datetime:
    assert instant is not None, "what was done was done at a time"
    return instant


def _day(day: date | None) -> date:
    assert day is not None, "what was done was done on a day"
    return day
