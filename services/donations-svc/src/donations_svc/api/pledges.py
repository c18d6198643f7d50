"""Pledges over HTTP: make, read, and what is still to come of them."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_events.roles import Role
from fundmix_events.text import Label
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.replicas import Position

from donations_svc import queries
from donations_svc.api.bodies import PledgeIn, PledgeOut, TodoOut, pledge_out
from donations_svc.commands import Commands
from donations_svc.domain.pledge import Pledge


def pledges_router(database: Database, runner: CommandRunner, commands: Commands) -> APIRouter:
    router = APIRouter(tags=["pledges"])

    @router.post("/v1/pledges", status_code=HTTPStatus.CREATED, response_model=PledgeOut)
    async def make_pledge(request: Request, access: AccessDep, body: PledgeIn) -> Response:
        is_donor = access.principal.role == Role.DONOR
        access.require_own(body.donor.code if is_donor else body.agency)

        async def command(connection: Connection, origin: Origin) -> Answer:
            return _answer(await commands.make_pledge(connection, origin, body.terms()))

        return await runner.run(request, access, command)

    @router.get("/v1/pledges", response_model=Page[PledgeOut])
    async def list_pledges(
        request: Request,
        access: AccessDep,
        page: PageDep,
        reference: Annotated[Label | None, Query()] = None,
        agency: Annotated[CreditCode | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_pledges(
            database, org=access.org_filter, reference=reference, agency=agency, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda p: (p.pledge_id,), item=pledge_out
        )

    @router.get("/v1/pledges/{pledge_id}", response_model=PledgeOut)
    async def show_pledge(request: Request, access: AccessDep, pledge_id: UUID) -> Response:
        pledge = await queries.read_pledge(database, pledge_id)
        access.require_own(pledge.terms.agency, pledge.terms.donor.code)
        return resource_response(request, pledge_out(pledge), version=pledge.version)

    @router.get("/v1/todo", response_model=Page[TodoOut])
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        action = "give" if access.principal.role == Role.DONOR else "receive"
        rows = await queries.list_open_pledges(database, org=access.org_filter, page=page)
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda p: (p.terms.pledged_on, p.pledge_id),
            item=lambda p: _todo_out(p, action=action),
        )

    return router


def _answer(pledge: Pledge) -> Answer:
    key = str(pledge.pledge_id)
    return Answer(
        body=pledge_out(pledge),
        version=pledge.version,
        positions=[Position(topic=topics.DONATIONS, key=key, version=pledge.version)],
        location=f"/v1/pledges/{key}",
    )


def _todo_out(pledge: Pledge, *, action: str) -> TodoOut:
    return TodoOut(
        action=action,
        pledge_id=pledge.pledge_id,
        reference=pledge.terms.reference,
        donor=pledge.terms.donor,
        agency=pledge.terms.agency,
        pledged_on=pledge.terms.pledged_on,
        outstanding=pledge.outstanding,
    )
