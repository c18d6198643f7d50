"""Appending to the journal, and the balances that follow from it: one statement per batch."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from asyncpg import Record
from fundmix_events.ledger import AccountCode
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.journal import AccountKey, Close, Entry
from ledger_svc.domain.periods import posting_period
from ledger_svc.domain.selections import CHANNEL_CODES
from ledger_svc.storage import lots, periods

# Locks the head to the end of the transaction. The ledger's own clock never runs backwards,
# whatever the machine's does.
MOVE_HEAD: Final = """
    UPDATE log_head SET next_seq = next_seq + $1, posted_at = greatest(posted_at, $2) WHERE id = 1
    RETURNING old.next_seq AS first_seq, old.posted_at AS last_posted_at, new.posted_at,
              closed_through, followed_seq
"""
GIVE_BACK: Final = "UPDATE log_head SET next_seq = next_seq - $1 WHERE id = 1"
KNOWN: Final = "SELECT event_id FROM journal_entry WHERE event_id = ANY($1::uuid[])"
READ_SEQ: Final = "SELECT next_seq - 1 FROM log_head WHERE id = 1"
# The ids of accounts; those that are new get theirs now, and a balance. Nobody else adds accounts
# meanwhile: the head is locked. Each is looked up by itself: else all there are might be read.
ACCOUNTS: Final = """
    WITH wanted AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
            AS u (agency, code, fund_code, channel, currency)
    ), known AS (
        SELECT a.* FROM wanted AS w CROSS JOIN LATERAL (
            SELECT account_id, agency, code, fund_code, channel, currency FROM account
            WHERE agency = w.agency AND code = w.code AND fund_code = w.fund_code
                  AND channel = w.channel AND currency = w.currency
            LIMIT 1
        ) AS a
    ), added AS (
        INSERT INTO account (agency, code, fund_code, channel, currency)
        SELECT agency, code, fund_code, channel, currency FROM wanted
        EXCEPT SELECT agency, code, fund_code, channel, currency FROM known
        ORDER BY agency, code, fund_code, channel, currency
        RETURNING account_id, agency, code, fund_code, channel, currency
    ), balances AS (
        INSERT INTO balance (account_id, amount_minor, last_seq) SELECT account_id, 0, 0 FROM added
    )
    TABLE known UNION ALL TABLE added
"""
# What the entries move often is written once; the rest of the tables is taken in the order of their
# keys. Days are worked out once for an entry. The accounts of money ($3) and those that are kept
# also by channel ($4) are told: only these are looked up, one by one.
ADD_MOVEMENTS: Final = """
    WITH entry AS MATERIALIZED (
        SELECT seq, period, value_on, kind, agency, payer,
               (extract(year FROM value_on) * 100 + extract(month FROM value_on))::int AS month,
               (posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted_on
        FROM journal_entry WHERE seq >= $1 AND seq < $2
    ), leg AS MATERIALIZED (
        SELECT p.account_id, p.amount_minor, e.*
        FROM posting p JOIN entry e USING (seq) WHERE p.seq >= $1 AND p.seq < $2
    ), moved AS MATERIALIZED (
        SELECT account_id, period, month, value_on, kind, posted_on,
               sum(amount_minor)::bigint AS amount_minor,
               sum(greatest(amount_minor, 0))::bigint AS debit_minor,
               max(seq) AS seq
        FROM leg GROUP BY account_id, period, month, value_on, kind, posted_on
    ), balances AS (
        UPDATE balance AS b
        SET amount_minor = b.amount_minor + m.amount_minor, last_seq = m.seq
        FROM (
            SELECT account_id, sum(amount_minor)::bigint AS amount_minor, max(seq) AS seq
            FROM moved GROUP BY account_id
        ) AS m
        WHERE b.account_id = m.account_id
    ), periods AS (
        INSERT INTO period_balance AS b
            (period, account_id, kind, value_period, amount_minor, debit_minor)
        SELECT period, account_id, kind, month, sum(amount_minor)::bigint, sum(debit_minor)::bigint
        FROM moved
        GROUP BY period, account_id, kind, month ORDER BY period, account_id, kind, month
        ON CONFLICT (period, account_id, kind, value_period) DO UPDATE
        SET amount_minor = b.amount_minor + excluded.amount_minor,
            debit_minor = b.debit_minor + excluded.debit_minor
    ), of_channels AS MATERIALIZED (
        SELECT a.agency, a.code, a.channel, m.kind, m.period, m.month, m.value_on, m.posted_on,
               sum(m.amount_minor)::bigint AS amount_minor
        FROM moved AS m CROSS JOIN LATERAL (
            SELECT agency, code, channel FROM account WHERE account_id = m.account_id OFFSET 0
        ) AS a
        WHERE m.account_id = ANY($4::int[])
        GROUP BY a.agency, a.code, a.channel, m.kind, m.period, m.month, m.value_on, m.posted_on
    ), channels AS (
        INSERT INTO channel_balance AS b
            (period, agency, code, channel, kind, value_period, amount_minor)
        SELECT period, agency, code, channel, kind, month, sum(amount_minor)::bigint
        FROM of_channels GROUP BY period, agency, code, channel, kind, month
        ORDER BY period, agency, code, channel, kind, month
        ON CONFLICT (period, agency, code, channel, kind, value_period) DO UPDATE
        SET amount_minor = b.amount_minor + excluded.amount_minor
    ), channel_days AS (
        INSERT INTO channel_movement AS d
            (value_on, agency, code, channel, kind, posted_on, amount_minor)
        SELECT value_on, agency, code, channel, kind, posted_on, sum(amount_minor)::bigint
        FROM of_channels GROUP BY value_on, agency, code, channel, kind, posted_on
        ORDER BY value_on, agency, code, channel, kind, posted_on
        ON CONFLICT (value_on, agency, code, channel, kind, posted_on) DO UPDATE
        SET amount_minor = d.amount_minor + excluded.amount_minor
    ), paid AS MATERIALIZED (
        SELECT value_on, account_id, payer, posted_on, month,
               sum(amount_minor)::bigint AS amount_minor
        FROM leg WHERE payer IS NOT NULL AND account_id = ANY($3::int[])
        GROUP BY value_on, account_id, payer, posted_on, month
    ), payers AS (
        INSERT INTO payer_balance AS b (value_period, agency, payer, channel, amount_minor)
        SELECT p.month, a.agency, p.payer, a.channel, sum(p.amount_minor)::bigint
        FROM paid AS p JOIN account AS a USING (account_id)
        GROUP BY p.month, a.agency, p.payer, a.channel
        ORDER BY p.month, a.agency, p.payer, a.channel
        ON CONFLICT (value_period, agency, payer, channel) DO UPDATE
        SET amount_minor = b.amount_minor + excluded.amount_minor
    ), payer_days AS (
        INSERT INTO payer_movement AS d (value_on, account_id, payer, posted_on, amount_minor)
        SELECT value_on, account_id, payer, posted_on, amount_minor FROM paid
        ORDER BY value_on, account_id, payer, posted_on
        ON CONFLICT (value_on, account_id, payer, posted_on) DO UPDATE
        SET amount_minor = d.amount_minor + excluded.amount_minor
    )
    INSERT INTO movement AS m (account_id, value_on, posted_on, kind, amount_minor)
    SELECT account_id, value_on, posted_on, kind, sum(amount_minor)::bigint FROM moved
    GROUP BY account_id, value_on, posted_on, kind
    ORDER BY account_id, value_on, posted_on, kind
    ON CONFLICT (account_id, value_on, posted_on, kind) DO UPDATE
    SET amount_minor = m.amount_minor + excluded.amount_minor
"""
ENTRY_COLUMNS: Final = (
    "seq", "event_id", "topic", "partition", "number", "kind", "agency", "occurred_on",
    "value_on", "posted_at", "period", "payload_sha256", "corrects", "document", "payer",
)  # fmt: skip
POSTING_COLUMNS: Final = ("seq", "line", "account_id", "amount_minor")
# Some 300 bytes each.
ACCOUNTS_REMEMBERED_MAX: Final = 50_000


class SourcedEntry(NamedTuple):
    """An entry or a barrier, and where the event stands that it comes from."""

    entry: Entry | Close
    topic: str
    partition: int
    number: int
    payload_sha256: bytes


class Placed(NamedTuple):
    """An entry with what the journal has given it."""

    sourced: SourcedEntry
    seq: int
    posted_at: datetime
    period: int


class Journal:
    """Appends entries; of the accounts it remembers the ids, which never change."""

    def __init__(self) -> None:
        self._head: tuple[int, datetime] | None = None
        self._account_ids: dict[AccountKey, int] = {}

    async def place(
        self, connection: Connection, sourced: Sequence[SourcedEntry], *, now: datetime
    ) -> list[Placed]:
        """Give the entries their places, in this order; what the journal has already gets none.

        One writer at a time: the rest of the transaction holds the head's lock.
        """
        head = await connection.fetchrow(MOVE_HEAD, len(sourced), now)
        assert head is not None, "the migration makes the log's one head"
        first_seq, posted_at = head["first_seq"], head["posted_at"]
        if self._head != (first_seq, head["last_posted_at"]):
            # We were rolled back, somebody else appended, or a backup was restored.
            self._account_ids.clear()
        # Until all is written: what is remembered from here on may be rolled back.
        self._head = None
        if head["followed_seq"]:
            sourced = await _unknown(connection, sourced)
        return list(
            _places(
                sourced,
                first_seq=first_seq,
                posted_at=posted_at,
                closed_through=head["closed_through"],
            )
        )

    async def append(self, connection: Connection, placed: Sequence[Placed]) -> None:
        """Write what was placed, and move the balances."""
        for run in _runs(placed):
            await self.write(connection, run)
        if placed:
            self._head = (placed[-1].seq + 1, placed[-1].posted_at)

    async def write(self, connection: Connection, placed: Sequence[Placed]) -> None:
        """Entries with their places, the head moved past them; at most the last is a barrier."""
        entries = [(p.seq, e) for p in placed if isinstance(e := p.sourced.entry, Entry)]
        ids = await self._ids(connection, [e for _, e in entries])
        await connection.copy_records_to_table(
            "journal_entry", records=map(_entry_row, placed), columns=ENTRY_COLUMNS
        )
        if entries:
            postings = [
                (seq, line, ids[account], amount_minor)
                for seq, entry in entries
                for line, (account, amount_minor) in enumerate(entry.postings, start=1)
            ]
            await connection.copy_records_to_table(
                "posting", records=postings, columns=POSTING_COLUMNS
            )
            by_channel = {
                ids[account]: account.code
                for _, entry in entries
                for account, _ in entry.postings
                if account.code in CHANNEL_CODES
            }
            money = [i for i, code in by_channel.items() if code is AccountCode.BANK]
            await connection.execute(
                ADD_MOVEMENTS, placed[0].seq, placed[-1].seq + 1, money, list(by_channel)
            )
            await lots.apply(connection, entries)
        if placed and isinstance(placed[-1].sourced.entry, Close):
            await periods.close(
                connection, seq=placed[-1].seq, through=placed[-1].sourced.entry.through
            )

    async def _ids(
        self, connection: Connection, entries: Sequence[Entry]
    ) -> Mapping[AccountKey, int]:
        """The ids of their accounts, at least; those that are new get theirs now."""
        if len(self._account_ids) > ACCOUNTS_REMEMBERED_MAX:
            self._account_ids.clear()
        ids = self._account_ids
        unknown = {p.account for entry in entries for p in entry.postings if p.account not in ids}
        if unknown:
            _remember(ids, await connection.fetch(ACCOUNTS, *columns(sorted(unknown), 5)))
        return ids


def _remember(ids: dict[AccountKey, int], rows: Sequence[Record]) -> None:
    ids.update((AccountKey(*key), account_id) for account_id, *key in rows)


async def _unknown(
    connection: Connection, sourced: Sequence[SourcedEntry]
) -> Sequence[SourcedEntry]:
    """What the journal has not: some of it was taken from its own topic, ahead of the events."""
    ids = [s.entry.event_id for s in sourced]
    known = {row["event_id"] for row in await connection.fetch(KNOWN, ids)}
    if known:
        await connection.execute(GIVE_BACK, len(known))
        await lots.use_holds(connection, [h for s in sourced for h in _holds(s, known)])
    return [s for s in sourced if s.entry.event_id not in known]


def _holds(sourced: SourcedEntry, known: AbstractSet[UUID]) -> Sequence[UUID]:
    entry = sourced.entry
    return entry.hold_ids if isinstance(entry, Entry) and entry.event_id in known else ()


def _places(
    sourced: Sequence[SourcedEntry], *, first_seq: int, posted_at: datetime, closed_through: int
) -> Iterator[Placed]:
    for seq, s in enumerate(sourced, start=first_seq):
        if isinstance(s.entry, Close):
            # Two that were decided at once may come in either order.
            closed_through = max(closed_through, s.entry.through)
            period = closed_through
        else:
            period = posting_period(s.entry.value_on, closed_through=closed_through)
        yield Placed(sourced=s, seq=seq, posted_at=posted_at, period=period)


def _runs(placed: Sequence[Placed]) -> Iterator[Sequence[Placed]]:
    """What is written together: a barrier counts what stands before it."""
    start = 0
    for place, p in enumerate(placed, start=1):
        if isinstance(p.sourced.entry, Close):
            yield placed[start:place]
            start = place
    if start < len(placed):
        yield placed[start:]


def _entry_row(placed: Placed) -> tuple[Any, ...]:
    sourced = placed.sourced
    entry = sourced.entry
    what: tuple[Any, ...]
    if isinstance(entry, Close):
        day = placed.posted_at.date()
        what, about = (entry.kind, None, day, day), (None, None, None)
    else:
        what = (entry.kind, entry.agency, entry.occurred_on, entry.value_on)
        about = (entry.corrects, entry.document, entry.payer)
    return (
        placed.seq,
        entry.event_id,
        sourced.topic,
        sourced.partition,
        sourced.number,
        *what,
        placed.posted_at,
        placed.period,
        sourced.payload_sha256,
        *about,
    )
