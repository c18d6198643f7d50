"""The outermost layer of every request: ids, limits, the access line, metrics, the last resort."""

import asyncio
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Final

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fundmix_kit.limits import RequestTimedOutError, limit_body
from fundmix_kit.metrics import Metrics
from fundmix_kit.policy import ACCESS_KEY, Access
from fundmix_kit.problems import ProblemError, ProblemTable, answer_problem
from fundmix_kit.request_context import SCOPE_KEY, RequestContext, read_context
from fundmix_kit.routes import OPERATIONAL_PATHS, RouteTemplates
from fundmix_kit.streaming import TIME_LIMIT_KEY

# An API without pages: nothing in it is to be rendered, framed, sniffed or kept.
FIXED_HEADERS: Final = (
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
DEFAULT_CACHE_CONTROL: Final = (b"cache-control", b"no-store")

log = structlog.get_logger()


class Edge:
    """One pure ASGI layer instead of many: each costs every request."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        table: ProblemTable,
        metrics: Metrics,
        templates: RouteTemplates,
        body_bytes_max: int,
        upload_bytes_max: Mapping[str, int],
        request_time_ms_max: int,
    ) -> None:
        self._app = app
        self._table = table
        self._metrics = metrics
        self._templates = templates
        self._body_bytes_max = body_bytes_max
        self._upload_bytes_max = upload_bytes_max
        self._request_time_ms_max = request_time_ms_max

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        context = scope[SCOPE_KEY] = read_context(headers)
        started_at = perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_headers_for(context, message)]
            await send(message)

        bound = structlog.contextvars.bind_contextvars(**_log_fields(context))
        try:
            await self._within_limits(scope, headers, receive, send_with_headers)
        except ProblemError as error:
            if status:
                raise
            await answer_problem(scope, self._table, error)(scope, receive, send_with_headers)
        except Exception:
            # Ours: the caller learns only that, and the log has the rest under the request's id.
            log.exception("request_failed", route=self._templates.of(scope))
            if status:
                raise
            await answer_problem(scope, self._table, InternalError())(
                scope, receive, send_with_headers
            )
        finally:
            self._note(scope, status=status, duration_s=perf_counter() - started_at)
            structlog.contextvars.reset_contextvars(**bound)

    async def _within_limits(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send
    ) -> None:
        bytes_max = self._upload_bytes_max.get(scope["path"], self._body_bytes_max)
        counted = limit_body(headers, receive, body_bytes_max=bytes_max)
        limit = asyncio.timeout(self._request_time_ms_max / 1000)
        # An answer that is sent for long moves its own limit.
        scope[TIME_LIMIT_KEY] = limit
        try:
            async with limit:
                await self._app(scope, counted, send)
        except TimeoutError as error:
            if limit.expired():
                raise RequestTimedOutError(self._request_time_ms_max) from error
            raise

    def _note(self, scope: Scope, *, status: int, duration_s: float) -> None:
        method, route = scope["method"], self._templates.of(scope)
        self._metrics.request_answered(
            method=method, route=route, status=status, duration_s=duration_s
        )
        access = scope.get(ACCESS_KEY)
        write = log.debug if route in OPERATIONAL_PATHS else log.info
        write(
            "request_answered",
            method=method,
            route=route,
            status=status,
            duration_ms=round(duration_s * 1000, 1),
            role=access.principal.role if isinstance(access, Access) else None,
        )


class InternalError(ProblemError):
    def __init__(self) -> None:
        super().__init__(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal_error",
            "Something is wrong on our side; it is logged under the instance of this problem.",
        )


def _headers_for(context: RequestContext, start: Message) -> Iterable[tuple[bytes, bytes]]:
    yield from FIXED_HEADERS
    yield b"x-request-id", context.request_id.encode()
    if not any(name == b"cache-control" for name, _ in start["headers"]):
        yield DEFAULT_CACHE_CONTROL


def _log_fields(context: RequestContext) -> dict[str, str]:
    fields = {"request_id": context.request_id, "correlation_id": context.correlation_id}
    if context.trace_id is not None:
        fields["trace_id"] = context.trace_id
    return fields
