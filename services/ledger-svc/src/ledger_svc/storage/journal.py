"""Appending to the journal, and the balances that follow from it: one statement per batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asyncpg import Record
from fundmix_kit.database import Connection, columns

from ledger_svc.domain.journal import AccountKey, Entry

# Locks the head to the end of the transaction. The ledger's own clock never runs backwards,
# whatever the machine's does.
MOVE_HEAD: Final = """
    UPDATE log_head SET next_seq = next_seq + $1, posted_at = greatest(posted_at, $2) WHERE id = 1
    RETURNING old.next_seq AS first_seq, old.posted_at AS last_posted_at, new.posted_at
"""
READ_SEQ: Final = "SELECT next_seq - 1 FROM log_head WHERE id = 1"
# The ids of accounts; those that are new get theirs now. Nobody else adds accounts meanwhile: the
# head is locked.
ACCOUNTS: Final = """
    WITH wanted AS (
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
            AS u (agency, code, fund_code, channel, currency)
    ), known AS (
        SELECT a.account_id, a.agency, a.code, a.fund_code, a.channel, a.currency
        FROM account a JOIN wanted USING (agency, code, fund_code, channel, currency)
    ), added AS (
        INSERT INTO account (agency, code, fund_code, channel, currency)
        SELECT agency, code, fund_code, channel, currency FROM wanted
        EXCEPT SELECT agency, code, fund_code, channel, currency FROM known
        ORDER BY agency, code, fund_code, channel, currency
        RETURNING account_id, agency, code, fund_code, channel, currency
    )
    TABLE known UNION ALL TABLE added
"""
# Both are taken in the order of their keys, as by every writer of these tables. An account that the
# entries move often is written once. The range stands at the entries as well: else the planner may
# read all of the journal.
ADD_MOVEMENTS: Final = """
    WITH moved AS (
        INSERT INTO balance (account_id, amount_minor, last_seq)
        SELECT account_id, sum(amount_minor)::bigint, max(seq) FROM posting
        WHERE seq >= $1 AND seq < $2
        GROUP BY account_id ORDER BY account_id
        ON CONFLICT (account_id) DO UPDATE
        SET amount_minor = balance.amount_minor + excluded.amount_minor,
            last_seq = excluded.last_seq
    )
    INSERT INTO period_balance (period, account_id, kind, amount_minor)
    SELECT e.period, p.account_id, e.kind, sum(p.amount_minor)::bigint
    FROM posting p JOIN journal_entry e USING (seq)
    WHERE p.seq >= $1 AND p.seq < $2 AND e.seq >= $1 AND e.seq < $2
    GROUP BY e.period, p.account_id, e.kind ORDER BY e.period, p.account_id, e.kind
    ON CONFLICT (period, account_id, kind) DO UPDATE
    SET amount_minor = period_balance.amount_minor + excluded.amount_minor
"""
ENTRY_COLUMNS: Final = (
    "seq", "event_id", "topic", "partition", "number", "kind", "agency", "occurred_on",
    "value_on", "posted_at", "period", "payload_sha256",
)  # fmt: skip
POSTING_COLUMNS: Final = ("seq", "line", "account_id", "amount_minor")
# Some 300 bytes each.
ACCOUNTS_REMEMBERED_MAX: Final = 50_000


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcedEntry:
    """An entry, and where the event stands that it comes from."""

    entry: Entry
    topic: str
    partition: int
    number: int
    payload_sha256: bytes


class Journal:
    """Appends entries; of the accounts it remembers the ids, which never change."""

    def __init__(self) -> None:
        self._head: tuple[int, datetime] | None = None
        self._account_ids: dict[AccountKey, int] = {}

    async def append(
        self, connection: Connection, sourced: Sequence[SourcedEntry], *, now: datetime
    ) -> None:
        """Give the entries their places, in this order, and move the balances.

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
        ids = await self._ids(connection, sourced)
        await connection.copy_records_to_table(
            "journal_entry",
            records=_entry_rows(sourced, first_seq, posted_at),
            columns=ENTRY_COLUMNS,
        )
        postings = [
            (seq, line, ids[account], amount_minor)
            for seq, s in enumerate(sourced, start=first_seq)
            for line, (account, amount_minor) in enumerate(s.entry.postings, start=1)
        ]
        await connection.copy_records_to_table("posting", records=postings, columns=POSTING_COLUMNS)
        next_seq = first_seq + len(sourced)
        await connection.execute(ADD_MOVEMENTS, first_seq, next_seq)
        self._head = (next_seq, posted_at)

    async def _ids(
        self, connection: Connection, sourced: Sequence[SourcedEntry]
    ) -> Mapping[AccountKey, int]:
        """The ids of all accounts that are posted to; those that are new get theirs now."""
        if len(self._account_ids) > ACCOUNTS_REMEMBERED_MAX:
            self._account_ids.clear()
        ids = self._account_ids
        unknown = sorted({p.account for s in sourced for p in s.entry.postings} - ids.keys())
        if unknown:
            _remember(ids, await connection.fetch(ACCOUNTS, *columns(unknown, 5)))
        return ids


def _remember(ids: dict[AccountKey, int], rows: Sequence[Record]) -> None:
    ids.update((AccountKey(*key), account_id) for account_id, *key in rows)


def _entry_rows(
    sourced: Sequence[SourcedEntry], first_seq: int, posted_at: datetime
) -> Iterator[tuple[Any, ...]]:
    for seq, s in enumerate(sourced, start=first_seq):
        entry = s.entry
        yield (
            seq,
            entry.event_id,
            s.topic,
            s.partition,
            s.number,
            entry.kind,
            entry.agency,
            entry.occurred_on,
            entry.value_on,
            posted_at,
            entry.period,
            s.payload_sha256,
        )
