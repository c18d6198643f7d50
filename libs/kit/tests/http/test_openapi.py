"""The published description says what the edge does."""

from typing import Any

import pytest
from fastapi import APIRouter
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import PUBLIC, Policy, Scope
from fundmix_kit.problems import PROBLEM_MEDIA_TYPE, ProblemTable
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import calling, verifier_of
from pydantic import BaseModel

router = APIRouter()


class Gift(BaseModel):
    purpose: str


@router.get("/gifts")
async def list_gifts(limit: int = 1) -> list[Gift]:
    return [Gift(purpose="books")] * limit


@router.post("/gifts")
async def give(gift: Gift) -> Gift:
    return gift


@router.patch("/gifts/{number}")
async def change(number: int, gift: Gift) -> Gift:
    return Gift(purpose=f"{gift.purpose} {number}")


@router.get("/open-data")
async def open_data() -> str:
    return "open"


POLICY = Policy(
    {
        ("GET", "/gifts"): {"donor": Scope.OWN},
        ("POST", "/gifts"): {"donor": Scope.OWN},
        ("PATCH", "/gifts/{number}"): {"donor": Scope.OWN},
        ("GET", "/open-data"): PUBLIC,
    }
)


@pytest.fixture
async def description(tokens: TokenSigner) -> dict[str, Any]:
    app = build_app(
        title="gifts",
        settings=HttpSettings(port=1),
        table=ProblemTable({}, {}),
        policy=POLICY,
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
    )
    async with calling(app) as client:
        first = await client.get("/openapi.json")
        assert (await client.get("/openapi.json")).content == first.content
        return first.json()


def headers(operation: dict[str, Any]) -> dict[str, bool]:
    return {p["name"]: p["required"] for p in operation["parameters"] if p["in"] == "header"}


def test_guarded_routes_ask_for_a_bearer_token_and_public_ones_do_not(
    description: dict[str, Any],
) -> None:
    paths = description["paths"]

    assert description["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert paths["/gifts"]["get"]["security"] == [{"bearer": []}]
    assert {"401", "403"} <= paths["/gifts"]["get"]["responses"].keys()
    assert "security" not in paths["/open-data"]["get"]


def test_writes_name_the_headers_they_need(description: dict[str, Any]) -> None:
    paths = description["paths"]

    assert headers(paths["/gifts"]["get"]) == {}
    assert headers(paths["/gifts"]["post"]) == {
        "Idempotency-Key": True,
        "If-Match": False,
        "Fundmix-After": False,
    }
    assert headers(paths["/gifts/{number}"]["patch"]) == {
        "If-Match": True,
        "Fundmix-After": False,
    }


def test_every_operation_may_answer_with_a_problem(description: dict[str, Any]) -> None:
    problem = description["components"]["responses"]["Problem"]
    operations = [
        operation for path in description["paths"].values() for operation in path.values()
    ]

    assert list(problem["content"]) == [PROBLEM_MEDIA_TYPE]
    assert len(operations) == 4
    for operation in operations:
        assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}


def test_no_trace_is_left_of_the_errors_that_are_never_sent(description: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(description)
