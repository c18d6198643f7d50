"""Donations for the public, who sign in nowhere: by name of organisations, the rest in sums."""

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.donations import DonationKind, DonorKind, PurposeChangeBasis
from fundmix_events.money import Money
from fundmix_kit.clock import Clock
from fundmix_kit.csv_text import CSV_MEDIA_TYPE
from fundmix_kit.database import Database
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.streaming import Streams, in_pieces
from pydantic import BaseModel

from donations_svc import public_queries
from donations_svc.api.open_giving import JSON_MEDIA_TYPE, Publication, as_csv, as_package
from donations_svc.domain.grants import PublicGift, grant_id_of
from donations_svc.storage.public_gifts import GiftFilter, UnnamedSum

YearQuery = Annotated[int | None, Query(ge=1, le=9999)]


class PublicChangeOut(BaseModel):
    """From a day on, `amount` is for something else; `basis` says why that may be."""

    changed_on: date
    amount: Money
    restricted_to: str | None
    basis: PurposeChangeBasis


class PublicDonationOut(BaseModel):
    """`amount` is the money, or what goods or hours are worth; `refunded` has gone back of it.

    It was given for `restricted_to`; `purpose_changes` are in their order.
    """

    donation_id: UUID
    grant_id: str
    given_on: date
    received_on: date
    donor: str
    donor_name: str
    donor_kind: DonorKind
    agency: str
    agency_name: str
    kind: DonationKind
    amount: Money
    refunded: Money
    restricted_to: str | None
    goods: str | None
    quantity: Decimal | None
    unit: str | None
    hours: Decimal | None
    purpose_changes: list[PublicChangeOut]


class UnnamedSumOut(BaseModel):
    """Of individuals and donors who ask not to be named; null where these are fewer than 3."""

    year: int
    agency: str
    agency_name: str
    kind: DonationKind
    gifts: int | None
    amount: Money | None
    refunded: Money | None


async def gift_filter(
    year: YearQuery = None,
    agency: Annotated[CreditCode | None, Query()] = None,
    donor: Annotated[CreditCode | None, Query()] = None,
) -> GiftFilter:
    """`year` is the calendar year of the gift."""
    return GiftFilter(year=year, agency=agency, donor=donor)


async def unnamed_filter(
    year: YearQuery = None, agency: Annotated[CreditCode | None, Query()] = None
) -> GiftFilter:
    return GiftFilter(year=year, agency=agency)


FilterDep = Annotated[GiftFilter, Depends(gift_filter)]
UnnamedFilterDep = Annotated[GiftFilter, Depends(unnamed_filter)]


def public_router(
    database: Database, clock: Clock, streams: Streams, publication: Publication
) -> APIRouter:
    router = APIRouter(prefix="/v1/public", tags=["public"])
    _add_lists(router, database, publication)
    _add_exports(router, database, clock, streams, publication)
    return router


def _add_lists(router: APIRouter, database: Database, publication: Publication) -> None:
    @router.get("/donations", response_model=Page[PublicDonationOut])
    async def list_public_donations(request: Request, page: PageDep, wanted: FilterDep) -> Response:
        rows = await public_queries.list_gifts(database, wanted, page=page)
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda g: (g.given_on, g.donation_id),
            item=lambda g: _gift_out(g, prefix=publication.grant_prefix),
        )

    @router.get("/donations/unnamed", response_model=Page[UnnamedSumOut])
    async def list_unnamed_donations(
        request: Request, page: PageDep, wanted: UnnamedFilterDep
    ) -> Response:
        rows = await public_queries.list_unnamed(database, wanted, page=page)
        return page_response(request, rows, page=page, sort_key=lambda u: u.key, item=_unnamed_out)


def _add_exports(
    router: APIRouter,
    database: Database,
    clock: Clock,
    streams: Streams,
    publication: Publication,
) -> None:
    @router.get("/360giving.json", response_class=Response)
    async def stream_package(request: Request, wanted: FilterDep) -> Response:
        package = publication.package(
            path=request.url.path, query=_query_of(wanted), issued_at=clock.now()
        )
        batches = public_queries.all_gifts(database, wanted)
        texts = as_package(batches, package, prefix=publication.grant_prefix)
        return await streams.answer(
            request, in_pieces(texts), media_type=JSON_MEDIA_TYPE, filename="360giving.json"
        )

    @router.get("/360giving.csv", response_class=Response)
    async def stream_csv(request: Request, wanted: FilterDep) -> Response:
        batches = public_queries.all_gifts(database, wanted)
        return await streams.answer(
            request,
            as_csv(batches, prefix=publication.grant_prefix),
            media_type=CSV_MEDIA_TYPE,
            filename="360giving.csv",
        )


def _query_of(wanted: GiftFilter) -> dict[str, str]:
    """Of what was asked only what was understood: it becomes part of the package."""
    return {name: str(value) for name, value in asdict(wanted).items() if value is not None}


def _gift_out(gift: PublicGift, *, prefix: str) -> PublicDonationOut:
    return PublicDonationOut(
        donation_id=gift.donation_id,
        grant_id=grant_id_of(gift.donation_id, prefix=prefix),
        given_on=gift.given_on,
        received_on=gift.received_on,
        donor=gift.donor_code,
        donor_name=gift.donor_name,
        donor_kind=gift.donor_kind,
        agency=gift.agency,
        agency_name=gift.agency_name,
        kind=gift.kind,
        amount=gift.amount,
        refunded=gift.refunded,
        restricted_to=gift.restricted_to,
        goods=gift.goods,
        quantity=gift.quantity,
        unit=gift.unit,
        hours=gift.hours,
        purpose_changes=[PublicChangeOut(**asdict(change)) for change in gift.changes],
    )


def _unnamed_out(found: UnnamedSum) -> UnnamedSumOut:
    return UnnamedSumOut(
        year=found.key.year,
        agency=found.key.agency,
        agency_name=found.agency_name,
        kind=DonationKind(found.key.kind),
        gifts=found.gifts,
        amount=found.amount,
        refunded=found.refunded,
    )
