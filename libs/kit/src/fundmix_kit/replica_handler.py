"""Keeps a replica: the handler of a consumer whose topics carry whole states."""

from collections.abc import Callable, Sequence

from fundmix_events.base import FundingEvent

from fundmix_kit import replica
from fundmix_kit.database import Connection
from fundmix_kit.delivery import Delivery
from fundmix_kit.replica import State


class ReplicaHandler:
    """`state_of` gives the JSON text of the whole state that an event carries."""

    def __init__(self, state_of: Callable[[FundingEvent], str]) -> None:
        self._state_of = state_of

    def prepare(self, delivery: Delivery) -> tuple[str, State]:
        event = delivery.message.event
        return event.topic, State(event.key, event.aggregate_version, self._state_of(event))

    async def apply(self, connection: Connection, prepared: Sequence[tuple[str, State]]) -> None:
        for topic in sorted({topic for topic, _ in prepared}):
            await replica.save(connection, topic, [s for t, s in prepared if t == topic])
