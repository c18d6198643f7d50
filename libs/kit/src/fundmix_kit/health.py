"""Alive (`/healthz`) and ready (`/readyz`): what a supervisor or a load balancer asks."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fundmix_kit.database import Database, DatabaseUnavailableError

CHECK_TIME_S_MAX: Final = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    is_ok: bool
    detail: object = None


Check = Callable[[], Awaitable[CheckResult]]


class Health:
    """The checks of one process, by name; each part of it adds its own."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        assert name not in self._checks, f"two checks are called {name}"
        self._checks[name] = check

    async def results(self) -> dict[str, CheckResult]:
        results = await asyncio.gather(*map(_within_limits, self._checks.values()))
        return dict(zip(self._checks, results, strict=True))

    async def answer_alive(self, _: Request) -> Response:
        return _json(HTTPStatus.OK, {"status": "alive"})

    async def answer_ready(self, _: Request) -> Response:
        results = await self.results()
        is_ready = all(result.is_ok for result in results.values())
        return _json(
            HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
            {
                "status": "ready" if is_ready else "not_ready",
                "checks": {
                    name: {"ok": result.is_ok, "detail": result.detail}
                    for name, result in results.items()
                },
            },
        )


def database_check(database: Database) -> Check:
    async def check() -> CheckResult:
        async with database.session() as connection:
            await connection.fetchval("SELECT 1")
        return CheckResult(is_ok=True)

    return check


async def _within_limits(check: Check) -> CheckResult:
    try:
        async with asyncio.timeout(CHECK_TIME_S_MAX):
            return await check()
    except TimeoutError:
        return CheckResult(is_ok=False, detail=f"no answer within {CHECK_TIME_S_MAX:g} s")
    except DatabaseUnavailableError as error:
        return CheckResult(is_ok=False, detail=error.code)


def _json(status: HTTPStatus, document: object) -> Response:
    return Response(json.dumps(document), status.value, media_type="application/json")
