"""The journal is its own outbox: entries go out by their places, the same whenever they do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from fundmix_events import topics
from fundmix_events.catalogue import CODEC
from fundmix_events.envelope import Envelope
from fundmix_events.ledger import EntryPosted
from fundmix_events.testing import samples
from fundmix_kit import kafka
from fundmix_kit.database import Database
from fundmix_kit.metrics import EventMetrics, Metrics
from fundmix_kit.operations import read_progress
from fundmix_kit.relay import Relay
from fundmix_kit.settings import KafkaSettings, RelaySettings
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.main import PUBLISHED
from ledger_svc.storage.sources import LedgerSource

LIMIT_S: Final = 60.0
PLACE: Final = TopicPartition(topics.LEDGER, 0)


class Auditor:
    """Reads the topic from its beginning, and of it what one journal has said.

    Other tests' journals are on the same topic, as a broker outlives a test.
    """

    def __init__(self, client: AIOKafkaConsumer, journal: Database) -> None:
        self._client = client
        self._journal = journal
        self._read: list[ConsumerRecord] = []

    async def read(self, messages: int) -> list[ConsumerRecord]:
        async with asyncio.timeout(LIMIT_S):
            while len(self._read) < messages:
                found = await self._client.getmany(PLACE, timeout_ms=100)
                known = await self._known()
                self._read += [r for r in found.get(PLACE, []) if entry_in(r).event_id in known]
        read, self._read = self._read[:messages], self._read[messages:]
        return read

    async def _known(self) -> set[UUID]:
        async with self._journal.reading() as connection:
            rows = await connection.fetch("SELECT event_id FROM journal_entry")
        return {row["event_id"] for row in rows}


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def broker_settings(request: pytest.FixtureRequest) -> KafkaSettings:
    is_kafka = request.param == "kafka"
    bootstrap: str = request.getfixturevalue("apache_kafka" if is_kafka else "broker")
    return KafkaSettings(bootstrap_servers=bootstrap, is_idempotent=is_kafka)


@pytest.fixture
async def auditor(broker_settings: KafkaSettings, api: Api) -> AsyncGenerator[Auditor]:
    async with kafka.admin(broker_settings) as admin:
        await admin.ensure_topics(PUBLISHED)
    client = AIOKafkaConsumer(bootstrap_servers=broker_settings.bootstrap_servers)
    await client.start()
    client.assign([PLACE])
    await client.seek_to_beginning(PLACE)
    yield Auditor(client, api.database)
    await client.stop()


@asynccontextmanager
async def relaying(api: Api, settings: KafkaSettings) -> AsyncGenerator[None]:
    relay = Relay(
        database=api.database,
        kafka=settings,
        settings=RelaySettings(batch_rows_max=2, idle_wait_ms=20),
        source=LedgerSource(),
        partitions=PUBLISHED,
        clock=FixedClock(),
        metrics=EventMetrics(Metrics()),
    )
    task = asyncio.create_task(relay.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until_all_is_marked_sent(api: Api) -> None:
    async with asyncio.timeout(LIMIT_S), api.database.session() as connection:
        while (await read_progress(connection)).waiting > 0:  # noqa: ASYNC110  # the relay's doing
            await asyncio.sleep(0.02)


def bytes_of(record: ConsumerRecord) -> tuple[Any, ...]:
    return record.key, tuple(record.headers), record.value


def entry_in(record: ConsumerRecord) -> EntryPosted:
    envelope = Envelope.from_headers([(name, value or b"") for name, value in record.headers])
    event = CODEC.decode(envelope, record.value or b"").event
    assert isinstance(event, EntryPosted)
    assert envelope.number == event.seq
    assert record.key == str(event.seq).encode()
    return event


async def test_entries_arrive_in_the_order_of_the_journal(
    api: Api, inlet: Inlet[Prepared], broker_settings: KafkaSettings, auditor: Auditor
) -> None:
    await inlet.post(samples.contract_signed(), samples.instalment_paid("400.00", "150.00"))
    async with relaying(api, broker_settings):
        first = await auditor.read(2)
        await inlet.post(samples.donation_received(restricted_to="长者助餐"))
        await inlet.post(*(samples.donation_received() for _ in range(4)))
        records = [*first, *await auditor.read(5)]

    assert [entry_in(record).seq for record in records] == [1, 2, 3, 4, 5, 6, 7]
    feed = (await api.caller("auditor").get("/v1/entries")).json()["items"]
    said = [entry_in(r).model_dump(mode="json", exclude={"aggregate_version"}) for r in records]
    assert [entry | {"closes": None} for entry in said] == feed


async def test_an_entry_sent_again_is_the_same_to_the_byte(
    api: Api, inlet: Inlet[Prepared], broker_settings: KafkaSettings, auditor: Auditor
) -> None:
    await inlet.post(*(samples.donation_received() for _ in range(5)))
    async with relaying(api, broker_settings):
        once = await auditor.read(5)
        answer = await api.caller("admin").post("/v1/topics/rebuild", None)
        again = await auditor.read(5)
        await inlet.post(samples.pledge_made())
        (next_one,) = await auditor.read(1)

    assert answer.status_code == 202
    assert list(map(bytes_of, again)) == list(map(bytes_of, once))
    assert entry_in(next_one).seq == 6


async def test_a_relay_goes_on_where_the_last_one_ended(
    api: Api, inlet: Inlet[Prepared], broker_settings: KafkaSettings, auditor: Auditor
) -> None:
    await inlet.post(*(samples.donation_received() for _ in range(3)))
    async with relaying(api, broker_settings):
        await auditor.read(3)
        await until_all_is_marked_sent(api)
    await inlet.post(samples.donation_received())
    async with relaying(api, broker_settings):
        (record,) = await auditor.read(1)

    assert entry_in(record).seq == 4
