"""The ledger knows all that its topics know before it accepts a command."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import pytest
from fundmix_events import topics
from fundmix_events.codec import Codec
from fundmix_events.testing import samples
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import free_port
from fundmix_kit.embedded.tansu import tansu
from fundmix_kit.kafka import BrokerUnavailableError
from fundmix_kit.metrics import EventMetrics, Metrics
from fundmix_kit.partition_reader import reading_partition
from fundmix_kit.process import Process
from fundmix_kit.relay import Relay
from fundmix_kit.settings import AuthSettings, DatabaseSettings, KafkaSettings, RelaySettings
from fundmix_kit.testing import FixedClock, FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, refusal, serving
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.plugin import running
from fundmix_kit.testing.schema import migrated_by
from ledger_svc import MIGRATIONS, NAME
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.catching_up import CatchingUp
from ledger_svc.consumer import CODEC
from ledger_svc.main import PUBLISHED, build_api
from ledger_svc.settings import Settings
from ledger_svc.storage.sources import LedgerSource
from ledger_svc.testing import Books, an_expenditure
from ledger_svc.testing.backups import copy_ledger
from ledger_svc.testing.whole_books import read_books
from pydantic import HttpUrl, PostgresDsn

LIMIT_S: Final = 60.0


@pytest.fixture
async def own_broker(tmp_path: Path) -> AsyncGenerator[KafkaSettings]:
    """A broker that nobody else writes to: what ends on it is this test's."""
    port = free_port()
    async with running(tansu(port), tmp_path / "log"):
        # As `fundmix up` has it: whoever asks first makes the broker make a topic of its own.
        yield KafkaSettings(
            bootstrap_servers=f"127.0.0.1:{port}",
            is_idempotent=False,
            may_remake_topics=True,
        )


@asynccontextmanager
async def sending(database: Database, kafka: KafkaSettings) -> AsyncGenerator[None]:
    relay = Relay(
        database=database,
        kafka=kafka,
        settings=RelaySettings(idle_wait_ms=20),
        source=LedgerSource(),
        partitions=PUBLISHED,
        clock=FixedClock(),
        metrics=EventMetrics(Metrics()),
    )
    async with background(relay.run()):
        yield


@asynccontextmanager
async def background(loop: Coroutine[None, None, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(loop)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not await condition():  # noqa: ASYNC110  # others' doing
            await asyncio.sleep(0.02)


async def last_entry_on_topic(kafka: KafkaSettings) -> int:
    async with reading_partition(kafka, topic=topics.LEDGER, partition=0) as reader:
        return await reader.last_number()


@asynccontextmanager
async def a_second_ledger(
    databases: FreshDatabases,
    tokens: TokenSigner,
    jwks_url: str,
    kafka: KafkaSettings,
    *,
    restored_from: ServiceDatabase | None = None,
) -> AsyncGenerator[tuple[Api, CatchingUp]]:
    """With the same topics; empty, or as another one is now."""
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        if restored_from is not None:
            await copy_ledger(restored_from.owner_url, fresh.owner_url)
        settings = _settings(fresh, tokens, jwks_url)
        process = Process(NAME, settings)
        catching_up = CatchingUp(database=process.database, kafka=kafka, is_follower=True)
        app = build_api(process, gate=catching_up.gate)
        async with serving(process, app, tokens) as api:
            yield api, catching_up


def inlet_of(api: Api) -> Inlet[Prepared]:
    clock = FixedClock()
    return Inlet(api.database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)


@dataclass(frozen=True, kw_only=True, slots=True)
class Restoring:
    """Makes a backup of the test's ledger, and restores it beside it."""

    databases: FreshDatabases
    tokens: TokenSigner
    jwks_url: str
    original: ServiceDatabase

    def from_now(self, kafka: KafkaSettings) -> AbstractAsyncContextManager[tuple[Api, CatchingUp]]:
        return a_second_ledger(
            self.databases, self.tokens, self.jwks_url, kafka, restored_from=self.original
        )


@pytest.fixture
def restoring(
    databases: FreshDatabases,
    tokens: TokenSigner,
    jwks_url: str,
    service_database: ServiceDatabase,
) -> Restoring:
    return Restoring(
        databases=databases, tokens=tokens, jwks_url=jwks_url, original=service_database
    )


def _settings(fresh: ServiceDatabase, tokens: TokenSigner, jwks_url: str) -> Settings:
    return Settings(
        database=DatabaseSettings(url=PostgresDsn(fresh.url)),
        auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
    )


async def test_an_empty_ledger_follows_and_accepts_nothing_before(  # what a second ledger needs
    books: Books,
    databases: FreshDatabases,
    tokens: TokenSigner,
    jwks_url: str,
    own_broker: KafkaSettings,
) -> None:
    await books.inlet.post(*(samples.donation_received("100.00") for _ in range(30)))
    spent = await books.decide("/v1/expenditures", an_expenditure("60.00"))
    decided = await books.post_decided()
    async with sending(books.api.database, own_broker):
        await until(lambda: _is_sent(own_broker, 31))

    async with a_second_ledger(databases, tokens, jwks_url, own_broker) as (api, catching_up):
        inlet = inlet_of(api)
        await inlet.post(samples.organisation_registered())
        second = Books(api=api, inlet=inlet)
        refused = await second.accountant().post("/v1/expenditures", an_expenditure("1.00"))
        async with background(catching_up.run()):
            await asyncio.wait_for(catching_up.wait_for_journal(), LIMIT_S)
            still = await second.accountant().post("/v1/expenditures", an_expenditure("1.00"))
            await inlet.deliver(decided)
            await until(lambda: _is_accepted(second))

        for answer in (refused, still):
            assert refusal(answer)[:2] == (503, "catching_up")
        assert refused.headers["retry-after"] == "2"
        assert spent.is_success
        derived = await read_books(books.api.database, is_derived_only=True)
        assert await read_books(api.database, is_derived_only=True) == derived


async def test_numbers_are_not_given_twice_after_a_restore(
    books: Books,
    databases: FreshDatabases,
    tokens: TokenSigner,
    jwks_url: str,
    own_broker: KafkaSettings,
) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-01-02"))
    await books.decide("/v1/expenditures", an_expenditure("60.00"))
    decided = await books.post_decided()
    async with sending(books.api.database, own_broker):
        await until(lambda: _is_sent(own_broker, 2))

    async with a_second_ledger(databases, tokens, jwks_url, own_broker) as (api, catching_up):
        async with background(catching_up.run()):
            await asyncio.wait_for(catching_up.wait_for_journal(), LIMIT_S)
        async with api.database.session() as connection:
            heads = await connection.fetch("SELECT partition, next_number FROM outbox_head")

    assert [(row["partition"], row["next_number"]) for row in heads] == [(decided[0].partition, 2)]


async def test_what_was_approved_after_the_backup_is_not_approved_or_asked_for_again(
    books: Books, restoring: Restoring, own_broker: KafkaSettings
) -> None:
    await books.inlet.post(samples.donation_received("900.00", received_on="2024-01-02"))
    before = await books.accountant().post("/v1/expenditures", an_expenditure("60.00"))
    waiting = await books.accountant().post("/v1/expenditures", an_expenditure("5.00"))
    approve, approve_waiting = (
        f"/v1/requests/{asked.json()['request_id']}/approve" for asked in (before, waiting)
    )
    async with restoring.from_now(own_broker) as (api, catching_up):
        assert (await books.reviewer().post(approve, None)).is_success
        await books.decide("/v1/expenditures", an_expenditure("20.00"))
        decided = await books.post_decided()
        async with sending(books.api.database, own_broker):
            await until(lambda: _is_sent(own_broker, 3))
        restored = Books(api=api, inlet=inlet_of(api))
        async with background(catching_up.run()):
            await asyncio.wait_for(catching_up.wait_for_journal(), LIMIT_S)
            while_behind = await restored.reviewer().post(approve, None)
            await restored.inlet.deliver(decided)
            await until(lambda: _is_accepted(restored))

        assert refusal(while_behind)[:2] == (503, "catching_up")
        again = await restored.reviewer().post(approve, None)
        assert refusal(again)[:2] == (409, "request_state")
        lost = await restored.accountant().post("/v1/expenditures", an_expenditure("20.00"))
        assert refusal(lost)[:2] == (409, "reference_taken")
        assert (await restored.reviewer().post(approve_waiting, None)).is_success
        await restored.post_decided()
        [fund] = (await restored.auditor().get("/v1/funds")).json()["items"]
        assert fund["balance"]["amount"] == "815.00"


async def test_while_it_catches_up_nothing_enters_the_journal_from_quarantine(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str, own_broker: KafkaSettings
) -> None:
    async with a_second_ledger(databases, tokens, jwks_url, own_broker) as (api, catching_up):
        clock = FixedClock()
        of_the_last_release = Inlet[Prepared](
            api.database, codec=Codec(()), handler=LedgerHandler(clock=clock), clock=clock
        )
        await of_the_last_release.post(samples.donation_received("100.00"))
        admin = api.caller("admin")
        [row] = (await admin.get("/v1/quarantine")).json()["items"]
        retry = f"/v1/quarantine/{row['id']}/retry"

        refused = await admin.post(retry, None)
        entries = (await admin.get("/v1/entries")).json()["items"]
        async with background(catching_up.run()):
            await until(lambda: _is_accepted(Books(api=api, inlet=inlet_of(api))))
        retried = await admin.post(retry, None)

    assert refusal(refused)[:2] == (503, "catching_up")
    assert entries == []
    assert retried.json()["state"] == "retried"


async def test_a_broker_that_is_away_is_waited_for(books: Books) -> None:
    nobody = KafkaSettings(bootstrap_servers=f"127.0.0.1:{free_port()}")
    catching_up = CatchingUp(database=books.api.database, kafka=nobody, is_follower=True)

    async with background(catching_up.run()):
        await until(lambda: _says(catching_up, BrokerUnavailableError.code))

    assert not (await catching_up.check()).is_ok


async def _is_sent(kafka: KafkaSettings, seq: int) -> bool:
    return await last_entry_on_topic(kafka) >= seq


async def _is_accepted(books: Books) -> bool:
    answer = await books.accountant().post("/v1/expenditures", an_expenditure("1.00"))
    return answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE


async def _says(catching_up: CatchingUp, code: str) -> bool:
    return (await catching_up.check()).detail == code
