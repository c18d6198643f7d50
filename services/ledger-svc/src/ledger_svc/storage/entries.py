"""Reading the journal and the balances."""

from collections.abc import Sequence
from typing import Final

import asyncpg
from fundmix_events.ledger import EntryPosted, Posting
from fundmix_kit.database import Connection

from ledger_svc.storage.journal_source import entry_fields, posting_of
from ledger_svc.storage.tables import Account, Balance, PeriodBalance

AFTER: Final = "SELECT * FROM journal_entry WHERE seq > $1 ORDER BY seq LIMIT $2"
AFTER_OF_AGENCY: Final = """
    SELECT * FROM journal_entry WHERE agency = $3 AND seq > $1 ORDER BY seq LIMIT $2
"""
ONE: Final = "SELECT * FROM journal_entry WHERE seq = $1"
POSTINGS_OF: Final = """
    SELECT p.seq, p.amount_minor, a.agency, a.code, a.fund_code, a.channel, a.currency
    FROM posting p JOIN account a USING (account_id)
    WHERE p.seq = ANY($1::bigint[]) ORDER BY p.seq, p.line
"""
BALANCES: Final = """
    SELECT a.*, b.amount_minor, b.last_seq
    FROM account a JOIN balance b USING (account_id)
    WHERE ($1::text IS NULL OR a.agency = $1) AND a.account_id > $2::bigint
    ORDER BY a.account_id LIMIT $3
"""
PERIOD_BALANCES: Final = """
    SELECT a.*, p.period, p.kind, p.amount_minor
    FROM period_balance p JOIN account a USING (account_id)
    WHERE p.period BETWEEN $1 AND $2
      AND ($3::text IS NULL OR a.agency = $3)
      AND (p.period, p.account_id, p.kind) > ($4::bigint, $5::bigint, $6)
    ORDER BY p.period, p.account_id, p.kind LIMIT $7
"""


async def read_after(
    connection: Connection, *, agency: str | None, after: int, rows_max: int
) -> list[EntryPosted]:
    if agency is None:
        rows = await connection.fetch(AFTER, after, rows_max)
    else:
        rows = await connection.fetch(AFTER_OF_AGENCY, after, rows_max, agency)
    return await _with_postings(connection, rows)


async def read_one(connection: Connection, seq: int) -> EntryPosted | None:
    found = await _with_postings(connection, await connection.fetch(ONE, seq))
    return found[0] if found else None


async def _with_postings(
    connection: Connection, rows: Sequence[asyncpg.Record]
) -> list[EntryPosted]:
    postings: dict[int, list[Posting]] = {row["seq"]: [] for row in rows}
    for leg in await connection.fetch(POSTINGS_OF, list(postings)):
        postings[leg["seq"]].append(posting_of(leg))
    return [
        EntryPosted(aggregate_version=1, postings=tuple(postings[row["seq"]]), **entry_fields(row))
        for row in rows
    ]


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


async def read_period_balances(
    connection: Connection,
    *,
    year: int,
    agency: str | None,
    after: tuple[int, int, str],
    rows_max: int,
) -> list[tuple[Account, PeriodBalance]]:
    rows = await connection.fetch(
        PERIOD_BALANCES, year * 100 + 1, year * 100 + 12, agency, *after, rows_max
    )
    return [
        (
            _account(row),
            PeriodBalance(
                period=row["period"],
                account_id=row["account_id"],
                kind=row["kind"],
                amount_minor=row["amount_minor"],
            ),
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
