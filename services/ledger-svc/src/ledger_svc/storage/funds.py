"""Funds as the books have them: cash, what is held, what is promised, lots and advances."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection

from ledger_svc.domain.selections import LotSelection, LotSide

IS_KNOWN: Final = """
    SELECT EXISTS (SELECT 1 FROM account WHERE agency = $1 AND fund_code = $2)
"""
# A fund is one of those that cash or a promise was ever posted in.
LIST: Final = """
    WITH named AS (
        SELECT DISTINCT agency, fund_code FROM account
        WHERE code IN ($1, $2) AND ($3::text IS NULL OR agency = $3)
          AND (agency, fund_code) > ($4, $5)
        ORDER BY agency, fund_code LIMIT $6
    )
    SELECT n.agency, n.fund_code,
           coalesce(cash.amount_minor, 0)::bigint AS balance_minor,
           coalesce(promised.amount_minor, 0)::bigint AS unpaid_minor,
           coalesce(held.amount_minor, 0)::bigint AS held_minor,
           coalesce(cash.channels, '{}') AS channels
    FROM named n
    LEFT JOIN LATERAL (
        SELECT sum(b.amount_minor) AS amount_minor, array_agg(DISTINCT a.channel) AS channels
        FROM account a JOIN balance b USING (account_id)
        WHERE a.agency = n.agency AND a.fund_code = n.fund_code AND a.code = $1
    ) cash ON true
    LEFT JOIN LATERAL (
        SELECT sum(b.amount_minor) AS amount_minor
        FROM account a JOIN balance b USING (account_id)
        WHERE a.agency = n.agency AND a.fund_code = n.fund_code AND a.code = $2
    ) promised ON true
    LEFT JOIN LATERAL (
        SELECT sum(h.amount_minor) AS amount_minor FROM hold h
        WHERE h.agency = n.agency AND h.fund_code = n.fund_code AND h.state = 'held'
    ) held ON true
    ORDER BY n.agency, n.fund_code
"""
LOTS: Final = """
    SELECT * FROM lot
    WHERE agency = $1 AND fund_code = $2 AND (value_on, document, lot_id) > ($3, $4, $5)
    ORDER BY value_on, document, lot_id LIMIT $6
"""
LOT: Final = "SELECT amount_minor, drawn_minor FROM lot WHERE lot_id = $1 AND agency = $2"
# Each goes along the lot's own index, and no further than a page.
LOT_MOVEMENTS: Final = """
    SELECT e.*, m.line, m.amount_minor
    FROM lot l JOIN lot_movement m USING (lot_id)
    CROSS JOIN LATERAL (SELECT * FROM journal_entry WHERE seq = m.seq OFFSET 0) e
    WHERE l.lot_id = $1 AND l.agency = $2 AND m.is_draw = $3
      AND (m.seq, m.line) > ($4::bigint, $5::int)
    ORDER BY m.seq, m.line LIMIT $6
"""
# What was spent of a contract before it was paid: the running cash of its fund by value date. A
# fund stands below nothing since the first day after the last one on which it did not.
ADVANCES: Final = """
    WITH by_day AS (
        SELECT a.agency, a.fund_code, m.value_on, sum(m.amount_minor) AS amount_minor
        FROM account a JOIN movement m USING (account_id)
        WHERE a.code = $1 AND a.fund_code LIKE 'contract:%' AND m.value_on <= $2
          AND ($3::text IS NULL OR a.agency = $3) AND (a.agency, a.fund_code) > ($4, $5)
        GROUP BY a.agency, a.fund_code, m.value_on
    ), running AS (
        SELECT agency, fund_code, value_on,
               sum(amount_minor) OVER (PARTITION BY agency, fund_code ORDER BY value_on) AS held
        FROM by_day
    ), spans AS (
        SELECT agency, fund_code, value_on, held,
               coalesce(lead(value_on) OVER (PARTITION BY agency, fund_code ORDER BY value_on),
                        $2 + 1) - value_on AS days
        FROM running
    ), funds AS (
        SELECT agency, fund_code,
               (array_agg(held ORDER BY value_on DESC))[1] AS held,
               max(value_on) FILTER (WHERE held >= 0) AS last_covered_on,
               min(held) AS lowest,
               (array_agg(value_on ORDER BY held, value_on))[1] AS lowest_on,
               sum(days) FILTER (WHERE held < 0) AS days
        FROM spans GROUP BY agency, fund_code
    )
    SELECT f.agency, f.fund_code, -least(f.held, 0)::bigint AS advance_minor,
           -least(f.lowest, 0)::bigint AS largest_minor, f.lowest_on AS largest_on,
           coalesce(f.days, 0)::bigint AS days,
           (SELECT min(s.value_on) FROM spans s
            WHERE s.agency = f.agency AND s.fund_code = f.fund_code AND s.held < 0
              AND (f.last_covered_on IS NULL OR s.value_on > f.last_covered_on)) AS since_on
    FROM funds f
    WHERE CASE WHEN $6 THEN f.lowest < 0 ELSE f.held < 0 END
    ORDER BY f.agency, f.fund_code LIMIT $7
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class FundRow:
    """Amounts in fen; `unpaid_minor` is what a contract or a pledge still promises."""

    agency: str
    fund_code: str
    balance_minor: int
    held_minor: int
    unpaid_minor: int
    channels: Sequence[Channel]


@dataclass(frozen=True, kw_only=True, slots=True)
class LotRow:
    lot_id: UUID
    agency: str
    channel: Channel
    value_on: date
    document: str
    payer: str | None
    amount_minor: int
    drawn_minor: int
    held_minor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AdvanceRow:
    """`advance_minor` stands open on the day asked for, since `since_on`; `days` is ever so far.

    `largest_minor` is the most that ever did, first on `largest_on`.
    """

    agency: str
    fund_code: str
    advance_minor: int
    largest_minor: int
    largest_on: date
    since_on: date | None
    days: int


async def is_known(connection: Connection, *, agency: str, fund_code: str) -> bool:
    return await connection.fetchval(IS_KNOWN, agency, fund_code)


async def read_funds(
    connection: Connection, *, agency: str | None, after: tuple[str, str], rows_max: int
) -> list[FundRow]:
    rows = await connection.fetch(
        LIST, AccountCode.BANK, AccountCode.CONTRACT_COMMITMENT, agency, *after, rows_max
    )
    return [
        FundRow(
            agency=row["agency"],
            fund_code=row["fund_code"],
            balance_minor=row["balance_minor"],
            held_minor=row["held_minor"],
            unpaid_minor=row["unpaid_minor"],
            channels=[Channel(channel) for channel in row["channels"]],
        )
        for row in rows
    ]


async def read_lots(
    connection: Connection,
    *,
    agency: str,
    fund_code: str,
    after: tuple[date, str, UUID],
    rows_max: int,
) -> list[LotRow]:
    rows = await connection.fetch(LOTS, agency, fund_code, *after, rows_max)
    return [_lot(row) for row in rows]


async def read_lot_total(connection: Connection, asked: LotSelection) -> int:
    """What a side of a lot comes to; nothing where the agency has no such lot."""
    row = await connection.fetchrow(LOT, asked.lot_id, asked.agency)
    if row is None:
        return 0
    return row["drawn_minor"] if asked.side is LotSide.USED else row["amount_minor"]


async def read_lot_movements(
    connection: Connection, asked: LotSelection, *, after: tuple[int, int], rows_max: int
) -> list[asyncpg.Record]:
    """What entries brought to a lot or took from it, in the order of the journal."""
    is_draw = asked.side is LotSide.USED
    return await connection.fetch(
        LOT_MOVEMENTS, asked.lot_id, asked.agency, is_draw, *after, rows_max
    )


async def read_advances(
    connection: Connection,
    *,
    on: date,
    agency: str | None,
    is_ever: bool,
    after: tuple[str, str],
    rows_max: int,
) -> list[AdvanceRow]:
    """Contract funds below nothing on a day or, `is_ever`, on any day up to it."""
    rows = await connection.fetch(ADVANCES, AccountCode.BANK, on, agency, *after, is_ever, rows_max)
    return [
        AdvanceRow(
            agency=row["agency"],
            fund_code=row["fund_code"],
            advance_minor=row["advance_minor"],
            largest_minor=row["largest_minor"],
            largest_on=row["largest_on"],
            since_on=row["since_on"] if row["advance_minor"] else None,
            days=row["days"],
        )
        for row in rows
    ]


def _lot(row: asyncpg.Record) -> LotRow:
    return LotRow(
        lot_id=row["lot_id"],
        agency=row["agency"],
        channel=Channel(row["channel"]),
        value_on=row["value_on"],
        document=row["document"],
        payer=row["payer"],
        amount_minor=row["amount_minor"],
        drawn_minor=row["drawn_minor"],
        held_minor=row["held_minor"],
    )
