"""A name that stands twice in a body is refused, and told where it stands."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import httpx2
import pytest
from fastapi import APIRouter
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import Policy, Scope
from fundmix_kit.problems import ProblemTable
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import calling, verifier_of
from pydantic import BaseModel

TABLE: Final = {
    ("POST", "/v1/gifts"): {"auditor": Scope.ANY},
    ("POST", "/v1/letters/{place}"): {"auditor": Scope.ANY},
}
JSON: Final = {"content-type": "application/json"}


class Gift(BaseModel):
    amount: str
    lines: list[dict[str, Any]] = []


router = APIRouter(prefix="/v1")


@router.post("/gifts")
async def give(gift: Gift) -> Gift:
    return gift


letters = APIRouter(prefix="/letters")


@letters.post("/{place}")
async def write(place: int, letter: dict[str, str]) -> dict[str, str]:
    return letter | {"place": str(place)}


router.include_router(letters)


@pytest.fixture
async def client(tokens: TokenSigner) -> AsyncGenerator[httpx2.AsyncClient]:
    app = build_app(
        title="gifts",
        settings=HttpSettings(port=1),
        table=ProblemTable({}, {}),
        policy=Policy(TABLE),
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
    )
    async with calling(app) as client:
        client.headers.update(tokens.headers("auditor"))
        yield client


async def send(client: httpx2.AsyncClient, body: str) -> httpx2.Response:
    return await client.post("/v1/gifts", content=body, headers=JSON)


async def test_names_that_stand_once_in_their_object_are_read(client: httpx2.AsyncClient) -> None:
    lines = '[{"amount": "1.00"}, {"amount": "1.00", "of": {"amount": "1.00"}}]'

    answer = await send(client, f'{{"amount": "2.00", "lines": {lines}}}')

    assert answer.status_code == 200
    assert len(answer.json()["lines"]) == 2


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ('{"amount": "1.00", "amount": "2.00"}', ["/amount"]),
        ('{"amount": "1.00", "amount": "1.00"}', ["/amount"]),
        ('{"amount": "1.00", "lines": [{}, {"a/b": 1, "of": {}, "a/b": 2}]}', ["/lines/1/a~1b"]),
        ('{"amount": "1.00", "\\u0061mount": "2.00", "lines": [], "lines": []}',
         ["/amount", "/lines"]),
        ('{"amount": {"of": 1, "of": 2}, "amount": "2.00"}', ["/amount", "/amount/of"]),
    ],
)  # fmt: skip
async def test_a_name_that_stands_twice_is_refused_and_named(
    body: str, pointers: list[str], client: httpx2.AsyncClient
) -> None:
    answer = await send(client, body)

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [
        (pointer, "member_repeated") for pointer in pointers
    ]


async def test_a_router_within_a_router_reads_so_too(client: httpx2.AsyncClient) -> None:
    read = await client.post("/v1/letters/7", content='{"a": "b"}', headers=JSON)
    refused = await client.post("/v1/letters/7", content='{"a": "b", "a": "c"}', headers=JSON)

    assert read.json() == {"a": "b", "place": "7"}
    assert refused.status_code == 422


async def test_what_is_no_json_is_still_told_so(client: httpx2.AsyncClient) -> None:
    answer = await send(client, '{"amount": ')

    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
