"""Suspension over HTTP: from a day on nothing new is signed, until it is ended."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_kit.clock import Clock
from fundmix_kit.policy import AccessDep

from registry_svc.api.bodies import OrganisationOut
from registry_svc.api.recording import Recording
from registry_svc.api.standing_bodies import ReinstateIn, SuspendIn
from registry_svc.domain import suspension as rules


def suspension_router(recording: Recording, *, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["standing"])

    @router.post("/v1/organisations/{code}/suspend", response_model=OrganisationOut)
    async def suspend(
        request: Request, access: AccessDep, code: CreditCode, body: SuspendIn
    ) -> Response:
        change = partial(rules.suspend, from_on=body.from_on, today=clock.today())
        return await recording.change(request, access, code, change, reason=body.reason)

    @router.post("/v1/organisations/{code}/reinstate", response_model=OrganisationOut)
    async def reinstate(
        request: Request, access: AccessDep, code: CreditCode, body: ReinstateIn
    ) -> Response:
        return await recording.change(request, access, code, rules.reinstate, reason=body.reason)

    return router
