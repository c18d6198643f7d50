"""Asking services that refuse, vanish and come back: a small real server on loopback."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.errors import (
    RefusedError,
    ServiceAwayError,
    TokenRefusedError,
    first_of_group,
)
from fundmix_cli.calling.sending import Outgoing, Sender, http_client
from fundmix_cli.calling.staff import ADMIN, AUDITOR
from fundmix_cli.calling.tokens import Tokens
from fundmix_kit.embedded.processes import LOOPBACK, free_port

Json = dict[str, Any]

REGISTRY = ServiceName.REGISTRY
PATH = "/v1/organisations"
VANISH = 0


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int = 200
    body: Json = field(default_factory=dict[str, Any])
    headers: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    line: str
    headers: dict[str, str]
    body: bytes


class Service:
    """Gives its replies in order, the last one again and again; hands out tokens as the issuer."""

    def __init__(self, replies: Sequence[Reply] = (Reply(),)) -> None:
        self.replies = list(replies)
        self.asked: list[Asked] = []
        self.token_reply = Reply(body={"access_token": "signed", "expires_in": 3600})
        self.port = free_port()

    @property
    def tokens_given(self) -> int:
        return sum(asked.line.startswith("POST /token") for asked in self.asked)

    @property
    def requests(self) -> list[Asked]:
        return [asked for asked in self.asked if not asked.line.startswith("POST /token")]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            asked = await read_request(head, reader)
            self.asked.append(asked)
            reply = self.token_reply if "/token" in asked.line else self._next()
            if reply.status == VANISH:
                break
            content = json.dumps(reply.body).encode()
            writer.write(
                f"HTTP/1.1 {reply.status} X\r\n{reply.headers}"
                f"Content-Length: {len(content)}\r\n\r\n".encode()
            )
            writer.write(content)
            await writer.drain()
        writer.close()

    def _next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


async def read_request(head: bytes, reader: asyncio.StreamReader) -> Asked:
    headers: dict[str, str] = {}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(line=head.decode().strip(), headers=headers, body=body)


@asynccontextmanager
async def serving(service: Service) -> AsyncGenerator[None]:
    async with await asyncio.start_server(service.answer, LOOPBACK, service.port):
        yield


@asynccontextmanager
async def client_of(
    service: Service, *, retry_time_s_max: float = 20.0
) -> AsyncGenerator[ServiceClient]:
    url = f"http://{LOOPBACK}:{service.port}"
    async with http_client(connections_max=4) as http:
        sender = Sender(http, retry_time_s_max=retry_time_s_max)
        yield ServiceClient(sender, Tokens(sender, url), dict.fromkeys(ServiceName, url))


async def test_what_is_put_says_what_was_read_of_it() -> None:
    service = Service([Reply(status=503), Reply(body={"code": "X"})])

    async with serving(service), client_of(service) as client:
        found = await client.put(REGISTRY, PATH, claims=AUDITOR, body={"name": "甲"}, version=3)

    assert found == {"code": "X"}
    first, second = service.requests
    assert first.line.startswith(f"PUT {PATH} ")
    assert (first.headers["if-match"], json.loads(first.body)) == ('"3"', {"name": "甲"})
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_who_says_not_now_is_asked_again(status: int) -> None:
    service = Service([Reply(status=status), Reply(status=status), Reply(body={"code": "X"})])

    async with serving(service), client_of(service) as client:
        found = await client.get(REGISTRY, PATH, claims=AUDITOR)

    assert found == {"code": "X"}
    assert len(service.requests) == 3


async def test_who_says_when_is_not_asked_before() -> None:
    service = Service([Reply(status=503, headers="Retry-After: 1\r\n"), Reply()])

    async with serving(service), client_of(service) as client:
        started = time.monotonic()
        await client.get(REGISTRY, PATH, claims=AUDITOR)

    assert time.monotonic() - started >= 1


async def test_a_request_whose_answer_was_lost_is_sent_again_word_for_word() -> None:
    service = Service([Reply(status=VANISH), Reply(status=201)])

    async with serving(service), client_of(service) as client:
        await client.post(REGISTRY, PATH, claims=ADMIN, body={"code": "X"})

    first, second = service.requests
    assert first == second
    assert first.headers["idempotency-key"]


async def test_a_service_that_is_started_meanwhile_answers() -> None:
    service = Service()
    async with client_of(service) as client:
        asking = asyncio.create_task(client.get(REGISTRY, PATH, claims=AUDITOR))
        # Once round the loop: the first attempt finds nobody.
        await asyncio.wait([asking], timeout=0.01)
        async with serving(service):
            assert await asking == {}


async def test_asking_ends() -> None:
    service = Service([Reply(status=503, body={"detail": "database away"})])

    async with serving(service), client_of(service, retry_time_s_max=0.3) as client:
        with pytest.raises(ServiceAwayError, match="database away"):
            await client.get(REGISTRY, PATH, claims=AUDITOR)

    assert len(service.requests) > 1


async def test_who_wants_more_patience_than_there_is_gets_none() -> None:
    service = Service([Reply(status=503, headers="Retry-After: 3600\r\n")])

    async with serving(service), client_of(service, retry_time_s_max=5) as client:
        with pytest.raises(ServiceAwayError):
            await client.get(REGISTRY, PATH, claims=AUDITOR)

    assert len(service.requests) == 1


async def test_time_in_which_we_did_not_run_ourselves_does_not_count() -> None:
    service = Service([Reply(status=503), Reply(status=503), Reply()])
    hours = itertools.count(0, 3600)

    async with serving(service), http_client(connections_max=1) as http:
        sender = Sender(http, retry_time_s_max=50, monotonic=lambda: next(hours))
        url = f"http://{LOOPBACK}:{service.port}"
        response = await sender.send(Outgoing(method="GET", url=url, headers={}))

    assert response.status_code == 200


async def test_a_refusal_is_final_and_says_which_field() -> None:
    fields = [{"pointer": "/name", "code": "name_conflict", "detail": "it has another name"}]
    problem = {"status": 409, "code": "name_conflict", "detail": "…", "errors": fields}
    service = Service([Reply(status=409, body=problem)])

    async with serving(service), client_of(service) as client:
        with pytest.raises(RefusedError, match="/name: it has another name") as refused:
            await client.post(REGISTRY, PATH, claims=ADMIN, body={})

    assert refused.value.problem.code == "name_conflict"
    assert len(service.requests) == 1


async def test_an_answer_of_another_form_is_a_refusal_too() -> None:
    service = Service([Reply(status=500, body={"oh": "no"})])

    async with serving(service), client_of(service) as client:
        with pytest.raises(RefusedError, match="unexpected_answer, 500"):
            await client.get(REGISTRY, PATH, claims=AUDITOR)


async def test_a_key_says_what_is_to_be_done() -> None:
    service = Service()
    async with serving(service), client_of(service) as client:
        await client.post(REGISTRY, PATH, claims=ADMIN, body={"code": "X", "name": "Y"})
        await client.post(REGISTRY, PATH, claims=ADMIN, body={"name": "Y", "code": "X"})
        await client.post(REGISTRY, PATH, claims=ADMIN, body={"code": "X", "name": "Z"})
        await client.post(REGISTRY, f"{PATH}/2", claims=ADMIN, body={"code": "X", "name": "Y"})

    first, again, *others = (asked.headers["idempotency-key"] for asked in service.requests)
    assert first == again
    assert len({first, *others}) == 3


async def test_a_change_gives_its_position_to_those_who_build_on_it() -> None:
    service = Service([Reply(status=201, headers="Fundmix-Position: fundmix.registry:X:1\r\n")])
    async with serving(service), client_of(service) as client:
        answer = await client.post(REGISTRY, PATH, claims=ADMIN)
        assert answer.position == "fundmix.registry:X:1"
        await client.post(REGISTRY, PATH, claims=ADMIN, after=[answer.position, "a:b:2"])

    assert service.requests[1].headers["fundmix-after"] == "fundmix.registry:X:1, a:b:2"


async def test_what_is_put_is_put_anew_each_time() -> None:
    service = Service()
    async with serving(service), client_of(service) as client:
        for _ in range(2):
            await client.put(REGISTRY, PATH, claims=ADMIN, body={"name": "管理费用"})

    assert {asked.line.split(" HTTP")[0] for asked in service.requests} == {f"PUT {PATH}"}
    assert json.loads(service.requests[0].body) == {"name": "管理费用"}
    assert len({asked.headers["idempotency-key"] for asked in service.requests}) == 2


async def test_a_file_is_sent_as_it_is_and_each_time_anew() -> None:
    service = Service()
    content = "代码\n".encode("gb18030")
    async with serving(service), client_of(service) as client:
        for _ in range(2):
            await client.upload(
                REGISTRY, PATH, claims=ADMIN, content=content, params={"dry_run": "true"}
            )

    first, second = service.requests
    assert first.line.split()[1] == f"{PATH}?dry_run=true"
    assert first.body == second.body == content
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


async def test_a_list_is_read_page_after_page() -> None:
    pages = [
        Reply(body={"items": [{"n": 1}, {"n": 2}], "next_cursor": "two words"}),
        Reply(body={"items": [{"n": 3}], "next_cursor": None}),
    ]
    service = Service(pages)

    async with serving(service), client_of(service) as client:
        items = [i async for i in client.list(REGISTRY, PATH, claims=AUDITOR, params={"a": "b"})]

    assert items == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert [asked.line.split()[1] for asked in service.requests] == [
        f"{PATH}?a=b&limit=200",
        f"{PATH}?a=b&limit=200&cursor=two+words",
    ]


async def test_figures_have_as_many_rows_as_are_wanted_and_no_more() -> None:
    first = Reply(body={"total": "6.00", "items": list(range(200)), "next_cursor": "two"})
    second = Reply(body={"total": "7.00", "items": [200, 201], "next_cursor": "three"})
    service = Service([first, second])

    async with serving(service), client_of(service) as client:
        found = await client.figures(REGISTRY, PATH, claims=AUDITOR, rows_max=202)

    assert found == {"total": "6.00", "items": list(range(202)), "next_cursor": "three"}
    assert [asked.line.split()[1] for asked in service.requests] == [
        f"{PATH}?limit=200",
        f"{PATH}?limit=2&cursor=two",
    ]


async def test_a_token_is_kept_for_each_person_until_it_ends() -> None:
    service = Service()
    now = 1000.0
    async with serving(service), http_client(connections_max=1) as http:
        url = f"http://{LOOPBACK}:{service.port}"
        tokens = Tokens(Sender(http), url, monotonic=lambda: now)
        for claims in (AUDITOR, AUDITOR, ADMIN):
            assert await tokens.token(claims) == "signed"
        assert service.tokens_given == 2
        now += 3500
        await tokens.token(AUDITOR)

    assert service.tokens_given == 3
    assert json.loads(service.asked[0].body)["role"] == "auditor"


async def test_no_token_no_request() -> None:
    service = Service()
    service.token_reply = Reply(status=422)

    async with serving(service), client_of(service) as client:
        with pytest.raises(TokenRefusedError, match="auditor"):
            await client.get(REGISTRY, PATH, claims=AUDITOR)

    assert not service.requests


def test_of_many_that_fail_together_the_first_call_error_is_told() -> None:
    away = ServiceAwayError("http://x", "gone", time_s=1)

    with pytest.raises(ServiceAwayError), first_of_group():
        raise ExceptionGroup("", [ExceptionGroup("", [away]), away])
    with pytest.raises(ExceptionGroup), first_of_group():
        raise ExceptionGroup("", [away, AssertionError()])
