"""Signing a contract through contracts-svc, against the same route without its database.

Signing is the write with the largest body, the most to check and the most rows (the contract, its
instalments, the event, the answer under its idempotency key), and needs no other write before it:
so every request of a run is of the same kind. Client, server and database share the machine.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx2
from contracts_svc import MIGRATIONS
from fundmix_events import topics
from fundmix_events.registry import Organisation, OrganisationKind
from fundmix_events.roles import Role
from fundmix_kit import replica
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import LOOPBACK
from fundmix_kit.replica import State

from bench.bare_service import ROUTE, Answer
from bench.http_load import UNIQUE, Result
from bench.measuring import Contest, Mark
from bench.servers import opened, running
from bench.services import Site, some_parts
from bench.workload import Organisations

CONNECTIONS: Final = 32
WARM_UP_S: Final = 0.5
ANSWER_HEADERS: Final = ("etag", "location", "fundmix-position")


@dataclass(frozen=True, kw_only=True)
class ApiWrite:
    request: Path
    port: int
    bare_port: int
    seconds: float
    runs: Iterator[int]

    async def ours(self) -> float:
        return await self._load(self.port)

    async def bare(self) -> float:
        return await self._load(self.bare_port)

    async def _load(self, port: int) -> float:
        options = {
            "--port": port,
            "--run": next(self.runs),
            "--wanted-status": HTTPStatus.CREATED.value,
            "--connections": CONNECTIONS,
            "--warm-up-s": WARM_UP_S,
            "--seconds": self.seconds,
        }
        client = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.http_load", str(self.request)),
            *(str(word) for option in options.items() for word in option),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await client.communicate()
        assert client.returncode == 0, "the client says why"
        return Result.model_validate_json(output).answers_per_s


@asynccontextmanager
async def api_write_vs_bare(site: Site, *, seconds: float) -> AsyncGenerator[Contest]:
    """Two processes that differ in their database alone; neither relays."""
    service = some_parts("contracts", ["api"])
    async with site.postgres.fresh("contracts", migrations=MIGRATIONS) as database:
        buyer, agency = await know_two_organisations(database)
        token = site.token(Role.FINANCE_OFFICER, org=buyer)
        body = a_contract(buyer=buyer, agency=agency)
        request = site.folder / "request"
        request.write_bytes(http_request(body, token=token))
        answer = site.folder / "answer.json"
        async with site.running(service, database):
            answer.write_text(await one_answer(service.port, body, token=token))
            async with bare_running(site, database, answer) as bare_port:
                measured = ApiWrite(
                    request=request,
                    port=service.port,
                    bare_port=bare_port,
                    seconds=seconds,
                    runs=count(1),
                )
                yield Contest(
                    what="signing a contract over HTTP against the same route with no database",
                    unit="answers/s",
                    mark=Mark(bound="at_least", ratio=0.35),
                    ours=measured.ours,
                    bare=measured.bare,
                    details={
                        "connections": CONNECTIONS,
                        "request_bytes": request.stat().st_size,
                        "answer_body_bytes": len(
                            Answer.model_validate_json(answer.read_bytes()).body
                        ),
                    },
                )


@asynccontextmanager
async def bare_running(site: Site, database: ServiceDatabase, answer: Path) -> AsyncGenerator[int]:
    service = some_parts("bare", [])
    command = (sys.executable, "-m", "bench.bare_service", str(answer))
    program = replace(site.program(service, database), command=lambda: command)
    async with running(program, site.folder):
        yield service.port


async def know_two_organisations(database: ServiceDatabase) -> tuple[str, str]:
    """A buyer and an agency that contracts-svc has heard of."""
    by_kind = Organisations.of_sample().by_kind
    buyer, agency = by_kind["buyer"][0], by_kind["agency"][0]
    organisations = [
        Organisation(code=buyer, name="东莞市某镇社会事务办", kind=OrganisationKind.BUYER),
        Organisation(code=agency, name="东莞市某社会工作服务中心", kind=OrganisationKind.AGENCY),
    ]
    states = [State(o.code, 1, o.model_dump_json()) for o in organisations]
    async with opened(database) as service, service.transaction() as connection:
        await replica.save(connection, topics.REGISTRY, states)
    return buyer, agency


def a_contract(*, buyer: str, agency: str) -> dict[str, Any]:
    instalments = [
        {"number": 1, "due_on": "2024-03-12", "amount": yuan("405297.32"), "condition": "signing"},
        {"number": 2, "due_on": "2024-07-10", "amount": yuan("324237.85"), "condition": "midterm"},
        {"number": 3, "due_on": "2024-12-20", "amount": yuan("81059.46"), "condition": "final"},
    ]
    return {
        "number": UNIQUE.decode(),
        "title": "东莞市万江街道社会事务办社区综合服务岗位购买服务",
        "buyer": buyer,
        "agency": agency,
        "purchase_mode": "post",
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": "town",
        "posts": 9,
        "signed_on": "2024-02-21",
        "published_on": "2024-02-22",
        "filed_on": "2024-02-25",
        "starts_on": "2024-03-02",
        "ends_on": "2024-12-20",
        "ceiling": yuan("810594.63"),
        "instalments": instalments,
    }


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def http_request(body: dict[str, Any], *, token: str) -> bytes:
    content = json.dumps(body, ensure_ascii=False).encode()
    head = (
        f"POST {ROUTE} HTTP/1.1\r\n"
        f"Host: {LOOPBACK}\r\n"
        f"Authorization: Bearer {token}\r\n"
        f"Idempotency-Key: {UNIQUE.decode()}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def one_answer(port: int, body: dict[str, Any], *, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "the-first"}
    async with httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client:
        response = await client.post(ROUTE, json=body, headers=headers)
    assert response.status_code == HTTPStatus.CREATED, response.text
    kept = {name: response.headers[name] for name in ANSWER_HEADERS}
    return Answer(headers=kept, body=response.text).model_dump_json()
