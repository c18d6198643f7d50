"""Appending to the journal, and the balances that follow from it: one statement per batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fundmix_kit.database import Connection, columns

from ledger_svc.domain.journal import AccountKey, Entry

LOCK_HEAD: Final = "SELECT next_seq, posted_at FROM log_head WHERE id = 1 FOR UPDATE"
MOVE_HEAD: Final = "UPDATE log_head SET next_seq = $1, posted_at = $2 WHERE id = 1"
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


@dataclass(frozen=True, kw_only=True, slots=True)
class SourcedEntry:
    """An entry, and where the event stands that it comes from."""

    entry: Entry
    topic: str
    partition: int
    number: int
    payload_sha256: bytes


async def append(connection: Connection, sourced: Sequence[SourcedEntry], *, now: datetime) -> None:
    """Give the entries their places, in this order, and move the balances.

    One writer at a time: the rest of the transaction holds the head's lock.
    """
    head = await connection.fetchrow(LOCK_HEAD)
    assert head is not None, "the migration makes the log's one head"
    # The ledger's own clock never runs backwards, whatever the machine's does.
    posted_at = max(now, head["posted_at"])
    first_seq = head["next_seq"]
    ids = await _account_ids(connection, sourced)
    numbered = list(enumerate(sourced, start=first_seq))
    await connection.copy_records_to_table(
        "journal_entry",
        records=[
            (
                seq,
                s.entry.event_id,
                s.topic,
                s.partition,
                s.number,
                s.entry.kind,
                s.entry.agency,
                s.entry.occurred_on,
                s.entry.value_on,
                posted_at,
                s.entry.period,
                s.payload_sha256,
            )
            for seq, s in numbered
        ],
        columns=ENTRY_COLUMNS,
    )
    await connection.copy_records_to_table(
        "posting",
        records=[
            (seq, line, ids[posting.account], posting.amount_minor)
            for seq, s in numbered
            for line, posting in enumerate(s.entry.postings, start=1)
        ],
        columns=POSTING_COLUMNS,
    )
    await _add_movements(connection, numbered, ids)
    await connection.execute(MOVE_HEAD, first_seq + len(sourced), posted_at)


async def _account_ids(
    connection: Connection, sourced: Sequence[SourcedEntry]
) -> dict[AccountKey, int]:
    wanted = sorted({p.account for s in sourced for p in s.entry.postings})
    ids = {
        AccountKey(*row): account_id
        for account_id, *row in await connection.fetch(ACCOUNTS, *columns(wanted, 5))
    }
    # Nobody else adds accounts meanwhile: the head is locked.
    missing = [key for key in wanted if key not in ids]
    if missing:
        added = await connection.fetch(ADD_ACCOUNTS, *columns(missing, 5))
        ids |= {AccountKey(*row): account_id for account_id, *row in added}
    return ids


async def _add_movements(
    connection: Connection,
    numbered: Sequence[tuple[int, SourcedEntry]],
    ids: dict[AccountKey, int],
) -> None:
    """An account that a batch moves often is written once."""
    by_account: dict[int, list[int]] = {}
    by_period: dict[tuple[int, int, str], int] = {}
    for seq, s in numbered:
        period, kind = s.entry.period, s.entry.kind
        for posting in s.entry.postings:
            account_id = ids[posting.account]
            movement = by_account.setdefault(account_id, [0, seq])
            movement[0] += posting.amount_minor
            movement[1] = seq
            place = (period, account_id, kind)
            by_period[place] = by_period.get(place, 0) + posting.amount_minor
    await connection.execute(
        ADD_BALANCES, *columns([(a, *by_account[a]) for a in sorted(by_account)], 3)
    )
    await connection.execute(
        ADD_PERIOD_BALANCES, *columns([(*p, by_period[p]) for p in sorted(by_period)], 4)
    )
