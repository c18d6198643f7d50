"""Donations over HTTP: receive, read."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_events.text import Label
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.replicas import Position

from donations_svc import queries
from donations_svc.api.bodies import DonationIn, DonationOut, donation_out
from donations_svc.commands import Commands
from donations_svc.domain.donation import Donation


def donations_router(database: Database, runner: CommandRunner, commands: Commands) -> APIRouter:
    router = APIRouter(tags=["donations"])

    @router.post("/v1/donations", status_code=HTTPStatus.CREATED, response_model=DonationOut)
    async def receive_donation(request: Request, access: AccessDep, body: DonationIn) -> Response:
        access.require_own(body.agency)

        async def command(connection: Connection, origin: Origin) -> Answer:
            donation = await commands.receive_donation(
                connection, origin, body.terms(), access=access, pledge_id=body.pledge_id
            )
            return _answer(donation)

        return await runner.run(request, access, command)

    @router.get("/v1/donations", response_model=Page[DonationOut])
    async def list_donations(
        request: Request,
        access: AccessDep,
        page: PageDep,
        reference: Annotated[Label | None, Query()] = None,
        agency: Annotated[CreditCode | None, Query()] = None,
        pledge_id: Annotated[UUID | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_donations(
            database,
            org=access.org_filter,
            reference=reference,
            agency=agency,
            pledge_id=pledge_id,
            page=page,
        )
        return page_response(
            request, rows, page=page, sort_key=lambda d: (d.donation_id,), item=donation_out
        )

    @router.get("/v1/donations/{donation_id}", response_model=DonationOut)
    async def show_donation(request: Request, access: AccessDep, donation_id: UUID) -> Response:
        donation = await queries.read_donation(database, donation_id)
        access.require_own(donation.terms.agency, donation.terms.donor.code)
        return resource_response(request, donation_out(donation), version=donation.version)

    return router


def _answer(donation: Donation) -> Answer:
    key = str(donation.donation_id)
    return Answer(
        body=donation_out(donation),
        version=donation.version,
        positions=[Position(topic=topics.DONATIONS, key=key, version=donation.version)],
        location=f"/v1/donations/{key}",
    )
