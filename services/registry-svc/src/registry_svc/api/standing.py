"""Standing over HTTP: what authorities have found, recorded from their documents."""

from functools import partial

from fastapi import APIRouter, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_kit.clock import Clock
from fundmix_kit.policy import AccessDep

from registry_svc.api.bodies import OrganisationOut
from registry_svc.api.recording import Recording
from registry_svc.api.standing_bodies import (
    AbnormalListingIn,
    AbnormalRemovalIn,
    CharityStatusIn,
    TaxQualificationIn,
)
from registry_svc.domain import standing as rules


def standing_router(recording: Recording, *, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["standing"])

    @router.post("/v1/organisations/{code}/abnormal-listings", response_model=OrganisationOut)
    async def list_as_abnormal(
        request: Request, access: AccessDep, code: CreditCode, body: AbnormalListingIn
    ) -> Response:
        finding = partial(
            rules.list_as_abnormal,
            listed_on=body.listed_on,
            reason=body.reason,
            today=clock.today(),
        )
        return await recording.record(request, access, code, finding, source=body.source)

    @router.post(
        "/v1/organisations/{code}/abnormal-listings/remove", response_model=OrganisationOut
    )
    async def remove_from_abnormal(
        request: Request, access: AccessDep, code: CreditCode, body: AbnormalRemovalIn
    ) -> Response:
        finding = partial(
            rules.remove_from_abnormal, removed_on=body.removed_on, today=clock.today()
        )
        return await recording.record(request, access, code, finding, source=body.source)

    @router.post("/v1/organisations/{code}/charity-status", response_model=OrganisationOut)
    async def record_charity_status(
        request: Request, access: AccessDep, code: CreditCode, body: CharityStatusIn
    ) -> Response:
        finding = partial(
            rules.record_charity_status,
            status=body.status,
            since_on=body.since_on,
            today=clock.today(),
        )
        return await recording.record(request, access, code, finding, source=body.source)

    @router.post("/v1/organisations/{code}/tax-qualifications", response_model=OrganisationOut)
    async def grant_tax_qualification(
        request: Request, access: AccessDep, code: CreditCode, body: TaxQualificationIn
    ) -> Response:
        finding = partial(
            rules.grant_tax_qualification, kind=body.kind, years=body.years, today=clock.today()
        )
        return await recording.record(request, access, code, finding, source=body.source)

    @router.post(
        "/v1/organisations/{code}/tax-qualifications/withdraw", response_model=OrganisationOut
    )
    async def withdraw_tax_qualification(
        request: Request, access: AccessDep, code: CreditCode, body: TaxQualificationIn
    ) -> Response:
        finding = partial(
            rules.withdraw_tax_qualification, kind=body.kind, years=body.years, today=clock.today()
        )
        return await recording.record(request, access, code, finding, source=body.source)

    return router
