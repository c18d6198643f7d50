"""The ledger over HTTP: the mix, the journal and the balances. All of it is read only."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.roles import Role
from fundmix_events.text import Label
from fundmix_kit.database import Database
from fundmix_kit.paging import PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.tables import Quarantine

from ledger_svc import fund_queries, queries, queries_reports
from ledger_svc.api.access import agency_filter
from ledger_svc.api.bodies import (
    BalanceOut,
    EntryOut,
    MixOut,
    PeriodBalanceOut,
    balance_out,
    dated_balance_out,
    entry_out,
    mix_out,
    period_balance_out,
    todo_out,
)
from ledger_svc.api.figures import FiguresPage, page_of
from ledger_svc.api.request_bodies import waiting_out
from ledger_svc.domain.errors import LookupIncompleteError
from ledger_svc.domain.mix import Basis, MixQuestion

Year = Annotated[int, Query(ge=1949, le=2199)]
Agency = Annotated[CreditCode | None, Query()]
Seq = Annotated[int, Path(ge=1, lt=2**63)]
OptionalDay = Annotated[Day | None, Query()]


PLACE: Final = ("topic", "partition", "number")


async def lookup(
    event_id: UUID | None = None,
    topic: Annotated[Label | None, Query()] = None,
    partition: Annotated[int | None, Query(ge=0, lt=2**15)] = None,
    number: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> UUID | tuple[str, int, int] | None:
    """Which event's entry is asked for: by its id or its place. Raises LookupIncompleteError."""
    place = (topic, partition, number)
    if event_id is not None and place == (None, None, None):
        return event_id
    if topic is not None and partition is not None and number is not None and event_id is None:
        return topic, partition, number
    if event_id is not None or place != (None, None, None):
        missing = next((n for n, part in zip(PLACE, place, strict=True) if part is None), PLACE[0])
        raise LookupIncompleteError(
            "give an event_id, or topic, partition and number", pointer=f"#query/{missing}"
        )
    return None


LookupDep = Annotated[UUID | tuple[str, int, int] | None, Depends(lookup)]


def ledger_router(database: Database) -> APIRouter:
    router = APIRouter(tags=["ledger"])
    _add_journal(router, database)
    _add_balances(router, database)

    @router.get("/v1/mix")
    async def show_mix(
        access: AccessDep,
        year: Year,
        *,
        agency: Agency = None,
        on: OptionalDay = None,
        as_of: OptionalDay = None,
        basis: Basis = Basis.RESTATED,
    ) -> MixOut:
        """By value date, up to the day `on`, or as booked; as the ledger knew it on `as_of`."""
        question = MixQuestion(
            year=year, agency=agency_filter(access, agency), on=on, as_of=as_of, basis=basis
        )
        return mix_out(await queries.read_mix(database, question), question)

    @router.get("/v1/todo")
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        """What waits for the caller: reviews and, for an administrator, events to decide about."""
        principal = access.principal
        if principal.role == Role.ADMIN:
            rows = await fund_queries.list_for_admin(database, not_by=principal.subject, page=page)
            return page_response(
                request,
                rows,
                page=page,
                sort_key=fund_queries.place_for_admin,
                item=lambda row: todo_out(row) if isinstance(row, Quarantine) else waiting_out(row),
            )
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


def _add_journal(router: APIRouter, database: Database) -> None:
    @router.get("/v1/entries")
    async def list_entries(
        request: Request,
        access: AccessDep,
        page: PageDep,
        looked_up: LookupDep,
        after: Annotated[int, Query(ge=0, lt=2**63)] = 0,
        agency: Agency = None,
    ) -> Response:
        """The journal in its own order, from `after` on: the feed for those who keep a copy.

        With `event_id`, or `topic`, `partition` and `number`: the entry of that event.
        """
        if looked_up is not None:
            found = await queries_reports.look_up(
                database, looked_up, agency=agency_filter(access, agency)
            )
            return page_response(
                request, found, page=page, sort_key=lambda e: (e.seq,), item=entry_out
            )
        cursor = page.after(tuple[int])
        rows = await queries.list_entries(
            database,
            agency=agency_filter(access, agency),
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


def _add_balances(router: APIRouter, database: Database) -> None:
    @router.get("/v1/balances", response_model=FiguresPage[BalanceOut])
    async def list_balances(
        request: Request,
        access: AccessDep,
        page: PageDep,
        *,
        agency: Agency = None,
        on: OptionalDay = None,
        as_of: OptionalDay = None,
    ) -> Response:
        """Now, or by value date `on` a day, as known `as_of` a day, or both."""
        wanted = agency_filter(access, agency)
        if on is not None or as_of is not None:
            dated = await queries_reports.list_balances_by_day(
                database, agency=wanted, on=on, as_of=as_of, page=page
            )
            return page_response(
                request,
                dated.value,
                page=page,
                sort_key=lambda d: (d.account.account_id,),
                item=lambda d: dated_balance_out(d, on=on, as_of=as_of),
                body_of=page_of(dated),
            )
        reading = await queries.list_balances(database, agency=wanted, page=page)
        return page_response(
            request,
            reading.value,
            page=page,
            sort_key=lambda r: (r[1].account_id,),
            item=balance_out,
            body_of=page_of(reading),
        )

    @router.get("/v1/period-balances", response_model=FiguresPage[PeriodBalanceOut])
    async def list_period_balances(
        request: Request, access: AccessDep, page: PageDep, year: Year, agency: Agency = None
    ) -> Response:
        reading = await queries.list_period_balances(
            database, year=year, agency=agency_filter(access, agency), page=page
        )
        return page_response(
            request,
            reading.value,
            page=page,
            sort_key=lambda r: (r.period, r.account.account_id, r.kind),
            item=period_balance_out,
            body_of=page_of(reading),
        )
