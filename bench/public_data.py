"""Contracts for the public: a page of many against a page of few, and all of them as OCDS.

The contracts are written straight into the database, varied as in the sample city: signing them one
by one would take longer than measuring them.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final
from uuid import UUID

import asyncpg
import httpx2
import psutil
from contracts_svc import MIGRATIONS
from contracts_svc.testing.city import City
from fundmix_events import topics
from fundmix_events.channel import Channel
from fundmix_events.codec import encode_body
from fundmix_events.contracts import (
    ContractEvent,
    ContractLine,
    ContractSigned,
    DeliveryAccepted,
    InstalmentPaid,
    PurchaseMode,
    Recognition,
    ScheduledInstalment,
)
from fundmix_events.money import Money
from fundmix_events.registry import Level
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import LOOPBACK, Child
from pydantic import BaseModel

from bench.measuring import Contest, Mark
from bench.services import Site, some_parts
from bench.workload import ACTOR, CONDITIONS

SAMPLE: Final = Path(__file__).parent.parent / "samples" / "dongguan"
PROJECTS: Final = "/v1/public/projects"
RELEASES: Final = "/v1/public/ocds/releases"
ABOVE_IDLE_MB_MAX: Final = 50.0
PAGE_RATIO_MAX: Final = 2.0
STREAM_TIME_S_MAX: Final = 600.0
REPEATS: Final = 15
MB: Final = 1024**2

COLUMNS: Final = (
    *("title", "town", "service_area", "people_served", "purchase_mode"),
    *("buyer_uscc", "agency_uscc"),
)
# Replaced in the templates of events by what each contract has.
TEMPLATE_ID: Final = UUID("01234567-89ab-7def-8123-456789abcdef")
TEMPLATE_NUMBER: Final = "DG-TEMPLATE"
CEILING_MINOR: Final = 81_059_463
SHARES_MINOR: Final = (40_529_732, 32_423_785, 8_105_946)
DAY: Final = date(2024, 12, 20)

ADD_ORGANISATIONS: Final = """
    INSERT INTO replica (topic, key, version, state)
    SELECT $1, u.key, 1, jsonb_build_object('code', u.key, 'name', u.name, 'kind', u.kind)
    FROM unnest($2::text[], $3::text[], $4::text[]) AS u (key, name, kind)
"""
# Each is like one of the sample's, which one and when signed is as good as random.
MAKE: Final = """
    CREATE TEMPORARY TABLE made AS
    SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS contract_id,
           'DG-' || lpad(n::text, 7, '0') AS number, s.*,
           date '2020-01-01' + abs(hashint8extended(n, 2) % 1826)::int AS signed_on,
           (array['excellent', 'excellent', 'excellent', 'good', 'good', 'good', 'good', 'pass',
                  'pass', 'fail'])[1 + abs(hashint8extended(n, 3) % 10)] AS grade,
           $9::bigint[] AS shares_minor, $10::bigint AS ceiling_minor
    FROM generate_series(1, $1::bigint) AS n
    JOIN unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
        WITH ORDINALITY AS s (title, town, service_area, people_served, purchase_mode, buyer,
                              agency, place)
        ON s.place = 1 + abs(hashint8extended(n, 1) % cardinality($2))
"""
FILL: Final = (
    """
    INSERT INTO contract
        (contract_id, version, number, title, buyer, agency, channel, purchase_mode, service_area,
         people_served, town, payer_level, posts, signed_on, starts_on, ends_on, ceiling_minor,
         currency, recorded_at, state, original_ceiling_minor, supplemented_minor, years,
         scheme_version, has_deduction_clause, amendment_count, delivery_count, acceptance_count,
         publish_by, file_by)
    SELECT contract_id, 9, number, title, buyer, agency, 'government', purchase_mode, service_area,
           people_served, town, 'town', CASE WHEN purchase_mode = 'post' THEN 3 END, signed_on,
           signed_on + 10, signed_on + 300,
           ceiling_minor, 'CNY', now(), 'completed', ceiling_minor, 0, '[]', 1, true, 0, 1, 1,
           signed_on + 2, signed_on + 7
    FROM made ORDER BY n
    """,
    """
    INSERT INTO contract_line
    SELECT contract_id, 1, '服务', '项', 1, ceiling_minor, 1, 1 FROM made ORDER BY n
    """,
    """
    INSERT INTO instalment
        (contract_id, number, due_on, amount_minor, condition, state, deduction_minor, approved_by,
         approved_on, paid_by, paid_on, bank_reference, payer)
    SELECT contract_id, u.number, signed_on, u.amount_minor, u.condition, 'paid', 0, 'li.na',
           signed_on, 'wang.wei', signed_on + 20, 'BK-' || n || '-' || u.number, buyer
    FROM made, unnest(shares_minor, array['signing', 'midterm', 'final'])
        WITH ORDINALITY AS u (amount_minor, condition, number)
    ORDER BY n, u.number
    """,
    """
    INSERT INTO evaluation
        (contract_id, stage, version, revision, scheme_version, state, opened_by, opened_at,
         evaluated_on, published_on, published_by, score_micro, grade, proposed_deduction_minor,
         currency, is_calendar_announced)
    SELECT contract_id, 'final', 1, 1, 1, 'published', 'chen.jing', now(), signed_on + 290,
           signed_on + 290, 'li.na', 80000000, grade, 0, 'CNY', true
    FROM made ORDER BY n
    """,
)
ADD_EVENTS: Final = """
    INSERT INTO outbox
        (event_id, topic, partition, key, aggregate_version, type, version, source, recorded_at,
         body)
    SELECT gen_random_uuid(), $1, 0, contract_id::text, e.place, e.type, 1, '/contracts-svc',
           timestamptz '2024-01-01 00:00Z' + e.place * interval '1 day',
           convert_to(replace(replace(e.body, $4, contract_id::text), $5, number), 'UTF8')
    FROM made, unnest($2::text[], $3::text[]) WITH ORDINALITY AS e (type, body, place)
    ORDER BY n, e.place
"""


class BulkMemory(BaseModel):
    """What the process took on top of what it takes idle, while it sent all contracts."""

    contracts: int
    sent_mb: float
    seconds: float
    idle_mb: float
    peak_mb: float
    above_idle_mb: float
    above_idle_mb_max: float
    is_met: bool


@dataclass(frozen=True, kw_only=True)
class Pages:
    """One service with its contracts, asked the same questions again and again."""

    client: httpx2.AsyncClient
    queries: Mapping[str, str]

    async def milliseconds(self) -> float:
        """Of the median page of each question, all of them together."""
        total = 0.0
        for query in self.queries.values():
            total += median([await self._page(query) for _ in range(REPEATS)])
        return total

    async def by_query(self) -> dict[str, float]:
        return {
            name: median([await self._page(query) for _ in range(REPEATS)])
            for name, query in self.queries.items()
        }

    async def _page(self, query: str) -> float:
        started_at = perf_counter()
        answer = await self.client.get(f"{PROJECTS}?{query}")
        elapsed_ms = (perf_counter() - started_at) * 1000
        assert answer.is_success, answer.text
        return elapsed_ms


@asynccontextmanager
async def public_page_vs_small(
    site: Site, *, contracts: int, few_contracts: int
) -> AsyncGenerator[Contest]:
    async with (
        _running(site, contracts) as (_, many),
        _running(site, few_contracts) as (_, few),
    ):
        queries = _queries(City.of(SAMPLE))
        ours, bare = (Pages(client=client, queries=queries) for client in (many, few))
        by_query = await ours.by_query()
        by_query_of_few = await bare.by_query()
        yield Contest(
            what="filtered pages of the public list among many contracts against among few",
            unit="ms",
            mark=Mark(bound="at_most", ratio=PAGE_RATIO_MAX),
            ours=ours.milliseconds,
            bare=bare.milliseconds,
            details={
                "contracts": contracts,
                "few_contracts": few_contracts,
                **{
                    f"{name}_ms": f"{by_query[name]:.1f} against {by_query_of_few[name]:.1f}"
                    for name in queries
                },
            },
        )


async def ocds_bulk_memory(site: Site, *, contracts: int) -> BulkMemory:
    async with _running(site, contracts) as (child, client):
        # Whatever is loaded at the first request is no part of the answer.
        (await client.get(f"{PROJECTS}?limit=1")).raise_for_status()
        process = psutil.Process(child.process.pid)
        idle = peak = process.memory_info().rss
        sent = 0
        started_at = perf_counter()
        async with client.stream("GET", RELEASES) as answer:
            answer.raise_for_status()
            async for chunk in answer.aiter_raw():
                sent += len(chunk)
                peak = max(peak, process.memory_info().rss)
        seconds = perf_counter() - started_at
    above_mb = (peak - idle) / MB
    return BulkMemory(
        contracts=contracts,
        sent_mb=round(sent / MB, 1),
        seconds=round(seconds, 1),
        idle_mb=round(idle / MB, 1),
        peak_mb=round(peak / MB, 1),
        above_idle_mb=round(above_mb, 1),
        above_idle_mb_max=ABOVE_IDLE_MB_MAX,
        is_met=above_mb <= ABOVE_IDLE_MB_MAX,
    )


@asynccontextmanager
async def _running(site: Site, contracts: int) -> AsyncGenerator[tuple[Child, httpx2.AsyncClient]]:
    service = some_parts("contracts", ["api"])
    async with site.postgres.fresh("contracts", migrations=MIGRATIONS) as database:
        await _fill(database, contracts)
        await site.postgres.checkpoint()
        async with (
            site.running(service, database) as child,
            httpx2.AsyncClient(
                base_url=f"http://{LOOPBACK}:{service.port}", timeout=STREAM_TIME_S_MAX
            ) as client,
        ):
            yield child, client


async def _fill(database: ServiceDatabase, contracts: int) -> None:
    city = City.of(SAMPLE)
    organisations = city.organisations.values()
    columns = [[row[name] for row in city.contracts] for name in COLUMNS]
    events = _events()
    bodies = [
        encode_body(event, actor=ACTOR, correlation_id="bench", causation_id=None).decode()
        for event in events
    ]
    connection = await asyncpg.connect(database.owner_url)
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute(
            ADD_ORGANISATIONS,
            topics.REGISTRY,
            [o.code for o in organisations],
            [o.name for o in organisations],
            [o.kind for o in organisations],
        )
        await connection.execute(MAKE, contracts, *columns, SHARES_MINOR, CEILING_MINOR)
        for statement in FILL:
            await connection.execute(statement)
        await connection.execute(
            ADD_EVENTS,
            topics.CONTRACTS,
            [event.type for event in events],
            bodies,
            str(TEMPLATE_ID),
            TEMPLATE_NUMBER,
        )
        # As autovacuum would have done by the time anybody asks.
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


def _events() -> list[ContractEvent]:
    """Signed, paid in three instalments, and accepted."""
    identity = {
        "contract_id": TEMPLATE_ID,
        "contract_number": TEMPLATE_NUMBER,
        "buyer": "11441900AHP4983MNR",
        "agency": "52441900AJC6XAY6DW",
        "channel": Channel.GOVERNMENT,
    }
    amounts = [Money.of(minor) for minor in SHARES_MINOR]
    instalments = [
        ScheduledInstalment(number=number, due_on=DAY, amount=amount, condition=condition)
        for number, (amount, condition) in enumerate(zip(amounts, CONDITIONS, strict=True), 1)
    ]
    ceiling, nothing = Money.of(CEILING_MINOR), Money.of(0)
    signed = ContractSigned(
        **identity,  # pyright: ignore[reportArgumentType]  # by name
        aggregate_version=1,
        title="东莞市万江街道社会事务办社区综合服务岗位购买服务",
        purchase_mode=PurchaseMode.PROJECT,
        service_area="社区综合服务",
        people_served="社区居民",
        town="厚街镇",
        payer_level=Level.TOWN,
        signed_on=DAY,
        starts_on=DAY,
        ends_on=DAY,
        ceiling=ceiling,
        instalments=tuple(instalments),
        lines=(ContractLine(number=1, title="服务", unit="项", quantity=1, amount=ceiling),),
    )
    payments = [
        InstalmentPaid(
            **identity,  # pyright: ignore[reportArgumentType]  # by name
            aggregate_version=1 + instalment.number,
            instalment_number=instalment.number,
            scheduled=instalment.amount,
            deduction=nothing,
            payable=instalment.amount,
            paid_on=DAY,
            bank_reference=f"BK-{instalment.number}",
        )
        for instalment in instalments
    ]
    accepted = DeliveryAccepted(
        **identity,  # pyright: ignore[reportArgumentType]  # by name
        aggregate_version=5,
        acceptance_number=1,
        line_number=1,
        quantity=1,
        accepted_on=DAY,
        recipients_invited=80,
        sample_size=60,
        responses=54,
        recognition=Recognition(income=ceiling, receivable=nothing, advance_received=-ceiling),
    )
    return [signed, *payments, accepted]


def _queries(city: City) -> dict[str, str]:
    row = city.contracts[0]
    queries: dict[str, dict[str, str]] = {
        "town": {"town": row["town"]},
        "year_and_town": {"year": "2023", "town": row["town"]},
        "agency_by_amount": {"agency": row["agency_uscc"], "sort": "amount"},
        "area_and_people": {
            "service_area": row["service_area"],
            "people_served": row["people_served"],
        },
        "grade": {"grade": "fail", "purchase_mode": "post"},
        "text": {"q": row["service_area"]},
        "number": {"q": "DG-0000017"},
        "name": {"q": city.organisations[row["agency_uscc"]].name},
    }
    return {name: str(httpx2.QueryParams(query)) for name, query in queries.items()}
