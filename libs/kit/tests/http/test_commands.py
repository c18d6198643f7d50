"""A request is carried out once, however often it is sent, and answered the same each time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from http import HTTPStatus
from typing import ClassVar, Final

import asyncpg
import httpx2
import pytest
from fastapi import APIRouter, FastAPI, Response
from fundmix_kit.commands import ATTEMPTS_MAX, Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.etag import check_version, expected_version
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep, Policy, Scope
from fundmix_kit.problems import ProblemTable, Title
from fundmix_kit.replicas import Position
from fundmix_kit.settings import HttpSettings
from fundmix_kit.testing import FixedClock, TokenSigner
from fundmix_kit.testing.api import Caller, refusal
from fundmix_kit.testing.edge import calling, verifier_of
from pydantic import BaseModel, Field
from starlette.requests import Request

PURSES: Final = """
    CREATE TABLE purse (
        name text PRIMARY KEY,
        version bigint NOT NULL,
        amount_minor bigint NOT NULL CHECK (amount_minor >= 0)
    );
    GRANT SELECT, INSERT, UPDATE ON purse TO kit_svc
"""
OPEN: Final = "INSERT INTO purse (name, version, amount_minor) VALUES ($1, 1, $2)"
PAY: Final = """
    UPDATE purse SET amount_minor = amount_minor - $2, version = version + 1
    WHERE name = $1
    RETURNING version, amount_minor
"""
REPLICATE: Final = """
    INSERT INTO replica (topic, key, version, state) VALUES ($1, $2, $3, '{}')
    ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version
"""
AFTER_PERSON: Final = {"Fundmix-After": "test.people:P:2"}
LOCK: Final = "SELECT version, amount_minor FROM purse WHERE name = $1 FOR UPDATE"


class PurseEmptyError(Exception):
    code: ClassVar[str] = "purse_empty"


class PurseKnownError(Exception):
    code: ClassVar[str] = "purse_known"


class Purse(BaseModel):
    name: str
    amount_minor: int = Field(ge=0)


class Payment(BaseModel):
    amount_minor: int = Field(gt=0)


Hook = Callable[[Connection], Awaitable[None]]


async def nothing(_: Connection) -> None:
    pass


class Purses:
    """An API over purses; `before_commit` lets a test come in between."""

    def __init__(self, runner: CommandRunner) -> None:
        self.before_commit: Hook = nothing
        self.origins: list[Origin] = []
        self.carried_out = 0
        self.runner = runner

    async def open(self, connection: Connection, origin: Origin, purse: Purse) -> Answer:
        try:
            await connection.execute(OPEN, purse.name, purse.amount_minor)
        except asyncpg.UniqueViolationError as error:
            raise PurseKnownError("there is such a purse") from error
        self.origins.append(origin)
        return await self._answer(connection, purse, version=1)

    async def pay(
        self, connection: Connection, name: str, payment: Payment, *, expected: int | None
    ) -> Answer:
        locked = await connection.fetchrow(LOCK, name)
        assert locked is not None
        check_version(locked["version"], expected=expected)
        if locked["amount_minor"] < payment.amount_minor:
            raise PurseEmptyError("there is not so much in it")
        row = await connection.fetchrow(PAY, name, payment.amount_minor)
        assert row is not None
        purse = Purse(name=name, amount_minor=row["amount_minor"])
        return await self._answer(connection, purse, version=row["version"])

    async def _answer(self, connection: Connection, purse: Purse, *, version: int) -> Answer:
        self.carried_out += 1
        await self.before_commit(connection)
        return Answer(
            body=purse,
            version=version,
            positions=[Position(topic="test.purses", key=purse.name, version=version)],
            location=f"/purses/{purse.name}",
        )

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.post("/purses", status_code=HTTPStatus.CREATED, response_model=Purse)
        async def open_purse(request: Request, purse: Purse, access: AccessDep) -> Response:
            async def command(connection: Connection, origin: Origin) -> Answer:
                return await self.open(connection, origin, purse)

            return await self.runner.run(request, access, command)

        @router.post("/purses/{name}/payments", response_model=Purse)
        @router.patch("/purses/{name}/payments", response_model=Purse)
        async def pay_from_purse(
            request: Request, name: str, payment: Payment, access: AccessDep, again: int = 0
        ) -> Response:
            assert again in {0, 1}
            expected = expected_version(request, required=request.method == "PATCH")

            async def command(connection: Connection, _: Origin) -> Answer:
                return await self.pay(connection, name, payment, expected=expected)

            return await self.runner.run(request, access, command, status=HTTPStatus.OK)

        return router


@pytest.fixture
async def purses(database: Database, owner: asyncpg.Connection, clock: FixedClock) -> Purses:
    await owner.execute(PURSES)
    return Purses(
        CommandRunner(
            database, clock=clock, replicated_topics={"test.people"}, replica_wait_ms_max=2_000
        )
    )


@pytest.fixture
def app(purses: Purses, tokens: TokenSigner) -> FastAPI:
    writers = {"donor": Scope.ANY}
    return build_app(
        title="purses",
        settings=HttpSettings(port=1),
        table=ProblemTable(
            {PurseEmptyError: HTTPStatus.CONFLICT, PurseKnownError: HTTPStatus.CONFLICT},
            {code: Title(zh="拒绝", en="Refused") for code in ("purse_empty", "purse_known")},
        ),
        policy=Policy(
            {
                ("POST", "/purses"): writers,
                ("POST", "/purses/{name}/payments"): writers,
                ("PATCH", "/purses/{name}/payments"): writers,
            }
        ),
        verifier=verifier_of(tokens),
        routers=[purses.router()],
        health=Health(),
        metrics=Metrics(),
    )


@pytest.fixture
async def call(app: FastAPI, tokens: TokenSigner) -> AsyncGenerator[Callable[[str], Caller]]:
    async with calling(app) as client:
        yield lambda subject: Caller(client, tokens.headers("donor", subject=subject, org="52A"))


@pytest.fixture
def caller(call: Callable[[str], Caller]) -> Caller:
    return call("li.na")


def purse(name: str = "A", amount_minor: int = 500) -> dict[str, object]:
    return {"name": name, "amount_minor": amount_minor}


async def amounts(database: Database) -> dict[str, int]:
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT name, amount_minor FROM purse")
    return {row["name"]: row["amount_minor"] for row in rows}


async def keys_stored(database: Database) -> int:
    async with database.reading() as connection:
        return await connection.fetchval("SELECT count(*) FROM idempotency_key")


def code(answer: httpx2.Response) -> tuple[int, str]:
    found = refusal(answer)
    return found.status, found.code


def same(answer: httpx2.Response) -> tuple[int, bytes, dict[str, str | None]]:
    """What two answers to the same request have in common."""
    names = ("etag", "location", "fundmix-position", "content-type")
    return answer.status_code, answer.content, {name: answer.headers.get(name) for name in names}


async def test_an_accepted_command_answers_with_where_and_which_version_it_is(
    caller: Caller,
) -> None:
    answer = await caller.post("/purses", purse())

    assert answer.status_code == 201
    assert answer.json() == {"name": "A", "amount_minor": 500}
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == "/purses/A"
    assert answer.headers["fundmix-position"] == "test.purses:A:1"
    assert "idempotency-replayed" not in answer.headers


async def test_a_command_knows_who_caused_it_and_in_which_request(
    caller: Caller, purses: Purses
) -> None:
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await caller.post(
        "/purses",
        purse(),
        headers={"X-Correlation-Id": "c-1", "traceparent": traceparent},
    )

    (origin,) = purses.origins
    assert origin.actor.model_dump() == {"subject": "li.na", "role": "donor", "org": "52A"}
    assert (origin.correlation_id, origin.traceparent) == ("c-1", traceparent)


async def test_the_same_request_again_is_answered_the_same_and_done_once(
    caller: Caller, database: Database
) -> None:
    await caller.post("/purses", purse())
    answers = [
        await caller.post("/purses/A/payments", {"amount_minor": 100}, key="k") for _ in range(3)
    ]

    assert same(answers[0]) == same(answers[1]) == same(answers[2])
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [
        None,
        "true",
        "true",
    ]
    assert await amounts(database) == {"A": 400}


async def test_a_creation_sent_again_is_no_conflict(caller: Caller) -> None:
    first = await caller.post("/purses", purse(), key="k")

    assert same(await caller.post("/purses", purse(), key="k")) == same(first)
    assert code(await caller.post("/purses", purse(), key="other")) == (409, "purse_known")


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        ("/purses/A/payments", {"amount_minor": 101}, {}),
        ("/purses/A/payments", {"amount_minor": 10_000}, {}),
        ("/purses/B/payments", {"amount_minor": 100}, {}),
        ("/purses/A/payments?again=1", {"amount_minor": 100}, {}),
        ("/purses/A/payments", {"amount_minor": 100}, {"If-Match": "*"}),
    ],
    ids=str,
)
async def test_a_key_used_for_another_request_is_refused_and_changes_nothing(
    path: str, body: object, headers: dict[str, str], caller: Caller, database: Database
) -> None:
    for name in ("A", "B"):
        await caller.post("/purses", purse(name))
    await caller.post("/purses/A/payments", {"amount_minor": 100}, key="k")

    again = await caller.post(path, body, key="k", headers=headers)

    assert code(again) == (422, "idempotency_key_reused")
    assert await amounts(database) == {"A": 400, "B": 500}


async def test_a_key_belongs_to_its_subject_and_its_route(
    call: Callable[[str], Caller], database: Database
) -> None:
    await call("li.na").post("/purses", purse(), key="k")

    await call("li.na").post("/purses/A/payments", {"amount_minor": 100}, key="k")
    await call("wang.wei").post("/purses/A/payments", {"amount_minor": 100}, key="k")

    assert await amounts(database) == {"A": 300}


async def test_twins_that_race_are_done_once_and_answered_the_same(
    caller: Caller, database: Database
) -> None:
    await caller.post("/purses", purse())

    answers = await asyncio.gather(
        *(caller.post("/purses/A/payments", {"amount_minor": 300}, key="k") for _ in range(12))
    )

    assert len({str(same(answer)) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert await amounts(database) == {"A": 200}


async def test_twins_that_race_to_create_are_all_answered_with_the_one_creation(
    caller: Caller, database: Database
) -> None:

    answers = await asyncio.gather(*(caller.post("/purses", purse(), key="k") for _ in range(12)))

    assert {answer.status_code for answer in answers} == {201}
    assert await amounts(database) == {"A": 500}


async def test_twins_that_meet_only_at_their_key_are_done_once(
    purses: Purses, caller: Caller, database: Database
) -> None:
    """Nothing but the key keeps these two apart: both are carried out before either ends."""
    await caller.post("/purses", purse())
    both_are_here = asyncio.Barrier(2)

    async def insert_freely(connection: Connection, origin: Origin, purse: Purse) -> Answer:
        await connection.execute(OPEN, origin.correlation_id, purse.amount_minor)
        await both_are_here.wait()
        return Answer(body=purse)

    purses.open = insert_freely
    twins = [{"X-Request-Id": "r1"}, {"X-Request-Id": "r2"}]

    async with asyncio.timeout(30):
        first, second = await asyncio.gather(
            *(caller.post("/purses", purse(), key="k", headers=twin) for twin in twins)
        )

    assert same(first) == same(second)
    assert len(await amounts(database)) == 2


async def test_a_refusal_is_not_stored_and_may_be_accepted_later(
    caller: Caller, database: Database
) -> None:
    await caller.post("/purses", purse("A", 50))
    refused = await caller.post("/purses/A/payments", {"amount_minor": 100}, key="k")
    assert code(refused) == (409, "purse_empty")
    assert await keys_stored(database) == 1
    async with database.transaction() as connection:
        await connection.execute("UPDATE purse SET amount_minor = 500")

    assert (await caller.post("/purses/A/payments", {"amount_minor": 100}, key="k")).is_success
    assert await amounts(database) == {"A": 400}


async def test_a_failure_between_the_change_and_the_answer_undoes_both(
    caller: Caller, purses: Purses, database: Database
) -> None:
    async def fail(_: Connection) -> None:
        raise ZeroDivisionError

    purses.before_commit = fail
    assert code(await caller.post("/purses", purse(), key="k")) == (500, "internal_error")
    assert (await amounts(database), await keys_stored(database)) == ({}, 0)

    purses.before_commit = nothing
    assert (await caller.post("/purses", purse(), key="k")).status_code == 201


async def test_a_connection_lost_before_the_commit_undoes_both_and_may_be_repeated(
    caller: Caller, purses: Purses, database: Database, postgres_server: EmbeddedPostgres
) -> None:
    async def lose(connection: Connection) -> None:
        pid = await connection.fetchval("SELECT pg_backend_pid()")
        server = await asyncpg.connect(postgres_server.url)
        await server.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await server.close()

    purses.before_commit = lose
    lost = await caller.post("/purses", purse(), key="k")
    assert code(lost) == (503, "database_unavailable")

    purses.before_commit = nothing
    repeated = await caller.post("/purses", purse(), key="k")
    assert (repeated.status_code, await amounts(database)) == (201, {"A": 500})


async def test_an_answer_that_did_not_reach_the_caller_is_given_when_he_asks_again(
    caller: Caller, database: Database
) -> None:
    committed = asyncio.Event()
    database.on_commit(committed.set)
    sending = asyncio.create_task(caller.post("/purses", purse(), key="k"))
    async with asyncio.timeout(30):
        await committed.wait()
    sending.cancel()

    again = await caller.post("/purses", purse(), key="k")

    assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")


async def test_a_deadlock_is_tried_again_a_few_times(
    caller: Caller, purses: Purses, database: Database
) -> None:
    attempts = 0

    async def deadlock_twice(_: Connection) -> None:
        nonlocal attempts
        attempts += 1
        if attempts < ATTEMPTS_MAX:
            raise asyncpg.DeadlockDetectedError

    purses.before_commit = deadlock_twice
    answer = await caller.post("/purses", purse())
    assert (answer.status_code, attempts) == (201, ATTEMPTS_MAX)

    attempts = -ATTEMPTS_MAX
    answer = await caller.post("/purses", purse("B"))
    assert (code(answer), attempts) == ((503, "busy"), 0)
    assert await amounts(database) == {"A": 500}


@pytest.mark.parametrize(
    ("key", "refused"),
    [
        ("", "idempotency_key_missing"),
        (" ", "idempotency_key_missing"),
        ("two words", "idempotency_key_invalid"),
        ("x" * 201, "idempotency_key_invalid"),
        ('a"b', "idempotency_key_invalid"),
        ("\x7f", "idempotency_key_invalid"),
    ],
)
async def test_a_post_without_a_right_key_is_a_bad_request(
    key: str, refused: str, caller: Caller, purses: Purses
) -> None:
    answer = await caller.post("/purses", purse(), headers={"Idempotency-Key": key})

    assert code(answer) == (400, refused)
    assert purses.carried_out == 0


async def test_a_key_is_the_same_with_and_without_its_quotes(
    caller: Caller, database: Database
) -> None:
    await caller.post("/purses", purse())
    await caller.post("/purses/A/payments", {"amount_minor": 100}, key='"k"')
    await caller.post("/purses/A/payments", {"amount_minor": 100}, key="k")

    assert await amounts(database) == {"A": 400}


async def test_a_change_needs_no_key_but_the_version_that_was_seen(
    caller: Caller, database: Database
) -> None:
    await caller.post("/purses", purse())
    payment = {"amount_minor": 100}

    first = await caller.patch("/purses/A/payments", payment, version=1)
    second = await caller.patch("/purses/A/payments", payment, version=1)

    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (code(second), second.headers["etag"]) == ((412, "version_mismatch"), '"2"')
    assert (await amounts(database), await keys_stored(database)) == ({"A": 400}, 1)


async def test_a_command_waits_for_what_its_caller_has_done_elsewhere(
    caller: Caller, purses: Purses, database: Database
) -> None:
    sending = asyncio.create_task(caller.post("/purses", purse(), headers=AFTER_PERSON))
    async with database.transaction() as connection:
        await connection.execute(REPLICATE, "test.people", "P", 1)
    assert not sending.done()
    async with database.transaction() as connection:
        assert purses.carried_out == 0
        await connection.execute(REPLICATE, "test.people", "P", 2)

    async with asyncio.timeout(30):
        assert (await sending).status_code == 201


async def test_a_command_does_not_wait_for_ever(
    caller: Caller, purses: Purses, database: Database, clock: FixedClock
) -> None:
    purses.runner = CommandRunner(
        database, clock=clock, replicated_topics={"test.people"}, replica_wait_ms_max=20
    )

    answer = await caller.post("/purses", purse(), headers=AFTER_PERSON)

    assert code(answer) == (503, "replica_lags")
    assert answer.headers["retry-after"]
    assert await amounts(database) == {}
