"""Long answers: they have more time than others, are few at once, and end with their caller."""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Final

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fundmix_kit.clock import SystemClock
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import PUBLIC, Policy
from fundmix_kit.problems import ProblemError, ProblemTable
from fundmix_kit.settings import AuthSettings, HttpSettings
from fundmix_kit.streaming import Streams, in_pieces
from fundmix_kit.testing.api import refusal
from fundmix_kit.testing.edge import KEYS_URL, Issuer, calling
from starlette.requests import Request
from starlette.responses import Response

REQUEST_TIME_MS_MAX: Final = 50
PATHS: Final = ("/v1/slow", "/v1/endless", "/v1/failing", "/v1/nested")


class Tap:
    """Where the test's generators say that they have ended."""

    def __init__(self) -> None:
        self.is_open = False

    async def chunks(self, *, seconds: float) -> AsyncGenerator[bytes]:
        self.is_open = True
        try:
            loop = asyncio.get_running_loop()
            end = loop.time() + seconds
            yield b"begin"
            while loop.time() < end:
                yield b"."
            yield b"end"
        finally:
            self.is_open = False


async def failing() -> AsyncGenerator[bytes]:
    raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Not now.")
    yield b""


def routes(streams: Streams, tap: Tap, client: list[httpx2.AsyncClient]) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/slow")
    async def slow(request: Request) -> Response:
        return await streams.answer(request, tap.chunks(seconds=0.2), media_type="text/plain")

    @router.get("/v1/endless")
    async def endless(request: Request) -> Response:
        return await streams.answer(request, tap.chunks(seconds=60), media_type="text/plain")

    @router.get("/v1/failing")
    async def fail(request: Request) -> Response:
        return await streams.answer(request, failing(), media_type="text/plain")

    @router.get("/v1/nested")
    async def nested(request: Request) -> Response:
        async def asking() -> AsyncGenerator[bytes]:
            answer = await client[0].get("/v1/slow")
            yield str(refusal(answer)[:2]).encode()

        return await streams.answer(request, asking(), media_type="text/plain")

    return router


@pytest.fixture
def tap() -> Tap:
    return Tap()


@pytest.fixture
async def client(tap: Tap) -> AsyncGenerator[httpx2.AsyncClient]:
    clients: list[httpx2.AsyncClient] = []
    streams = Streams(streams_max=1, stream_time_ms_max=1_000)
    async with calling(app_of(routes(streams, tap, clients))) as client:
        clients.append(client)
        yield client


def app_of(router: APIRouter) -> FastAPI:
    return build_app(
        title="streaming",
        settings=HttpSettings(port=8010, request_time_ms_max=REQUEST_TIME_MS_MAX),
        table=ProblemTable({}, {}),
        policy=Policy({("GET", path): PUBLIC for path in PATHS}),
        verifier=Issuer().verifier(
            AuthSettings(issuer="urn:test", jwks_url=KEYS_URL), clock=SystemClock()
        ),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
    )


async def test_a_long_answer_has_more_time_than_other_requests(
    client: httpx2.AsyncClient,
) -> None:
    text = (await client.get("/v1/slow")).text

    assert (text[:5], text[-3:]) == ("begin", "end")


async def test_a_long_answer_is_cut_off_in_the_end(client: httpx2.AsyncClient, tap: Tap) -> None:
    with pytest.raises(ProblemError, match="took longer"):
        await client.get("/v1/endless")

    assert not tap.is_open


async def test_what_fails_before_it_begins_is_a_problem(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/failing")

    assert refusal(answer)[:2] == (503, "busy")


async def test_so_many_at_once_and_no_more(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/nested")

    assert answer.text == str((503, "too_many_streams"))


async def test_what_has_ended_makes_room(client: httpx2.AsyncClient) -> None:
    assert [(await client.get("/v1/slow")).status_code for _ in range(3)] == [200] * 3


async def test_small_texts_are_sent_together() -> None:
    async def texts() -> AsyncGenerator[bytes]:
        for letter in (b"a", b"b", b"c", b"d", b"e"):
            yield letter

    assert [piece async for piece in in_pieces(texts(), bytes_min=2)] == [b"ab", b"cd", b"e"]
