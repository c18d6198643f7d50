"""The watchdog: judges a consumer by its progress, because the client can stall without a word."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from fundmix_kit.inbox import Place
from fundmix_kit.kafka import Admin, translating_broker_errors

ASK_TIME_S_MAX: Final = 5.0


class BrokerLostLogError(Exception):
    """The broker is another one, or an emptied one: everything is sought anew."""

    code = "broker_lost_log"


class ConsumerStalledError(Exception):
    """There is something to read, and nothing is read: the client is built anew."""

    code = "consumer_stalled"


class Watchdog:
    def __init__(
        self, client: AIOKafkaConsumer, broker: Admin, *, cluster_id: str, stall_ms_max: int
    ) -> None:
        self._client = client
        self._broker = broker
        self._cluster_id = cluster_id
        self._stall_s_max = stall_ms_max / 1000
        self._seen: dict[TopicPartition, tuple[int, float]] = {}

    async def check(self, *, waits: set[Place]) -> None:
        """Raises BrokerLostLogError, ConsumerStalledError, BrokerUnavailableError.

        `waits`: partitions that have read to the end and wait for a missing number.
        """
        with translating_broker_errors():
            async with asyncio.timeout(ASK_TIME_S_MAX):
                cluster_id = await self._broker.cluster_id()
        if cluster_id != self._cluster_id:
            raise BrokerLostLogError(f"cluster {cluster_id} instead of {self._cluster_id}")
        assigned = self._client.assignment()
        if not assigned:
            return
        with translating_broker_errors():
            async with asyncio.timeout(ASK_TIME_S_MAX):
                ends = await self._client.end_offsets(list(assigned))
                positions = {a: await self._client.position(a) for a in assigned}
        now = asyncio.get_running_loop().time()
        for partition, end in ends.items():
            self._judge(partition, position=positions[partition], end=end, now=now, waits=waits)

    def _judge(
        self, partition: TopicPartition, *, position: int, end: int, now: float, waits: set[Place]
    ) -> None:
        # A broker may state an end that is too low (the embedded one does), so only being behind it
        # says something; a log that has really shrunk is out of range, and the client starts anew.
        before, since = self._seen.get(partition, (-1, now))
        has_moved = position != before
        is_at_rest = position >= end or (partition.topic, partition.partition) in waits
        if has_moved or is_at_rest:
            self._seen[partition] = (position, now)
        elif now - since > self._stall_s_max:
            raise ConsumerStalledError(f"{partition} stands at {position}, ends at {end}")
