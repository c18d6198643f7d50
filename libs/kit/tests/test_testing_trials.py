"""The instruments of the services' tests: each fails when it should."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import pytest
from fastapi import APIRouter, Request, Response
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.health import Health
from fundmix_kit.http import build_app
from fundmix_kit.metrics import Metrics
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep, Policy, Scope
from fundmix_kit.problems import ProblemError, ProblemTable
from fundmix_kit.settings import DatabaseSettings, HttpSettings
from fundmix_kit.testing import FixedClock, TokenSigner
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.contents import nothing_written
from fundmix_kit.testing.edge import calling, verifier_of
from fundmix_kit.testing.policy import (
    Owner,
    PolicyRows,
    PolicyTrials,
    trials,
    wrong_token_trials,
)
from fundmix_kit.testing.schema import KIT_RIGHTS, drift, rights_of_service
from fundmix_kit.testing.tokens import WRONG_TOKENS
from pydantic import BaseModel, PostgresDsn

ORG: Final = {Owner.OURS: "52440300MJL0000001", Owner.THEIRS: "52440300MJL0000002"}
ROLES: Final = ("donor", "auditor", "admin")
POLICY: Final = Policy(
    {
        ("GET", "/v1/gifts"): {"donor": Scope.OWN, "auditor": Scope.ANY},
        ("GET", "/v1/gifts/{org}"): {"donor": Scope.OWN, "auditor": Scope.ANY},
        ("POST", "/v1/gifts"): {"donor": Scope.OWN},
    }
)
ROWS: Final = PolicyRows(
    organisations={"donor": ORG[Owner.OURS]},
    parameters={owner: {"org": org} for owner, org in ORG.items()},
    bodies={("POST", "/v1/gifts"): lambda owner: {"org": ORG[owner]}},
    lists={("GET", "/v1/gifts"): "org"},
)
TRIALS: Final = trials(POLICY, ROLES)


class Gift(BaseModel):
    org: str


class Leaks(BaseModel):
    """What a service's author may have forgotten."""

    shows_all: bool = False
    shows_none: bool = False
    shows_foreign: bool = False
    takes_foreign: bool = False
    writes_before_refusing: bool = False
    answers_wrongly: bool = False


def gifts_router(database: Database, leaks: Leaks) -> APIRouter:
    router = APIRouter()
    runner = CommandRunner(database, clock=FixedClock())

    @router.get("/v1/gifts", response_model=Page[Gift])
    async def list_gifts(request: Request, access: AccessDep, page: PageDep) -> Response:
        wanted = None if leaks.shows_all else access.org_filter
        rows = [org for org in ORG.values() if wanted in (None, org) and not leaks.shows_none]
        return page_response(
            request, rows, page=page, sort_key=lambda org: (org,), item=lambda org: Gift(org=org)
        )

    @router.get("/v1/gifts/{org}")
    async def show_gift(org: str, access: AccessDep) -> Gift:
        if not leaks.shows_foreign:
            access.require_own(org)
        if leaks.answers_wrongly:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "bad_request", "Asked wrongly.")
        return Gift(org=org)

    @router.post("/v1/gifts", response_model=Gift)
    async def give(request: Request, access: AccessDep, gift: Gift) -> Response:
        async def command(_connection: Connection, _origin: Origin) -> Answer:
            return Answer(body=gift)

        if leaks.writes_before_refusing:
            await runner.run(request, access, command)
        if not leaks.takes_foreign:
            access.require_own(gift.org)
        return await runner.run(request, access, command)

    return router


@pytest.fixture
async def database(kit_database: ServiceDatabase) -> AsyncGenerator[Database]:
    settings = DatabaseSettings(url=PostgresDsn(kit_database.url))
    database = Database(settings, application="test")
    await database.open()
    yield database
    await database.close()


@asynccontextmanager
async def an_api(database: Database, tokens: TokenSigner, leaks: Leaks) -> AsyncGenerator[Api]:
    app = build_app(
        title="gifts",
        settings=HttpSettings(port=1),
        table=ProblemTable({}, {}),
        policy=POLICY,
        verifier=verifier_of(tokens),
        routers=[gifts_router(database, leaks)],
        health=Health(),
        metrics=Metrics(),
    )
    async with calling(app) as client:
        yield Api(app=app, client=client, database=database, tokens=tokens)


def test_every_cell_is_tried_on_own_and_foreign_rows_and_reading_with_the_grant() -> None:
    assert len(TRIALS) == len(set(TRIALS)) == len(ROLES) * 2 * (2 + 2 + 1)
    assert {trial.scope for trial in TRIALS} == {None, Scope.OWN, Scope.ANY}


def test_every_route_is_tried_with_every_wrong_token_and_with_none() -> None:
    tried = {(t.method, t.path, t.token) for t in wrong_token_trials(POLICY, ROLES)}

    assert len(tried) == 3 * (1 + len(WRONG_TOKENS))


async def test_a_service_that_keeps_its_table_passes(
    database: Database, tokens: TokenSigner
) -> None:
    async with an_api(database, tokens, Leaks()) as api:
        for trial in TRIALS:
            await PolicyTrials(api, ROWS).hold(trial)
        for trial in wrong_token_trials(POLICY, ROLES):
            await PolicyTrials(api, ROWS).hold_with_wrong_token(trial)


@pytest.mark.parametrize(
    ("leaks", "caught"),
    [
        (Leaks(shows_all=True), "GET /v1/gifts-donor-ours"),
        (Leaks(shows_none=True), "GET /v1/gifts-donor-ours"),
        (Leaks(shows_foreign=True), "GET /v1/gifts/{org}-donor-theirs"),
        (Leaks(takes_foreign=True), "POST /v1/gifts-donor-theirs"),
        (Leaks(writes_before_refusing=True), "POST /v1/gifts-donor-theirs"),
        (Leaks(answers_wrongly=True), "GET /v1/gifts/{org}-auditor-ours"),
    ],
)
async def test_a_service_that_leaks_is_caught(
    leaks: Leaks, caught: str, database: Database, tokens: TokenSigner
) -> None:
    [trial] = [trial for trial in TRIALS if str(trial) == caught]

    async with an_api(database, tokens, leaks) as api:
        with pytest.raises(AssertionError):
            await PolicyTrials(api, ROWS).hold(trial)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tick (name, count) VALUES ('b', 1)",
        "UPDATE replica SET version = 2",
    ],
)
async def test_any_written_row_is_noticed(statement: str, database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO replica VALUES ('t', 'k', 1, '{}')")

    async with nothing_written(database):
        pass
    with pytest.raises(AssertionError):
        async with nothing_written(database), database.transaction() as connection:
            await connection.execute(statement)


@pytest.fixture
async def owner(kit_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(kit_database.owner_url)
    yield connection
    await connection.close()


@pytest.mark.parametrize(
    ("statement", "noticed"),
    [
        ("ALTER TABLE outbox DROP COLUMN traceparent", "add_column"),
        ("ALTER TABLE outbox ADD COLUMN extra int", "remove_column"),
        ("ALTER TABLE outbox ALTER COLUMN version TYPE bigint", "modify_type"),
        ("ALTER TABLE outbox ALTER COLUMN body DROP NOT NULL", "modify_nullable"),
        ("ALTER TABLE relay_state ALTER COLUMN is_rebuild_asked DROP DEFAULT", "modify_default"),
        ("ALTER TABLE inbox DROP CONSTRAINT uq_inbox_event_id", "add_constraint"),
        ("DROP INDEX ix_quarantine_state", "add_index"),
    ],
)
async def test_a_table_that_is_not_as_its_class_says_is_noticed(
    statement: str, noticed: str, kit_database: ServiceDatabase, owner: asyncpg.Connection
) -> None:
    # A table of the tests, which no class has.
    await owner.execute("DROP TABLE tick")
    assert await drift(kit_database) == []

    await owner.execute(statement)

    found: Any = await drift(kit_database)
    assert noticed in str(found)


async def test_the_rights_of_the_kits_tables_are_those_it_states(
    kit_database: ServiceDatabase,
) -> None:
    assert await rights_of_service(kit_database) == KIT_RIGHTS | {"tick": {"SELECT", "INSERT"}}


@pytest.mark.parametrize(
    "grant",
    [
        "GRANT DELETE ON outbox TO kit_svc",
        "GRANT UPDATE (body) ON outbox TO kit_svc",
        "GRANT TRUNCATE ON inbox TO PUBLIC",
        "GRANT CREATE ON SCHEMA public TO kit_svc",
    ],
)
async def test_a_right_too_many_is_noticed_wherever_it_comes_from(
    grant: str, kit_database: ServiceDatabase, owner: asyncpg.Connection
) -> None:
    before = await rights_of_service(kit_database)

    await owner.execute(grant)

    assert await rights_of_service(kit_database) != before
