"""What stands on a topic, as anybody with a Kafka client reads it; and messages put there by us."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from fundmix_events.topics import PARTITIONS
from fundmix_kit import kafka

from tests.faults.installed import Installed

Header = tuple[str, bytes]

QUIET_MS: Final = 200


@dataclass(frozen=True, kw_only=True)
class Message:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header]

    def header(self, name: str) -> str:
        return next(value.decode() for found, value in self.headers if found == name)

    @property
    def number(self) -> int:
        return int(self.header("ce_sequence"))

    @property
    def event_id(self) -> UUID:
        return UUID(self.header("ce_id"))


async def read_messages(installed: Installed, topic: str) -> Sequence[Message]:
    """Everything that is on the topic now, each partition in its order."""
    client = AIOKafkaConsumer(
        bootstrap_servers=installed.kafka.bootstrap_servers, enable_auto_commit=False
    )
    await client.start()
    try:
        partitions = [TopicPartition(topic, p) for p in range(PARTITIONS[topic])]
        client.assign(partitions)
        await client.seek_to_beginning()
        ends = await client.end_offsets(partitions)
        messages: list[Message] = []
        while True:
            records = await client.getmany(timeout_ms=QUIET_MS)
            messages += [_message(record) for found in records.values() for record in found]
            # The embedded broker may state an end that is too low: only silence is the end.
            if not records and all([await client.position(p) >= ends[p] for p in partitions]):
                return messages
    finally:
        await client.stop()


def _message(record: ConsumerRecord) -> Message:
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=[(name, value or b"") for name, value in record.headers],
    )


async def read_topic(installed: Installed, topic: str) -> dict[tuple[str, int, int], UUID]:
    """Which event stands under each number. Where it stands again, it is the same to the byte."""
    first: dict[tuple[str, int, int], Message] = {}
    for message in await read_messages(installed, topic):
        number = (topic, message.partition, message.number)
        before = first.setdefault(number, message)
        assert (before.headers, before.value) == (message.headers, message.value), number
    return {number: message.event_id for number, message in first.items()}


async def send(installed: Installed, messages: Sequence[Message]) -> None:
    """Put messages at the ends of their partitions, in one go."""
    async with kafka.producer(installed.kafka) as producer:
        sending = [
            await producer.send(
                message.topic,
                value=message.value,
                key=message.key,
                partition=message.partition,
                headers=list(message.headers),
            )
            for message in messages
        ]
        for confirmation in sending:
            await confirmation


async def empty_topic(installed: Installed, topic: str) -> None:
    """Delete all messages that stand on the topic now; their offsets are never used again."""
    last = {message.partition: message for message in await read_messages(installed, topic)}
    admin = AIOKafkaAdminClient(bootstrap_servers=installed.kafka.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records(
            {
                TopicPartition(topic, partition): RecordsToDelete(before_offset=message.offset + 1)
                for partition, message in last.items()
            }
        )
    finally:
        await admin.close()
