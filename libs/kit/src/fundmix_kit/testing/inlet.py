"""Messages put before a handler as a consumer does it, with no broker in between."""

from collections.abc import Sequence
from typing import Final, Generic
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.codec import Codec
from fundmix_events.testing.messages import message_of

from fundmix_kit.clock import Clock
from fundmix_kit.database import Database
from fundmix_kit.delivery import Batch, Handler, PreparedT, apply_batch, prepare
from fundmix_kit.inbox import Place, read_positions
from fundmix_kit.numbering import PartitionProgress, sort_messages
from fundmix_kit.quarantine import Incoming

CLUSTER_ID: Final = "no-cluster"


def incoming(
    event: FundingEvent, *, number: int, partition: int = 0, event_id: UUID | None = None
) -> Incoming:
    headers, value = message_of(event, number=number, event_id=event_id)
    return Incoming(
        topic=event.topic,
        partition=partition,
        offset=number - 1,
        number=number,
        key=event.key.encode(),
        headers=headers,
        value=value,
    )


class Inlet(Generic[PreparedT]):
    def __init__(
        self, database: Database, *, codec: Codec, handler: Handler[PreparedT], clock: Clock
    ) -> None:
        self._database = database
        self._codec = codec
        self._handler = handler
        self._clock = clock

    async def post(self, *events: FundingEvent) -> None:
        """One batch of new events, all in partition 0 of their topics."""
        positions = await self._positions()
        messages: list[Incoming] = []
        for event in events:
            progress = positions.setdefault((event.topic, 0), PartitionProgress(next_number=1))
            messages.append(incoming(event, number=progress.next_number))
            progress.next_number += 1
        await self.deliver(messages)

    async def deliver(self, messages: Sequence[Incoming]) -> None:
        """One batch, as read from the topics: what is due is applied, repeats are passed over."""
        positions = await self._positions()
        by_place: dict[Place, list[Incoming]] = {}
        for message in messages:
            by_place.setdefault((message.topic, message.partition), []).append(message)
        batch: Batch[PreparedT] = Batch()
        for place, of_place in by_place.items():
            before = positions.get(place, PartitionProgress(next_number=1))
            result = sort_messages(before, of_place)
            batch.add(place, before=before, result=result)
            for message in result.due:
                prepare(batch, message, codec=self._codec, handler=self._handler)
        await apply_batch(
            self._database,
            batch,
            handler=self._handler,
            cluster_id=CLUSTER_ID,
            now=self._clock.now(),
        )

    async def _positions(self) -> dict[Place, PartitionProgress]:
        async with self._database.reading() as connection:
            return await read_positions(connection, cluster_id=CLUSTER_ID)
