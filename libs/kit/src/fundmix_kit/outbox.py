"""The outbox: events are kept in the transaction that decides them, and sent by the relay."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

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

COLUMNS: Final = (
    *("event_id", "topic", "partition", "key", "aggregate_version", "type", "version", "source"),
    *("recorded_at", "traceparent", "body"),
)
APPEND: Final = f"""
    INSERT INTO outbox ({", ".join(COLUMNS)})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""  # noqa: S608  # names of columns from above, and nothing from outside
# One statement numbers what is new and gives it, so that an event is on its way at once. A row is
# taken because it has no number, never because of where it stands: one that commits late with a low
# position is numbered late, and not skipped.
NUMBER: Final = """
    WITH due AS MATERIALIZED (
        SELECT position, topic, partition,
               row_number() OVER (PARTITION BY topic, partition ORDER BY position) AS place,
               count(*) OVER (PARTITION BY topic, partition) AS rows
        FROM (
            SELECT position, topic, partition FROM outbox
            WHERE number IS NULL ORDER BY position LIMIT $1
        ) AS waiting
    ), head AS (
        INSERT INTO outbox_head AS h (topic, partition, next_number, sent_number)
        SELECT topic, partition, 1 + count(*), 0 FROM due GROUP BY topic, partition
        ON CONFLICT (topic, partition)
        DO UPDATE SET next_number = h.next_number + excluded.next_number - 1
        RETURNING topic, partition, next_number
    )
    UPDATE outbox SET number = head.next_number - due.rows + due.place - 1
    FROM due JOIN head USING (topic, partition)
    WHERE outbox.position = due.position
    RETURNING outbox.topic, outbox.partition, outbox.number, outbox.key, outbox.event_id,
              outbox.source, outbox.type, outbox.version, outbox.recorded_at, outbox.traceparent,
              outbox.body
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


class Outbox:
    """Appends to the outbox of one service, `source` in CloudEvents' words."""

    def __init__(self, *, source: str, partitions: Mapping[str, int], clock: Clock) -> None:
        self._source = source
        self._partitions = partitions
        self._clock = clock

    async def append(self, connection: Connection, event: FundingEvent, origin: Origin) -> UUID:
        """Append after the aggregate's row is locked: then the rows' order is its own.

        The answer is the id that the event has for ever.
        """
        event_id = uuid7()
        await connection.execute(
            APPEND, event_id, *self._values(event, origin, recorded_at=self._clock.now())
        )
        return event_id

    async def append_all(
        self, connection: Connection, events: Sequence[tuple[FundingEvent, Origin]]
    ) -> None:
        """Append events of many aggregates by one COPY, in their order."""
        now = self._clock.now()
        rows = [(uuid7(), *self._values(event, of, recorded_at=now)) for event, of in events]
        await connection.copy_records_to_table("outbox", records=rows, columns=COLUMNS)

    def _values(
        self, event: FundingEvent, origin: Origin, *, recorded_at: datetime
    ) -> tuple[Any, ...]:
        """In the order of COLUMNS, but for the event's id."""
        key = event.key
        return (
            event.topic,
            partition_of(key, partitions=self._partitions[event.topic]),
            key,
            event.aggregate_version,
            event.type,
            event.version,
            self._source,
            recorded_at,
            origin.traceparent,
            encode_body(
                event,
                actor=origin.actor,
                correlation_id=origin.correlation_id,
                causation_id=origin.causation_id,
            ),
        )


class OutboxSource:
    """The relay's view of the outbox."""

    async def fresh(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        rows = await connection.fetch(NUMBER, rows_max)
        return sorted(map(outgoing, rows), key=lambda row: (row.topic, row.partition, row.number))

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
