"""A donor's gifts: its lots, and what moved in each of them."""

from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.donations import PurposeChanged
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.gifts import (
    GIFT_KINDS,
    HAPPENING_BY_KIND,
    SEVERAL,
    GiftLot,
    GiftMoves,
    GiftTotal,
    Happening,
)

# A page of lots that began as gifts, each with few movements; nothing else is read. A lot that all
# went back was never used, and changes nothing of what others were used for.
LOTS: Final = """
    SELECT l.lot_id, l.agency, l.fund_code, l.channel, l.value_on, l.document, l.payer,
           EXISTS (
               SELECT 1 FROM lot o
               WHERE o.agency = l.agency AND o.fund_code = l.fund_code AND o.value_on <= $3
                 AND o.lot_id <> l.lot_id AND o.amount_minor > 0
           ) AS is_pooled
    FROM lot l
    WHERE l.payer = $1 AND NOT starts_with(l.fund_code, 'contract:')
      AND ($2::text IS NULL OR l.agency = $2)
      AND (l.value_on, l.lot_id) > ($4, $5)
      AND EXISTS (
          SELECT 1 FROM lot_movement m JOIN journal_entry e USING (seq)
          WHERE m.lot_id = l.lot_id AND e.value_on <= $3
      )
      AND EXISTS (
          SELECT 1 FROM lot_movement m JOIN journal_entry e USING (seq)
          WHERE m.lot_id = l.lot_id AND e.kind = ANY($6::text[])
      )
    ORDER BY l.value_on, l.lot_id LIMIT $7
"""
MOVEMENTS: Final = """
    SELECT m.lot_id, e.kind, m.is_draw, e.value_on < $2 AS is_before, used.code,
           sum(m.amount_minor)::bigint AS amount_minor
    FROM lot_movement m JOIN journal_entry e USING (seq)
    LEFT JOIN LATERAL (
        SELECT CASE WHEN count(DISTINCT a.code) = 1 THEN min(a.code) END AS code
        FROM posting p JOIN account a USING (account_id)
        WHERE m.is_draw AND p.seq = m.seq AND starts_with(a.code, 'expenses:')
    ) used ON true
    WHERE m.lot_id = ANY($1::uuid[]) AND e.value_on <= $3
    GROUP BY 1, 2, 3, 4, 5
"""
# The other lot of the entry that made a lot out of it.
MOVED_FROM: Final = """
    SELECT m.lot_id, other.lot_id AS moved_from
    FROM lot_movement m
    JOIN journal_entry e USING (seq)
    JOIN lot_movement other ON other.seq = m.seq AND other.amount_minor < 0
    WHERE m.lot_id = ANY($1::uuid[]) AND e.kind = $2 AND m.amount_minor > 0
"""


# Of all lots of a donor at once: what a year made of them, by agency and fund.
SUMMARY: Final = """
    SELECT l.agency, l.fund_code, l.channel, e.kind, m.is_draw, e.value_on < $3 AS is_before,
           used.code, sum(m.amount_minor)::bigint AS amount_minor
    FROM lot l
    JOIN lot_movement m USING (lot_id)
    JOIN journal_entry e USING (seq)
    LEFT JOIN LATERAL (
        SELECT CASE WHEN count(DISTINCT a.code) = 1 THEN min(a.code) END AS code
        FROM posting p JOIN account a USING (account_id)
        WHERE m.is_draw AND p.seq = m.seq AND starts_with(a.code, 'expenses:')
    ) used ON true
    WHERE l.payer = $1 AND NOT starts_with(l.fund_code, 'contract:')
      AND ($2::text IS NULL OR l.agency = $2) AND e.value_on <= $4
      AND EXISTS (
          SELECT 1 FROM lot_movement g JOIN journal_entry ge ON ge.seq = g.seq
          WHERE g.lot_id = l.lot_id AND ge.kind = ANY($5::text[])
      )
    GROUP BY 1, 2, 3, 4, 5, 6, 7
    ORDER BY 1, 2, 3
"""
# Of some funds, each with a channel of the donor's: whether there is money of any other.
POOLED: Final = """
    SELECT f.agency, f.fund_code, f.channel
    FROM unnest($3::text[], $4::text[], $5::text[]) f (agency, fund_code, channel)
    WHERE EXISTS (
        SELECT 1 FROM lot o
        WHERE o.agency = f.agency AND o.fund_code = f.fund_code AND o.value_on <= $2
          AND (o.payer, o.channel) IS DISTINCT FROM ($1::text, f.channel) AND o.amount_minor > 0
    )
"""


async def list_lots(
    connection: Connection,
    *,
    donor: str,
    agency: str | None,
    first: date,
    last: date,
    after: tuple[date, UUID],
    rows_max: int,
) -> list[GiftLot]:
    """Gifts that had come by `last`, oldest first, and what moved from `first` to `last`."""
    rows = await connection.fetch(LOTS, donor, agency, last, *after, list(GIFT_KINDS), rows_max)
    ids = [row["lot_id"] for row in rows]
    movements: dict[UUID, list[asyncpg.Record]] = {}
    for movement in await connection.fetch(MOVEMENTS, ids, first, last):
        movements.setdefault(movement["lot_id"], []).append(movement)
    origins = {
        row["lot_id"]: row["moved_from"]
        for row in await connection.fetch(MOVED_FROM, ids, PurposeChanged.type)
    }
    return [
        _gift(row, movements.get(row["lot_id"], ()), moved_from=origins.get(row["lot_id"]))
        for row in rows
    ]


async def read_summary(
    connection: Connection, *, donor: str, agency: str | None, first: date, last: date
) -> list[GiftTotal]:
    """Of all its gifts that had come by `last`, by agency, fund and channel."""
    rows = await connection.fetch(SUMMARY, donor, agency, first, last, list(GIFT_KINDS))
    by_fund: dict[tuple[str, str, str], list[asyncpg.Record]] = {}
    for row in rows:
        by_fund.setdefault((row["agency"], row["fund_code"], row["channel"]), []).append(row)
    found = await connection.fetch(POOLED, donor, last, *columns(list(by_fund), 3))
    pooled = {tuple(row) for row in found}
    return [
        GiftTotal(
            agency=fund[0],
            fund_code=fund[1],
            channel=Channel(fund[2]),
            is_pooled=fund in pooled,
            moves=_moves(movements),
        )
        for fund, movements in by_fund.items()
    ]


def _gift(
    row: asyncpg.Record, movements: Sequence[asyncpg.Record], *, moved_from: UUID | None
) -> GiftLot:
    return GiftLot(
        lot_id=row["lot_id"],
        agency=row["agency"],
        fund_code=row["fund_code"],
        channel=Channel(row["channel"]),
        value_on=row["value_on"],
        document=row["document"],
        donor=row["payer"],
        moved_from=moved_from,
        is_pooled=row["is_pooled"],
        moves=_moves(movements),
    )


def _moves(movements: Sequence[asyncpg.Record]) -> GiftMoves:
    left_before = 0
    by_happening = dict.fromkeys(Happening, 0)
    used: dict[str, int] = {}
    for movement in movements:
        amount = movement["amount_minor"]
        if movement["is_before"]:
            left_before += -amount if movement["is_draw"] else amount
        elif movement["is_draw"]:
            code = movement["code"] or SEVERAL
            used[code] = used.get(code, 0) + amount
        else:
            # What neither gives nor takes back is a correction that an accountant has entered.
            happening = HAPPENING_BY_KIND.get(movement["kind"], Happening.MOVED)
            by_happening[happening] += amount
    return GiftMoves(
        left_before_minor=left_before,
        given_minor=by_happening[Happening.GIVEN],
        moved_minor=by_happening[Happening.MOVED],
        refunded_minor=-by_happening[Happening.REFUNDED],
        reversed_minor=-by_happening[Happening.REVERSED],
        used_minor=used,
    )
