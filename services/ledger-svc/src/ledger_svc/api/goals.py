"""Routes of goals: set limits, set them anew, read them, and see where they stand."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.day import Day
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ledger_svc import goal_queries
from ledger_svc.api.goal_bodies import (
    GoalIn,
    GoalOut,
    GoalWithVersionsOut,
    LimitsIn,
    goal_out,
    goal_with_versions_out,
)
from ledger_svc.api.reading_bodies import ReadingOut, reading_out
from ledger_svc.goal_commands import GoalCommands
from ledger_svc.goal_queries import When
from ledger_svc.storage.goals import StandingGoal

LAST_DAY: Final = date(2199, 12, 31)


def _not_too_late(day: date) -> date:
    if day > LAST_DAY:
        raise PydanticCustomError(
            "day_too_late", "no figure is of a day after {last}", {"last": str(LAST_DAY)}
        )
    return day


# Of the same years as those that are asked for.
AskedDay = Annotated[Annotated[Day, AfterValidator(_not_too_late)] | None, Query()]
OfYear = Annotated[int | None, Query(ge=1949, le=2199)]


def goals_router(
    database: Database, runner: CommandRunner, commands: GoalCommands, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["goals"])

    @router.post("/v1/goals", status_code=HTTPStatus.CREATED, response_model=GoalOut)
    async def create_goal(request: Request, access: AccessDep, body: GoalIn) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            found = await commands.create(
                connection,
                origin,
                body.limits(),
                agency=body.agency,
                year=body.year,
                reason=body.reason,
            )
            return _answer(found)

        return await runner.run(request, access, command)

    @router.post(
        "/v1/goals/{goal_id}/versions", status_code=HTTPStatus.CREATED, response_model=GoalOut
    )
    async def set_goal_version(
        request: Request, access: AccessDep, goal_id: UUID, body: LimitsIn
    ) -> Response:
        expected = expected_version(request, required=True)

        async def command(connection: Connection, origin: Origin) -> Answer:
            found = await commands.set_version(
                connection,
                origin,
                body.limits(),
                goal_id=goal_id,
                expected_version=expected,
                reason=body.reason,
            )
            return _answer(found)

        return await runner.run(request, access, command)

    @router.get("/v1/goals", response_model=Page[GoalOut])
    async def list_goals(
        request: Request, access: AccessDep, page: PageDep, year: OfYear = None
    ) -> Response:
        rows = await goal_queries.list_goals(
            database, agency=access.org_filter, year=year, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.goal.goal_id,), item=goal_out
        )

    @router.get("/v1/goals/{goal_id}", response_model=GoalWithVersionsOut)
    async def show_goal(request: Request, access: AccessDep, goal_id: UUID) -> Response:
        found, versions = await goal_queries.read_goal(database, goal_id)
        access.require_own(found.goal.agency)
        body = goal_with_versions_out(found, versions)
        return resource_response(request, body, version=found.goal.version)

    @router.get("/v1/goals/{goal_id}/reading")
    async def read_goal(
        access: AccessDep, goal_id: UUID, on: AskedDay = None, as_of: AskedDay = None
    ) -> ReadingOut:
        """Live, or on a day (`on`, by value date) as it was known on another (`as_of`)."""
        when = When(on=on, as_of=as_of, today=clock.today())
        found, reading = await goal_queries.read_for_goal(database, goal_id, when=when)
        access.require_own(found.goal.agency)
        return reading_out(reading, agency=found.goal.agency, goal=found.goal)

    return router


def _answer(found: StandingGoal) -> Answer:
    goal = found.goal
    return Answer(body=goal_out(found), version=goal.version, location=f"/v1/goals/{goal.goal_id}")
