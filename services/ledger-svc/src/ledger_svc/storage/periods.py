"""Closing months: what each account held and moved, kept for ever."""

import hashlib
from typing import Any, Final

from fundmix_kit.database import Connection

from ledger_svc.domain.periods import next_period, periods_between

CLOSED_THROUGH: Final = "SELECT closed_through FROM log_head WHERE id = 1"
FIRST_PERIOD: Final = "SELECT min(period) FROM period_balance"
MOVE_BARRIER: Final = """
    UPDATE log_head SET closed_through = greatest(closed_through, $1) WHERE id = 1
"""
# Of months that are closed at once the last ten years are kept apart: an entry may be dated as long
# ago as it likes, and a close does work for every account and month.
MONTHS_AT_ONCE_MAX: Final = 120
# Every account has a row, also where nothing moved: a month without rows is not a closed one. What
# was booked between the last totals and this month is in its opening.
ADD_TOTALS: Final = """
    WITH added AS (
        INSERT INTO period_total
            (period, account_id, opening_minor, debit_minor, credit_minor, closing_minor)
        SELECT $1, account_id, opening, debit, debit - amount, opening + amount
        FROM (
            SELECT a.account_id, coalesce(t.closing_minor, 0) + coalesce(o.amount, 0) AS opening,
                   coalesce(b.debit, 0) AS debit, coalesce(b.amount, 0) AS amount
            FROM account a
            LEFT JOIN period_total t ON t.period = $2 AND t.account_id = a.account_id
            LEFT JOIN (
                SELECT account_id, sum(amount_minor)::bigint AS amount
                FROM period_balance WHERE period > $2 AND period < $1 GROUP BY account_id
            ) o ON o.account_id = a.account_id
            LEFT JOIN (
                SELECT account_id, sum(debit_minor)::bigint AS debit,
                       sum(amount_minor)::bigint AS amount
                FROM period_balance WHERE period = $1 GROUP BY account_id
            ) b ON b.account_id = a.account_id
        ) x
        ORDER BY account_id
        RETURNING *
    )
    SELECT t.period, a.agency, a.code, a.fund_code, a.channel, a.currency, t.opening_minor,
           t.debit_minor, t.credit_minor, t.closing_minor
    FROM added t JOIN account a USING (account_id)
    ORDER BY a.agency COLLATE "C", a.code COLLATE "C", a.fund_code COLLATE "C",
             a.channel COLLATE "C", a.currency COLLATE "C"
"""
LAST_CLOSED_WITH_TOTALS: Final = "SELECT max(period) FROM period_total"
ADD_CLOSE: Final = """
    INSERT INTO period_close (seq, through, accounts, totals_sha256) VALUES ($1, $2, $3, $4)
"""


async def closed_through(connection: Connection) -> int:
    """The last closed month; 0 where none is."""
    return await connection.fetchval(CLOSED_THROUGH)


async def close(connection: Connection, *, seq: int, through: int) -> None:
    """Close all months up to `through`: the totals of each, and the barrier for what comes."""
    last = await connection.fetchval(LAST_CLOSED_WITH_TOTALS)
    first = next_period(last) if last else await connection.fetchval(FIRST_PERIOD)
    months = periods_between(first, through)[-MONTHS_AT_ONCE_MAX:] if first else []
    before = last or 0
    accounts, digest = 0, hashlib.sha256()
    for month in months:
        rows = await connection.fetch(ADD_TOTALS, month, before)
        accounts, before = len(rows), month
        for row in rows:
            digest.update(_canonical(tuple(row)))
    await connection.execute(ADD_CLOSE, seq, through, accounts, digest.digest())
    await connection.execute(MOVE_BARRIER, through)


def _canonical(row: tuple[Any, ...]) -> bytes:
    """Each value with its length before it: no two rows are written alike."""
    parts = [str(value).encode() for value in row]
    return b"".join(len(part).to_bytes(4) + part for part in parts)
