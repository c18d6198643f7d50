"""Commands that wait at the same time share a transaction, and none notices the others."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from http import HTTPStatus
from typing import ClassVar, Final

import asyncpg
import httpx2
import pytest
from fastapi import APIRouter, Response
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep, Policy, Scope
from fundmix_kit.problems import ProblemTable, Title
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import FixedClock, TokenSigner
from fundmix_kit.testing.api import Caller
from fundmix_kit.testing.edge import calling, verifier_of
from pydantic import BaseModel
from starlette.requests import Request

SEATS: Final = """
    CREATE TABLE seat (number integer PRIMARY KEY, subject text NOT NULL);
    GRANT SELECT, INSERT ON seat TO kit_svc
"""
TAKE_FREE: Final = """
    INSERT INTO seat (number, subject) SELECT * FROM unnest($1::int[], $2::text[])
    ON CONFLICT (number) DO NOTHING RETURNING number
"""
TAKE: Final = "INSERT INTO seat (number, subject) SELECT * FROM unnest($1::int[], $2::text[])"
KEYS: Final = "SELECT count(*) FROM idempotency_key"
PID: Final = "SELECT pg_backend_pid()"


class SeatTakenError(Exception):
    code: ClassVar[str] = "seat_taken"


class Seat(BaseModel):
    number: int


class Hall:
    """A hall with numbered seats; each is taken once."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.shares: list[int] = []
        self.refuses_itself = True
        self.lost_by: EmbeddedPostgres | None = None
        runner = CommandRunner(database, clock=clock)
        shared = runner.shared(self.take)
        self.router = APIRouter()

        @self.router.post("/seats", status_code=HTTPStatus.CREATED, response_model=Seat)
        async def take_seat(request: Request, seat: Seat, access: AccessDep) -> Response:
            return await runner.run_shared(request, access, shared, seat)

    async def take(
        self, connection: Connection, seats: Sequence[tuple[Origin, Seat]]
    ) -> Sequence[Answer | Exception]:
        self.shares.append(len(seats))
        numbers = [seat.number for _, seat in seats]
        subjects = [origin.actor.subject for origin, _ in seats]
        if self.lost_by is not None:
            await self._lose(connection, self.lost_by)
        if not self.refuses_itself:
            await connection.execute(TAKE, numbers, subjects)
            return [Answer(body=seat) for _, seat in seats]
        free = {row["number"] for row in await connection.fetch(TAKE_FREE, numbers, subjects)}
        return [
            Answer(body=seat, version=1) if seat.number in free else SeatTakenError("taken")
            for _, seat in seats
        ]

    async def _lose(self, connection: Connection, server: EmbeddedPostgres) -> None:
        pid = await connection.fetchval(PID)
        other = await asyncpg.connect(server.url)
        await other.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await other.close()


@pytest.fixture
async def hall(database: Database, owner: asyncpg.Connection, clock: FixedClock) -> Hall:
    await owner.execute(SEATS)
    return Hall(database, clock)


@pytest.fixture
async def caller(hall: Hall, tokens: TokenSigner) -> AsyncGenerator[Caller]:
    app = build_app(
        title="seats",
        settings=HttpSettings(port=1),
        table=ProblemTable(
            {SeatTakenError: HTTPStatus.CONFLICT},
            {"seat_taken": Title(zh="已有人", en="Taken")},
        ),
        policy=Policy({("POST", "/seats"): {"donor": Scope.ANY}}),
        verifier=verifier_of(tokens),
        routers=[hall.router],
        health=Health(),
        metrics=Metrics(),
    )
    async with calling(app) as client:
        yield Caller(client, tokens.headers("donor", subject="li.na", org="52A"))


async def taken(database: Database) -> list[int]:
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT number FROM seat ORDER BY number")
    return [row["number"] for row in rows]


async def keys_stored(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.fetchval(KEYS)


async def take_at_once(caller: Caller, *numbers: int) -> list[httpx2.Response]:
    return await asyncio.gather(*(caller.post("/seats", {"number": n}) for n in numbers))


def statuses(answers: Sequence[httpx2.Response]) -> list[int]:
    return [answer.status_code for answer in answers]


async def test_what_waits_at_the_same_time_shares_a_commit(
    hall: Hall, caller: Caller, database: Database
) -> None:
    commits: list[None] = []
    database.on_commit(lambda: commits.append(None))

    answers = await take_at_once(caller, *range(12))

    assert statuses(answers) == [201] * 12
    assert [answer.json()["number"] for answer in answers] == list(range(12))
    assert answers[3].headers["etag"] == '"1"'
    assert len(commits) == len(hall.shares) < 12
    assert sum(hall.shares) == 12
    assert await taken(database) == list(range(12))
    assert await keys_stored(database) == 12


async def test_who_is_alone_is_served_at_once(hall: Hall, caller: Caller) -> None:
    assert statuses([await caller.post("/seats", {"number": 1})]) == [201]
    assert hall.shares == [1]


@pytest.mark.parametrize("refuses_itself", [True, False])
async def test_a_refusal_of_one_is_none_of_the_others(
    hall: Hall, caller: Caller, database: Database, *, refuses_itself: bool
) -> None:
    """Also where the command itself does not refuse, but the database refuses all of a turn."""
    await caller.post("/seats", {"number": 3})
    hall.refuses_itself = refuses_itself

    answers = await take_at_once(caller, 1, 2, 3, 4, 5)

    refused = [answer for answer in answers if not answer.is_success]
    assert [answers.index(answer) for answer in refused] == [2]
    assert await taken(database) == [1, 2, 3, 4, 5]
    assert await keys_stored(database) == 5


async def test_twins_under_one_key_are_done_once_and_answered_the_same(
    caller: Caller, database: Database
) -> None:
    answers = await asyncio.gather(
        *(caller.post("/seats", {"number": number}, key="k") for number in (7, 7, 7)),
        *(caller.post("/seats", {"number": number}) for number in (8, 9)),
    )

    assert statuses(answers) == [201] * 5
    assert len({answer.content for answer in answers[:3]}) == 1
    assert await taken(database) == [7, 8, 9]
    assert await keys_stored(database) == 3


async def test_twins_of_one_key_that_want_different_things_get_one(
    caller: Caller, database: Database
) -> None:
    answers = await asyncio.gather(
        *(caller.post("/seats", {"number": number}, key="k") for number in (1, 2)),
        *(caller.post("/seats", {"number": number}) for number in (3, 4)),
    )

    assert sorted(statuses(answers[:2])) == [201, 422]
    assert statuses(answers[2:]) == [201, 201]
    assert len(await taken(database)) == 3
    assert await keys_stored(database) == 3


async def test_what_was_done_before_is_answered_the_same_and_keeps_nobody_back(
    caller: Caller, database: Database
) -> None:
    before = await caller.post("/seats", {"number": 1}, key="k")

    again, *others = await asyncio.gather(
        caller.post("/seats", {"number": 1}, key="k"),
        *(caller.post("/seats", {"number": number}) for number in (2, 3)),
    )

    assert (again.status_code, again.content) == (201, before.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert statuses(others) == [201, 201]
    assert await taken(database) == [1, 2, 3]


async def test_a_lost_connection_is_told_to_all_and_nothing_is_done(
    hall: Hall, caller: Caller, database: Database, postgres_server: EmbeddedPostgres
) -> None:
    hall.lost_by = postgres_server

    answers = await take_at_once(caller, 1, 2, 3, 4)

    assert statuses(answers) == [503] * 4
    assert (await taken(database), await keys_stored(database)) == ([], 0)
