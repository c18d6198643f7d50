"""The ledger over HTTP: the mix, the journal and the balances. All of it is read only."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.roles import Role
from fundmix_kit.database import Database
from fundmix_kit.paging import PageDep, page_response
from fundmix_kit.policy import Access, AccessDep

from ledger_svc import fund_queries, queries
from ledger_svc.api.bodies import (
    EntryOut,
    MixOut,
    balance_out,
    entry_out,
    mix_out,
    period_balance_out,
    todo_out,
)
from ledger_svc.api.request_bodies import waiting_out

Year = Annotated[int, Query(ge=1949, le=2199)]
Agency = Annotated[CreditCode | None, Query()]
Seq = Annotated[int, Path(ge=1, lt=2**63)]


def ledger_router(database: Database) -> APIRouter:
    router = APIRouter(tags=["ledger"])

    @router.get("/v1/mix")
    async def show_mix(access: AccessDep, year: Year, agency: Agency = None) -> MixOut:
        wanted = _agency_filter(access, agency)
        reading = await queries.read_mix(database, year=year, agency=wanted)
        return mix_out(reading, year=year, agency=wanted)

    @router.get("/v1/entries")
    async def list_entries(
        request: Request,
        access: AccessDep,
        page: PageDep,
        after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        agency: Agency = None,
    ) -> Response:
        """The journal in its own order, from `after` on: the feed for those who keep a copy."""
        cursor = page.after(tuple[int])
        rows = await queries.list_entries(
            database,
            agency=_agency_filter(access, agency),
            after=cursor[0] if cursor else after,
            rows_max=page.rows_to_read,
        )
        return page_response(request, rows, page=page, sort_key=lambda e: (e.seq,), item=entry_out)

    @router.get("/v1/entries/{seq}")
    async def show_entry(access: AccessDep, seq: Seq) -> EntryOut:
        entry = await queries.read_entry(database, seq)
        shown = entry_out(entry)
        if shown.agency is not None:
            access.require_own(shown.agency)
        return shown

    @router.get("/v1/balances")
    async def list_balances(
        request: Request, access: AccessDep, page: PageDep, agency: Agency = None
    ) -> Response:
        rows = await queries.list_balances(
            database, agency=_agency_filter(access, agency), page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r[1].account_id,), item=balance_out
        )

    @router.get("/v1/period-balances")
    async def list_period_balances(
        request: Request, access: AccessDep, page: PageDep, year: Year, agency: Agency = None
    ) -> Response:
        rows = await queries.list_period_balances(
            database, year=year, agency=_agency_filter(access, agency), page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.period, r.account.account_id, r.kind),
            item=period_balance_out,
        )

    @router.get("/v1/todo")
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        """What waits for the caller: reviews and, for an administrator, events to decide about."""
        if access.principal.role == Role.ADMIN:
            rows = await queries.list_todo(database, page=page)
            return page_response(
                request, rows, page=page, sort_key=lambda row: (row.id,), item=todo_out
            )
        principal = access.principal
        waiting = await fund_queries.list_waiting(
            database,
            agency=principal.org if principal.role == Role.AGENCY else None,
            not_by=principal.subject,
            page=page,
        )
        return page_response(
            request, waiting, page=page, sort_key=lambda r: (r.request_id,), item=waiting_out
        )

    return router


def _agency_filter(access: Access, agency: str | None) -> str | None:
    """Whose books: those asked for, where they may be seen. Raises ForeignRowError."""
    if agency is None:
        return access.org_filter
    access.require_own(agency)
    return agency
