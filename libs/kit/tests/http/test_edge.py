"""What every answer carries, and what is written down about every request."""

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx2
import pytest
import structlog
from fastapi import APIRouter, Depends, FastAPI
from fundmix_kit.auth import DEV_ISSUER, require_safe_binding
from fundmix_kit.clock import SystemClock
from fundmix_kit.health import Health
from fundmix_kit.http import build_app, build_operational_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import PUBLIC, AccessDep, Policy, Scope
from fundmix_kit.problems import ProblemTable
from fundmix_kit.request_context import context_of
from fundmix_kit.routes import UNMATCHED
from fundmix_kit.settings import AuthSettings, HttpSettings, UnsafeBindingError
from fundmix_kit.testing import TokenSigner
from fundmix_kit.testing.edge import KEYS_URL, Issuer, calling, verifier_of
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from structlog.testing import capture_logs

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

DEV_REFUSED = AuthSettings(issuer=DEV_ISSUER, jwks_url=KEYS_URL)
DEV_ALLOWED = AuthSettings(issuer=DEV_ISSUER, jwks_url=KEYS_URL, is_dev_issuer_allowed=True)

router = APIRouter(prefix="/v1")


def phoned(phone: str = "") -> str:
    return phone


@router.get("/echo/{name}", dependencies=[Depends(phoned)])
async def echo(name: str, request: Request, access: AccessDep) -> dict[str, Any]:
    structlog.get_logger().info("inside", subject=access.principal.subject)
    context = context_of(request.scope)
    return {
        "name": name,
        "bound": structlog.contextvars.get_contextvars(),
        "traceparent": context.traceparent,
    }


@router.get("/cached")
async def cached() -> Response:
    return Response("kept", headers={"Cache-Control": "max-age=60"})


@router.get("/broken")
async def broken() -> None:
    raise ZeroDivisionError


@router.get("/torn")
async def torn() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"the first half"
        raise ZeroDivisionError

    return StreamingResponse(parts())


POLICY = Policy(
    {
        ("GET", "/v1/echo/{name}"): {"donor": Scope.ANY},
        ("GET", "/v1/cached"): PUBLIC,
        ("GET", "/v1/broken"): PUBLIC,
        ("GET", "/v1/torn"): PUBLIC,
    }
)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def app(tokens: TokenSigner, metrics: Metrics) -> FastAPI:
    return build_app(
        title="echo",
        settings=HttpSettings(port=1),
        table=ProblemTable({}, {}),
        policy=POLICY,
        verifier=verifier_of(tokens),
        routers=[router],
        health=Health(),
        metrics=metrics,
    )


@pytest.fixture
async def client(app: FastAPI) -> AsyncGenerator[httpx2.AsyncClient]:
    async with calling(app) as client:
        yield client


async def test_a_request_keeps_the_ids_its_caller_gave_it(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    answer = await client.get(
        "/v1/echo/tao",
        headers={
            **tokens.headers("donor"),
            "X-Request-Id": "r-1",
            "X-Correlation-Id": "c-1",
            "traceparent": TRACEPARENT,
        },
    )

    assert answer.headers["x-request-id"] == "r-1"
    assert answer.json() == {
        "name": "tao",
        "bound": {
            "request_id": "r-1",
            "correlation_id": "c-1",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        },
        "traceparent": TRACEPARENT,
    }


@pytest.mark.parametrize("sent", ["", "x" * 101, "two words", "a\tb", 'a"b', "秘".encode()])
async def test_an_id_that_is_long_or_odd_is_replaced(
    sent: str, client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = {**tokens.headers("donor"), "X-Request-Id": sent, "X-Correlation-Id": sent}

    answer = await client.get("/v1/echo/tao", headers=headers)

    request_id = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", request_id)
    assert answer.json()["bound"]["correlation_id"] == request_id


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "00",
        TRACEPARENT.upper(),
        TRACEPARENT + "0",
        "ff" + TRACEPARENT[2:],
        "00-" + "0" * 32 + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + "0" * 16 + "-01",
    ],
)
async def test_a_traceparent_against_its_standard_is_dropped(
    sent: str, client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = {**tokens.headers("donor"), "traceparent": sent}

    answer = await client.get("/v1/echo/tao", headers=headers)

    assert answer.json()["traceparent"] is None
    assert "trace_id" not in answer.json()["bound"]


@pytest.mark.parametrize("path", ["/v1/cached", "/v1/broken", "/nothing", "/healthz"])
async def test_every_answer_forbids_what_an_api_never_needs(
    path: str, client: httpx2.AsyncClient
) -> None:
    answer = await client.get(path)

    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


async def test_an_answer_is_not_stored_unless_its_route_says_so(
    client: httpx2.AsyncClient,
) -> None:
    assert (await client.get("/nothing")).headers["cache-control"] == "no-store"
    assert (await client.get("/v1/cached")).headers["cache-control"] == "max-age=60"


async def test_a_request_is_one_line_without_what_is_private(
    client: httpx2.AsyncClient, tokens: TokenSigner
) -> None:
    headers = tokens.headers("donor", subject="li.na")

    with capture_logs() as lines:
        await client.get("/v1/echo/wang.wei?phone=13800000000", headers=headers)

    line = lines[-1]
    assert [line["event"] for line in lines] == ["inside", "request_answered"]
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request_answered",
        "log_level": "info",
        "method": "GET",
        "route": "/v1/echo/{name}",
        "status": 200,
        "role": "donor",
    }


async def test_probes_are_logged_for_those_who_debug_only(client: httpx2.AsyncClient) -> None:
    with capture_logs() as lines:
        await client.get("/healthz")

    assert [line["log_level"] for line in lines] == ["debug"]


async def test_our_own_failure_is_logged_with_its_trace(client: httpx2.AsyncClient) -> None:
    with capture_logs() as lines:
        await client.get("/v1/broken")

    failure, answered = lines
    assert (failure["event"], failure["log_level"]) == ("request_failed", "error")
    assert failure["exc_info"]
    assert failure["route"] == answered["route"] == "/v1/broken"
    assert answered["status"] == 500


async def test_an_answer_that_breaks_off_is_logged_and_not_mended(
    client: httpx2.AsyncClient,
) -> None:
    with capture_logs() as lines, pytest.raises(ZeroDivisionError):
        await client.get("/v1/torn")

    assert [line["event"] for line in lines] == ["request_failed", "request_answered"]


async def test_nothing_of_a_request_stays_bound_to_the_log(client: httpx2.AsyncClient) -> None:
    with structlog.contextvars.bound_contextvars(part="api"):
        await client.get("/v1/broken", headers={"traceparent": TRACEPARENT})

        assert structlog.contextvars.get_contextvars() == {"part": "api"}


def requests_counted(metrics: Metrics) -> dict[tuple[str, str, str], float]:
    return {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"]): sample.value
        for metric in metrics.registry.collect()
        if metric.name == "fundmix_http_requests"
        for sample in metric.samples
        if sample.name.endswith("_total")
    }


async def test_requests_are_counted_by_template_and_never_by_path(
    client: httpx2.AsyncClient, metrics: Metrics, tokens: TokenSigner
) -> None:
    for name in ("a", "b", "c"):
        await client.get(f"/v1/echo/{name}", headers=tokens.headers("donor"))
        await client.get(f"/nothing/{name}")
        await client.request("BREW", f"/v1/echo/{name}")

    assert requests_counted(metrics) == {
        ("GET", "/v1/echo/{name}", "200"): 3,
        ("GET", UNMATCHED, "404"): 3,
        ("other", "/v1/echo/{name}", "405"): 3,
    }


async def test_the_metrics_page_shows_durations(client: httpx2.AsyncClient) -> None:
    await client.get("/v1/cached")

    page = await client.get("/metrics")

    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    sample = 'fundmix_http_request_duration_seconds_count{method="GET",route="/v1/cached"} 1.0'
    assert sample in page.text


async def test_a_process_without_the_api_answers_its_supervisor_only() -> None:
    app = build_operational_app(settings=HttpSettings(port=1), health=Health(), metrics=Metrics())
    async with calling(app) as client:
        answers = {
            path: (await client.get(path)).status_code
            for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/cached")
        }

    assert answers == {
        "/healthz": 200,
        "/readyz": 200,
        "/metrics": 200,
        "/openapi.json": 404,
        "/v1/cached": 404,
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_service_that_allows_the_dev_issuer_may_bind_to_loopback(host: str) -> None:
    require_safe_binding(DEV_ALLOWED, host=host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "localhost.example.org", ""])
def test_a_service_that_allows_the_dev_issuer_may_bind_to_nothing_else(host: str) -> None:
    with pytest.raises(UnsafeBindingError):
        require_safe_binding(DEV_ALLOWED, host=host)
    require_safe_binding(DEV_REFUSED, host=host)


def test_an_api_that_accepts_the_dev_issuer_is_not_built_for_other_machines() -> None:
    with pytest.raises(UnsafeBindingError):
        build_app(
            title="echo",
            settings=HttpSettings(host="0.0.0.0", port=1),
            table=ProblemTable({}, {}),
            policy=POLICY,
            verifier=Issuer().verifier(DEV_ALLOWED, clock=SystemClock()),
            routers=[router],
            health=Health(),
            metrics=Metrics(),
        )
