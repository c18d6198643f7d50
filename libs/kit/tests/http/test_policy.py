"""One table decides who may call what, and refuses whatever it does not name."""

from collections.abc import AsyncGenerator
from contextlib import nullcontext
from typing import Final

import httpx2
import pytest
from fastapi import APIRouter, FastAPI
from fundmix_kit.auth import Principal
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import (
    PUBLIC,
    Access,
    AccessDep,
    ForeignLevelError,
    Policy,
    PolicyCase,
    Scope,
)
from fundmix_kit.problems import ProblemTable
from fundmix_kit.routes import AmbiguousEndpointError, RouteTemplates
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import calling, verifier_of
from pydantic import BaseModel
from starlette.routing import Mount, Route

OURS: Final = "52440300MJL0000001"
THEIRS: Final = "52440300MJL0000002"

TABLE: Final = {
    ("GET", "/v1/gifts"): {"donor": Scope.OWN, "auditor": Scope.ANY},
    ("POST", "/v1/gifts"): {"donor": Scope.OWN},
    ("GET", "/v1/gifts/{org}"): {"donor": Scope.OWN, "auditor": Scope.ANY},
    ("GET", "/v1/letters/{org}"): {"donor": Scope.PRIVATE},
    ("GET", "/v1/open-data"): PUBLIC,
}
ROLES: Final = ("donor", "auditor", "admin")


class Seen(BaseModel):
    org: str | None
    scope: Scope


inner = APIRouter(prefix="/gifts")


@inner.get("")
async def list_gifts(access: AccessDep) -> Seen:
    return Seen(org=access.org_filter, scope=access.scope)


@inner.post("")
async def give(access: AccessDep, gift: Seen) -> Seen:
    access.require_own(gift.org)
    return gift


@inner.get("/{org}")
async def show_gift(org: str, access: AccessDep) -> Seen:
    access.require_own(None, org)
    return Seen(org=org, scope=access.scope)


@inner.get("/{org}/secrets")
async def show_secret(org: str) -> str:
    return f"the secret of {org}"


letters = APIRouter(prefix="/letters")


@letters.get("/{org}")
async def show_letter(org: str, access: AccessDep) -> Seen:
    access.require_own(org)
    return Seen(org=access.org_filter, scope=access.scope)


router = APIRouter(prefix="/v1")
router.include_router(letters)
router.include_router(inner)


@router.get("/open-data")
async def open_data() -> str:
    return "open"


def an_app(tokens: TokenSigner) -> FastAPI:
    return build_app(
        title="gifts",
        settings=HttpSettings(port=1),
        table=ProblemTable({}, {}),
        policy=Policy(TABLE),
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=Metrics(),
    )


@pytest.fixture
async def client(tokens: TokenSigner) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(an_app(tokens)) as client:
        yield client


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def filled(path: str, org: str) -> str:
    return path.replace("{org}", org)


@pytest.mark.parametrize("case", Policy(TABLE).cases(ROLES), ids=str)
async def test_each_role_may_do_what_its_cell_says_on_its_own_rows_and_on_foreign_ones(
    case: PolicyCase, client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = tokens.headers(case.role, org=OURS)
    has_row = case.path.endswith("{org}") or case.method == "POST"
    for org in (OURS, THEIRS):
        answer = await client.request(
            case.method,
            filled(case.path, org),
            headers=headers,
            json={"org": org, "scope": "own"} if case.method == "POST" else None,
        )

        if case.scope is None:
            assert code(answer) == (403, "role_not_allowed")
        elif case.scope in {Scope.OWN, Scope.PRIVATE} and has_row and org == THEIRS:
            assert code(answer) == (403, "foreign_row")
        else:
            assert answer.status_code == 200


async def test_own_rows_are_filtered_by_the_organisation_of_the_token(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    donor = await client.get("/v1/gifts", headers=tokens.headers("donor", org=OURS))
    auditor = await client.get("/v1/gifts", headers=tokens.headers("auditor", org=OURS))

    assert donor.json() == {"org": OURS, "scope": "own"}
    assert auditor.json() == {"org": None, "scope": "any"}


async def test_a_row_of_no_organisation_is_nobodys_own(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    answer = await client.get("/v1/gifts", headers=tokens.headers("donor"))

    assert code(answer) == (403, "organisation_missing")


async def test_the_reading_grant_shows_every_row_and_changes_none(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = tokens.headers("donor", org=OURS, grants=["read:city"])

    shown = await client.get(f"/v1/gifts/{THEIRS}", headers=headers)
    given = await client.post("/v1/gifts", headers=headers, json={"org": THEIRS, "scope": "own"})

    assert shown.status_code == 200
    assert code(given) == (403, "foreign_row")


async def test_the_reading_grant_does_not_open_what_is_private(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = tokens.headers("donor", org=OURS, grants=["read:city"])

    ours = await client.get(f"/v1/letters/{OURS}", headers=headers)
    theirs = await client.get(f"/v1/letters/{THEIRS}", headers=headers)
    nobodys = await client.get(
        f"/v1/letters/{OURS}", headers=tokens.headers("donor", grants=["read:city"])
    )

    assert ours.json() == {"org": OURS, "scope": "private"}
    assert code(theirs) == (403, "foreign_row")
    assert code(nobodys) == (403, "organisation_missing")


async def test_the_reading_grant_gives_no_route_to_a_role_that_has_none(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = tokens.headers("admin", grants=["read:city"])

    assert code(await client.get("/v1/gifts", headers=headers)) == (403, "role_not_allowed")


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic bGkubmE6c2VjcmV0", "Token x", "Bearer x.y.z"]
)
async def test_a_request_without_a_right_token_is_asked_for_one(
    authorization: str, client: httpx2.AsyncClient
) -> None:
    answer = await client.get("/v1/gifts", headers={"Authorization": authorization})

    assert code(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_the_name_of_the_scheme_is_case_insensitive(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    answer = await client.get(
        "/v1/gifts", headers={"Authorization": f"bEARER {tokens.token('auditor')}"}
    )

    assert answer.status_code == 200


async def test_a_caller_without_token_learns_nothing_about_the_body(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post("/v1/gifts", json={"wrong": True})

    assert code(answer) == (401, "unauthenticated")


async def test_a_route_that_the_table_does_not_name_is_open_to_nobody(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    for role in ROLES:
        headers = tokens.headers(role, org=OURS, grants=["read:city"])
        answer = await client.get(f"/v1/gifts/{OURS}/secrets", headers=headers)
        assert code(answer) == (403, "route_without_policy")
    assert code(await client.get(f"/v1/gifts/{OURS}/secrets")) == (401, "unauthenticated")


async def test_a_public_route_needs_no_token(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/v1/open-data")).json() == "open"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/openapi.json"])
async def test_what_runs_the_service_needs_no_token(path: str, client: httpx2.AsyncClient) -> None:
    assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
async def test_other_methods_open_no_way_around_the_table(
    method: str, client: httpx2.AsyncClient
) -> None:
    assert (await client.request(method, f"/v1/gifts/{OURS}")).status_code == 405


@pytest.mark.parametrize(
    ("scope", "level", "is_refused"),
    [
        (Scope.OWN, "town", False),
        (Scope.OWN, None, False),
        (Scope.OWN, "city", True),
        (Scope.ANY, "city", False),
    ],
)
def test_a_row_of_another_level_is_foreign_to_who_has_one(
    scope: Scope, level: str | None, *, is_refused: bool
) -> None:
    principal = Principal(subject="li.na", role="finance_officer", org=OURS, level=level)
    access = Access(principal=principal, scope=scope)

    with pytest.raises(ForeignLevelError) if is_refused else nullcontext():
        access.require_level("town")


def test_a_head_request_has_the_row_of_its_get() -> None:
    assert Policy(TABLE).row("HEAD", "/v1/gifts") == TABLE["GET", "/v1/gifts"]
    assert Policy(TABLE).row("OPTIONS", "/v1/gifts") is None


def test_routes_without_a_row_are_found_whatever_their_kind(tokens: TokenSigner) -> None:
    app = an_app(tokens)
    app.routes.append(Route("/v1/plain", list_gifts))
    app.routes.append(Mount("/v1/files", routes=[Route("/a", list_gifts)]))

    assert Policy(TABLE).missing(app) == {
        ("GET", "/v1/gifts/{org}/secrets"),
        ("GET", "/v1/plain"),
        ("HEAD", "/v1/plain"),
        ("*", "/v1/files/{path}"),
    }


def test_rows_without_a_route_are_found(tokens: TokenSigner) -> None:
    policy = Policy({**TABLE, ("DELETE", "/v1/gifts"): {"admin": Scope.ANY}})

    assert policy.stale(an_app(tokens)) == {("DELETE", "/v1/gifts")}


def test_one_endpoint_for_two_paths_is_refused(tokens: TokenSigner) -> None:
    app = an_app(tokens)
    app.add_api_route("/v2/open-data", open_data)

    with pytest.raises(AmbiguousEndpointError):
        RouteTemplates(app).of({"endpoint": open_data})
