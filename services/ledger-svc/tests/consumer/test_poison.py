"""What cannot be posted is set aside once; the topic goes on, and a person decides."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, get_args
from uuid import UUID, uuid4

import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.codec import Codec
from fundmix_events.donations import DonationReceived
from fundmix_events.envelope import Envelope
from fundmix_events.testing import samples
from fundmix_events.testing.messages import message_of
from fundmix_events.testing.samples import AGENCY
from fundmix_kit import kafka
from fundmix_kit.consumer import Consumer
from fundmix_kit.metrics import EventMetrics, Metrics
from fundmix_kit.settings import ConsumerSettings, KafkaSettings
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api, refusal
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.domain.posting_rules import PostableEvent

LIMIT_S: Final = 60.0
POSTED: Final = "SELECT count(*) FROM journal_entry"
CONSUMED: Final = "SELECT next_number - 1 FROM consumer_position WHERE topic = $1"
# Of the release before the ledger knew donations.
EARLIER_CODEC: Final = Codec([c for c in get_args(PostableEvent) if c is not DonationReceived])


class Site:
    """A ledger that reads one topic, which is the test's own, and what others put there."""

    def __init__(self, api: Api, bootstrap: str, *, is_idempotent: bool) -> None:
        self.api = api
        self.topic = f"test.{uuid4().hex}"
        self.kafka = KafkaSettings(
            bootstrap_servers=bootstrap, is_idempotent=is_idempotent, session_timeout_ms=6_000
        )

    def consumer(self, codec: Codec = CODEC) -> Consumer[Prepared]:
        clock = FixedClock()
        return Consumer(
            database=self.api.database,
            kafka=self.kafka,
            settings=ConsumerSettings(batch_rows_max=3, watch_interval_ms=50),
            group=uuid4().hex,  # a member of none before: nobody waits for the last one to leave
            partitions={self.topic: 1},
            codec=codec,
            handler=LedgerHandler(clock=clock),
            clock=clock,
            metrics=EventMetrics(Metrics()),
        )

    async def send(self, headers: list[tuple[str, bytes]], value: bytes) -> None:
        async with kafka.producer(self.kafka) as producer:
            await producer.send_and_wait(
                self.topic, value=value, key=b"a-key", partition=0, headers=headers
            )

    async def say(self, event: FundingEvent, *, number: int) -> UUID:
        headers, value = message_of(event, number=number)
        await self.send(headers, value)
        return Envelope.from_headers(headers).id

    async def get(self, path: str, **parameters: str | int) -> Any:
        answer = await self.api.caller("admin").get(path, **parameters)
        assert answer.is_success, answer.text
        return answer.json()

    async def quarantined(self, **parameters: str) -> list[dict[str, Any]]:
        return (await self.get("/v1/quarantine", **parameters))["items"]

    async def has_posted(self, entries: int) -> bool:
        async with self.api.database.reading() as connection:
            return await connection.fetchval(POSTED) >= entries

    async def has_consumed(self, number: int) -> bool:
        async with self.api.database.reading() as connection:
            return await connection.fetchval(CONSUMED, self.topic) == number


@asynccontextmanager
async def running(consumer: Consumer[Prepared]) -> AsyncGenerator[None]:
    task = asyncio.create_task(consumer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await holds():  # noqa: ASYNC110  # the condition is in the database
            await asyncio.sleep(0.02)


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def transport(request: pytest.FixtureRequest) -> tuple[str, bool]:
    """The address of a broker, and whether it takes idempotent producers."""
    is_kafka = request.param == "kafka"
    return request.getfixturevalue("apache_kafka" if is_kafka else "broker"), is_kafka


@pytest.fixture
async def site(transport: tuple[str, bool], api: Api) -> Site:
    bootstrap, is_kafka = transport
    site = Site(api, bootstrap, is_idempotent=is_kafka)
    async with kafka.admin(site.kafka) as admin:
        await admin.ensure_topics({site.topic: 1})
    return site


def bad_json(number: int) -> tuple[list[tuple[str, bytes]], bytes]:
    headers, value = message_of(samples.donation_received(), number=number)
    return headers, value[:-1]


def unknown_type(number: int) -> tuple[list[tuple[str, bytes]], bytes]:
    headers, value = message_of(samples.donation_received(), number=number)
    envelope = Envelope.from_headers(headers)._replace(type="donations.donation_returned")
    return envelope.to_headers(), value


def unknown_version(number: int) -> tuple[list[tuple[str, bytes]], bytes]:
    headers, value = message_of(samples.donation_received(), number=number)
    return Envelope.from_headers(headers)._replace(version=9).to_headers(), value


def wrong_sum(number: int) -> tuple[list[tuple[str, bytes]], bytes]:
    headers, value = message_of(samples.instalment_paid("400.00"), number=number)
    return headers, value.replace(b'"payable":{"amount":"400.00"', b'"payable":{"amount":"400.01"')


async def test_poison_is_set_aside_once_and_later_events_go_on(site: Site) -> None:
    poison = [bad_json(1), unknown_type(2), unknown_version(3), wrong_sum(4)]
    for headers, value in [*poison, *poison]:  # each is delivered twice
        await site.send(headers, value)
    await site.say(samples.donation_received("5.00"), number=5)
    async with running(site.consumer()):
        await until(lambda: site.has_consumed(5))
    async with running(site.consumer()):
        await site.say(samples.donation_received("7.00"), number=6)
        await until(lambda: site.has_consumed(6))

    rows = await site.quarantined(state="open")
    assert [(row["number"], row["reason"]) for row in rows] == [
        (1, "invalid_body"),
        (2, "unknown_type"),
        (3, "unknown_version"),
        (4, "invalid_body"),
    ]
    assert "do not sum to the scheduled amount" in rows[3]["detail"]
    entries = (await site.get("/v1/entries"))["items"]
    assert [entry["source"]["number"] for entry in entries] == [5, 6]
    mix = await site.get("/v1/mix", year=2024)
    assert (mix["received_total"], mix["quarantined"]) == ("12.00", 4)


async def test_what_was_set_aside_is_kept_byte_for_byte(site: Site) -> None:
    headers, value = bad_json(1)
    headers.append(("x-other", b"\x00\xff"))
    await site.send(headers, value)
    async with running(site.consumer()):
        await until(lambda: site.has_consumed(1))

    (row,) = await site.quarantined()
    message = await site.get(f"/v1/quarantine/{row['id']}")
    assert message["value"] == value.decode()
    assert message["key"] == "a-key"
    assert [name for name, _ in message["headers"]] == [name for name, _ in headers]


async def test_an_event_is_posted_after_the_code_has_learnt_it(site: Site) -> None:
    event_id = await site.say(samples.donation_received("5.00"), number=1)
    await site.say(samples.contract_signed(), number=2)
    async with running(site.consumer(EARLIER_CODEC)):
        await until(lambda: site.has_posted(1))
    (row,) = await site.quarantined(state="open")
    before = await site.get("/v1/mix", year=2024, agency=AGENCY)

    answer = await site.api.caller("admin", subject="operator").post(
        f"/v1/quarantine/{row['id']}/retry", {}
    )

    assert (row["reason"], before["quarantined"], before["received_total"]) == (
        "unknown_type",
        1,
        "0.00",
    )
    assert answer.status_code == 200
    assert (answer.json()["state"], answer.json()["decided_by"]) == ("retried", "operator")
    entry = await site.get("/v1/entries/2")
    assert entry["event_id"] == str(event_id)
    assert entry["source"] == {"topic": site.topic, "partition": 0, "number": 1}
    after = await site.get("/v1/mix", year=2024, agency=AGENCY)
    assert (after["quarantined"], after["received_total"], after["seq"]) == (0, "5.00", 2)


async def test_what_was_retried_is_posted_once(site: Site) -> None:
    headers, value = message_of(samples.donation_received("5.00"), number=1)
    await site.send(headers, value)
    async with running(site.consumer(EARLIER_CODEC)):
        await until(lambda: site.has_consumed(1))
    (row,) = await site.quarantined(state="open")
    operator = site.api.caller("admin")
    assert (await operator.post(f"/v1/quarantine/{row['id']}/retry", {})).is_success

    again = await operator.post(f"/v1/quarantine/{row['id']}/retry", {})
    await site.send(headers, value)
    async with running(site.consumer()):
        await site.say(samples.donation_received("1.00"), number=2)
        await until(lambda: site.has_consumed(2))

    assert refusal(again)[:2] == (409, "already_decided")
    assert (await site.get("/v1/mix", year=2024))["received_total"] == "6.00"


async def test_what_is_still_poison_stays_in_quarantine(site: Site) -> None:
    await site.send(*bad_json(1))
    async with running(site.consumer()):
        await until(lambda: site.has_consumed(1))
    (row,) = await site.quarantined(state="open")

    answer = await site.api.caller("admin").post(f"/v1/quarantine/{row['id']}/retry", {})

    assert refusal(answer)[:2] == (409, "still_poison")
    assert await site.quarantined(state="open") == [row]
    assert (await site.get("/v1/mix", year=2024))["quarantined"] == 1


async def test_a_dismissal_keeps_its_reason_and_ends_the_count(site: Site) -> None:
    await site.send(*wrong_sum(1))
    async with running(site.consumer()):
        await until(lambda: site.has_consumed(1))
    (row,) = await site.quarantined(state="open")

    answer = await site.api.caller("admin", subject="operator").post(
        f"/v1/quarantine/{row['id']}/dismiss", {"reason": "由合同方重新登记"}
    )

    assert answer.status_code == 200
    assert await site.quarantined(state="open") == []
    (dismissed,) = await site.quarantined(state="dismissed")
    assert (dismissed["decision"], dismissed["decided_by"]) == ("由合同方重新登记", "operator")
    assert dismissed["reason"] == "invalid_body"
    assert (await site.get("/v1/mix", year=2024))["quarantined"] == 0
    assert (await site.get("/v1/entries"))["items"] == []
