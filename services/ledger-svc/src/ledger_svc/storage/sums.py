"""Sums of what a selection counts, out of balances by month and by day: never over postings.

By days without `as_of`: whole months come from the balances by month, and only what is left of the
months at both ends from the movements of single days. With `as_of`: all from the movements.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from asyncpg import Record
from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection

from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.periods import last_day, period_of, previous_period
from ledger_svc.domain.selections import (
    CHANNEL_CODES,
    OPENING_KINDS,
    RECEIPT_KINDS,
    EntryGroup,
    Selection,
    Side,
)
from ledger_svc.domain.statements import LineSum

FIRST_DAY: Final = date(1, 1, 1)
LAST_DAY: Final = date(9999, 12, 31)
FIRST_PERIOD: Final = 0
LAST_PERIOD: Final = 999912
NO_PERIODS: Final = (1, 0)
NO_DAYS: Final = (LAST_DAY, FIRST_DAY)
RECEIPTS: Final = (EntryGroup.RECEIPTS,)

IS_CHOSEN: Final = """
    ($1::text IS NULL OR agency = $1)
    AND (cardinality($2::text[]) = 0 OR code = ANY($2))
    AND ($3::text IS NULL OR split_part(fund_code, ':', 1) = $3)
    AND ($4::text IS NULL OR fund_code = $4)
    AND ($5::text IS NULL OR channel = $5)
    AND ($6::int[] IS NULL OR account_id = ANY($6))
"""
ACCOUNT_IDS: Final = f"SELECT account_id FROM account WHERE {IS_CHOSEN} ORDER BY account_id"  # noqa: S608  # our own conditions; values are arguments
ARE_CHOSEN: Final = f"account_id = ANY(ARRAY(SELECT account_id FROM account WHERE {IS_CHOSEN}))"  # noqa: S608  # our own conditions; values are arguments


def _of_days(first: str, last: str) -> str:
    return f"""
            SELECT c.account_id, m.kind, m.amount_minor, 0
            FROM (SELECT account_id FROM account WHERE {IS_CHOSEN}) c
            CROSS JOIN LATERAL (
                SELECT kind, sum(amount_minor)::bigint AS amount_minor FROM movement
                WHERE account_id = c.account_id
                  AND value_on BETWEEN {first} AND {last} AND posted_on <= $13
                GROUP BY kind
            ) m
            WHERE {first}::date <= {last}::date
    """  # noqa: S608  # our own conditions and numbers of arguments; values are arguments


# $7, $8: months of value dates; $9, $10 and $11, $12: days; $13: as known; $14, $15: as booked.
# A range that is empty reads nothing. Kinds: $16 receipts, $17 opening balances, $18 those
# that are counted.
# Whatever the planner believes of how many accounts are chosen: it looks them up once, goes along
# keys from them to movements, and along keys from what has moved to its account.
def _moved(*, which_months: str = ARE_CHOSEN) -> str:
    return f"""
        raw AS (
            SELECT account_id, kind, sum(amount_minor)::bigint AS amount_minor,
                   sum(debit_minor)::bigint AS debit_minor
            FROM (
                SELECT account_id, kind, amount_minor, debit_minor FROM period_balance
                WHERE period BETWEEN $7 AND $8 AND value_period BETWEEN $7 AND $8
                UNION ALL
                SELECT account_id, kind, amount_minor, debit_minor FROM period_balance
                WHERE value_period BETWEEN $7 AND $8 AND value_period <> period
                  AND NOT period BETWEEN $7 AND $8
                UNION ALL
                SELECT account_id, kind, amount_minor, debit_minor FROM period_balance
                WHERE period BETWEEN $14 AND $15
            ) months
            WHERE {which_months}
            GROUP BY account_id, kind
            UNION ALL
            {_of_days("$9", "$10")}
            UNION ALL
            {_of_days("$11", "$12")}
        ), moved AS (
            SELECT chosen.*, raw.amount_minor, raw.debit_minor,
                   CASE WHEN kind = ANY($16::text[]) THEN 'receipts'
                        WHEN kind = ANY($17::text[]) THEN 'openings'
                        ELSE 'others' END AS entry_group
            FROM raw CROSS JOIN LATERAL (
                SELECT account_id, agency, code, channel, fund_code,
                       split_part(fund_code, ':', 1) AS fund_kind
                FROM account WHERE account_id = raw.account_id OFFSET 0
            ) chosen
            WHERE cardinality($18::text[]) = 0 OR kind = ANY($18)
        )
    """  # noqa: S608  # our own conditions; values are arguments


def _by_line(moved: str) -> str:
    return f"""
        WITH {moved}
        SELECT code, fund_kind, entry_group, sum(amount_minor)::bigint AS amount_minor
        FROM moved GROUP BY code, fund_kind, entry_group ORDER BY code, fund_kind, entry_group
    """  # noqa: S608  # our own conditions; values are arguments


MOVED: Final = _moved()
BY_LINE: Final = _by_line(MOVED)
# Of all accounts months are read on: to look each account up would take twice as long.
BY_LINE_OF_ALL: Final = _by_line(_moved(which_months="true"))
# Without funds: out of what is kept by channel. $5, $6 months of value dates; $7, $8 and $9, $10
# days; $11 as known; $12, $13 as booked.
BY_CHANNEL: Final = """
    SELECT agency, code, channel, sum(amount_minor)::bigint AS amount_minor
    FROM (
        SELECT agency, code, channel, kind, amount_minor FROM channel_balance
        WHERE period BETWEEN $5 AND $6 AND value_period BETWEEN $5 AND $6
        UNION ALL
        SELECT agency, code, channel, kind, amount_minor FROM channel_balance
        WHERE value_period BETWEEN $5 AND $6 AND value_period <> period
          AND NOT period BETWEEN $5 AND $6
        UNION ALL
        SELECT agency, code, channel, kind, amount_minor FROM channel_balance
        WHERE period BETWEEN $12 AND $13
        UNION ALL
        SELECT agency, code, channel, kind, amount_minor FROM channel_movement
        WHERE value_on BETWEEN $7 AND $8 AND posted_on <= $11
        UNION ALL
        SELECT agency, code, channel, kind, amount_minor FROM channel_movement
        WHERE value_on BETWEEN $9 AND $10 AND posted_on <= $11
    ) moved
    WHERE ($1::text IS NULL OR agency = $1) AND code = ANY($2::text[])
      AND ($3::text IS NULL OR channel = $3)
      AND (cardinality($4::text[]) = 0 OR kind = ANY($4))
    GROUP BY agency, code, channel ORDER BY agency, code, channel
"""
BY_ACCOUNT: Final = f"""
    WITH {MOVED}
    SELECT account_id, agency, code, fund_kind, fund_code, channel,
           sum(amount_minor)::bigint AS amount_minor,
           coalesce(sum(amount_minor) FILTER (WHERE entry_group = 'receipts'), 0)::bigint
               AS receipts_minor
    FROM moved GROUP BY account_id, agency, code, fund_kind, fund_code, channel
    ORDER BY account_id
"""  # noqa: S608  # our own conditions; values are arguments
TOTAL: Final = f"""
    WITH {MOVED}
    SELECT coalesce(sum(amount_minor), 0)::bigint AS amount_minor,
           coalesce(sum(debit_minor), 0)::bigint AS debit_minor
    FROM moved WHERE cardinality($19::text[]) = 0 OR entry_group = ANY($19)
"""  # noqa: S608  # our own conditions; values are arguments


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ranges:
    months: tuple[int, int]
    days: tuple[date, date]
    days_after: tuple[date, date]
    as_of: date
    periods: tuple[int, int]


async def by_line(connection: Connection, selection: Selection) -> list[LineSum]:
    """By code, kind of fund and group of entries."""
    is_of_all = not any(_account_arguments(selection, None))
    rows = await connection.fetch(BY_LINE_OF_ALL if is_of_all else BY_LINE, *_arguments(selection))
    return [
        LineSum(
            AccountCode(row["code"]),
            FundKind(row["fund_kind"]),
            EntryGroup(row["entry_group"]),
            row["amount_minor"],
        )
        for row in rows
    ]


async def by_channel(connection: Connection, selection: Selection) -> list[Record]:
    """`agency`, `code`, `channel`, `amount_minor`: of all funds, of codes kept by channel.

    Of all entries, or of receipts.
    """
    assert selection.codes, "not every code is kept by channel"
    assert CHANNEL_CODES.issuperset(selection.codes), "each of them is kept by channel"
    assert selection.groups in {(), RECEIPTS}, "a kind is a receipt, or it is not asked"
    ranges = _ranges(selection)
    return await connection.fetch(
        BY_CHANNEL,
        selection.agency,
        selection.codes,
        selection.channel,
        RECEIPT_KINDS if selection.groups else (),
        *ranges.months,
        *ranges.days,
        *ranges.days_after,
        ranges.as_of,
        *ranges.periods,
    )


async def by_account(connection: Connection, selection: Selection) -> list[Record]:
    """Each account that moved, and what of it receipts moved."""
    return await connection.fetch(BY_ACCOUNT, *_arguments(selection))


async def total(
    connection: Connection, selection: Selection, account_ids: Sequence[int] | None = None
) -> int:
    """The figure of a selection, in its own sign; of these accounts only, where they are given."""
    row = await connection.fetchrow(
        TOTAL, *_arguments(selection, account_ids=account_ids), selection.groups
    )
    assert row is not None, "a sum without groups has one row"
    match selection.only:
        case None:
            return selection.figure(row["amount_minor"])
        case Side.DEBIT:
            return selection.figure(row["debit_minor"])
        case Side.CREDIT:
            return selection.figure(row["amount_minor"] - row["debit_minor"])


async def account_ids(connection: Connection, selection: Selection) -> list[int]:
    rows = await connection.fetch(ACCOUNT_IDS, *_account_arguments(selection, None))
    return [row["account_id"] for row in rows]


def _arguments(
    selection: Selection, *, account_ids: Sequence[int] | None = None
) -> tuple[Any, ...]:
    ranges = _ranges(selection)
    return (
        *_account_arguments(selection, account_ids),
        *ranges.months,
        *ranges.days,
        *ranges.days_after,
        ranges.as_of,
        *ranges.periods,
        RECEIPT_KINDS,
        OPENING_KINDS,
        selection.kinds,
    )


def _account_arguments(selection: Selection, account_ids: Sequence[int] | None) -> tuple[Any, ...]:
    if account_ids is None and selection.account_id is not None:
        account_ids = [selection.account_id]
    return (
        selection.agency,
        selection.codes,
        selection.fund_kind,
        selection.fund_code,
        selection.channel,
        account_ids,
    )


def _ranges(selection: Selection) -> _Ranges:
    """What is read where; nothing is read twice."""
    first, last = selection.value_from or FIRST_DAY, selection.value_to or LAST_DAY
    if selection.is_as_booked:
        periods = (selection.period_from or FIRST_PERIOD, selection.period_to or LAST_PERIOD)
        return _Ranges(
            months=NO_PERIODS, days=NO_DAYS, days_after=NO_DAYS, as_of=LAST_DAY, periods=periods
        )
    if selection.as_of is not None:
        return _Ranges(
            months=NO_PERIODS,
            days=(first, last),
            days_after=NO_DAYS,
            as_of=selection.as_of,
            periods=NO_PERIODS,
        )
    days, days_after = NO_DAYS, NO_DAYS
    if first.day != 1:
        days = (first, min(last, last_day(period_of(first))))
        first = last_day(period_of(first)) + timedelta(days=1)
    month_from, month_to = period_of(first), period_of(last)
    if first <= last and last != last_day(month_to):
        days_after = (last.replace(day=1), last)
        month_to = previous_period(month_to)
    months = (month_from, month_to) if first <= last and month_from <= month_to else NO_PERIODS
    return _Ranges(
        months=months, days=days, days_after=days_after, as_of=LAST_DAY, periods=NO_PERIODS
    )
