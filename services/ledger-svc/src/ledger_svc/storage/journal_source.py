"""The journal as its own outbox: the relay sends it by `seq`, on one partition."""

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
from fundmix_events import topics
from fundmix_events.channel import Channel
from fundmix_events.codec import encode_body
from fundmix_events.envelope import Actor, Envelope
from fundmix_events.ids import uuid5
from fundmix_events.ledger import (
    Account,
    AccountCode,
    EntryPosted,
    JournalEvent,
    LotMovement,
    PeriodClosed,
    Posting,
    Source,
)
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
    WHERE p.seq = ANY($1::bigint[]) ORDER BY p.seq, p.line
"""
LOT_MOVEMENTS: Final = """
    SELECT m.seq, m.lot_id, m.is_draw, m.amount_minor, l.fund_code, l.channel, l.currency
    FROM lot_movement m JOIN lot l USING (lot_id)
    WHERE m.seq = ANY($1::bigint[]) ORDER BY m.seq, m.line
"""
CLOSES: Final = "SELECT * FROM period_close WHERE seq = ANY($1::bigint[])"


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
        return [_outgoing(event) for event in await journal_events(connection, rows)]


def _posting_of(row: asyncpg.Record) -> Posting:
    return Posting(
        account=Account(
            agency=row["agency"],
            code=AccountCode(row["code"]),
            fund_code=row["fund_code"],
            channel=Channel(row["channel"]),
        ),
        amount=Money.of(row["amount_minor"], Currency(row["currency"])),
    )


def _lot_movement_of(row: asyncpg.Record) -> LotMovement:
    return LotMovement(
        lot_id=row["lot_id"],
        fund_code=row["fund_code"],
        channel=Channel(row["channel"]),
        amount=Money.of(row["amount_minor"], Currency(row["currency"])),
    )


async def journal_events(
    connection: Connection, rows: Sequence[asyncpg.Record]
) -> list[JournalEvent]:
    """Rows of the journal as everybody outside sees them, in the feed and on the topic alike."""
    seqs = [row["seq"] for row in rows]
    postings: dict[int, list[Posting]] = {}
    for leg in await connection.fetch(POSTINGS, seqs):
        postings.setdefault(leg["seq"], []).append(_posting_of(leg))
    movements: dict[tuple[int, bool], list[LotMovement]] = {}
    for row in await connection.fetch(LOT_MOVEMENTS, seqs):
        movements.setdefault((row["seq"], row["is_draw"]), []).append(_lot_movement_of(row))
    closes = {row["seq"]: row for row in await connection.fetch(CLOSES, seqs)}
    return [
        _close_event(row, closes[row["seq"]])
        if row["seq"] in closes
        else EntryPosted(
            aggregate_version=1,
            postings=tuple(postings[row["seq"]]),
            lots=tuple(movements.get((row["seq"], False), ())),
            draws=tuple(movements.get((row["seq"], True), ())),
            **_entry_fields(row),
        )
        for row in rows
    ]


def _close_event(row: asyncpg.Record, close: asyncpg.Record) -> PeriodClosed:
    return PeriodClosed(
        aggregate_version=1,
        through=close["through"],
        accounts=close["accounts"],
        totals_sha256=close["totals_sha256"].hex(),
        **_journal_fields(row),
    )


def _journal_fields(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "event_id": row["event_id"],
        "source": Source(topic=row["topic"], partition=row["partition"], number=row["number"]),
        "posted_at": row["posted_at"],
        "payload_sha256": row["payload_sha256"].hex(),
    }


def _entry_fields(row: asyncpg.Record) -> dict[str, Any]:
    return {
        **_journal_fields(row),
        "kind": row["kind"],
        "agency": row["agency"],
        "occurred_on": row["occurred_on"],
        "value_on": row["value_on"],
        "period": row["period"],
        "corrects": row["corrects"],
        "document": row["document"],
        "payer": row["payer"],
    }


def _outgoing(event: JournalEvent) -> Outgoing:
    """The same row gives the same bytes, however often it is sent."""
    envelope = Envelope(
        id=uuid5(event.event_id, event.type),
        source=SOURCE,
        type=event.type,
        version=event.version,
        time=event.posted_at,
        number=event.seq,
    )
    cause = str(event.event_id)
    return Outgoing(
        topic=topics.LEDGER,
        partition=PARTITION,
        number=event.seq,
        key=event.key.encode(),
        headers=envelope.to_headers(),
        value=encode_body(event, actor=ACTOR, correlation_id=cause, causation_id=cause),
    )
