"""From a committed payment to the balance it moves, against bare produce-and-consume.

Ours: the event is committed to the outbox of contracts-svc, numbered and sent by its relay, read
and posted by the ledger's consumer; both are real processes. The end is the instant of the
ledger's own commit, as PostgreSQL keeps it: nobody asks meanwhile. Bare: the same bytes through the
same broker, from one producer to one consumer, which listens all the time as those of the services
do, and whose questions wait there as long. Events come at a low rate, so that none waits for
another; and not in step with those questions, which would find all of them early, or all late.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Final
from uuid import uuid4

import contracts_svc
import ledger_svc
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from fundmix_cli.plan import TANSU_SETTINGS
from fundmix_events.channel import Channel
from fundmix_events.codec import encode_body
from fundmix_events.contracts import InstalmentPaid
from fundmix_events.envelope import Actor
from fundmix_events.money import Money
from fundmix_events.topics import PARTITIONS
from fundmix_kit import kafka
from fundmix_kit.clock import SystemClock
from fundmix_kit.database import Database
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.settings import KafkaSettings
from fundmix_kit.wake import Waker

from bench.measuring import Contest, Mark
from bench.servers import opened
from bench.services import Site, some_parts
from bench.workload import Organisations

PAUSE_S_MIN: Final = 0.03
PAUSE_S_MAX: Final = 0.05
FETCH_WAIT_MS: Final = int(TANSU_SETTINGS["FUNDMIX_KAFKA__FETCH_WAIT_MS"])
ARRIVAL_TIME_S_MAX: Final = 20.0
ACTOR: Final = Actor(subject="bench", role="finance_officer")
ORIGIN: Final = Origin(actor=ACTOR, correlation_id="bench")
COMMITTED: Final = """
    SELECT extract(epoch FROM pg_xact_commit_timestamp(e.xmin))::float8 AS at_s, a.fund_code
    FROM journal_entry e JOIN posting p USING (seq) JOIN account a USING (account_id)
    WHERE p.line = 1 AND a.fund_code = ANY($1::text[])
"""


@dataclass(frozen=True, kw_only=True)
class Latency:
    contracts: Database
    ledger: Database
    bootstrap_servers: str
    buyer: str
    agency: str
    events: int

    async def ours(self) -> float:
        """Milliseconds, the median of the events."""
        outbox = Outbox(source="/contracts-svc", partitions=PARTITIONS, clock=SystemClock())
        started_at: dict[str, float] = {}
        for _ in range(self.events):
            event = self._payment()
            async with self.contracts.transaction() as connection:
                await outbox.append(connection, event, ORIGIN)
            started_at[f"contract:{event.contract_number}"] = time.time()
            await pause()
        arrived_at = await self._arrivals(list(started_at))
        return 1000 * median(arrived_at[fund] - started_at[fund] for fund in started_at)

    async def bare(self) -> float:
        """Milliseconds, the median of the events."""
        value = encode_body(self._payment(), actor=ACTOR, correlation_id="bench", causation_id=None)
        topic = f"bench.{uuid4().hex}"
        settings = KafkaSettings(bootstrap_servers=self.bootstrap_servers, is_idempotent=False)
        async with kafka.admin(settings) as broker:
            await broker.ensure_topics({topic: 1})
        producer = AIOKafkaProducer(bootstrap_servers=self.bootstrap_servers, acks="all")
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers, fetch_max_wait_ms=FETCH_WAIT_MS
        )
        await producer.start()
        await consumer.start()
        try:
            consumer.assign([TopicPartition(topic, 0)])
            consumer.seek(TopicPartition(topic, 0), 0)
            listening = asyncio.create_task(self._listen(consumer))
            await pause()
            started_at: list[float] = []
            for _ in range(self.events):
                started_at.append(time.time())
                await producer.send(topic, value)
                await pause()
            arrived_at = await asyncio.wait_for(listening, ARRIVAL_TIME_S_MAX)
        finally:
            await consumer.stop()
            await producer.stop()
        took = [end - start for start, end in zip(started_at, arrived_at, strict=True)]
        return 1000 * median(took)

    async def _listen(self, consumer: AIOKafkaConsumer) -> list[float]:
        arrived_at: list[float] = []
        while len(arrived_at) < self.events:
            await consumer.getone()
            arrived_at.append(time.time())
        return arrived_at

    async def _arrivals(self, funds: Sequence[str]) -> dict[str, float]:
        async with asyncio.timeout(ARRIVAL_TIME_S_MAX):
            while True:
                async with self.ledger.reading() as connection:
                    rows = await connection.fetch(COMMITTED, funds)
                if len(rows) == len(funds):
                    return {row["fund_code"]: row["at_s"] for row in rows}
                await pause()

    def _payment(self) -> InstalmentPaid:
        amount = Money.of(12_000_00)
        contract_id = uuid4()
        return InstalmentPaid(
            aggregate_version=1,
            contract_id=contract_id,
            contract_number=f"L-{contract_id.hex[:20]}",
            buyer=self.buyer,
            agency=self.agency,
            channel=Channel.GOVERNMENT,
            instalment_number=1,
            scheduled=amount,
            deduction=Money.of(0),
            payable=amount,
            paid_on=date(2024, 3, 18),
            bank_reference=contract_id.hex,
        )


@asynccontextmanager
async def latency_vs_bare(site: Site, *, events: int) -> AsyncGenerator[Contest]:
    by_kind = Organisations.of_sample().by_kind
    relaying, consuming = some_parts("contracts", ["relay"]), some_parts("ledger", ["consumer"])
    async with (
        site.postgres.fresh("contracts", migrations=contracts_svc.MIGRATIONS) as contracts,
        site.postgres.fresh("ledger", migrations=ledger_svc.MIGRATIONS) as ledger,
        opened(contracts) as contracts_database,
        opened(ledger) as ledger_database,
        site.running(relaying, contracts),
        site.running(consuming, ledger),
        waking(contracts_database),
    ):
        measured = Latency(
            contracts=contracts_database,
            ledger=ledger_database,
            bootstrap_servers=site.bootstrap_servers,
            buyer=by_kind["buyer"][0],
            agency=by_kind["agency"][0],
            events=events,
        )
        yield Contest(
            what="a committed event to its balance, against bare produce-and-consume (medians)",
            unit="ms",
            mark=Mark(bound="at_most", ratio=5.0),
            ours=measured.ours,
            bare=measured.bare,
            details={
                "events_per_round": events,
                "pause_ms_min": PAUSE_S_MIN * 1000,
                "pause_ms_max": PAUSE_S_MAX * 1000,
            },
        )


async def pause() -> None:
    await asyncio.sleep(random.uniform(PAUSE_S_MIN, PAUSE_S_MAX))  # noqa: S311  # guards nothing


@asynccontextmanager
async def waking(database: Database) -> AsyncGenerator[None]:
    """As in every process of a service that writes."""
    waker = asyncio.create_task(Waker(database).run())
    try:
        yield
    finally:
        waker.cancel()
        await asyncio.gather(waker, return_exceptions=True)
