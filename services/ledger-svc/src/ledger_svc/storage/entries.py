"""Reading the journal and the balances."""

from dataclasses import dataclass
from typing import Final

import asyncpg
from fundmix_events.ledger import JournalEvent
from fundmix_kit.database import Connection

from ledger_svc.storage.journal_source import journal_events
from ledger_svc.storage.tables import Account, Balance

AFTER: Final = "SELECT * FROM journal_entry WHERE seq > $1 ORDER BY seq LIMIT $2"
AFTER_OF_AGENCY: Final = """
    SELECT * FROM journal_entry WHERE agency = $3 AND seq > $1 ORDER BY seq LIMIT $2
"""
ONE: Final = "SELECT * FROM journal_entry WHERE seq = $1"
BALANCES: Final = """
    SELECT a.*, b.amount_minor, b.last_seq
    FROM account a JOIN balance b USING (account_id)
    WHERE ($1::text IS NULL OR a.agency = $1) AND a.account_id > $2::bigint
    ORDER BY a.account_id LIMIT $3
"""
PERIOD_BALANCES: Final = """
    SELECT a.*, p.period, p.kind, sum(p.amount_minor)::bigint AS amount_minor
    FROM period_balance p JOIN account a USING (account_id)
    WHERE p.period BETWEEN $1 AND $2
      AND ($3::text IS NULL OR a.agency = $3)
      AND (p.period, p.account_id, p.kind) > ($4::bigint, $5::bigint, $6)
    GROUP BY p.period, p.account_id, p.kind, a.account_id
    ORDER BY p.period, p.account_id, p.kind LIMIT $7
"""


async def read_after(
    connection: Connection, *, agency: str | None, after: int, rows_max: int
) -> list[JournalEvent]:
    if agency is None:
        rows = await connection.fetch(AFTER, after, rows_max)
    else:
        rows = await connection.fetch(AFTER_OF_AGENCY, after, rows_max, agency)
    return await journal_events(connection, rows)


async def read_one(connection: Connection, seq: int) -> JournalEvent | None:
    found = await journal_events(connection, await connection.fetch(ONE, seq))
    return found[0] if found else None


async def read_balances(
    connection: Connection, *, agency: str | None, after: int, rows_max: int
) -> list[tuple[Account, Balance]]:
    rows = await connection.fetch(BALANCES, agency, after, rows_max)
    return [
        (
            _account(row),
            Balance(
                account_id=row["account_id"],
                amount_minor=row["amount_minor"],
                last_seq=row["last_seq"],
            ),
        )
        for row in rows
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthOfKind:
    """What one kind of entry moved in an account in a month."""

    account: Account
    period: int
    kind: str
    amount_minor: int


async def read_period_balances(
    connection: Connection,
    *,
    year: int,
    agency: str | None,
    after: tuple[int, int, str],
    rows_max: int,
) -> list[MonthOfKind]:
    rows = await connection.fetch(
        PERIOD_BALANCES, year * 100 + 1, year * 100 + 12, agency, *after, rows_max
    )
    return [
        MonthOfKind(
            account=_account(row),
            period=row["period"],
            kind=row["kind"],
            amount_minor=row["amount_minor"],
        )
        for row in rows
    ]


def _account(row: asyncpg.Record) -> Account:
    return Account(
        account_id=row["account_id"],
        agency=row["agency"],
        code=row["code"],
        fund_code=row["fund_code"],
        channel=row["channel"],
        currency=row["currency"],
    )
