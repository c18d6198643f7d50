"""Reversals over HTTP: of one donation, or of an import."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fundmix_events.text import Remark
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep
from fundmix_kit.streaming import extend_time
from pydantic import BaseModel

from donations_svc.api.bodies import BodyIn, DonationOut, donation_out
from donations_svc.api.donations import positions_of
from donations_svc.api.giving_back import asking_of
from donations_svc.reversal_commands import Reversals


class ReversalIn(BodyIn):
    reason: Remark


class BatchReversalOut(BaseModel):
    batch_id: UUID
    donations: int
    pledges: int


def reversals_router(runner: CommandRunner, commands: Reversals, *, time_ms_max: int) -> APIRouter:
    router = APIRouter(tags=["reversals"])

    @router.post("/v1/donations/{donation_id}/reverse", response_model=DonationOut)
    async def reverse_donation(
        request: Request, access: AccessDep, donation_id: UUID, body: ReversalIn
    ) -> Response:
        """It was recorded in error: on the day it was said to arrive, there is nothing."""

        async def command(connection: Connection, origin: Origin) -> Answer:
            donation = await commands.reverse(
                connection,
                origin,
                donation_id,
                reason=body.reason,
                asking=asking_of(request, access),
            )
            return Answer(
                body=donation_out(donation),
                version=donation.version,
                positions=positions_of([donation]),
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/donation-imports/{batch_id}/reverse", response_model=BatchReversalOut)
    async def reverse_batch(
        request: Request, access: AccessDep, batch_id: UUID, body: ReversalIn
    ) -> Response:
        """All that stands of an import, or nothing of it; it may take as long as the import."""
        extend_time(request, time_ms_max / 1000)

        async def command(connection: Connection, origin: Origin) -> Answer:
            undone = await commands.reverse_batch(
                connection, origin, batch_id, reason=body.reason, asking=asking_of(request, access)
            )
            return Answer(
                body=BatchReversalOut(
                    batch_id=batch_id, donations=undone.donations, pledges=undone.pledges
                )
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router
