"""Outbox, relay and consumer over a real broker: at least once on the way, once in the result."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar, Final
from uuid import uuid4

import pytest
from aiokafka import ConsumerRebalanceListener
from fundmix_events.base import FundingEvent
from fundmix_events.codec import Codec, encode_body
from fundmix_events.envelope import Actor, Envelope
from fundmix_kit import kafka, quarantine
from fundmix_kit.consumer import Consumer
from fundmix_kit.database import Connection, Database
from fundmix_kit.delivery import Delivery, NumberConflictError
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.metrics import EventMetrics, Metrics
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.quarantine import PoisonError
from fundmix_kit.relay import ASK_REBUILD, Relay
from fundmix_kit.settings import ConsumerSettings, DatabaseSettings, KafkaSettings, RelaySettings
from fundmix_kit.testing import FixedClock
from fundmix_kit.wake import Waker
from pydantic import PostgresDsn

LIMIT_S: Final = 60.0
ORIGIN: Final = Origin(actor=Actor(subject="tester", role="admin"), correlation_id="c-1")


ASK: Final = """
import asyncio, sys
from aiokafka.client import AIOKafkaClient

async def ask(broker, topic):
    client = AIOKafkaClient(bootstrap_servers=broker)
    await client.bootstrap()
    await client.set_topics([topic])
    while True:
        await client.force_metadata_update()

asyncio.run(ask(*sys.argv[1:]))
"""


class Ticked(FundingEvent):
    type: ClassVar[str] = "test.ticked"
    topic: ClassVar[str] = "test.unset"

    name: str
    count: int

    @property
    def key(self) -> str:
        return self.name


class Recording:
    """Writes each applied event into a table of its own, in the kit's transaction."""

    def prepare(self, delivery: Delivery) -> Ticked:
        event = delivery.message.event
        assert isinstance(event, Ticked)
        if event.count < 0:
            raise PoisonError("negative_count", "a count is not negative")
        return event

    async def apply(self, connection: Connection, prepared: Sequence[Ticked]) -> None:
        await connection.copy_records_to_table(
            "tick", records=[(e.name, e.count) for e in prepared], columns=("name", "count")
        )


class Site:
    """A source and a reader in one database, on a topic of its own."""

    def __init__(
        self, database: Database, bootstrap: str, *, is_idempotent: bool, partitions: int = 3
    ) -> None:
        self.database = database
        self.topic = f"test.{uuid4().hex}"
        self.event_class = type("Ticked", (Ticked,), {"topic": self.topic, "__module__": __name__})
        self.partitions = {self.topic: partitions}
        self.kafka = KafkaSettings(
            bootstrap_servers=bootstrap,
            is_idempotent=is_idempotent,
            republish_on_new_cluster=True,
            may_remake_topics=True,
            session_timeout_ms=6_000,
        )
        self.clock = FixedClock()
        self.outbox = Outbox(source="/test", partitions=self.partitions, clock=self.clock)
        self.codec = Codec([self.event_class])
        self.failure: asyncio.Future[None] | None = None

    async def tick(self, name: str, count: int) -> None:
        async with self.database.transaction() as connection:
            event = self.event_class(name=name, count=count, aggregate_version=count + 1)
            await self.outbox.append(connection, event, ORIGIN)

    def relay(self) -> Relay:
        return Relay(
            database=self.database,
            kafka=self.kafka,
            settings=RelaySettings(batch_rows_max=7, idle_wait_ms=20),
            source=OutboxSource(),
            partitions=self.partitions,
            clock=self.clock,
            metrics=EventMetrics(Metrics()),
        )

    def consumer(self, *, codec: Codec | None = None) -> Consumer[Ticked]:
        return Consumer(
            database=self.database,
            kafka=self.kafka,
            settings=ConsumerSettings(batch_rows_max=5, watch_interval_ms=50),
            group=self.topic,
            partitions=self.partitions,
            codec=codec or self.codec,
            handler=Recording(),
            clock=self.clock,
            metrics=EventMetrics(Metrics()),
        )

    async def applied(self) -> list[tuple[str, int]]:
        async with self.database.reading() as connection:
            rows = await connection.fetch("SELECT name, count FROM tick ORDER BY place")
        return [(row["name"], row["count"]) for row in rows]

    async def send_raw(
        self, *, number: int | None, value: bytes, event_id: object = None, key: str = "a"
    ) -> None:
        """What somebody else might put on the topic."""
        envelope = Envelope(
            id=event_id or uuid4(),  # pyright: ignore[reportArgumentType]  # tests give UUIDs
            source="/test",
            type=Ticked.type,
            version=1,
            time=self.clock.now(),
            number=number or 1,
        )
        headers = [h for h in envelope.to_headers() if number is not None or h[0] != "ce_sequence"]
        async with kafka.producer(self.kafka) as producer:
            await producer.send_and_wait(
                self.topic,
                value=value,
                key=key.encode(),
                partition=kafka.partition_of(key, partitions=3),
                headers=headers,
            )


@asynccontextmanager
async def running(*loops: Awaitable[None]) -> AsyncGenerator[list[asyncio.Task[None]]]:
    tasks = [asyncio.ensure_future(loop) for loop in loops]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await holds():  # noqa: ASYNC110  # the condition is in another process
            await asyncio.sleep(0.02)


@asynccontextmanager
async def opened(kit_database: ServiceDatabase) -> AsyncGenerator[Database]:
    database = Database(DatabaseSettings(url=PostgresDsn(kit_database.url)), application="test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def transport(request: pytest.FixtureRequest) -> tuple[str, bool]:
    """The address of a broker, and whether it takes idempotent producers."""
    is_kafka = request.param == "kafka"
    return request.getfixturevalue("apache_kafka" if is_kafka else "broker"), is_kafka


@pytest.fixture
async def site(transport: tuple[str, bool], kit_database: ServiceDatabase) -> AsyncGenerator[Site]:
    bootstrap, is_kafka = transport
    async with opened(kit_database) as database:
        site = Site(database, bootstrap, is_idempotent=is_kafka)
        async with kafka.admin(site.kafka) as admin:
            await admin.ensure_topics(site.partitions)
        yield site


async def test_what_is_committed_is_applied_once_and_in_order(site: Site) -> None:
    for count in range(20):
        for name in ("a", "b", "c"):
            await site.tick(name, count)

    waker = Waker(site.database)
    async with running(site.relay().run(), site.consumer().run(), waker.run()):
        await until(lambda: has_applied(site, 60))
        await site.tick("a", 20)
        await until(lambda: has_applied(site, 61))

    applied = await site.applied()
    for name in ("a", "b", "c"):
        assert [c for n, c in applied if n == name] == list(range(21 if name == "a" else 20))


async def test_a_late_commit_with_a_lower_id_is_not_skipped(site: Site) -> None:
    async with running(site.relay().run(), site.consumer().run()):
        async with site.database.transaction() as slow:
            event = site.event_class(name="slow", count=0, aggregate_version=1)
            await site.outbox.append(slow, event, ORIGIN)
            await site.tick("quick", 0)
            await until(lambda: has_applied(site, 1))
        await until(lambda: has_applied(site, 2))

    assert await site.applied() == [("quick", 0), ("slow", 0)]


async def test_sending_everything_again_changes_nothing(site: Site) -> None:
    for count in range(15):
        await site.tick("a", count)
    async with running(site.relay().run(), site.consumer().run()):
        await until(lambda: has_applied(site, 15))
        async with site.database.transaction() as connection:
            await connection.execute(ASK_REBUILD)
        await until(lambda: has_sent_all(site))
        await site.tick("a", 15)
        await until(lambda: has_applied(site, 16))

    assert await site.applied() == [("a", count) for count in range(16)]


async def test_a_gap_is_shown_and_waited_for(site: Site) -> None:
    for count in range(3):
        await site.tick("a", count)
    consumer = site.consumer()
    async with running(site.relay().run()):
        await until(lambda: has_sent_all(site))
    await site.send_raw(number=9, value=body(site, 8))
    async with running(consumer.run()):
        await until(lambda: sees_gap(consumer))
        await until(lambda: has_applied(site, 3))
        assert await site.applied() == [("a", 0), ("a", 1), ("a", 2)]
        for number in range(4, 9):
            await site.send_raw(number=number, value=body(site, number - 1))
        await until(lambda: has_applied(site, 9))
        await until(lambda: is_ready(consumer))

    assert await site.applied() == [("a", count) for count in range(9)]


async def test_poison_is_set_aside_once_and_the_topic_goes_on(site: Site) -> None:
    await site.send_raw(number=1, value=b"{not json")
    await site.send_raw(number=2, value=body(site, -1))
    twice = uuid4()
    for _ in range(2):
        await site.send_raw(number=None, value=body(site, 1), event_id=twice)
    await site.send_raw(number=3, value=body(site, 7))
    async with running(site.consumer().run()):
        await until(lambda: has_applied(site, 1))
        await until(lambda: has_quarantined(site, 3))
    async with running(site.consumer().run()):
        await site.send_raw(number=4, value=body(site, 8))
        await until(lambda: has_applied(site, 2))

    async with site.database.reading() as connection:
        rows = await quarantine.list_rows(connection, state="open", after_id=0, rows_max=10)
    assert sorted(row.reason for row in rows) == ["invalid_body", "negative_count", "no_number"]
    assert await site.applied() == [("a", 7), ("a", 8)]


async def test_an_event_that_comes_again_under_another_number_is_applied_once(site: Site) -> None:
    event_id = uuid4()
    for number in (1, 1, 2):
        await site.send_raw(number=number, value=body(site, 0), event_id=event_id)
    await site.send_raw(number=3, value=body(site, 1))
    async with running(site.consumer().run()):
        await until(lambda: has_applied(site, 2))

    assert await site.applied() == [("a", 0), ("a", 1)]


async def test_a_number_that_comes_again_as_another_event_stops_the_consumer(site: Site) -> None:
    await site.send_raw(number=1, value=body(site, 0))
    await site.send_raw(number=1, value=body(site, 1))
    async with running(site.consumer().run()) as [consuming]:
        async with asyncio.timeout(LIMIT_S):
            with pytest.raises(NumberConflictError):
                await consuming

    assert await site.applied() == []


async def test_two_consumers_apply_once_between_them(site: Site) -> None:
    for count in range(30):
        for name in ("a", "b", "c", "d"):
            await site.tick(name, count)
    async with running(site.relay().run(), site.consumer().run(), site.consumer().run()):
        await until(lambda: has_applied(site, 120))

    applied = await site.applied()
    assert len(set(applied)) == len(applied) == 120


async def has_applied(site: Site, events: int) -> bool:
    return len(await site.applied()) >= events


async def has_quarantined(site: Site, messages: int) -> bool:
    async with site.database.reading() as connection:
        return await quarantine.count_open(connection) >= messages


async def has_sent_all(site: Site, *, cluster_id_not: str = "") -> bool:
    async with site.database.reading() as connection:
        unsent = await connection.fetchval(
            """
            SELECT (SELECT count(*) FROM outbox WHERE number IS NULL)
                 + (SELECT count(*) FROM outbox_head WHERE sent_number < next_number - 1)
                 + (SELECT count(*) FROM relay_state WHERE is_rebuild_asked OR cluster_id = $1)
            """,
            cluster_id_not,
        )
    return unsent == 0


async def sees_gap(consumer: Consumer[Ticked]) -> bool:
    ok, detail = await consumer.check()
    return not ok and "waits for number 4, sees 9" in detail


async def is_ready(consumer: Consumer[Ticked]) -> bool:
    ok, _ = await consumer.check()
    return ok


def body(site: Site, count: int) -> bytes:
    event = site.event_class.model_construct(name="a", count=count, aggregate_version=1)
    return encode_body(event, actor=ORIGIN.actor, correlation_id="c-1", causation_id=None)


class _Ignoring(ConsumerRebalanceListener):
    async def on_partitions_revoked(self, revoked: object) -> None:
        """Nothing is kept by partition."""

    async def on_partitions_assigned(self, assigned: object) -> None:
        """The same."""


async def test_a_topic_that_the_broker_made_by_itself_is_made_anew(
    broker: str, kit_database: ServiceDatabase
) -> None:
    """Tansu makes a topic when a client asks about it, with four partitions."""
    async with opened(kit_database) as database:
        site = Site(database, broker, is_idempotent=False, partitions=6)
        early = kafka.consumer(site.kafka, group="early", topics=[site.topic], listener=_Ignoring())
        async with early:
            await asyncio.sleep(0.3)
        names = "abcdefghijkl"
        for name in names:
            await site.tick(name, 0)

        async with running(site.consumer().run(), site.relay().run()):
            await until(lambda: has_applied(site, len(names)))

        assert sorted(await site.applied()) == [(name, 0) for name in names]


async def test_on_another_broker_nothing_is_left_of_what_stood_there_before(
    broker: str, kit_database: ServiceDatabase
) -> None:
    """A producer finds a broker that is there again before the relay knows it for another."""
    async with opened(kit_database) as database:
        site = Site(database, broker, is_idempotent=False)
        for count in range(3):
            await site.tick("a", count)
        async with running(site.relay().run()):
            await until(lambda: has_sent_all(site))
        await site.send_raw(number=9, value=body(site, 8))
        async with database.transaction() as connection:
            await connection.execute("UPDATE relay_state SET cluster_id = 'the one before'")

        async with running(site.relay().run()):
            await until(lambda: has_sent_all(site, cluster_id_not="the one before"))
        async with running(site.consumer().run()):
            await until(lambda: has_applied(site, 3))

        assert await numbers_on(site, partition=kafka.partition_of("a", partitions=3)) == [1, 2, 3]


async def numbers_on(site: Site, *, partition: int) -> list[int]:
    """Of all that stands on a partition: the next number to come is sent to know the end of it."""
    await site.send_raw(number=4, value=body(site, 3))
    numbers: list[int] = []
    async with (
        asyncio.timeout(LIMIT_S),
        kafka.partition_client(site.kafka, topic=site.topic, partition=partition) as client,
    ):
        while 4 not in numbers:  # the one that was sent last
            record = await client.getone()
            numbers += [int(value or 0) for name, value in record.headers if name == "ce_sequence"]
    return numbers[:-1]


async def test_a_topic_that_others_ask_about_while_it_is_made_anew_is_right_in_the_end(
    broker: str, kit_database: ServiceDatabase
) -> None:
    """Between its deletion and its making they have the broker make it: seen in one of six."""
    async with opened(kit_database) as database, AsyncExitStack() as stack:
        site = Site(database, broker, is_idempotent=False, partitions=1)
        for _ in range(4):
            await stack.enter_async_context(asking_about(site.topic, broker))
        for count in range(8):
            await make_wrong(site)
            await site.tick("a", count)
            async with running(site.relay().run()):
                await until(lambda: has_sent_all(site))
            async with kafka.admin(site.kafka) as admin:
                await admin.ensure_topics(site.partitions)


async def make_wrong(site: Site) -> None:
    """The topic with as many partitions as the broker gives it by itself."""
    async with kafka.admin(site.kafka) as admin:
        wrong = {site.topic: 4}
        await admin.remake_topics(await admin.create_topics(wrong), wrong)


@asynccontextmanager
async def asking_about(topic: str, broker: str) -> AsyncGenerator[None]:
    """A process that asks for a topic's partitions without pause."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ASK, broker, topic)
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def test_where_nothing_may_be_forgotten_a_wrong_topic_is_told(site: Site) -> None:
    async with kafka.admin(site.kafka) as admin:
        with pytest.raises(kafka.BrokerUnavailableError, match="has 3 partitions, not 5"):
            await admin.ensure_topics({site.topic: 5})
