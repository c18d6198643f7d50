"""Money that is set aside: what a fund has available, and who holds what of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.availability import FundPosition, Reserved
from ledger_svc.domain.errors import (
    HoldConflictError,
    InsufficientFundsError,
    LotNotPostedError,
)
from ledger_svc.domain.funds import Draw, FreeLot

# The row is the lock: who holds money of a fund waits for whoever does so now.
ADD_FUND: Final = "INSERT INTO fund VALUES ($1, $2) ON CONFLICT DO NOTHING"
LOCK_FUND: Final = "SELECT 1 FROM fund WHERE agency = $1 AND fund_code = $2 FOR UPDATE"
# One statement, one snapshot: what an entry uses stops being held as it is posted.
POSITION: Final = """
    WITH bank AS (
        SELECT account_id FROM account
        WHERE agency = $1 AND fund_code = $2 AND currency = $3 AND code = $5
    ), later AS (
        SELECT m.value_on AS day, m.amount_minor FROM movement m JOIN bank USING (account_id)
        WHERE m.value_on > $4
        UNION ALL
        SELECT effective_on, -amount_minor FROM hold
        WHERE agency = $1 AND fund_code = $2 AND currency = $3 AND state = 'held'
          AND effective_on > $4
    ), by_day AS (
        SELECT day, sum(amount_minor)::bigint AS amount_minor FROM later GROUP BY day
    )
    SELECT
        (SELECT coalesce(sum(b.amount_minor), 0)::bigint
         FROM balance b JOIN bank USING (account_id)) AS balance_minor,
        (SELECT coalesce(sum(amount_minor), 0)::bigint FROM hold
         WHERE agency = $1 AND fund_code = $2 AND currency = $3 AND state = 'held') AS held_minor,
        promised.amount_minor AS unpaid_minor,
        promised.channel,
        (SELECT array_agg(day ORDER BY day) FROM by_day) AS days,
        (SELECT array_agg(amount_minor ORDER BY day) FROM by_day) AS amounts
    FROM (VALUES (1)) AS one
    LEFT JOIN LATERAL (
        SELECT sum(b.amount_minor)::bigint AS amount_minor, min(a.channel) AS channel
        FROM account a JOIN balance b USING (account_id)
        WHERE a.agency = $1 AND a.fund_code = $2 AND a.currency = $3 AND a.code = $6
    ) promised ON true
"""
FREE_LOTS: Final = """
    SELECT lot_id, channel, value_on, document,
           amount_minor - drawn_minor - held_minor AS free_minor
    FROM lot
    WHERE agency = $1 AND fund_code = $2 AND currency = $3
      AND amount_minor > drawn_minor + held_minor
      AND ($4::text IS NULL OR channel = $4)
      AND ($5::uuid[] IS NULL OR lot_id = ANY($5::uuid[]))
    ORDER BY value_on, document, lot_id
"""
# Not more than is free: the second guard behind the lock of the fund.
HOLD_LOTS: Final = """
    UPDATE lot SET held_minor = held_minor + w.amount_minor
    FROM unnest($1::uuid[], $2::bigint[]) AS w (lot_id, amount_minor)
    WHERE lot.lot_id = w.lot_id
      AND lot.amount_minor - lot.drawn_minor - lot.held_minor >= w.amount_minor
"""
ADD_HOLD: Final = """
    INSERT INTO hold
        (hold_id, agency, fund_code, currency, purpose, document, effective_on, amount_minor,
         advance_minor, advance_channel, state, made_by, made_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'held', $11, $12)
"""
ADD_HOLD_LOTS: Final = """
    INSERT INTO hold_lot (hold_id, lot_id, channel, amount_minor)
    SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::bigint[])
"""
POSTED: Final = "SELECT count(*) FROM lot WHERE lot_id = ANY($1::uuid[])"
LOTS_HELD: Final = """
    SELECT hold_id, lot_id FROM hold_lot WHERE hold_id = ANY($1::uuid[])
"""
HOLD_AGAIN: Final = """
    UPDATE hold SET state = 'held' WHERE hold_id = ANY($1::uuid[]) AND state = 'released'
"""
ADD_HOLDS: Final = """
    INSERT INTO hold
        (hold_id, agency, fund_code, currency, purpose, document, effective_on, amount_minor,
         advance_minor, advance_channel, state, made_by, made_at)
    SELECT u.*, 0, $9, 'held', $10, $11
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[],
                $8::bigint[]) AS u
"""
ADD_LOTS_OF_HOLDS: Final = """
    INSERT INTO hold_lot (hold_id, lot_id, channel, amount_minor)
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[])
"""
KNOWN: Final = "SELECT * FROM hold WHERE hold_id = ANY($1::uuid[])"
READ: Final = "SELECT * FROM hold WHERE hold_id = $1"
LOCK: Final = "SELECT * FROM hold WHERE hold_id = $1 FOR UPDATE"
LIST: Final = """
    SELECT * FROM hold
    WHERE ($1::text IS NULL OR agency = $1) AND ($2::text IS NULL OR state = $2) AND hold_id > $3
    ORDER BY hold_id LIMIT $4
"""
LOTS_OF_ALL: Final = """
    SELECT h.hold_id, h.lot_id, h.channel, h.amount_minor FROM hold_lot h JOIN lot l USING (lot_id)
    WHERE h.hold_id = ANY($1::uuid[]) ORDER BY h.hold_id, l.value_on, l.document, h.lot_id
"""
LOTS_OF: Final = """
    SELECT h.lot_id, h.channel, h.amount_minor FROM hold_lot h JOIN lot l USING (lot_id)
    WHERE h.hold_id = $1 ORDER BY l.value_on, l.document, h.lot_id
"""
RELEASE: Final = """
    WITH released AS (
        UPDATE hold SET state = 'released' WHERE hold_id = $1 AND state = 'held' RETURNING hold_id
    )
    UPDATE lot SET held_minor = held_minor - h.amount_minor
    FROM hold_lot h JOIN released USING (hold_id) WHERE lot.lot_id = h.lot_id
"""


class HoldPurpose(StrEnum):
    EXPENDITURE = "expenditure"
    ENTRY = "entry"
    REVERSAL = "reversal"
    REFUND = "refund"
    PURPOSE_CHANGE = "purpose_change"
    PAYMENT_REVERSAL = "payment_reversal"
    BATCH_REVERSAL = "batch_reversal"


class HoldState(StrEnum):
    HELD = "held"
    USED = "used"
    RELEASED = "released"


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldTerms:
    """What is to be set aside, for what."""

    hold_id: UUID
    agency: str
    fund_code: str
    currency: Currency
    purpose: HoldPurpose
    document: str
    effective_on: date
    amount_minor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    terms: HoldTerms
    state: HoldState
    reserved: Reserved


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeHold:
    """A hold, and who has asked for it when."""

    hold: Hold
    made_by: str
    made_at: datetime


async def lock_fund(connection: Connection, *, agency: str, fund_code: str) -> None:
    await connection.execute(ADD_FUND, agency, fund_code)
    await connection.execute(LOCK_FUND, agency, fund_code)


async def read_position(
    connection: Connection,
    *,
    agency: str,
    fund_code: str,
    on: date,
    currency: Currency = Currency.CNY,
    channel: Channel | None = None,
    lot_ids: Collection[UUID] | None = None,
) -> FundPosition:
    """What the fund has, seen from `on`; of lots those of a channel, or named ones, alone."""
    row = await connection.fetchrow(
        POSITION,
        agency,
        fund_code,
        currency,
        on,
        AccountCode.BANK,
        AccountCode.CONTRACT_COMMITMENT,
    )
    assert row is not None, "it is one row"
    lots = await connection.fetch(
        FREE_LOTS, agency, fund_code, currency, channel, None if lot_ids is None else list(lot_ids)
    )
    return FundPosition(
        agency=agency,
        fund_code=fund_code,
        currency=currency,
        balance_minor=row["balance_minor"],
        held_minor=row["held_minor"],
        unpaid_minor=row["unpaid_minor"] or 0,
        channel=None if row["channel"] is None else Channel(row["channel"]),
        later=list(zip(row["days"] or [], row["amounts"] or [], strict=True)),
        lots=[
            FreeLot(
                lot["lot_id"],
                Channel(lot["channel"]),
                lot["value_on"],
                lot["document"],
                lot["free_minor"],
            )
            for lot in lots
        ],
    )


async def add(
    connection: Connection, terms: HoldTerms, reserved: Reserved, *, by: str, at: datetime
) -> None:
    """Raises InsufficientFundsError when a lot was taken meanwhile, HoldConflictError."""
    lots = [(draw.lot_id, draw.channel, draw.amount_minor) for draw in reserved.draws]
    ids, channels, amounts = columns(lots, 3)
    held = await connection.execute(HOLD_LOTS, ids, amounts)
    if held != f"UPDATE {len(lots)}":
        raise InsufficientFundsError(
            f"a lot of {terms.fund_code} was used meanwhile", pointer="/amount"
        )
    try:
        await connection.execute(
            ADD_HOLD,
            terms.hold_id,
            terms.agency,
            terms.fund_code,
            terms.currency,
            terms.purpose,
            terms.document,
            terms.effective_on,
            terms.amount_minor,
            reserved.advance_minor,
            reserved.advance_channel,
            by,
            at,
        )
    except asyncpg.UniqueViolationError as error:
        raise HoldConflictError(f"there is a hold {terms.hold_id} already") from error
    await connection.execute(ADD_HOLD_LOTS, terms.hold_id, ids, channels, amounts)


async def add_of_lots(
    connection: Connection, held: Sequence[tuple[HoldTerms, Draw]], *, by: str, at: datetime
) -> None:
    """Holds of one lot each, in three statements. Raises InsufficientFundsError."""
    ids, amounts = columns([(draw.lot_id, draw.amount_minor) for _, draw in held], 2)
    if await connection.execute(HOLD_LOTS, ids, amounts) != f"UPDATE {len(held)}":
        raise InsufficientFundsError("a lot was used meanwhile")
    rows = [
        (
            terms.hold_id,
            terms.agency,
            terms.fund_code,
            terms.currency,
            terms.purpose,
            terms.document,
            terms.effective_on,
            terms.amount_minor,
        )
        for terms, _ in held
    ]
    await connection.execute(ADD_HOLDS, *columns(rows, 8), Channel.OTHER, by, at)
    lots = [(terms.hold_id, draw.lot_id, draw.channel, draw.amount_minor) for terms, draw in held]
    await connection.execute(ADD_LOTS_OF_HOLDS, *columns(lots, 4))


async def hold_again(connection: Connection, held: Sequence[tuple[HoldTerms, Draw]]) -> None:
    """What was given back is set aside once more, out of the same lots.

    Raises InsufficientFundsError.
    """
    ids, amounts = columns([(draw.lot_id, draw.amount_minor) for _, draw in held], 2)
    if await connection.execute(HOLD_LOTS, ids, amounts) != f"UPDATE {len(held)}":
        raise InsufficientFundsError("a lot was used meanwhile")
    await connection.execute(HOLD_AGAIN, [terms.hold_id for terms, _ in held])


async def lots_held(connection: Connection, hold_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The lot of each hold, of holds of one lot."""
    rows = await connection.fetch(LOTS_HELD, hold_ids)
    return {row["hold_id"]: row["lot_id"] for row in rows}


async def check_posted(connection: Connection, lot_ids: Collection[UUID]) -> None:
    """Raises LotNotPostedError."""
    if await connection.fetchval(POSTED, list(lot_ids)) != len({*lot_ids}):
        raise LotNotPostedError("what brings a lot of these is not posted yet")


async def find_terms(
    connection: Connection, hold_ids: Collection[UUID]
) -> dict[UUID, tuple[HoldTerms, HoldState]]:
    """Of those that there are."""
    rows = await connection.fetch(KNOWN, hold_ids)
    return {row["hold_id"]: (_terms(row), HoldState(row["state"])) for row in rows}


async def find(connection: Connection, hold_id: UUID, *, is_locked: bool = False) -> Hold | None:
    row = await connection.fetchrow(LOCK if is_locked else READ, hold_id)
    return None if row is None else _hold(row, await connection.fetch(LOTS_OF, hold_id))


async def list_rows(
    connection: Connection,
    *,
    agency: str | None,
    state: HoldState | None,
    after: UUID,
    rows_max: int,
) -> list[MadeHold]:
    """In the order of their ids."""
    rows = await connection.fetch(LIST, agency, state, after, rows_max)
    lots: dict[UUID, list[asyncpg.Record]] = {}
    for lot in await connection.fetch(LOTS_OF_ALL, [row["hold_id"] for row in rows]):
        lots.setdefault(lot["hold_id"], []).append(lot)
    return [
        MadeHold(
            hold=_hold(row, lots.get(row["hold_id"], ())),
            made_by=row["made_by"],
            made_at=row["made_at"],
        )
        for row in rows
    ]


async def release(connection: Connection, hold_id: UUID) -> None:
    """Give back what it sets aside; a hold that is used or released stays as it is."""
    await connection.execute(RELEASE, hold_id)


def _hold(row: asyncpg.Record, lots: Sequence[asyncpg.Record]) -> Hold:
    currency = Currency(row["currency"])
    return Hold(
        terms=_terms(row),
        state=HoldState(row["state"]),
        reserved=Reserved(
            draws=[
                Draw(
                    lot["lot_id"],
                    row["fund_code"],
                    Channel(lot["channel"]),
                    currency,
                    lot["amount_minor"],
                )
                for lot in lots
            ],
            advance_minor=row["advance_minor"],
            advance_channel=Channel(row["advance_channel"]),
        ),
    )


def _terms(row: asyncpg.Record) -> HoldTerms:
    return HoldTerms(
        hold_id=row["hold_id"],
        agency=row["agency"],
        fund_code=row["fund_code"],
        currency=Currency(row["currency"]),
        purpose=HoldPurpose(row["purpose"]),
        document=row["document"],
        effective_on=row["effective_on"],
        amount_minor=row["amount_minor"],
    )
