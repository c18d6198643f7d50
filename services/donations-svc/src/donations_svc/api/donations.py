"""Donations over HTTP: receive, read."""

from collections.abc import Sequence
from functools import reduce
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Money
from fundmix_events.text import Label
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.replicas import Position

from donations_svc import queries
from donations_svc.api.bodies import DonationIn, DonationOut, GoodsIn, donation_out
from donations_svc.api.delegation import check_receiver
from donations_svc.api.split_bodies import DepositIn, DepositOut
from donations_svc.commands import Commands
from donations_svc.domain.donation import Donation


def donations_router(database: Database, runner: CommandRunner, commands: Commands) -> APIRouter:
    router = APIRouter(tags=["donations"])

    @router.post("/v1/donations", status_code=HTTPStatus.CREATED, response_model=DonationOut)
    async def receive_donation(request: Request, access: AccessDep, body: DonationIn) -> Response:
        check_receiver(access, body.agency, delegation=body.delegation)

        async def command(connection: Connection, origin: Origin) -> Answer:
            donation = await commands.receive_donation(
                connection, origin, body.terms(), access=access, pledge_id=body.pledge_id
            )
            return _answer(donation)

        return await runner.run(request, access, command)

    @router.put("/v1/donations/{donation_id}/goods", response_model=DonationOut)
    async def state_goods(
        request: Request, access: AccessDep, donation_id: UUID, body: GoodsIn
    ) -> Response:
        """What goods are, or what proves their value, where it was not said before."""
        expected = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            donation = await commands.state_goods(
                connection,
                origin,
                donation_id,
                body.goods(),
                access=access,
                expected_version=expected,
            )
            return _answer(donation)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/deposits", status_code=HTTPStatus.CREATED, response_model=DepositOut)
    async def receive_deposit(request: Request, access: AccessDep, body: DepositIn) -> Response:
        """One transfer for several agencies or purposes: all of its donations, or none."""
        agencies = [line.agency for line in body.lines]
        check_receiver(access, *agencies, delegation=body.delegation)

        async def command(connection: Connection, origin: Origin) -> Answer:
            received = await commands.receive_deposit(
                connection, origin, body.deposit(), access=access
            )
            return _deposit_answer(received)

        return await runner.run(request, access, command)

    @router.get("/v1/donations", response_model=Page[DonationOut])
    async def list_donations(
        request: Request,
        access: AccessDep,
        page: PageDep,
        reference: Annotated[Label | None, Query()] = None,
        agency: Annotated[CreditCode | None, Query()] = None,
        pledge_id: Annotated[UUID | None, Query()] = None,
        is_unproved: Annotated[bool | None, Query(alias="unproved")] = None,
    ) -> Response:
        """With `unproved`, goods that stand and lack a proof of their value, or any description."""
        rows = await queries.list_donations(
            database,
            org=access.org_filter,
            reference=reference,
            agency=agency,
            pledge_id=pledge_id,
            is_unproved=bool(is_unproved),
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
        positions=positions_of([donation]),
        location=f"/v1/donations/{key}",
    )


def positions_of(donations: Sequence[Donation]) -> list[Position]:
    return [
        Position(topic=topics.DONATIONS, key=str(d.donation_id), version=d.version)
        for d in donations
    ]


def _deposit_answer(received: Sequence[Donation]) -> Answer:
    deposit_id = received[0].belonging.deposit_id
    assert deposit_id is not None, "its lines are of a deposit"
    amounts = (donation.terms.amount for donation in received)
    return Answer(
        body=DepositOut(
            deposit_id=deposit_id,
            amount=reduce(Money.__add__, amounts),
            donations=tuple(map(donation_out, received)),
        ),
        positions=positions_of(received),
    )
