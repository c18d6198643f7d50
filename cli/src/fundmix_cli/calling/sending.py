"""Sends a request until it is answered, within a bound of time."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx2

from fundmix_cli.calling.errors import ServiceAwayError

# What says "not now": the same request may be answered a moment later.
PASSING: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
WAIT_S_MIN: Final = 0.05
WAIT_S_MAX: Final = 2.0
RETRY_TIME_S_MAX: Final = 60.0
# Longer than any service takes before it gives up by itself.
ANSWER_TIME_S_MAX: Final = 20.0
CONNECT_TIME_S_MAX: Final = 5.0
# A workbook is packed before its first byte is sent; services end a long answer after this.
STREAM_TIME_S_MAX: Final = 600.0

Params = Mapping[str, str | Sequence[str]]
"""Of a query; what has several values stands there as often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """A request that may be sent more than once and is then carried out once."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Params | None = None
    content: bytes | None = None
    answer_time_s_max: float = ANSWER_TIME_S_MAX


class Sender:
    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        retry_time_s_max: float = RETRY_TIME_S_MAX,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._retry_time_s_max = retry_time_s_max
        self._monotonic = monotonic

    async def send(self, request: Outgoing) -> httpx2.Response:
        """Raises ServiceAwayError."""
        spent_s, wait_s = 0.0, WAIT_S_MIN
        while True:
            began = self._monotonic()
            try:
                response = await self._attempt(request)
            except httpx2.TransportError as error:
                reason, asked_s = str(error) or type(error).__name__, 0.0
            else:
                if response.status_code not in PASSING:
                    return response
                reason, asked_s = _reason(response), _retry_after_s(response)
            # What is more than an attempt can take, this process was stopped and has not asked.
            spent_s += min(self._monotonic() - began, ANSWER_TIME_S_MAX)
            next_s = max(asked_s, wait_s * random.uniform(0.5, 1.0))  # noqa: S311  # spreads retries, guards nothing
            if spent_s + next_s > self._retry_time_s_max:
                raise ServiceAwayError(request.url, reason, time_s=spent_s)
            await asyncio.sleep(next_s)
            spent_s += next_s
            wait_s = min(wait_s * 2, WAIT_S_MAX)

    @asynccontextmanager
    async def stream(self, request: Outgoing) -> AsyncGenerator[httpx2.Response]:
        """A long answer, to be read while it comes; asked for once. Raises ServiceAwayError."""
        began = self._monotonic()
        try:
            async with self._http.stream(
                request.method,
                request.url,
                params=request.params,
                headers=request.headers,
                timeout=httpx2.Timeout(STREAM_TIME_S_MAX, connect=CONNECT_TIME_S_MAX),
            ) as response:
                yield response
        except httpx2.TransportError as error:
            reason = str(error) or type(error).__name__
            spent_s = self._monotonic() - began
            raise ServiceAwayError(request.url, reason, time_s=spent_s) from error

    async def _attempt(self, request: Outgoing) -> httpx2.Response:
        return await self._http.request(
            request.method,
            request.url,
            params=request.params,
            headers=request.headers,
            content=request.content,
            timeout=httpx2.Timeout(request.answer_time_s_max, connect=CONNECT_TIME_S_MAX),
        )


def http_client(*, connections_max: int) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        timeout=httpx2.Timeout(ANSWER_TIME_S_MAX, connect=CONNECT_TIME_S_MAX),
        limits=httpx2.Limits(
            max_connections=connections_max, max_keepalive_connections=connections_max
        ),
        # An installation answers on loopback; what a proxy of the surroundings says is not ours.
        trust_env=False,
    )


def _retry_after_s(response: httpx2.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _reason(response: httpx2.Response) -> str:
    try:
        problem: Any = response.json()
        return str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"
