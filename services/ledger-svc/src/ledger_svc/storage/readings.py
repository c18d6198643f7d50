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

from ledger_svc.domain.periods import last_day, period_of
from ledger_svc.domain.reading import Due, Flow, Payer, Pledged, Standing
from ledger_svc.domain.selections import RECEIPT_KINDS
from ledger_svc.storage.journal import READ_SEQ
from ledger_svc.storage.sums import NO_DAYS, NO_PERIODS

# What comes in and goes out of these is income only when it was a receipt.
ASSETS: Final = (AccountCode.BANK, AccountCode.IN_KIND)
FLOW_CODES: Final = (
    *ASSETS,
    *(code for code in AccountCode if code.group == "income"),
    AccountCode.CONTRACT_COMMITMENT,
)
STANDING_CODES: Final = (AccountCode.ADVANCE_RECEIVED, AccountCode.RECEIVABLE)
# Whole months by value date, and the days of one more. Which accounts are wanted is looked up once,
# and which of all moved in that month is known from its balances, so that no more movements are
# read than it has.
FLOWS: Final = """
    WITH moved AS (
        SELECT account_id, kind, amount_minor
        FROM (
            SELECT account_id, kind, amount_minor FROM period_balance
            WHERE period BETWEEN $1 AND $2 AND value_period BETWEEN $1 AND $2
            UNION ALL
            SELECT account_id, kind, amount_minor FROM period_balance
            WHERE value_period BETWEEN $1 AND $2 AND value_period <> period
              AND NOT period BETWEEN $1 AND $2
        ) months
        WHERE account_id = ANY(ARRAY(
            SELECT account_id FROM account
            WHERE code = ANY($6::text[]) AND ($9::text IS NULL OR agency = $9)
        ))
        UNION ALL
        SELECT m.account_id, m.kind, m.amount_minor
        FROM (
            SELECT account_id FROM period_balance WHERE period = $3 AND value_period = $3
            UNION
            SELECT account_id FROM period_balance
            WHERE value_period = $3 AND value_period <> period
        ) active
        JOIN movement m USING (account_id)
        WHERE m.value_on BETWEEN $4 AND $5
    )
    SELECT a.agency, a.code, a.channel, m.kind, sum(m.amount_minor)::bigint AS amount_minor
    FROM moved m JOIN account a USING (account_id)
    WHERE a.code = ANY($6::text[]) AND (a.code <> ALL($7::text[]) OR m.kind = ANY($8::text[]))
      AND ($9::text IS NULL OR a.agency = $9)
    GROUP BY a.agency, a.code, a.channel, m.kind
    ORDER BY a.agency, a.code, a.channel, m.kind
"""
# As it was known on a day: by days throughout.
FLOWS_AS_OF: Final = """
    SELECT a.agency, a.code, a.channel, m.kind, sum(m.amount_minor)::bigint AS amount_minor
    FROM (
        SELECT account_id FROM period_balance
        WHERE period BETWEEN $1 AND $2 AND value_period BETWEEN $1 AND $2
        UNION
        SELECT account_id FROM period_balance
        WHERE value_period BETWEEN $1 AND $2 AND value_period <> period
    ) active
    JOIN movement m USING (account_id)
    JOIN account a USING (account_id)
    WHERE m.value_on BETWEEN $3 AND $4 AND m.posted_on <= $5
      AND a.code = ANY($6::text[]) AND (a.code <> ALL($7::text[]) OR m.kind = ANY($8::text[]))
      AND ($9::text IS NULL OR a.agency = $9)
    GROUP BY a.agency, a.code, a.channel, m.kind
    ORDER BY a.agency, a.code, a.channel, m.kind
"""
# As it was booked, month by month.
FLOWS_AS_BOOKED: Final = """
    SELECT a.agency, a.code, a.channel, b.kind, sum(b.amount_minor)::bigint AS amount_minor
    FROM (
        SELECT account_id, kind, amount_minor FROM period_balance
        WHERE period BETWEEN $1 AND $2 AND account_id = ANY(ARRAY(
            SELECT account_id FROM account
            WHERE code = ANY($3::text[]) AND ($6::text IS NULL OR agency = $6)
        ))
    ) b
    JOIN account a USING (account_id)
    WHERE a.code <> ALL($4::text[]) OR b.kind = ANY($5::text[])
    GROUP BY a.agency, a.code, a.channel, b.kind
    ORDER BY a.agency, a.code, a.channel, b.kind
"""
STANDINGS: Final = """
    SELECT a.agency, a.code, a.channel, sum(b.amount_minor)::bigint AS amount_minor
    FROM account a JOIN balance b USING (account_id)
    WHERE a.code = ANY($1::text[]) AND ($2::text IS NULL OR a.agency = $2) AND b.amount_minor <> 0
    GROUP BY a.agency, a.code, a.channel ORDER BY a.agency, a.code, a.channel
"""
STANDINGS_ON: Final = """
    SELECT a.agency, a.code, a.channel, sum(m.amount_minor)::bigint AS amount_minor
    FROM account a JOIN movement m USING (account_id)
    WHERE a.code = ANY($1::text[]) AND ($2::text IS NULL OR a.agency = $2)
      AND m.value_on <= $3 AND m.posted_on <= $4
    GROUP BY a.agency, a.code, a.channel
    HAVING sum(m.amount_minor) <> 0
    ORDER BY a.agency, a.code, a.channel
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
# Later than all that is known.
NEVER: Final = date(9999, 12, 31)


async def read_seq(connection: Connection, *, as_of: date | None) -> int:
    """The last entry of all, or the last that was posted up to a day; 0 where there is none."""
    if as_of is None:
        return await connection.fetchval(READ_SEQ)
    return await connection.fetchval(SEQ_AS_OF, as_of)


async def read_flows(
    connection: Connection, *, first: date, last: date, as_of: date | None, agency: str | None
) -> list[Flow]:
    """What moved from `first`, which begins a month, to `last`, by value date."""
    if last < first:
        return []
    which = (FLOW_CODES, ASSETS, RECEIPT_KINDS, agency)
    months = (period_of(first), period_of(last))
    if as_of is not None:
        rows = await connection.fetch(FLOWS_AS_OF, *months, first, last, as_of, *which)
    else:
        is_whole = last == last_day(months[1])
        rows = await connection.fetch(
            FLOWS,
            months[0],
            months[1] if is_whole else months[1] - 1,
            0 if is_whole else months[1],
            last.replace(day=1),
            last,
            *which,
        )
    return [
        Flow(agency, AccountCode(code), Channel(channel), kind, amount)
        for agency, code, channel, kind, amount in rows
    ]


async def read_booked(
    connection: Connection, *, first: int, through: int, agency: str | None
) -> list[Flow]:
    """What was booked in months."""
    rows = await connection.fetch(
        FLOWS_AS_BOOKED, first, through, FLOW_CODES, ASSETS, RECEIPT_KINDS, agency
    )
    return [
        Flow(agency, AccountCode(code), Channel(channel), kind, amount)
        for agency, code, channel, kind, amount in rows
    ]


async def read_standings(
    connection: Connection, *, on: date | None, as_of: date | None, agency: str | None
) -> list[Standing]:
    """Balances of advances and receivables; without days, as they are."""
    rows: Sequence[Any]
    if on is None and as_of is None:
        rows = await connection.fetch(STANDINGS, STANDING_CODES, agency)
    else:
        days = (on or NEVER, as_of or NEVER)
        rows = await connection.fetch(STANDINGS_ON, STANDING_CODES, agency, *days)
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
    if as_of is not None:
        spans = (*NO_PERIODS, first, last, as_of)
    elif last == last_day(period_of(last)):
        spans = (period_of(first), period_of(last), *NO_DAYS, NEVER)
    else:
        spans = (period_of(first), period_of(last) - 1, last.replace(day=1), last, NEVER)
    rows = await connection.fetch(PAYERS, *spans, agency)
    return [
        Payer(agency, payer, Channel(channel), amount) for agency, payer, channel, amount in rows
    ]
