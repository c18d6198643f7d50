"""Funds over HTTP: what they have, where it came from, what is held, and what was advanced."""

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.ledger import AccountCode
from fundmix_events.ledger_requests import FundCode
from fundmix_events.money import text_from_minor
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep
from pydantic import BaseModel

from ledger_svc import fund_queries
from ledger_svc.api.bodies import Ratio
from ledger_svc.api.figures import FiguresPage, page_of
from ledger_svc.api.request_bodies import (
    AdvanceOut,
    FundOut,
    HoldIn,
    HoldOut,
    LotOut,
    MadeHoldOut,
    WarningOut,
    advance_out,
    fund_out,
    hold_out,
    lot_out,
    made_hold_out,
    warnings_out,
)
from ledger_svc.commands import Commands
from ledger_svc.domain.mix import shown
from ledger_svc.domain.selections import EntryGroup, Selection, Side, Why, codes_of
from ledger_svc.domain.spending_limits import programme_floor
from ledger_svc.domain.statements import RESULT
from ledger_svc.fund_queries import SpendingReading
from ledger_svc.storage.holds import HoldState

Agency = Annotated[CreditCode | None, Query()]
Year = Annotated[int, Query(ge=1950, le=2199)]


class SpendingOut(BaseModel):
    """By value date, in yuan. `is_limited`: whether the agency has these limits at all.

    `programme_floor` is the least that its programmes have to cost in the year, `management_cap`
    the largest share of its spending that management may be. `why` is by amount.
    """

    agency: str
    year: int
    income_last_year: str
    net_assets_last_year: str
    programme: str
    management: str
    spent: str
    programme_share: Ratio | None
    management_share: Ratio | None
    is_limited: bool
    programme_floor: str | None
    management_cap: Ratio | None
    warnings: tuple[WarningOut, ...]
    why: dict[str, Why]
    seq: int
    quarantined: int


def funds_router(database: Database, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["funds"])

    @router.get("/v1/funds", response_model=FiguresPage[FundOut])
    async def list_funds(
        request: Request, access: AccessDep, page: PageDep, agency: Agency = None
    ) -> Response:
        reading = await fund_queries.list_funds(database, agency=_own(access, agency), page=page)
        return page_response(
            request,
            reading.value,
            page=page,
            sort_key=lambda r: (r.agency, r.fund_code),
            item=fund_out,
            body_of=page_of(reading),
        )

    @router.get("/v1/lots", response_model=FiguresPage[LotOut])
    async def list_lots(
        request: Request,
        access: AccessDep,
        page: PageDep,
        agency: Annotated[CreditCode, Query()],
        fund_code: Annotated[FundCode, Query()],
    ) -> Response:
        access.require_own(agency)
        reading = await fund_queries.list_lots(
            database, agency=agency, fund_code=fund_code, page=page
        )
        return page_response(
            request,
            reading.value,
            page=page,
            sort_key=lambda r: (r.value_on, r.document, r.lot_id),
            item=lot_out,
            body_of=page_of(reading),
        )

    @router.get("/v1/advances", response_model=FiguresPage[AdvanceOut])
    async def list_advances(
        request: Request,
        access: AccessDep,
        page: PageDep,
        agency: Agency = None,
        on: Annotated[Day | None, Query()] = None,
        ever: Annotated[bool | None, Query()] = None,
    ) -> Response:
        """Contract funds that were spent before they were paid (垫付), by value date.

        On a day, today unless said; with `ever`, on any day up to it.
        """
        day: date = on or clock.today()
        reading = await fund_queries.list_advances(
            database, on=day, agency=_own(access, agency), is_ever=bool(ever), page=page
        )
        return page_response(
            request,
            reading.value,
            page=page,
            sort_key=lambda r: (r.agency, r.fund_code),
            item=lambda row: advance_out(row, on=day),
            body_of=page_of(reading),
        )

    @router.get("/v1/spending-limits")
    async def show_spending(
        access: AccessDep, agency: Annotated[CreditCode, Query()], year: Year
    ) -> SpendingOut:
        access.require_own(agency)
        reading = await fund_queries.read_spending(
            database, agency=agency, year=year, today=clock.today()
        )
        return _spending_out(reading, agency=agency)

    return router


def holds_router(database: Database, runner: CommandRunner, commands: Commands) -> APIRouter:
    """For the other services: money that something needs is set aside before it is decided."""
    router = APIRouter(tags=["holds"])

    @router.put("/v1/holds/{hold_id}", response_model=HoldOut)
    async def hold_money(
        request: Request, access: AccessDep, hold_id: UUID, body: HoldIn
    ) -> Response:
        """Asking again with the same id and terms answers the same, and sets aside no more."""
        access.require_own(body.agency)

        async def command(connection: Connection, origin: Origin) -> Answer:
            hold = await commands.hold(connection, origin, body.terms(hold_id), lot_ids=body.lots)
            return Answer(body=hold_out(hold))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.get("/v1/holds", response_model=Page[MadeHoldOut])
    async def list_holds(
        request: Request,
        access: AccessDep,
        page: PageDep,
        agency: Agency = None,
        state: Annotated[HoldState | None, Query()] = None,
    ) -> Response:
        """What is set aside, and since when: what nothing came of can be given back."""
        rows = await fund_queries.list_holds(
            database, agency=_own(access, agency), state=state, page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda row: (row.hold.terms.hold_id,),
            item=made_hold_out,
        )

    @router.get("/v1/holds/{hold_id}")
    async def show_hold(access: AccessDep, hold_id: UUID) -> HoldOut:
        return hold_out(await fund_queries.read_hold(database, hold_id, access=access))

    @router.post("/v1/holds/{hold_id}/release", response_model=HoldOut)
    async def release_hold(request: Request, access: AccessDep, hold_id: UUID) -> Response:
        async def command(connection: Connection, _: Origin) -> Answer:
            return Answer(body=hold_out(await commands.release(connection, hold_id, access=access)))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router


def _own(access: Access, agency: str | None) -> str | None:
    """Whose funds: those asked for, where they may be seen. Raises ForeignRowError."""
    if agency is None:
        return access.org_filter
    access.require_own(agency)
    return agency


def _spending_out(reading: SpendingReading, *, agency: str) -> SpendingOut:
    year, limits = reading.spending, reading.limits
    spent = Selection(
        agency=agency,
        codes=codes_of("expenses"),
        value_from=date(year.year, 1, 1),
        value_to=date(year.year, 12, 31),
    )
    income = Selection(
        agency=agency,
        codes=codes_of("income"),
        value_from=date(year.year - 1, 1, 1),
        value_to=date(year.year - 1, 12, 31),
        counted_as=Side.CREDIT,
    )
    # What books begin with was there at the end of the year before.
    owned = replace(income, codes=RESULT, value_from=None)
    begun = replace(spent, codes=RESULT, groups=(EntryGroup.OPENINGS,), counted_as=Side.CREDIT)
    return SpendingOut(
        agency=agency,
        year=year.year,
        income_last_year=text_from_minor(year.incomes_minor[0]),
        net_assets_last_year=text_from_minor(year.net_assets_minor[0]),
        programme=text_from_minor(year.programme_minor),
        management=text_from_minor(year.management_minor),
        spent=text_from_minor(year.spent_minor),
        programme_share=shown(year.programme_share),
        management_share=shown(year.management_share),
        is_limited=limits is not None,
        programme_floor=text_from_minor(programme_floor(limits, year)) if limits else None,
        management_cap=shown(limits.management_cap) if limits else None,
        warnings=warnings_out(reading.warnings),
        why={
            "income_last_year": (income.why,),
            "net_assets_last_year": (owned.why, begun.why),
            "programme": (replace(spent, codes=(AccountCode.PROGRAMME_EXPENSES,)).why,),
            "management": (replace(spent, codes=(AccountCode.MANAGEMENT_EXPENSES,)).why,),
            "spent": (spent.why,),
        },
        seq=reading.seq,
        quarantined=reading.quarantined,
    )
