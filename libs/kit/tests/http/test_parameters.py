"""What a route would not read of a query is refused, and named."""

from collections.abc import AsyncGenerator, Sequence
from datetime import date
from typing import Annotated, Final

import httpx2
import pytest
from fastapi import APIRouter, Query
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.paging import PageDep
from fundmix_kit.policy import PUBLIC, Policy, Scope
from fundmix_kit.problems import ProblemTable
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import calling, verifier_of
from pydantic import BaseModel

TABLE: Final = {
    ("GET", "/v1/gifts"): {"auditor": Scope.ANY},
    ("POST", "/v1/gifts"): {"auditor": Scope.ANY},
    ("GET", "/v1/open-data"): PUBLIC,
}


class Asked(BaseModel):
    agency: str | None = None
    on: date | None = None
    kinds: list[str] = []
    limit: int | None = None


router = APIRouter(prefix="/v1")


@router.get("/gifts")
async def list_gifts(
    page: PageDep,
    agency: str | None = None,
    on_day: Annotated[date | None, Query(alias="on")] = None,
    kind: Annotated[Sequence[str] | None, Query()] = None,
) -> Asked:
    return Asked(agency=agency, on=on_day, kinds=list(kind or ()), limit=page.limit)


@router.post("/gifts")
async def give(gift: Asked) -> Asked:
    return gift


@router.get("/open-data")
async def open_data(agency: str | None = None) -> Asked:
    return Asked(agency=agency)


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


async def test_what_a_route_reads_is_taken_also_from_its_dependencies(
    client: httpx2.AsyncClient,
) -> None:
    asked = "agency=A&on=2024-02-29&kind=x&kind=y&limit=7"

    answer = await client.get(f"/v1/gifts?{asked}")

    assert answer.json() == {
        "agency": "A", "on": "2024-02-29", "kinds": ["x", "y"], "limit": 7,
    }  # fmt: skip


async def test_a_name_that_no_part_of_the_route_reads_is_refused_and_named(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get("/v1/gifts?agancy=A&on_day=2024-02-29&limit=7")

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "invalid_request")
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [
        ("#query/agancy", "unknown_parameter"),
        ("#query/on_day", "unknown_parameter"),
    ]
    assert problem["errors"][0]["detail"] == "This route reads agency, cursor, kind, limit, on."


async def test_a_name_that_is_read_once_is_not_given_twice(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/gifts?agency=A&agency=B&kind=x&kind=y")

    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [
        ("#query/agency", "parameter_repeated")
    ]


async def test_a_route_without_parameters_says_so(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/gifts?dry_run", json={})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["detail"] == "This route reads no parameters."


async def test_who_may_not_ask_learns_nothing_about_parameters(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    answer = await client.get("/v1/gifts?agancy=A", headers=tokens.headers("donor"))

    assert answer.status_code == 403


async def test_a_public_address_may_be_passed_on_with_more(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/open-data?agency=A&from=groupmessage")

    assert answer.json()["agency"] == "A"
