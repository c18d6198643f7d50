"""The register for the public, who sign in nowhere: what each organisation is and where it stands.

No person is named here, and no organisation that is known only as one that may give.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.registry import (
    CharityStatus,
    Level,
    OrganisationKind,
    Standing,
    TaxQualificationKind,
)
from fundmix_events.text import Label, Name
from fundmix_kit.clock import Clock
from fundmix_kit.database import Database
from fundmix_kit.paging import Page, PageDep, page_response
from pydantic import BaseModel

from registry_svc import queries
from registry_svc.domain.registration import Registration
from registry_svc.storage.public_organisations import Sort


class AbnormalListingOut(BaseModel):
    listed_on: date
    reason: str
    document: str
    removed_on: date | None


class CharityOut(BaseModel):
    status: CharityStatus
    since_on: date
    document: str


class PublicOrganisationOut(BaseModel):
    code: str
    name: str
    kind: OrganisationKind
    level: Level | None
    town: str | None
    registered_on: date | None
    is_suspended: bool
    suspended_on: date | None
    is_abnormal: bool
    abnormal_listings: list[AbnormalListingOut]
    charity: CharityOut | None
    tax_qualified_years: Mapping[TaxQualificationKind, list[int]]


def public_router(database: Database, *, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["public"])

    @router.get("/v1/public/organisations", response_model=Page[PublicOrganisationOut])
    async def list_public_organisations(
        request: Request,
        page: PageDep,
        kind: Annotated[OrganisationKind | None, Query()] = None,
        town: Annotated[Label | None, Query()] = None,
        name: Annotated[Name | None, Query()] = None,
        is_suspended: Annotated[bool | None, Query(alias="suspended")] = None,
        sort: Annotated[Sort, Query()] = Sort.NAME,
    ) -> Response:
        today = clock.today()
        rows = await queries.list_public_organisations(
            database,
            kind=kind,
            town=town,
            name=name,
            is_suspended=is_suspended,
            today=today,
            sort=sort,
            page=page,
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.organisation.name, r.organisation.code),
            item=lambda r: _public_out(r, today=today),
        )

    @router.get("/v1/public/organisations/{code}")
    async def show_public_organisation(code: CreditCode) -> PublicOrganisationOut:
        found = await queries.read_public_organisation(database, code)
        return _public_out(found, today=clock.today())

    return router


def _public_out(registration: Registration, *, today: date) -> PublicOrganisationOut:
    organisation = registration.organisation
    standing = organisation.standing or Standing()
    charity = standing.charity
    return PublicOrganisationOut(
        code=organisation.code,
        name=organisation.name,
        kind=organisation.kind,
        level=organisation.level,
        town=organisation.town,
        registered_on=organisation.registered_on,
        is_suspended=organisation.is_suspended(on=today),
        suspended_on=organisation.suspended_on,
        is_abnormal=standing.is_abnormal(on=today),
        abnormal_listings=[
            AbnormalListingOut(
                listed_on=listing.listed_on,
                reason=listing.reason,
                document=listing.source.document,
                removed_on=listing.removed_on,
            )
            for listing in standing.abnormal_listings
        ],
        charity=None
        if charity is None
        else CharityOut(
            status=charity.status, since_on=charity.since_on, document=charity.source.document
        ),
        tax_qualified_years={
            kind: [q.year for q in standing.tax_qualifications if q.kind is kind]
            for kind in TaxQualificationKind
        },
    )
