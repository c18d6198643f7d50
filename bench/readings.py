"""Ingest while somebody reads: what it loses by that, and whether each reading is one snapshot.

Both ingest the same events beside an idle API in a process of its own; in ours somebody asks it for
the mix all the time. Afterwards each answer is held to the postings up to the `seq` that it states.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import httpx2
from fundmix_events.ledger import AccountCode
from fundmix_events.money import text_from_minor
from fundmix_events.roles import Role
from fundmix_kit.database import Connection, Database
from fundmix_kit.embedded.processes import LOOPBACK
from fundmix_kit.quarantine import Incoming
from ledger_svc.domain.selections import RECEIPT_KINDS

from bench.ingest import SEED, fresh_ledger, ingest
from bench.measuring import Contest, Mark
from bench.servers import opened
from bench.services import Site, some_parts
from bench.workload import City

KEPT_MIN: Final = 0.9
PAUSE_S: Final = 0.2
YEAR: Final = 2024
RECEIVED: Final = """
    SELECT a.channel, sum(p.amount_minor)::bigint AS amount_minor
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    WHERE p.seq <= $1 AND a.code = $2 AND e.kind = ANY($3::text[])
      AND extract(year FROM e.value_on) = $4
    GROUP BY a.channel HAVING sum(p.amount_minor) <> 0
"""
COUNT: Final = "SELECT count(*) FROM journal_entry"

Answer = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Busy:
    site: Site
    batches: Sequence[Sequence[Incoming]]
    readings: list[int] = field(default_factory=list[int])

    async def with_readings(self) -> float:
        """Entries a second."""
        async with self._ledger() as (database, client):
            answers: list[Answer] = []
            asking = asyncio.create_task(_ask(client, answers))
            rate = await self._ingest(database)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            async with database.reading() as connection:
                for answer in answers:
                    await _assert_is_snapshot(connection, answer)
            self.readings.append(len(answers))
        return rate

    async def alone(self) -> float:
        async with self._ledger() as (database, _):
            return await self._ingest(database)

    async def _ingest(self, database: Database) -> float:
        started_at = perf_counter()
        await ingest(database, self.batches)
        took_s = perf_counter() - started_at
        async with database.reading() as connection:
            return await connection.fetchval(COUNT) / took_s

    @asynccontextmanager
    async def _ledger(self) -> AsyncGenerator[tuple[Database, httpx2.AsyncClient]]:
        service = some_parts("ledger", ["api"])
        token = self.site.token(Role.AUDITOR)
        async with (
            fresh_ledger(self.site.postgres) as ledger,
            self.site.running(service, ledger),
            opened(ledger) as database,
            httpx2.AsyncClient(
                base_url=f"http://{LOOPBACK}:{service.port}",
                headers={"Authorization": f"Bearer {token}"},
            ) as client,
        ):
            # Whatever is loaded at the first request is no part of the others.
            await _mix(client)
            yield database, client


def ingest_with_readings(site: Site, *, events: int, batch_rows: int) -> Contest:
    messages = City(seed=SEED).messages(events)
    busy = Busy(
        site=site,
        batches=[messages[start : start + batch_rows] for start in range(0, events, batch_rows)],
    )
    return Contest(
        what="ingest while the mix is asked for all the time, against ingest beside an idle API",
        unit="entries/s",
        mark=Mark(bound="at_least", ratio=KEPT_MIN),
        ours=busy.with_readings,
        bare=busy.alone,
        details={"events": events, "events_per_batch": batch_rows, "pause_s": PAUSE_S},
    )


async def _ask(client: httpx2.AsyncClient, answers: list[Answer]) -> None:
    while True:
        answers.append(await _mix(client))
        await asyncio.sleep(PAUSE_S)


async def _mix(client: httpx2.AsyncClient) -> Answer:
    answer = await client.get(f"/v1/mix?year={YEAR}")
    assert answer.is_success, answer.text
    return answer.json()


async def _assert_is_snapshot(connection: Connection, answer: Answer) -> None:
    rows = await connection.fetch(RECEIVED, answer["seq"], AccountCode.BANK, RECEIPT_KINDS, YEAR)
    received = {row["channel"]: text_from_minor(row["amount_minor"]) for row in rows}
    assert answer["received_by_channel"] == received, f"not what entry {answer['seq']} has left"
