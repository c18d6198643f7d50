"""The journal as its own outbox: the relay sends it by `seq`, on one partition."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid5

import asyncpg
from fundmix_events import topics
from fundmix_events.channel import Channel
from fundmix_events.codec import encode_body
from fundmix_events.envelope import Actor, Envelope
from fundmix_events.ledger import Account, AccountCode, EntryPosted, Posting, Source
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection
from fundmix_kit.relay import Outgoing

SOURCE: Final = "/ledger-svc"
PARTITION: Final = 0
ACTOR: Final = Actor(subject="ledger-svc", role="service")

FOLLOW_HEAD: Final = """
    INSERT INTO outbox_head AS o (topic, partition, next_number, sent_number)
    SELECT $1, $2, next_seq, 0 FROM log_head WHERE id = 1
    ON CONFLICT (topic, partition) DO UPDATE SET next_number = excluded.next_number
    WHERE o.next_number < excluded.next_number
"""
HEAD: Final = "SELECT sent_number, next_number FROM outbox_head WHERE topic = $1 AND partition = $2"
ENTRIES: Final = "SELECT * FROM journal_entry WHERE seq > $1 AND seq < $2 ORDER BY seq LIMIT $3"
POSTINGS: Final = """
    SELECT p.seq, p.amount_minor, a.agency, a.code, a.fund_code, a.channel, a.currency
    FROM posting p JOIN account a USING (account_id)
    WHERE p.seq BETWEEN $1 AND $2 ORDER BY p.seq, p.line
"""
MARK_SENT: Final = "UPDATE outbox_head SET sent_number = $3 WHERE topic = $1 AND partition = $2"


class JournalSource:
    """An entry's place in the journal is its number on the topic."""

    async def fresh(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        await connection.execute(FOLLOW_HEAD, topics.LEDGER, PARTITION)
        return await self.unsent(connection, rows_max=rows_max)

    async def unsent(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        head = await connection.fetchrow(HEAD, topics.LEDGER, PARTITION)
        if head is None:
            return []
        # Not beyond the head: what is sent would be ahead of what is said to be published.
        rows = await connection.fetch(ENTRIES, head["sent_number"], head["next_number"], rows_max)
        if not rows:
            return []
        postings: dict[int, list[Posting]] = {row["seq"]: [] for row in rows}
        for leg in await connection.fetch(POSTINGS, rows[0]["seq"], rows[-1]["seq"]):
            postings[leg["seq"]].append(posting_of(leg))
        return [_outgoing(row, postings[row["seq"]]) for row in rows]

    async def mark_sent(self, connection: Connection, sent: Mapping[tuple[str, int], int]) -> None:
        await connection.execute(
            MARK_SENT, topics.LEDGER, PARTITION, sent[topics.LEDGER, PARTITION]
        )

    async def forget_sent(self, connection: Connection) -> None:
        await connection.execute(MARK_SENT, topics.LEDGER, PARTITION, 0)


def posting_of(row: asyncpg.Record) -> Posting:
    return Posting(
        account=Account(
            agency=row["agency"],
            code=AccountCode(row["code"]),
            fund_code=row["fund_code"],
            channel=Channel(row["channel"]),
        ),
        amount=Money.of(row["amount_minor"], Currency(row["currency"])),
    )


def entry_fields(row: asyncpg.Record) -> dict[str, Any]:
    """An entry as everybody outside sees it, in the feed and on the topic alike."""
    return {
        "seq": row["seq"],
        "event_id": row["event_id"],
        "source": Source(topic=row["topic"], partition=row["partition"], number=row["number"]),
        "kind": row["kind"],
        "agency": row["agency"],
        "occurred_on": row["occurred_on"],
        "value_on": row["value_on"],
        "posted_at": row["posted_at"],
        "period": row["period"],
        "payload_sha256": row["payload_sha256"].hex(),
    }


def _outgoing(row: asyncpg.Record, postings: Sequence[Posting]) -> Outgoing:
    """The same row gives the same bytes, however often it is sent."""
    event = EntryPosted(aggregate_version=1, postings=tuple(postings), **entry_fields(row))
    envelope = Envelope(
        id=uuid5(row["event_id"], EntryPosted.type),
        source=SOURCE,
        type=EntryPosted.type,
        version=EntryPosted.version,
        time=row["posted_at"],
        number=row["seq"],
    )
    cause = str(row["event_id"])
    return Outgoing(
        topic=topics.LEDGER,
        partition=PARTITION,
        number=row["seq"],
        key=event.key.encode(),
        headers=envelope.to_headers(),
        value=encode_body(event, actor=ACTOR, correlation_id=cause, causation_id=cause),
    )
