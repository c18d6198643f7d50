"""Postings and entries that somebody asks for: by account, by place, by figure, around a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg
from fundmix_events.ledger import AccountCode, JournalEvent
from fundmix_kit.database import Connection

from ledger_svc.domain.selections import OPENING_KINDS, RECEIPT_KINDS, Selection, Side
from ledger_svc.storage.journal_source import journal_events
from ledger_svc.storage.sums import FIRST_DAY, FIRST_PERIOD, LAST_DAY, LAST_PERIOD
from ledger_svc.storage.tables import Account

# How many accounts are searched at once for a page of what a figure counts.
ACCOUNTS_AT_ONCE: Final = 200
# Of a posting, by `seq` and line: none comes after it.
LAST_PLACE: Final = (2**63 - 1, 2**15 - 1)
CASH: Final = (AccountCode.BANK,)

ACCOUNT: Final = "SELECT * FROM account WHERE account_id = $1"
BY_EVENT: Final = """
    SELECT * FROM journal_entry WHERE event_id = $1 AND ($2::text IS NULL OR agency = $2)
"""
BY_SOURCE: Final = """
    SELECT * FROM journal_entry
    WHERE topic = $1 AND partition = $2 AND number = $3 AND ($4::text IS NULL OR agency = $4)
    ORDER BY seq LIMIT 10
"""
# Entries are looked up by their key, one by one, however many the planner believes there are.
OF_ACCOUNT: Final = """
    SELECT e.*, p.line, p.amount_minor, p.account_id
    FROM posting p
    CROSS JOIN LATERAL (SELECT * FROM journal_entry WHERE seq = p.seq OFFSET 0) e
    WHERE p.account_id = $1 AND (p.seq, p.line) > ($2::bigint, $3::int)
      AND e.period BETWEEN $4 AND $5
    ORDER BY p.seq, p.line LIMIT $6
"""
# By account: each goes along its own index, and no further than a page.
BEHIND: Final = """
    SELECT found.*, a.code, a.fund_code, a.channel
    FROM unnest($1::int[]) AS chosen (account_id)
    JOIN account a USING (account_id)
    CROSS JOIN LATERAL (
        SELECT e.*, p.line, p.amount_minor, p.account_id
        FROM posting p
        CROSS JOIN LATERAL (SELECT * FROM journal_entry WHERE seq = p.seq OFFSET 0) e
        WHERE p.account_id = chosen.account_id
          AND (p.account_id, p.seq, p.line) > ($2::int, $3::bigint, $4::int)
          AND e.value_on BETWEEN $5 AND $6
          AND (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $7
          AND e.period BETWEEN $8 AND $9
          AND (cardinality($10::text[]) = 0 OR CASE
                WHEN e.kind = ANY($11::text[]) THEN 'receipts'
                WHEN e.kind = ANY($12::text[]) THEN 'openings'
                ELSE 'others' END = ANY($10))
          AND ($13::int = 0 OR sign(p.amount_minor) = $13)
          AND (cardinality($14::text[]) = 0 OR e.kind = ANY($14))
          AND ($15::text IS NULL OR e.payer = $15)
          AND (p.seq, p.line) <= ($16::bigint, $17::int)
        ORDER BY p.seq, p.line LIMIT $18
    ) found
    ORDER BY found.account_id, found.seq, found.line LIMIT $18
"""
# No balance is kept of what is counted to a place in the journal.
SUM_BEHIND: Final = f"SELECT coalesce(sum(amount_minor), 0)::bigint FROM ({BEHIND}) behind"  # noqa: S608  # our own conditions; values are arguments
# Sums by payer are kept of cash by days; of anything else, and as booked, it is what is behind it.
PAID_CASH: Final = """
    SELECT coalesce(sum(amount_minor), 0)::bigint FROM payer_movement
    WHERE account_id = ANY($1::int[]) AND payer = $2
      AND value_on BETWEEN $3 AND $4 AND posted_on <= $5
"""
# Where a payer never paid anything, nobody has to look.
PAID_ACCOUNTS: Final = """
    SELECT account_id FROM account
    WHERE account_id = ANY($1::int[])
      AND (agency, channel) IN (SELECT agency, channel FROM payer_balance WHERE payer = $2)
    ORDER BY account_id
"""
CUT_OFF: Final = """
    SELECT * FROM journal_entry
    WHERE value_on BETWEEN $1 AND $2 AND (value_on, seq) > ($3, $4::bigint)
      AND agency IS NOT NULL AND ($5::text IS NULL OR agency = $5)
      AND (((posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $6) <> (value_on <= $6)
           OR (occurred_on <= $6) <> (value_on <= $6)
           OR period <> extract(year FROM value_on) * 100 + extract(month FROM value_on))
    ORDER BY value_on, seq LIMIT $7
"""
# An opening balance that was undone is none.
OPENED: Final = """
    SELECT DISTINCT agency FROM journal_entry o
    WHERE kind = 'ledger.opening_balance_approved'
      AND ($1::text IS NULL OR agency = $1)
      AND (posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $2
      AND NOT EXISTS (
          SELECT FROM journal_entry c WHERE c.corrects = o.event_id
            AND (c.posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $2
      )
"""
AGENCIES: Final = "SELECT DISTINCT agency FROM account WHERE $1::text IS NULL OR agency = $1"
BALANCES_BY_DAY: Final = """
    SELECT a.*, m.amount_minor
    FROM account a CROSS JOIN LATERAL (
        SELECT sum(amount_minor)::bigint AS amount_minor FROM movement
        WHERE account_id = a.account_id AND value_on <= $4 AND posted_on <= $5
    ) m
    WHERE m.amount_minor IS NOT NULL AND a.account_id > $2::bigint
      AND ($1::text IS NULL OR a.agency = $1)
    ORDER BY a.account_id LIMIT $3
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedBalance:
    account: Account
    amount_minor: int


async def read_account(connection: Connection, account_id: int) -> Account | None:
    row = await connection.fetchrow(ACCOUNT, account_id)
    return None if row is None else Account(**dict(row))


async def read_by_event(
    connection: Connection, event_id: UUID, *, agency: str | None
) -> list[JournalEvent]:
    return await journal_events(connection, await connection.fetch(BY_EVENT, event_id, agency))


async def read_by_source(
    connection: Connection, source: tuple[str, int, int], *, agency: str | None
) -> list[JournalEvent]:
    """By topic, partition and number."""
    return await journal_events(connection, await connection.fetch(BY_SOURCE, *source, agency))


async def read_of_account(
    connection: Connection,
    account_id: int,
    *,
    months: tuple[int, int],
    after: tuple[int, int],
    rows_max: int,
) -> list[asyncpg.Record]:
    return await connection.fetch(OF_ACCOUNT, account_id, *after, *months, rows_max)


async def read_behind(
    connection: Connection,
    selection: Selection,
    account_ids: Sequence[int],
    *,
    after: tuple[int, int, int],
    rows_max: int,
) -> list[asyncpg.Record]:
    """Postings of these accounts that a selection counts, by account, `seq` and line."""
    left = sorted(account_id for account_id in account_ids if account_id >= after[0])
    found: list[asyncpg.Record] = []
    for start in range(0, len(left), ACCOUNTS_AT_ONCE):
        chosen = left[start : start + ACCOUNTS_AT_ONCE]
        wanted = rows_max - len(found)
        arguments = (chosen, *after, *_conditions(selection), wanted)
        found.extend(await connection.fetch(BEHIND, *arguments))
        if len(found) >= rows_max:
            break
    return found


async def paid_accounts(
    connection: Connection, account_ids: Sequence[int], *, payer: str
) -> list[int]:
    """Of these accounts of cash, those that may have had any of a payer."""
    rows = await connection.fetch(PAID_ACCOUNTS, account_ids, payer)
    return [row["account_id"] for row in rows]


async def total_behind(
    connection: Connection, selection: Selection, account_ids: Sequence[int]
) -> int:
    """The figure of a selection that names a payer or a last posting, in its own sign."""
    if _is_paid_cash_by_days(selection):
        days = (selection.value_from or FIRST_DAY, selection.value_to or LAST_DAY)
        as_of = selection.as_of or LAST_DAY
        total = await connection.fetchval(PAID_CASH, account_ids, selection.payer, *days, as_of)
    else:
        arguments = (account_ids, 0, 0, 0, *_conditions(selection), None)
        total = await connection.fetchval(SUM_BEHIND, *arguments)
    return selection.figure(total)


async def read_cut_off(
    connection: Connection,
    *,
    around: date,
    days: int,
    agency: str | None,
    after: tuple[date, int],
    rows_max: int,
) -> list[asyncpg.Record]:
    span = timedelta(days=days)
    return await connection.fetch(
        CUT_OFF, around - span, around + span, *after, agency, around, rows_max
    )


async def has_all_openings(
    connection: Connection, *, agency: str | None, as_of: date | None
) -> bool:
    """Whether every agency with accounts has an opening balance, as known on a day."""
    opened = {r["agency"] for r in await connection.fetch(OPENED, agency, as_of or LAST_DAY)}
    agencies = {r["agency"] for r in await connection.fetch(AGENCIES, agency)}
    return bool(agencies) and agencies <= opened


async def read_balances_by_day(
    connection: Connection,
    *,
    agency: str | None,
    on: date | None,
    as_of: date | None,
    after: int,
    rows_max: int,
) -> list[DatedBalance]:
    rows = await connection.fetch(
        BALANCES_BY_DAY, agency, after, rows_max, on or LAST_DAY, as_of or LAST_DAY
    )
    return [
        DatedBalance(
            account=Account(**{k: v for k, v in row.items() if k != "amount_minor"}),
            amount_minor=row["amount_minor"],
        )
        for row in rows
    ]


def _is_paid_cash_by_days(selection: Selection) -> bool:
    is_of_all_kinds = not selection.groups and not selection.kinds and selection.only is None
    is_by_days = not selection.is_as_booked and selection.through is None
    is_paid_cash = selection.payer is not None and selection.codes == CASH
    return is_paid_cash and is_of_all_kinds and is_by_days


def _conditions(selection: Selection) -> tuple[Any, ...]:
    sides = {None: 0, Side.DEBIT: 1, Side.CREDIT: -1}
    return (
        selection.value_from or FIRST_DAY,
        selection.value_to or LAST_DAY,
        selection.as_of or LAST_DAY,
        selection.period_from or FIRST_PERIOD,
        selection.period_to or LAST_PERIOD,
        selection.groups,
        RECEIPT_KINDS,
        OPENING_KINDS,
        sides[selection.only],
        selection.kinds,
        selection.payer,
        *(selection.through or LAST_PLACE),
    )
