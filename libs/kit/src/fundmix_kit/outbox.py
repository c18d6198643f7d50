"""The outbox: events are kept in the transaction that decides them, and sent by the relay."""

from typing import Final

from fundmix_events.base import FundingEvent
from fundmix_events.codec import encode_body

from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin

APPEND: Final = """
    INSERT INTO outbox
        (event_id, topic, key, aggregate_version, type, version, source, recorded_at, traceparent, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


class Outbox:
    """Appends to the outbox of one service, `source` in CloudEvents' words."""

    def __init__(self, *, source: str, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    async def append(self, connection: Connection, event: FundingEvent, origin: Origin) -> None:
        """Append after the aggregate's row is locked: then the rows' order is the aggregate's own."""
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
