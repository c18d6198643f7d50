"""Trial balances: what accounts held, what was booked in months, and what they hold then.

The opening comes from the totals of the last month closed before; what is booked after that month
is added, so that as many rows are read whatever lies before it.
"""

from dataclasses import dataclass
from typing import Final

from asyncpg import Record
from fundmix_kit.database import Connection

from ledger_svc.domain.periods import previous_period

LAST_TOTALS: Final = """
    SELECT period FROM period_total WHERE period <= $1 ORDER BY period DESC LIMIT 1
"""
# Which accounts are asked for is looked up once, before anything is summed.
CHOSEN: Final = """
    account_id = ANY(ARRAY(SELECT account_id FROM account WHERE $4::text IS NULL OR agency = $4))
"""
LINES: Final = f"""
    WITH held AS (
        SELECT account_id, closing_minor AS amount_minor FROM period_total WHERE period = $1
        UNION ALL
        SELECT account_id, amount_minor FROM period_balance WHERE period > $1 AND period < $2
    ), opening AS (
        SELECT account_id, sum(amount_minor)::bigint AS amount_minor FROM held
        WHERE {CHOSEN} GROUP BY account_id
    ), booked AS (
        SELECT account_id, sum(amount_minor)::bigint AS amount_minor,
               sum(debit_minor)::bigint AS debit_minor
        FROM period_balance WHERE period BETWEEN $2 AND $3 AND {CHOSEN} GROUP BY account_id
    ), lines AS (
        SELECT a.*, a.code LIKE 'commitments:%' AS is_memo,
               coalesce(o.amount_minor, 0) AS opening_minor,
               coalesce(b.debit_minor, 0) AS debit_minor,
               coalesce(b.debit_minor - b.amount_minor, 0) AS credit_minor
        FROM account a
        LEFT JOIN opening o USING (account_id)
        LEFT JOIN booked b USING (account_id)
        WHERE ($4::text IS NULL OR a.agency = $4)
    )
"""  # noqa: S608  # our own conditions; values are arguments
PAGE: Final = f"""
    {LINES}
    SELECT * FROM lines
    WHERE (opening_minor <> 0 OR debit_minor <> 0 OR credit_minor <> 0)
      AND (is_memo, code COLLATE "C", account_id) > ($5::bool, $6::text COLLATE "C", $7::bigint)
    ORDER BY is_memo, code COLLATE "C", account_id LIMIT $8
"""  # noqa: S608  # our own conditions; values are arguments
TOTALS: Final = f"""
    {LINES}
    SELECT is_memo, sum(opening_minor)::bigint AS opening_minor,
           sum(debit_minor)::bigint AS debit_minor, sum(credit_minor)::bigint AS credit_minor
    FROM lines GROUP BY is_memo
"""  # noqa: S608  # our own conditions; values are arguments
OPENING_OF_ACCOUNT: Final = """
    SELECT coalesce(sum(amount_minor), 0)::bigint FROM (
        SELECT closing_minor AS amount_minor FROM period_total
        WHERE period = $1 AND account_id = $3
        UNION ALL
        SELECT amount_minor FROM period_balance
        WHERE period > $1 AND period < $2 AND account_id = $3
    ) held
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """Of many accounts; the sides of an opening make each other up."""

    opening_minor: int = 0
    debit_minor: int = 0
    credit_minor: int = 0

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + self.debit_minor - self.credit_minor


async def read_lines(
    connection: Connection,
    *,
    months: tuple[int, int],
    agency: str | None,
    after: tuple[bool, str, int],
    rows_max: int,
) -> list[Record]:
    base = await _last_totals(connection, months[0])
    return await connection.fetch(PAGE, base, *months, agency, *after, rows_max)


async def read_totals(
    connection: Connection, *, months: tuple[int, int], agency: str | None
) -> dict[bool, Sums]:
    """Of all accounts, and apart those that are memos: by `is_memo`."""
    base = await _last_totals(connection, months[0])
    return {
        row["is_memo"]: Sums(
            opening_minor=row["opening_minor"],
            debit_minor=row["debit_minor"],
            credit_minor=row["credit_minor"],
        )
        for row in await connection.fetch(TOTALS, base, *months, agency)
    }


async def read_opening(connection: Connection, *, account_id: int, month: int) -> int:
    """What an account held before a month, as booked."""
    base = await _last_totals(connection, month)
    return await connection.fetchval(OPENING_OF_ACCOUNT, base, month, account_id)


async def _last_totals(connection: Connection, before: int) -> int:
    """The last month before this one that has totals; 0 where none has."""
    return await connection.fetchval(LAST_TOTALS, previous_period(before)) or 0
