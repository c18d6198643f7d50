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
ACCOUNTS: Final = """
    SELECT a.account_id, a.agency, a.code, a.fund_code, a.channel, a.currency
    FROM account a
    JOIN unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
        AS u (agency, code, fund_code, channel, currency)
        USING (agency, code, fund_code, channel, currency)
"""
ADD_ACCOUNTS: Final = """
    INSERT INTO account (agency, code, fund_code, channel, currency)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
    RETURNING account_id, agency, code, fund_code, channel, currency
"""
ADD_BALANCES: Final = """
    INSERT INTO balance (account_id, amount_minor, last_seq)
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[])
    ON CONFLICT (account_id) DO UPDATE
    SET amount_minor = balance.amount_minor + excluded.amount_minor, last_seq = excluded.last_seq
"""
ADD_PERIOD_BALANCES: Final = """
    INSERT INTO period_balance (period, account_id, kind, amount_minor)
    SELECT * FROM unnest($1::integer[], $2::integer[], $3::text[], $4::bigint[])
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
        await _add_movements(connection, sourced, postings, first_seq)
        self._head = (first_seq + len(sourced), posted_at)

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
        # Nobody else adds accounts meanwhile: the head is locked.
        missing = [key for key in unknown if key not in ids]
        if missing:
            _remember(ids, await connection.fetch(ADD_ACCOUNTS, *columns(missing, 5)))
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


async def _add_movements(
    connection: Connection,
    sourced: Sequence[SourcedEntry],
    postings: Sequence[tuple[int, int, int, int]],
    first_seq: int,
) -> None:
    """An account that a batch moves often is written once."""
    by_account: dict[int, int] = {}
    last_seqs: dict[int, int] = {}
    by_period: dict[tuple[int, int, str], int] = {}
    for seq, _, account_id, amount_minor in postings:
        entry = sourced[seq - first_seq].entry
        by_account[account_id] = by_account.get(account_id, 0) + amount_minor
        last_seqs[account_id] = seq
        place = (entry.period, account_id, entry.kind)
        by_period[place] = by_period.get(place, 0) + amount_minor
    # In the order of their keys, as every writer of these tables takes them.
    accounts = sorted(by_account)
    places = sorted(by_period)
    await connection.execute(
        ADD_BALANCES,
        accounts,
        [by_account[a] for a in accounts],
        [last_seqs[a] for a in accounts],
    )
    await connection.execute(
        ADD_PERIOD_BALANCES, *columns(places, 3), [by_period[p] for p in places]
    )
