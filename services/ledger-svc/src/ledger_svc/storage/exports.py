"""Reading the books from end to end: whatever their length, a page or a cursor at a time."""

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency
from fundmix_kit.database import Connection

from ledger_svc.domain.exports import Wanted, first_day, period_before
from ledger_svc.domain.journal import AccountKey
from ledger_svc.domain.periods import last_day, next_period

CURSOR_ROWS: Final = 500

HEAD: Final = "SELECT next_seq - 1 AS seq, closed_through FROM log_head WHERE id = 1"
FIRST_AND_LAST: Final = "SELECT min(period), max(period) FROM period_balance"
DEBIT: Final = """
    SELECT coalesce(sum(p.debit_minor), 0)::bigint
    FROM period_balance p JOIN account a USING (account_id)
    WHERE p.period BETWEEN $1 AND $2 AND ($3::text IS NULL OR a.agency = $3)
"""
FIRST_VALUE_PERIOD: Final = (
    "SELECT min(value_period) FROM period_balance WHERE period BETWEEN $1 AND $2"
)
# By value date, of which there is an index; nothing is posted in a month before its value date.
COUNT: Final = """
    SELECT count(*) FROM journal_entry
    WHERE value_on BETWEEN $1 AND $2 AND period BETWEEN $3 AND $4
      AND agency IS NOT NULL AND ($5::text IS NULL OR agency = $5)
"""
MONTHS: Final = """
    SELECT DISTINCT period, value_period FROM period_balance
    WHERE period BETWEEN $1 AND $2 ORDER BY period, value_period
"""
ENTRIES: Final = """
    SELECT seq, event_id, topic, partition, number, kind, agency, occurred_on, value_on, posted_at,
           period, payload_sha256, corrects, document, payer
    FROM journal_entry
    WHERE value_on BETWEEN $1 AND $2 AND period = $3
      AND agency IS NOT NULL AND ($4::text IS NULL OR agency = $4)
      AND (value_on, seq) > ($5, $6)
    ORDER BY value_on, seq LIMIT $7
"""
POSTINGS: Final = """
    SELECT p.seq, a.agency, a.code, a.fund_code, a.channel, a.currency, p.amount_minor
    FROM posting p JOIN account a USING (account_id)
    WHERE p.seq = ANY($1::bigint[]) ORDER BY p.seq, p.line
"""
BARRIERS: Final = """
    SELECT c.seq, c.through, e.posted_at, c.totals_sha256
    FROM period_close c JOIN journal_entry e USING (seq)
    WHERE c.through > $1 AND c.through <= $2 ORDER BY c.through, c.seq
"""
# Closed months have totals; what came after the last of them is added up from months. A close gives
# every account a row, so all that have one by the end of the span are named.
TURNOVERS: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, a.currency,
           x.opening_minor, x.debit_minor, x.moved_minor
    FROM (
        SELECT account_id, sum(opening)::bigint AS opening_minor, sum(debit)::bigint AS debit_minor,
               sum(moved)::bigint AS moved_minor
        FROM (
            SELECT account_id, closing_minor AS opening, 0 AS debit, 0 AS moved
            FROM period_total WHERE period = $1
            UNION ALL
            SELECT account_id, 0, 0, 0 FROM period_total WHERE period = $5
            UNION ALL
            SELECT account_id, amount_minor, 0, 0
            FROM period_balance WHERE period > $1 AND period < $2
            UNION ALL
            SELECT account_id, 0, debit_minor, amount_minor
            FROM period_balance WHERE period >= $2 AND period <= $3
        ) known
        GROUP BY account_id
    ) x JOIN account a USING (account_id)
    WHERE $4::text IS NULL OR a.agency = $4
    ORDER BY a.agency COLLATE "C", a.code COLLATE "C", a.fund_code COLLATE "C",
             a.channel COLLATE "C", a.currency COLLATE "C"
"""


class Leg(NamedTuple):
    account: AccountKey
    amount_minor: int


class EntryRow(NamedTuple):
    seq: int
    event_id: UUID
    topic: str
    partition: int
    number: int
    kind: str
    agency: str
    occurred_on: date
    value_on: date
    posted_at: str
    period: int
    payload_sha256: str
    corrects: UUID | None
    document: str | None
    payer: str | None
    legs: Sequence[Leg]


class Barrier(NamedTuple):
    seq: int
    through: int
    posted_at: str
    totals_sha256: str


class Turnover(NamedTuple):
    """An account over a span: before it, in it, and after it. Debit and credit are not signed."""

    account: AccountKey
    opening_minor: int
    debit_minor: int
    credit_minor: int

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + self.debit_minor - self.credit_minor


class Month(NamedTuple):
    """A posting period, and the months that what is posted there is of, oldest first."""

    period: int
    value_periods: Sequence[int]


async def read_head(connection: Connection) -> tuple[int, int]:
    """The last `seq`, and the last closed month or 0."""
    row = await connection.fetchrow(HEAD)
    assert row is not None, "the migration makes the log's one head"
    return row["seq"], row["closed_through"]


async def read_span(connection: Connection, wanted: Wanted) -> tuple[int, int] | None:
    """The first and the last posting period of what is wanted; None: the books are empty."""
    row = await connection.fetchrow(FIRST_AND_LAST)
    assert row is not None, "an aggregate has a row"
    if row[0] is None:
        return None
    first = row[0] if wanted.first is None else wanted.first
    last = row[1] if wanted.last is None else wanted.last
    # Of an open end, as far as the other goes.
    return (min(first, last), last) if wanted.first is None else (first, max(first, last))


async def count(
    connection: Connection, *, first: int, last: int, agency: str | None
) -> tuple[int, int]:
    """How many entries a span has, and the sum of their debits."""
    since = await connection.fetchval(FIRST_VALUE_PERIOD, first, last)
    if since is None:
        return 0, 0
    days = (first_day(since), last_day(last))
    entries = await connection.fetchval(COUNT, *days, first, last, agency)
    return entries, await connection.fetchval(DEBIT, first, last, agency)


async def read_months(connection: Connection, *, first: int, last: int) -> list[Month]:
    found: dict[int, list[int]] = {}
    for row in await connection.fetch(MONTHS, first, last):
        found.setdefault(row["period"], []).append(row["value_period"])
    return [Month(period, value_periods) for period, value_periods in found.items()]


async def entries_of(
    connection: Connection, month: Month, *, agency: str | None, rows_max: int
) -> AsyncGenerator[list[EntryRow]]:
    """What is posted in a month, by value date and then `seq`."""
    for value_period in month.value_periods:
        days = (first_day(value_period), last_day(value_period))
        after = (days[0], 0)
        while True:
            rows = await connection.fetch(ENTRIES, *days, month.period, agency, *after, rows_max)
            if rows:
                yield await _with_legs(connection, rows)
                after = (rows[-1]["value_on"], rows[-1]["seq"])
            if len(rows) < rows_max:
                break


async def read_barriers(connection: Connection, *, after: int, last: int) -> list[Barrier]:
    """What has closed months later than `after`, up to `last`."""
    return [
        Barrier(
            seq=row["seq"],
            through=row["through"],
            posted_at=_instant(row["posted_at"]),
            totals_sha256=row["totals_sha256"].hex(),
        )
        for row in await connection.fetch(BARRIERS, after, last)
    ]


async def turnovers(
    connection: Connection, *, first: int, last: int, closed_through: int, agency: str | None
) -> AsyncGenerator[list[Turnover]]:
    """Every account that has ever moved by the end of a span, by agency, code, fund, channel."""
    base, named = min(closed_through, period_before(first)), min(closed_through, last)
    batch: list[Turnover] = []
    async for row in connection.cursor(
        TURNOVERS, base, first, last, agency, named, prefetch=CURSOR_ROWS
    ):
        batch.append(
            Turnover(
                account=_account(row),
                opening_minor=row["opening_minor"],
                debit_minor=row["debit_minor"],
                credit_minor=row["debit_minor"] - row["moved_minor"],
            )
        )
        if len(batch) == CURSOR_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def closings(
    connection: Connection, period: int, *, closed_through: int, agency: str | None
) -> AsyncGenerator[list[Turnover]]:
    """Every account with what it held at the end of a month: the opening of the next."""
    following = next_period(period)
    return turnovers(
        connection, first=following, last=period, closed_through=closed_through, agency=agency
    )


async def _with_legs(connection: Connection, rows: Sequence[asyncpg.Record]) -> list[EntryRow]:
    legs: dict[int, list[Leg]] = {}
    for row in await connection.fetch(POSTINGS, [row["seq"] for row in rows]):
        legs.setdefault(row["seq"], []).append(Leg(_account(row), row["amount_minor"]))
    return [
        EntryRow(
            seq=row["seq"],
            event_id=row["event_id"],
            topic=row["topic"],
            partition=row["partition"],
            number=row["number"],
            kind=row["kind"],
            agency=row["agency"],
            occurred_on=row["occurred_on"],
            value_on=row["value_on"],
            posted_at=_instant(row["posted_at"]),
            period=row["period"],
            payload_sha256=row["payload_sha256"].hex(),
            corrects=row["corrects"],
            document=row["document"],
            payer=row["payer"],
            legs=legs[row["seq"]],
        )
        for row in rows
    ]


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _account(row: asyncpg.Record) -> AccountKey:
    return AccountKey(
        agency=row["agency"],
        code=AccountCode(row["code"]),
        fund_code=row["fund_code"],
        channel=Channel(row["channel"]),
        currency=Currency(row["currency"]),
    )
