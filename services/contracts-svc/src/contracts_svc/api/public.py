"""Contracts for the public, who sign in nowhere: the list, its exports, one contract, overlaps."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fundmix_events.contracts import PurchaseMode
from fundmix_events.credit_code import CreditCode
from fundmix_events.evaluations import Grade
from fundmix_events.text import Label
from fundmix_kit.clock import Clock
from fundmix_kit.csv_text import CSV_MEDIA_TYPE
from fundmix_kit.database import Database
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.streaming import Streams

from contracts_svc import public_queries
from contracts_svc.api.exports import XLSX_MEDIA_TYPE, as_csv, as_workbook
from contracts_svc.api.public_bodies import (
    OverlapOut,
    ProjectDetailOut,
    ProjectOut,
    overlap_out,
    project_detail,
    project_out,
)
from contracts_svc.domain.contract import ContractState
from contracts_svc.storage.public_projects import ProjectFilter, ProjectSort, sort_key

YearQuery = Annotated[int | None, Query(ge=1, le=9999)]


async def project_filter(
    year: YearQuery = None,
    town: Annotated[Label | None, Query()] = None,
    agency: Annotated[CreditCode | None, Query()] = None,
    buyer: Annotated[CreditCode | None, Query()] = None,
    service_area: Annotated[Label | None, Query()] = None,
    people_served: Annotated[Label | None, Query()] = None,
    purchase_mode: Annotated[PurchaseMode | None, Query()] = None,
    state: Annotated[ContractState | None, Query()] = None,
    grade: Annotated[Grade | None, Query()] = None,
    q: Annotated[Label | None, Query(min_length=2)] = None,
) -> ProjectFilter:
    """`year` is the calendar year of signing; `q` a part of title, number or a party's name."""
    return ProjectFilter(
        year=year,
        town=town,
        agency=agency,
        buyer=buyer,
        service_area=service_area,
        people_served=people_served,
        purchase_mode=purchase_mode,
        state=state,
        grade=grade,
        text=q,
    )


FilterDep = Annotated[ProjectFilter, Depends(project_filter)]
SortQuery = Annotated[ProjectSort, Query()]


def public_router(database: Database, clock: Clock, streams: Streams) -> APIRouter:
    router = APIRouter(tags=["public"])
    _add_exports(router, database, clock, streams)
    _add_projects(router, database, clock)
    _add_overlaps(router, database)
    return router


def _add_projects(router: APIRouter, database: Database, clock: Clock) -> None:
    @router.get("/v1/public/projects", response_model=Page[ProjectOut])
    async def list_projects(
        request: Request,
        page: PageDep,
        wanted: FilterDep,
        sort: SortQuery = ProjectSort.SIGNED_ON,
    ) -> Response:
        rows = await public_queries.list_projects(
            database, wanted, sort=sort, today=clock.today(), page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda r: sort_key(r, sort), item=project_out
        )

    # A contract's number may have a slash in it.
    @router.get("/v1/public/projects/{number:path}")
    async def show_project(number: Label) -> ProjectDetailOut:
        return project_detail(
            await public_queries.read_project(database, number, today=clock.today())
        )


def _add_exports(router: APIRouter, database: Database, clock: Clock, streams: Streams) -> None:
    @router.get("/v1/public/projects.csv", response_class=Response)
    async def export_csv(
        request: Request, wanted: FilterDep, sort: SortQuery = ProjectSort.SIGNED_ON
    ) -> Response:
        batches = public_queries.all_projects(database, wanted, sort=sort, today=clock.today())
        return await streams.answer(
            request, as_csv(batches), media_type=CSV_MEDIA_TYPE, filename="projects.csv"
        )

    @router.get("/v1/public/projects.xlsx", response_class=Response)
    async def export_workbook(
        request: Request, wanted: FilterDep, sort: SortQuery = ProjectSort.SIGNED_ON
    ) -> Response:
        batches = public_queries.all_projects(database, wanted, sort=sort, today=clock.today())
        return await streams.answer(
            request, as_workbook(batches), media_type=XLSX_MEDIA_TYPE, filename="projects.xlsx"
        )


def _add_overlaps(router: APIRouter, database: Database) -> None:
    @router.get("/v1/public/overlaps", response_model=Page[OverlapOut])
    async def list_overlaps(
        request: Request,
        page: PageDep,
        year: YearQuery = None,
        town: Annotated[Label | None, Query()] = None,
        people_served: Annotated[Label | None, Query()] = None,
    ) -> Response:
        rows, go_on_after = await public_queries.list_overlaps(
            database, town=town, people_served=people_served, year=year, page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: r.key,
            item=overlap_out,
            go_on_after=go_on_after,
        )
