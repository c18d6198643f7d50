"""Lots: receipts of money inside a fund, what is used of them and what is held."""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from fundmix_kit.database import Connection, columns

from ledger_svc.domain.journal import Entry

# A lot may be drawn from before it is known here, when the topics are read in another order: it is
# made then, and what has come is added when it comes. A row without a receipt has no document. Each
# lot stands once among the rows, in the order of the key, as by every writer.
MOVE: Final = """
    INSERT INTO lot AS l
        (lot_id, agency, fund_code, channel, currency, value_on, document, payer, amount_minor,
         drawn_minor, held_minor)
    SELECT lot_id, agency, fund_code, channel, currency, value_on, document, payer, amount_minor,
           drawn_minor, 0
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::text[],
                $8::text[], $9::bigint[], $10::bigint[])
        AS u (lot_id, agency, fund_code, channel, currency, value_on, document, payer, amount_minor,
              drawn_minor)
    ORDER BY lot_id
    ON CONFLICT (lot_id) DO UPDATE
    SET amount_minor = l.amount_minor + excluded.amount_minor,
        drawn_minor = l.drawn_minor + excluded.drawn_minor,
        value_on = CASE WHEN excluded.document <> '' THEN excluded.value_on ELSE l.value_on END,
        document = CASE WHEN excluded.document <> '' THEN excluded.document ELSE l.document END,
        payer = coalesce(excluded.payer, l.payer)
"""
MOVEMENT_COLUMNS: Final = ("seq", "line", "lot_id", "is_draw", "amount_minor")
# What was held for these entries is used by them.
USE_HOLDS: Final = """
    WITH used AS (
        UPDATE hold SET state = 'used' WHERE hold_id = ANY($1::uuid[]) AND state = 'held'
        RETURNING hold_id
    ), freed AS (
        SELECT lot_id, sum(amount_minor)::bigint AS amount_minor
        FROM hold_lot JOIN used USING (hold_id) GROUP BY lot_id
    )
    UPDATE lot SET held_minor = held_minor - freed.amount_minor
    FROM freed WHERE lot.lot_id = freed.lot_id
"""


async def apply(connection: Connection, entries: Sequence[tuple[int, Entry]]) -> None:
    """What the entries, each with its place, bring to lots and take from them."""
    moving = [(seq, entry) for seq, entry in entries if entry.lots or entry.draws]
    if moving:
        await connection.copy_records_to_table(
            "lot_movement", records=_movement_rows(moving), columns=MOVEMENT_COLUMNS
        )
        await connection.execute(MOVE, *columns(_lot_rows(moving), 10))
    # Also of those that no lot bears: what was held for an advance is used, too.
    await use_holds(connection, [hold_id for _, entry in entries for hold_id in entry.hold_ids])


async def use_holds(connection: Connection, hold_ids: Sequence[UUID]) -> None:
    """What was held is used, once."""
    if hold_ids:
        await connection.execute(USE_HOLDS, hold_ids)


def _movement_rows(entries: Sequence[tuple[int, Entry]]) -> Iterator[tuple[Any, ...]]:
    for seq, entry in entries:
        both = [(lot, False) for lot in entry.lots] + [(draw, True) for draw in entry.draws]
        for line, (movement, is_draw) in enumerate(both, start=1):
            yield seq, line, movement.lot_id, is_draw, movement.amount_minor


def _lot_rows(entries: Sequence[tuple[int, Entry]]) -> list[tuple[Any, ...]]:
    """A row for each lot that moves; its day and document are those of the last receipt."""
    rows: dict[Any, tuple[Any, ...]] = {}
    for _, entry in entries:
        for lot in entry.lots:
            before = rows.get(lot.lot_id)
            amount, drawn = (before[8], before[9]) if before else (0, 0)
            if before and lot.amount_minor < 0:
                rows[lot.lot_id] = (*before[:8], amount + lot.amount_minor, drawn)
                continue
            rows[lot.lot_id] = (
                lot.lot_id,
                entry.agency,
                lot.fund_code,
                lot.channel,
                lot.currency,
                entry.value_on,
                entry.document or "" if lot.amount_minor > 0 else "",
                entry.payer,
                amount + lot.amount_minor,
                drawn,
            )
        for draw in entry.draws:
            before = rows.get(draw.lot_id) or (
                draw.lot_id,
                entry.agency,
                draw.fund_code,
                draw.channel,
                draw.currency,
                entry.value_on,
                "",
                None,
                0,
                0,
            )
            rows[draw.lot_id] = (*before[:9], before[9] + draw.amount_minor)
    return list(rows.values())
