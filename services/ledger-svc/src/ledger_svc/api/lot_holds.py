"""Holds of many lots at once over HTTP: for what undoes several receipts of money."""

from http import HTTPStatus
from typing import Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.ledger_requests import FundCode
from fundmix_events.money import Amount
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep
from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from ledger_svc import hold_commands
from ledger_svc.api.request_bodies import LOTS_NAMED_MAX, BodyIn
from ledger_svc.storage.holds import HoldPurpose, HoldTerms


class LotHoldIn(BodyIn):
    """A hold of one lot, by an id of the caller's own."""

    hold_id: UUID
    lot_id: UUID
    agency: CreditCode
    fund_code: FundCode
    amount: Amount
    effective_on: Day
    document: Label


class LotHoldsIn(BodyIn):
    """All of them or none; of each lot one."""

    purpose: HoldPurpose
    holds: tuple[LotHoldIn, ...] = Field(min_length=1, max_length=LOTS_NAMED_MAX)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({h.hold_id for h in self.holds}) < len(self.holds):
            raise PydanticCustomError("hold_twice", "a hold is named once")
        if len({h.lot_id for h in self.holds}) < len(self.holds):
            raise PydanticCustomError("lot_twice", "a lot is named once")
        return self

    def terms(self) -> list[tuple[HoldTerms, UUID]]:
        return [
            (
                HoldTerms(
                    hold_id=hold.hold_id,
                    agency=hold.agency,
                    fund_code=hold.fund_code,
                    currency=hold.amount.currency,
                    purpose=self.purpose,
                    document=hold.document,
                    effective_on=hold.effective_on,
                    amount_minor=hold.amount.amount_minor,
                ),
                hold.lot_id,
            )
            for hold in self.holds
        ]


class HoldIdsIn(BodyIn):
    hold_ids: tuple[UUID, ...] = Field(min_length=1, max_length=LOTS_NAMED_MAX)


class HoldsOut(BaseModel):
    """How many were set aside, or given back, by this request."""

    holds: int


def lot_holds_router(runner: CommandRunner, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["holds"])

    @router.post("/v1/holds", response_model=HoldsOut)
    async def hold_lots(request: Request, access: AccessDep, body: LotHoldsIn) -> Response:
        """What undoes several receipts: all of it is set aside, or nothing."""
        for hold in body.holds:
            access.require_own(hold.agency)
        hold_commands.check_purpose(access, body.purpose)

        async def command(connection: Connection, origin: Origin) -> Answer:
            count = await hold_commands.hold_lots(connection, origin, body.terms(), clock=clock)
            return Answer(body=HoldsOut(holds=count))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/holds/release", response_model=HoldsOut)
    async def release_holds(request: Request, access: AccessDep, body: HoldIdsIn) -> Response:
        async def command(connection: Connection, _: Origin) -> Answer:
            count = await hold_commands.release_all(connection, body.hold_ids, access=access)
            return Answer(body=HoldsOut(holds=count))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router
