"""Pledges over HTTP: make, read, and what is still to come of them."""

from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_events.roles import Role
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.replicas import Position

from donations_svc import queries
from donations_svc.api.bodies import CancellationIn, PledgeIn, PledgeOut, pledge_out
from donations_svc.commands import Commands
from donations_svc.domain.pledge import Pledge, PledgeState


def pledges_router(
    database: Database, runner: CommandRunner, commands: Commands, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["pledges"])

    @router.post("/v1/pledges", status_code=HTTPStatus.CREATED, response_model=PledgeOut)
    async def make_pledge(request: Request, access: AccessDep, body: PledgeIn) -> Response:
        is_donor = access.principal.role == Role.DONOR
        access.require_own(body.donor.code if is_donor else body.agency)

        async def command(connection: Connection, origin: Origin) -> Answer:
            pledge = await commands.make_pledge(connection, origin, body.terms())
            return _answer(pledge, today=clock.today())

        return await runner.run(request, access, command)

    @router.post("/v1/pledges/{pledge_id}/cancel", response_model=PledgeOut)
    async def cancel_pledge(
        request: Request, access: AccessDep, pledge_id: UUID, body: CancellationIn
    ) -> Response:
        """What was still to come will not come; what has arrived stays."""
        expected = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            pledge = await commands.cancel_pledge(
                connection,
                origin,
                pledge_id,
                access=access,
                expected_version=expected,
                cancelled_on=body.cancelled_on,
                reason=body.reason,
                remark=body.remark,
            )
            return _answer(pledge, today=clock.today())

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.get("/v1/pledges", response_model=Page[PledgeOut])
    async def list_pledges(
        request: Request,
        access: AccessDep,
        page: PageDep,
        reference: Annotated[Label | None, Query()] = None,
        agency: Annotated[CreditCode | None, Query()] = None,
        state: Annotated[PledgeState | None, Query()] = None,
    ) -> Response:
        """In a state as of today: `overdue` are those of which a part should have come before."""
        rows = await queries.list_pledges(
            database,
            org=access.org_filter,
            reference=reference,
            agency=agency,
            state=state,
            today=clock.today(),
            page=page,
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda p: (p.pledge_id,),
            item=lambda p: pledge_out(p, today=clock.today()),
        )

    @router.get("/v1/pledges/{pledge_id}", response_model=PledgeOut)
    async def show_pledge(request: Request, access: AccessDep, pledge_id: UUID) -> Response:
        pledge = await queries.read_pledge(database, pledge_id)
        access.require_own(pledge.terms.agency, pledge.terms.donor.code)
        body = pledge_out(pledge, today=clock.today())
        return resource_response(request, body, version=pledge.version)

    return router


def _answer(pledge: Pledge, *, today: date) -> Answer:
    key = str(pledge.pledge_id)
    return Answer(
        body=pledge_out(pledge, today=today),
        version=pledge.version,
        positions=[Position(topic=topics.DONATIONS, key=key, version=pledge.version)],
        location=f"/v1/pledges/{key}",
    )
