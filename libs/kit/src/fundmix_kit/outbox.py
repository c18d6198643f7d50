"""The outbox: events are kept in the transaction that decides them, and sent by the relay."""

from collections.abc import Mapping, Sequence
from typing import Final

from asyncpg import Record
from fundmix_events.base import FundingEvent
from fundmix_events.codec import encode_body
from fundmix_events.envelope import Envelope

from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, columns
from fundmix_kit.ids import uuid7
from fundmix_kit.kafka import partition_of
from fundmix_kit.origin import Origin
from fundmix_kit.relay import Outgoing

APPEND: Final = """
    INSERT INTO outbox
        (event_id, topic, key, aggregate_version, type, version, source, recorded_at, traceparent,
         body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


class Outbox:
    """Appends to the outbox of one service, `source` in CloudEvents' words."""

    def __init__(self, *, source: str, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    async def append(self, connection: Connection, event: FundingEvent, origin: Origin) -> None:
        """Append after the aggregate's row is locked: then the rows' order is its own."""
        await connection.execute(
            APPEND,
            uuid7(),
            event.topic,
            event.key,
            event.aggregate_version,
            event.type,
            event.version,
            self._source,
            self._clock.now(),
            origin.traceparent,
            encode_body(
                event,
                actor=origin.actor,
                correlation_id=origin.correlation_id,
                causation_id=origin.causation_id,
            ),
        )


UNNUMBERED: Final = """
    SELECT position, topic, key FROM outbox WHERE number IS NULL ORDER BY position LIMIT $1
"""
ADD_HEADS: Final = """
    INSERT INTO outbox_head (topic, partition, next_number, sent_number)
    SELECT topic, partition, 1, 0 FROM unnest($1::text[], $2::smallint[]) AS u (topic, partition)
    ON CONFLICT DO NOTHING
"""
READ_HEADS: Final = "SELECT topic, partition, next_number FROM outbox_head"
GIVE_NUMBERS: Final = """
    UPDATE outbox SET partition = u.partition, number = u.number
    FROM unnest($1::bigint[], $2::smallint[], $3::bigint[]) AS u (position, partition, number)
    WHERE outbox.position = u.position
"""
MOVE_HEADS: Final = """
    UPDATE outbox_head SET next_number = u.next_number
    FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS u (topic, partition, next_number)
    WHERE outbox_head.topic = u.topic AND outbox_head.partition = u.partition
"""
UNSENT: Final = """
    SELECT o.topic, o.partition, o.number, o.key, o.event_id, o.source, o.type, o.version,
           o.recorded_at, o.traceparent, o.body
    FROM outbox_head h
    CROSS JOIN LATERAL (
        SELECT * FROM outbox
        WHERE outbox.topic = h.topic AND outbox.partition = h.partition
          AND outbox.number > h.sent_number
        ORDER BY outbox.number LIMIT $1
    ) o
    WHERE h.sent_number < h.next_number - 1
    ORDER BY o.topic, o.partition, o.number
    LIMIT $1
"""
MARK_SENT: Final = """
    UPDATE outbox_head SET sent_number = u.number
    FROM unnest($1::text[], $2::smallint[], $3::bigint[]) AS u (topic, partition, number)
    WHERE outbox_head.topic = u.topic AND outbox_head.partition = u.partition
"""
FORGET_SENT: Final = "UPDATE outbox_head SET sent_number = 0"


class OutboxSource:
    """The relay's view of the outbox.

    A row is taken because it has no number, never because of where it stands: a transaction that
    commits late with a low position is numbered late, and not skipped.
    """

    def __init__(self, *, partitions: Mapping[str, int]) -> None:
        self._partitions = partitions

    async def number(self, connection: Connection, *, rows_max: int) -> int:
        rows = await connection.fetch(UNNUMBERED, rows_max)
        if not rows:
            return 0
        places = [
            (row["topic"], partition_of(row["key"], partitions=self._partitions[row["topic"]]))
            for row in rows
        ]
        touched = sorted(set(places))
        await connection.execute(ADD_HEADS, *columns(touched, 2))
        heads = await connection.fetch(READ_HEADS)
        next_numbers = {(h["topic"], h["partition"]): h["next_number"] for h in heads}
        given: list[tuple[int, int, int]] = []
        for row, place in zip(rows, places, strict=True):
            given.append((row["position"], place[1], next_numbers[place]))
            next_numbers[place] += 1
        await connection.execute(GIVE_NUMBERS, *columns(given, 3))
        moved = [(*place, next_numbers[place]) for place in touched]
        await connection.execute(MOVE_HEADS, *columns(moved, 3))
        return len(rows)

    async def unsent(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        return [outgoing(row) for row in await connection.fetch(UNSENT, rows_max)]

    async def mark_sent(self, connection: Connection, sent: Mapping[tuple[str, int], int]) -> None:
        await connection.execute(
            MARK_SENT, *columns([(*place, number) for place, number in sorted(sent.items())], 3)
        )

    async def forget_sent(self, connection: Connection) -> None:
        await connection.execute(FORGET_SENT)


def outgoing(row: Record) -> Outgoing:
    envelope = Envelope(
        id=row["event_id"],
        source=row["source"],
        type=row["type"],
        version=row["version"],
        time=row["recorded_at"],
        number=row["number"],
        traceparent=row["traceparent"],
    )
    return Outgoing(
        topic=row["topic"],
        partition=row["partition"],
        number=row["number"],
        key=row["key"].encode(),
        headers=envelope.to_headers(),
        value=row["body"],
    )
