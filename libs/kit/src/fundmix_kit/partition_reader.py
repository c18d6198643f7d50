"""Reads one partition apart from the consumer group: where it ends, and all of it again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from fundmix_kit.incoming import incoming_of
from fundmix_kit.kafka import BrokerUnavailableError, partition_client, translating_broker_errors
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import KafkaSettings

POLL_MS: Final = 200
# A broker that answers has sent what it has by then; one that does not is away.
FIRST_ANSWER_S_MAX: Final = 10.0
ROWS_MAX: Final = 1_000


class PartitionReader:
    def __init__(self, client: AIOKafkaConsumer, place: TopicPartition) -> None:
        self._client = client
        self._place = place

    async def last_number(self) -> int:
        """Of the last event that says its number; 0 where there is none.

        Raises BrokerUnavailableError.
        """
        with translating_broker_errors():
            start = (await self._client.beginning_offsets([self._place]))[self._place]
            end = (await self._client.end_offsets([self._place]))[self._place]
        # The last record may say no number, and the embedded broker states an end that is too low.
        back = 1
        while end > start:
            self._client.seek(self._place, max(start, end - back))
            numbers = [m.number async for m in self._to_end(end) if m.number is not None]
            if numbers:
                return max(numbers)
            if end - back <= start:
                break
            back *= 16
        return 0

    async def from_beginning(self) -> AsyncGenerator[list[Incoming]]:
        """All there is, in batches, to the end it has when it is reached.

        Raises BrokerUnavailableError.
        """
        with translating_broker_errors():
            await self._client.seek_to_beginning(self._place)
            end = (await self._client.end_offsets([self._place]))[self._place]
        async for batch in self._batches(end):
            yield batch

    async def _to_end(self, end: int) -> AsyncGenerator[Incoming]:
        async for batch in self._batches(end):
            for message in batch:
                yield message

    async def _batches(self, end: int) -> AsyncGenerator[list[Incoming]]:
        """Until nothing more comes, and the position is not before `end`."""
        silent_since: float | None = None
        loop = asyncio.get_running_loop()
        while True:
            with translating_broker_errors():
                found = await self._client.getmany(
                    self._place, timeout_ms=POLL_MS, max_records=ROWS_MAX
                )
                position = await self._client.position(self._place)
            if records := found.get(self._place):
                silent_since = None
                yield [incoming_of(record) for record in records]
                continue
            if position >= end:
                return
            silent_since = silent_since or loop.time()
            if loop.time() - silent_since > FIRST_ANSWER_S_MAX:
                raise BrokerUnavailableError(f"{self._place} stands at {position} of {end}")


@asynccontextmanager
async def reading_partition(
    settings: KafkaSettings, *, topic: str, partition: int
) -> AsyncGenerator[PartitionReader]:
    """Raises BrokerUnavailableError."""
    async with partition_client(settings, topic=topic, partition=partition) as client:
        yield PartitionReader(client, TopicPartition(topic, partition))
