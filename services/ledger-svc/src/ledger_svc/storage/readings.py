"""What readings are made from: balances by month, and movements by day where a month is cut."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind
from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection

from ledger_svc.domain.periods import last_day, period_of, previous_period
from ledger_svc.domain.reading import Due, Flow, Payer, Pledged, Standing
from ledger_svc.domain.selections import (
    ASSETS,
    FLOW_CODES,
    RECEIPT_KINDS,
    STANDING_CODES,
    Selection,
)
from ledger_svc.storage import sums
from ledger_svc.storage.journal import READ_SEQ
from ledger_svc.storage.sums import NO_DAYS, NO_PERIODS

# What a reading counts: these codes ($1), of one agency or all ($2); of assets ($3) receipts ($4).
WANTED: Final = """
    code = ANY($1::text[]) AND ($2::text IS NULL OR agency = $2)
    AND (code <> ALL($3::text[]) OR kind = ANY($4::text[]))
"""


def _of_months(first: str, last: str) -> str:
    """Balances by month, of all that was posted in these months or is of them by value date."""
    return f"""
        (
            SELECT * FROM channel_balance
            WHERE period BETWEEN {first} AND {last}
            UNION ALL
            SELECT * FROM channel_balance
            WHERE value_period BETWEEN {first} AND {last} AND value_period <> period
              AND NOT period BETWEEN {first} AND {last}
        ) months
    """  # noqa: S608  # numbers of arguments


# Whole months by value date ($5, $6), and days ($7, $8) as known on one ($9); a range that is empty
# reads nothing.
FLOWS: Final = f"""
    SELECT agency, code, channel, kind, sum(amount_minor)::bigint AS amount_minor
    FROM (
        SELECT agency, code, channel, kind, amount_minor
        FROM {_of_months("$5", "$6")} WHERE value_period BETWEEN $5 AND $6
        UNION ALL
        SELECT agency, code, channel, kind, amount_minor FROM channel_movement
        WHERE value_on BETWEEN $7 AND $8 AND posted_on <= $9
    ) moved
    WHERE {WANTED}
    GROUP BY agency, code, channel, kind ORDER BY agency, code, channel, kind
"""  # noqa: S608  # our own conditions; values are arguments
# Two years beside each other, each month read once. Whole months by value date: of the year before
# from $5, all of it to $7, and to the day to $6; of this year $8 to $9. The days of one month more:
# of this year $10 to $11, of the year before $12 to $13. What was booked is of this year's months.
YEARS: Final = f"""
    SELECT agency, code, channel, kind, sum(this_year)::bigint AS this_year,
           sum(last_year)::bigint AS last_year, sum(to_day)::bigint AS to_day,
           sum(booked)::bigint AS booked
    FROM (
        SELECT agency, code, channel, kind,
               CASE WHEN value_period BETWEEN $8 AND $9 THEN amount_minor END AS this_year,
               CASE WHEN value_period BETWEEN $5 AND $7 THEN amount_minor END AS last_year,
               CASE WHEN value_period BETWEEN $5 AND $6 THEN amount_minor END AS to_day,
               CASE WHEN period BETWEEN $8 AND $9 THEN amount_minor END AS booked
        FROM {_of_months("$5", "greatest($7::int, $9::int)")}
        UNION ALL
        SELECT agency, code, channel, kind, amount_minor, NULL, NULL, NULL FROM channel_movement
        WHERE value_on BETWEEN $10 AND $11
        UNION ALL
        SELECT agency, code, channel, kind, NULL, NULL, amount_minor, NULL FROM channel_movement
        WHERE value_on BETWEEN $12 AND $13
    ) moved
    WHERE {WANTED}
    GROUP BY agency, code, channel, kind ORDER BY agency, code, channel, kind
"""  # noqa: S608  # our own conditions; values are arguments
STANDINGS: Final = """
    SELECT a.agency, a.code, a.channel, sum(b.amount_minor)::bigint AS amount_minor
    FROM account a JOIN balance b USING (account_id)
    WHERE a.code = ANY($1::text[]) AND ($2::text IS NULL OR a.agency = $2) AND b.amount_minor <> 0
    GROUP BY a.agency, a.code, a.channel ORDER BY a.agency, a.code, a.channel
"""
# What was open on a day ($1), as it was known on another ($2): what still is, what was paid later,
# and what was known otherwise then.
OPEN: Final = """
    WITH open AS (
        SELECT contract_id, number, due_on, amount_minor - deduction_minor AS amount_minor
        FROM contract_instalment
        WHERE replaced_on IS NULL AND is_listed AND state IN ('scheduled', 'approved')
          AND known_on <= $2
        UNION ALL
        SELECT contract_id, number, due_on, amount_minor - deduction_minor
        FROM contract_instalment
        WHERE replaced_on IS NULL AND is_listed AND state = 'paid' AND paid_on > $1
          AND known_on <= $2
        UNION ALL
        SELECT contract_id, number, due_on, amount_minor - deduction_minor
        FROM contract_instalment
        WHERE replaced_on IS NOT NULL AND replaced_on > $2 AND known_on <= $2 AND is_listed
          AND (state IN ('scheduled', 'approved') OR state = 'paid' AND paid_on > $1)
    )
"""
DUE: Final = f"""
    {OPEN}
    SELECT t.agency, t.channel,
           count(*) FILTER (WHERE o.due_on <= $3)::int AS instalments,
           coalesce(sum(o.amount_minor) FILTER (WHERE o.due_on <= $3), 0)::bigint AS amount_minor,
           count(*) FILTER (WHERE o.due_on < $1)::int AS overdue_instalments,
           coalesce(sum(o.amount_minor) FILTER (WHERE o.due_on < $1), 0)::bigint AS overdue_minor
    FROM open o JOIN contract_terms t USING (contract_id)
    WHERE o.due_on <= greatest($3::date, $1::date) AND t.signed_on <= $1
      AND ($4::text IS NULL OR t.agency = $4)
    GROUP BY t.agency, t.channel ORDER BY t.agency, t.channel
"""  # noqa: S608  # our own conditions; values are arguments
# What is open on a day ($1), as it was known on another ($2): what is now, without what has moved
# since. What has come of a pledge are its first parts, so what is left of it are its last.
PLEDGED: Final = """
    WITH moved AS (
        SELECT pledge_id, open_minor AS amount_minor FROM pledge_terms WHERE open_minor <> 0
        UNION ALL
        SELECT pledge_id, -amount_minor FROM pledge_movement WHERE value_on > $1
        UNION ALL
        SELECT pledge_id, -amount_minor FROM pledge_movement WHERE known_on > $2 AND value_on <= $1
    ), open AS (
        SELECT pledge_id, sum(amount_minor) AS amount_minor
        FROM moved GROUP BY pledge_id HAVING sum(amount_minor) > 0
    )
    SELECT t.agency, t.channel, t.kind,
           sum(greatest(o.amount_minor - p.later_minor, 0))::bigint AS amount_minor,
           sum(least(o.amount_minor, p.later_minor))::bigint AS later_minor
    FROM open o JOIN pledge_terms t USING (pledge_id)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN count(*) > 0 THEN coalesce(sum(amount_minor) FILTER (WHERE due_on > $3), 0)
            WHEN extract(year FROM t.pledged_on) = extract(year FROM $3::date) THEN 0
            ELSE o.amount_minor
        END AS later_minor
        FROM pledge_part WHERE pledge_id = t.pledge_id
    ) p
    WHERE t.pledged_on IS NOT NULL AND ($4::text IS NULL OR t.agency = $4)
    GROUP BY t.agency, t.channel, t.kind ORDER BY t.agency, t.channel, t.kind
"""
# Those of them that were due by a day ($3).
OPEN_BY: Final = f"""
    {OPEN}, chosen AS (
        SELECT o.contract_id, o.number AS instalment, o.due_on, o.amount_minor,
               t.number AS contract_number, t.agency, t.buyer, t.channel
        FROM open o JOIN contract_terms t USING (contract_id)
        WHERE o.due_on <= $3 AND t.signed_on <= $1
          AND ($4::text IS NULL OR t.agency = $4) AND ($5::text IS NULL OR t.channel = $5)
    )
"""  # noqa: S608  # our own conditions; values are arguments
LIST_OPEN: Final = f"""
    {OPEN_BY}
    SELECT * FROM chosen WHERE (due_on, contract_id, instalment) > ($6, $7, $8)
    ORDER BY due_on, contract_id, instalment LIMIT $9
"""  # noqa: S608  # our own conditions; values are arguments
SUM_OPEN: Final = f"""
    {OPEN_BY}
    SELECT count(*)::int, coalesce(sum(amount_minor), 0)::bigint FROM chosen
"""  # noqa: S608  # our own conditions; values are arguments
# Whole months by value date ($1, $2), and days ($3, $4) as known on one ($5); a range that is empty
# reads nothing. Few are left of a year's days before names are looked at.
PAYERS: Final = """
    WITH paid AS (
        SELECT agency, payer, channel, amount_minor FROM payer_balance
        WHERE value_period BETWEEN $1 AND $2 AND ($6::text IS NULL OR agency = $6)
        UNION ALL
        SELECT a.agency, m.payer, a.channel, m.amount_minor
        FROM (
            SELECT account_id, payer, sum(amount_minor)::bigint AS amount_minor
            FROM payer_movement
            WHERE value_on BETWEEN $3 AND $4 AND posted_on <= $5
              AND account_id = ANY(ARRAY(
                  SELECT account_id FROM account
                  WHERE code = 'assets:bank' AND ($6::text IS NULL OR agency = $6)
              ))
            GROUP BY account_id, payer
        ) m
        JOIN account a USING (account_id)
    )
    SELECT agency, payer, channel, sum(amount_minor)::bigint AS amount_minor
    FROM paid GROUP BY agency, payer, channel HAVING sum(amount_minor) <> 0
    ORDER BY agency, payer, channel
"""
# The journal's clock never runs backwards: the last entry of a day is found by halving.
SEQ_AS_OF: Final = """
    WITH RECURSIVE search (low, high) AS (
        SELECT 0::bigint, next_seq FROM log_head WHERE id = 1
        UNION ALL
        SELECT CASE WHEN e.is_known THEN e.seq ELSE low END,
               CASE WHEN e.is_known THEN high ELSE e.seq END
        FROM search
        CROSS JOIN LATERAL (
            SELECT seq, (posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $1 AS is_known
            FROM journal_entry WHERE seq = (low + high) / 2
        ) e
        WHERE high - low > 1
    )
    SELECT max(low) FROM search
"""
# Of a range that it does not know the planner expects next to nothing, and sorts all there is.
PLAN_FOR_VALUES: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
# Later than all that is known.
NEVER: Final = date(9999, 12, 31)
NO_MONTH: Final = 0


async def begin(connection: Connection) -> None:
    """Have what is read in this transaction planned for the days and months that are asked."""
    await connection.execute(PLAN_FOR_VALUES)


async def read_seq(connection: Connection, *, as_of: date | None) -> int:
    """The last entry of all, or the last that was posted up to a day; 0 where there is none."""
    if as_of is None:
        return await connection.fetchval(READ_SEQ)
    return await connection.fetchval(SEQ_AS_OF, as_of)


class Years(NamedTuple):
    """What moved in a year up to a day, in the year before, and in that up to the same day.

    `booked` is what was booked in the whole months of this year; nothing, as of a day.
    """

    this_year: Sequence[Flow]
    last_year: Sequence[Flow]
    last_year_to_day: Sequence[Flow]
    booked: Sequence[Flow] = ()


class _Cut(NamedTuple):
    """Whole months of a year, to the last of them, and the days of one more that is not."""

    last_month: int
    days: tuple[date, date]


async def read_flows(
    connection: Connection, *, first: date, last: date, as_of: date | None, agency: str | None
) -> list[Flow]:
    """What moved from `first`, which begins a month, to `last`, by value date."""
    if last < first:
        return []
    which = (FLOW_CODES, agency, ASSETS, RECEIPT_KINDS)
    rows = await connection.fetch(FLOWS, *which, *_spans(first, last, as_of=as_of))
    return [
        Flow(agency, AccountCode(code), Channel(channel), kind, amount)
        for agency, code, channel, kind, amount in rows
    ]


async def read_years(
    connection: Connection,
    *,
    until: date,
    until_last_year: date,
    year: int,
    as_of: date | None,
    agency: str | None,
) -> Years:
    """What moved in a year until a day, and in the year before, by value date."""
    first, before = date(year, 1, 1), date(year - 1, 1, 1)
    if as_of is not None:
        spans = (first, until), (before, date(year - 1, 12, 31)), (before, until_last_year)
        flows = [
            await read_flows(connection, first=since, last=last, as_of=as_of, agency=agency)
            for since, last in spans
        ]
        return Years(*flows)
    cut, cut_last_year = _cut(first, until), _cut(before, until_last_year)
    rows = await connection.fetch(
        YEARS,
        *(FLOW_CODES, agency, ASSETS, RECEIPT_KINDS),
        *(period_of(before), cut_last_year.last_month, (year - 1) * 100 + 12),
        *(period_of(first), cut.last_month),
        *cut.days,
        *cut_last_year.days,
    )
    years: tuple[list[Flow], ...] = ([], [], [], [])
    for agency_of_row, code, channel, kind, *amounts in rows:
        key = (agency_of_row, AccountCode(code), Channel(channel), kind)
        for flows, amount in zip(years, amounts, strict=True):
            if amount is not None:
                flows.append(Flow(*key, amount))
    return Years(*years)


def _cut(first: date, last: date) -> _Cut:
    if last < first:
        return _Cut(NO_MONTH, NO_DAYS)
    month = period_of(last)
    if last == last_day(month):
        return _Cut(month, NO_DAYS)
    return _Cut(previous_period(month), (last.replace(day=1), last))


def _spans(first: date, last: date, *, as_of: date | None) -> tuple[Any, ...]:
    """Months, and days as known on one. What was known on a day is told by days throughout."""
    if as_of is not None:
        return (*NO_PERIODS, first, last, as_of)
    cut = _cut(first, last)
    return (period_of(first), cut.last_month, *cut.days, NEVER)


async def read_standings(
    connection: Connection, *, on: date | None, as_of: date | None, agency: str | None
) -> list[Standing]:
    """Balances of advances and receivables; without days, as they are."""
    rows: Sequence[Any]
    if on is None and as_of is None:
        rows = await connection.fetch(STANDINGS, STANDING_CODES, agency)
    else:
        up_to = Selection(agency=agency, codes=STANDING_CODES, value_to=on, as_of=as_of)
        rows = [row for row in await sums.by_channel(connection, up_to) if row["amount_minor"]]
    return [
        Standing(agency, AccountCode(code), Channel(channel), amount)
        for agency, code, channel, amount in rows
    ]


async def read_due(
    connection: Connection, *, on: date, as_of: date | None, year_end: date, agency: str | None
) -> list[Due]:
    """Instalments that were not paid on a day, by what was known as of another."""
    rows = await connection.fetch(DUE, on, as_of or NEVER, year_end, agency)
    return [Due(row[0], Channel(row[1]), *tuple(row)[2:]) for row in rows]


async def read_pledged(
    connection: Connection, *, on: date, as_of: date | None, year_end: date, agency: str | None
) -> list[Pledged]:
    """What had not arrived of pledges on a day, by what was known as of another."""
    rows = await connection.fetch(PLEDGED, on, as_of or NEVER, year_end, agency)
    return [
        Pledged(agency, Channel(channel), DonationKind(kind), amount, later)
        for agency, channel, kind, amount, later in rows
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class DueQuestion:
    """What was not paid on a day, as known on another, and due by a third."""

    on: date
    as_of: date | None
    due_to: date
    agency: str | None
    channel: Channel | None


class OpenInstalment(NamedTuple):
    contract_id: UUID
    instalment: int
    due_on: date
    amount_minor: int
    contract_number: str
    agency: str
    buyer: str
    channel: Channel


async def list_open(
    connection: Connection,
    asked: DueQuestion,
    *,
    after: tuple[date, UUID, int],
    rows_max: int,
) -> list[OpenInstalment]:
    rows = await connection.fetch(LIST_OPEN, *_open_arguments(asked), *after, rows_max)
    return [OpenInstalment(*row)._replace(channel=Channel(row["channel"])) for row in rows]


async def sum_open(connection: Connection, asked: DueQuestion) -> tuple[int, int]:
    """How many they are, and what they come to."""
    row = await connection.fetchrow(SUM_OPEN, *_open_arguments(asked))
    assert row is not None, "an aggregate has a row"
    return row[0], row[1]


def _open_arguments(asked: DueQuestion) -> tuple[Any, ...]:
    return (asked.on, asked.as_of or NEVER, asked.due_to, asked.agency, asked.channel)


async def read_payers(
    connection: Connection, *, first: date, last: date, as_of: date | None, agency: str | None
) -> list[Payer]:
    """What each paid from `first`, which begins a month, to `last`, by value date."""
    if last < first:
        return []
    rows = await connection.fetch(PAYERS, *_spans(first, last, as_of=as_of), agency)
    return [
        Payer(agency, payer, Channel(channel), amount) for agency, payer, channel, amount in rows
    ]
