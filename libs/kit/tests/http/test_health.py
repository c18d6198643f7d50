"""Ready means that every part says so, soon."""

import asyncio
import json

import asyncpg
import pytest
from fundmix_kit import health
from fundmix_kit.database import Database, DatabaseUnavailableError
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.health import CheckResult, Health, database_check
from starlette.requests import Request

REQUEST = Request({"type": "http", "method": "GET", "headers": []})


async def fine() -> CheckResult:
    return CheckResult(is_ok=True, detail={"behind": 0})


async def bad() -> CheckResult:
    return CheckResult(is_ok=False, detail="a gap in the numbers")


async def away() -> CheckResult:
    raise DatabaseUnavailableError("at 10.0.0.7")


async def silent() -> CheckResult:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_process_is_ready_when_all_its_parts_are() -> None:
    parts = Health()
    parts.add("consumer", fine)

    answer = await parts.answer_ready(REQUEST)

    assert answer.status_code == 200
    assert json.loads(bytes(answer.body)) == {
        "status": "ready",
        "checks": {"consumer": {"ok": True, "detail": {"behind": 0}}},
    }


async def test_a_process_is_not_ready_while_one_part_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "CHECK_TIME_S_MAX", 0.05)
    parts = Health()
    for name, check in {"fine": fine, "bad": bad, "away": away, "silent": silent}.items():
        parts.add(name, check)

    answer = await parts.answer_ready(REQUEST)

    assert answer.status_code == 503
    assert json.loads(bytes(answer.body)) == {
        "status": "not_ready",
        "checks": {
            "fine": {"ok": True, "detail": {"behind": 0}},
            "bad": {"ok": False, "detail": "a gap in the numbers"},
            "away": {"ok": False, "detail": "database_unavailable"},
            "silent": {"ok": False, "detail": "no answer within 0.05 s"},
        },
    }


async def test_a_process_is_alive_though_it_is_not_ready() -> None:
    parts = Health()
    parts.add("bad", bad)

    assert (await parts.answer_alive(REQUEST)).status_code == 200


async def test_a_database_that_answers_is_ready(database: Database) -> None:
    assert (await database_check(database)()).is_ok


async def test_a_database_that_went_away_is_not_ready(
    database: Database, kit_database: ServiceDatabase, postgres_server: EmbeddedPostgres
) -> None:
    parts = Health()
    parts.add("database", database_check(database))
    server = await asyncpg.connect(postgres_server.url)
    await server.execute(f'ALTER DATABASE "{kit_database.database}" CONNECTION LIMIT 0')
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
        kit_database.database,
    )
    await server.close()

    (result,) = (await parts.results()).values()

    assert (result.is_ok, result.detail) == (False, "database_unavailable")
