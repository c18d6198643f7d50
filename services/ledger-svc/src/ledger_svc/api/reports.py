"""Reports for accountants and auditors over HTTP: read only, each figure with its reason."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

from asyncpg import Record
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fundmix_events.channel import Channel
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.ledger import AccountCode
from fundmix_events.text import Label
from fundmix_kit.database import Database
from fundmix_kit.paging import PageDep, PageParams, encode_cursor, page_response
from fundmix_kit.policy import AccessDep

from ledger_svc import fund_queries
from ledger_svc import queries_reports as queries
from ledger_svc.api.access import agency_filter
from ledger_svc.api.cut_off import CutOffOut, cut_off_out
from ledger_svc.api.figures import FiguresPage, page_of
from ledger_svc.api.lot_bodies import LotMovementsOut, lot_movements_out
from ledger_svc.api.report_bodies import (
    AccountLedgerOut,
    ActivitiesOut,
    BalanceSheetOut,
    FlowOut,
    TrialBalanceOut,
    WhyOut,
    account_ledger_out,
    activities_out,
    balance_sheet_out,
    flow_out,
    trial_balance_out,
    why_out,
)
from ledger_svc.domain.errors import BasisConflictError, SpanInvalidError
from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.mix import OFFICIAL_HAS_NO_DAY, Basis
from ledger_svc.domain.periods import last_day, period_of
from ledger_svc.domain.selections import (
    LOT_MOVEMENTS,
    EntryGroup,
    Held,
    LotSelection,
    LotSide,
    Selection,
    Side,
)
from ledger_svc.storage.lookups import LAST_PLACE

DAYS_AROUND_MAX: Final = 92
CODES_MAX: Final = len(AccountCode)
KINDS_MAX: Final = 50

Year = Annotated[int, Query(ge=1949, le=2199)]
Agency = Annotated[CreditCode | None, Query()]
AccountId = Annotated[int, Path(ge=1, lt=2**31)]
OptionalMonth = Annotated[int | None, Query(ge=100, le=999912)]
OptionalDay = Annotated[Day | None, Query()]


async def months(
    first: Annotated[int, Query(alias="from", ge=194901, le=219912)],
    last: Annotated[int, Query(alias="to", ge=194901, le=219912)],
) -> tuple[int, int]:
    """Raises SpanInvalidError."""
    for name, month in (("from", first), ("to", last)):
        if not 1 <= month % 100 <= 12:  # noqa: PLR2004  # months
            raise SpanInvalidError(f"{month} is no month", pointer=f"#query/{name}")
    if first > last:
        raise SpanInvalidError("a span ends after it begins", pointer="#query/to")
    return first, last


async def year_or_days(
    year: Annotated[int | None, Query(ge=1949, le=2199)] = None,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> tuple[date, date]:
    """Raises SpanInvalidError unless there is a year, or both days in their order."""
    if year is not None and first is None and last is None:
        return date(year, 1, 1), date(year, 12, 31)
    if year is not None or first is None or last is None or first > last:
        raise SpanInvalidError(
            "give a year, or the first day (from) and the last (to)", pointer="#query/year"
        )
    return first, last


async def asked_selection(  # one for each thing a figure may count by
    code: Annotated[list[AccountCode] | None, Query(max_length=CODES_MAX)] = None,
    group: Annotated[list[EntryGroup] | None, Query(max_length=len(EntryGroup))] = None,
    kind: Annotated[list[Label] | None, Query(max_length=KINDS_MAX)] = None,
    *,
    agency: Agency = None,
    fund_kind: FundKind | None = None,
    fund_code: Annotated[Label | None, Query()] = None,
    channel: Channel | None = None,
    account_id: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    payer: Annotated[CreditCode | None, Query()] = None,
    value_from: OptionalDay = None,
    value_to: OptionalDay = None,
    as_of: OptionalDay = None,
    period_from: OptionalMonth = None,
    period_to: OptionalMonth = None,
    only: Side | None = None,
    counted_as: Side = Side.DEBIT,
    held: Held | None = None,
    held_on: OptionalDay = None,
    through_seq: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
    through_line: Annotated[int, Query(ge=1, lt=2**15)] = LAST_PLACE[1],
) -> Selection:
    """Raises BasisConflictError."""
    is_by_days = any(day is not None for day in (value_from, value_to, as_of))
    is_as_booked = any(month is not None for month in (period_from, period_to))
    if is_by_days and (is_as_booked or only is not None):
        raise BasisConflictError(
            "what is asked for by days (value_from, value_to, as_of) is not asked for by periods or"
            " by one side as well",
            pointer="#query/only" if only is not None else "#query/period_from",
        )
    if (held is None) != (held_on is None):
        raise BasisConflictError(
            "what accounts hold (held) is asked for on a day (held_on)", pointer="#query/held"
        )
    return Selection(
        agency=agency,
        codes=tuple(code or ()),
        fund_kind=fund_kind,
        fund_code=fund_code,
        channel=channel,
        account_id=account_id,
        payer=payer,
        groups=tuple(group or ()),
        kinds=tuple(kind or ()),
        value_from=value_from,
        value_to=value_to,
        as_of=as_of,
        period_from=period_from,
        period_to=period_to,
        only=only,
        counted_as=counted_as,
        held=held,
        held_on=held_on,
        through=None if through_seq is None else (through_seq, through_line),
    )


Months = Annotated[tuple[int, int], Depends(months)]
Days = Annotated[tuple[date, date], Depends(year_or_days)]
Asked = Annotated[Selection, Depends(asked_selection)]


def reports_router(database: Database) -> APIRouter:
    router = APIRouter(tags=["reports"])
    _add_books(router, database)
    _add_statements(router, database)
    _add_reasons(router, database)
    return router


def _add_books(router: APIRouter, database: Database) -> None:
    @router.get("/v1/trial-balance")
    async def show_trial_balance(
        access: AccessDep, page: PageDep, span: Months, agency: Agency = None
    ) -> TrialBalanceOut:
        """By posting period; memo accounts come last and are in no total but their own."""
        wanted = agency_filter(access, agency)
        reading = await queries.read_trial_balance(database, months=span, agency=wanted, page=page)
        key = ("is_memo", "code", "account_id")
        return trial_balance_out(
            reading,
            months=span,
            agency=wanted,
            rows_shown=page.limit,
            next_cursor=_next_cursor(reading.value.lines, page, key),
        )

    @router.get("/v1/accounts/{account_id}/entries")
    async def show_account_ledger(
        access: AccessDep, page: PageDep, account_id: AccountId, span: Months
    ) -> AccountLedgerOut:
        """What was booked in the span in the order of the journal, with what it came to."""
        account = await queries.read_account(database, account_id)
        access.require_own(account.agency)
        reading = await queries.read_account_ledger(database, account, months=span, page=page)
        running = reading.value.running_minor
        items: list[tuple[Record, int]] = []
        for row in reading.value.rows[: page.limit]:
            running += row["amount_minor"]
            items.append((row, running))
        has_more = len(reading.value.rows) > page.limit
        last = items[-1][0] if has_more else None
        return account_ledger_out(
            reading,
            months=span,
            items=items,
            next_cursor=encode_cursor((last["seq"], last["line"], running)) if last else None,
        )

    @router.get("/v1/cut-off", response_model=FiguresPage[CutOffOut])
    async def list_cut_off(
        request: Request,
        access: AccessDep,
        page: PageDep,
        *,
        around: Annotated[Day, Query()],
        days: Annotated[int, Query(ge=0, le=DAYS_AROUND_MAX)] = 10,
        agency: Agency = None,
    ) -> Response:
        """Near a day by value date, but posted or occurred on its other side, or booked late."""
        reading = await queries.list_cut_off(
            database, around=around, days=days, agency=agency_filter(access, agency), page=page
        )
        return page_response(
            request,
            reading.value,
            page=page,
            sort_key=lambda row: (row["value_on"], row["seq"]),
            item=lambda row: cut_off_out(row, around=around),
            body_of=page_of(reading),
        )


def _add_statements(router: APIRouter, database: Database) -> None:
    @router.get("/v1/statements/balance-sheet")
    async def show_balance_sheet(
        access: AccessDep,
        on: OptionalDay = None,
        as_of: OptionalDay = None,
        agency: Agency = None,
        basis: Basis = Basis.RESTATED,
    ) -> BalanceSheetOut:
        """By value date at the end of a day, or as booked to the end of its month.

        Without a day, all that is recorded.
        """
        books = Selection(agency=agency_filter(access, agency))
        if basis is Basis.OFFICIAL:
            if on is None:
                raise SpanInvalidError(
                    "the official balance sheet is of a day (on) that ends a month",
                    pointer="#query/on",
                )
            _check_booked(on, as_of)
        selection = replace(books.up_to(on, is_booked=basis is Basis.OFFICIAL), as_of=as_of)
        reading = await queries.read_balance_sheet(database, selection)
        return balance_sheet_out(reading, selection, on=on)

    @router.get("/v1/statements/activities")
    async def show_activities(
        access: AccessDep,
        days: Days,
        as_of: OptionalDay = None,
        agency: Agency = None,
        basis: Basis = Basis.RESTATED,
    ) -> ActivitiesOut:
        """By value date, or as booked in whole months."""
        books = Selection(agency=agency_filter(access, agency))
        if basis is Basis.OFFICIAL:
            _check_booked(days[0] - timedelta(days=1), as_of)
            _check_booked(days[1], as_of)
        within = books.within(*days, is_booked=basis is Basis.OFFICIAL)
        selection = replace(within, as_of=as_of)
        reading = await queries.read_activities(database, selection)
        return activities_out(reading, selection, days=days)

    @router.get("/v1/flow")
    async def show_flow(
        access: AccessDep, year: Year, agency: Agency = None, basis: Basis = Basis.RESTATED
    ) -> FlowOut:
        """Nodes and links of a Sankey diagram, of equal sums, and the uses as a table."""
        wanted = agency_filter(access, agency)
        reading = await queries.read_flow(
            database, year=year, agency=wanted, is_booked=basis is Basis.OFFICIAL
        )
        return flow_out(reading, year=year, agency=wanted, basis=basis)


def _add_reasons(router: APIRouter, database: Database) -> None:
    @router.get("/v1/why")
    async def show_why(access: AccessDep, page: PageDep, asked: Asked) -> WhyOut:
        """The postings behind a figure, with the rule of each; their sum is the figure."""
        selection = queries.of_agency(asked, agency_filter(access, asked.agency))
        reading = await queries.read_behind(database, selection, page=page)
        key = ("account_id", "seq", "line")
        return why_out(
            reading,
            selection,
            rows_shown=page.limit,
            next_cursor=_next_cursor(reading.value.rows, page, key),
        )

    @router.get(LOT_MOVEMENTS)
    async def show_lot_movements(
        access: AccessDep,
        page: PageDep,
        agency: Annotated[CreditCode, Query()],
        lot_id: Annotated[UUID, Query()],
        side: LotSide,
    ) -> LotMovementsOut:
        """What entries brought to a lot or used of it, with the rule of each."""
        access.require_own(agency)
        asked = LotSelection(agency=agency, lot_id=lot_id, side=side)
        reading = await fund_queries.read_lot_movements(database, asked, page=page)
        return lot_movements_out(
            reading,
            asked,
            rows_shown=page.limit,
            next_cursor=_next_cursor(reading.value.rows, page, ("seq", "line")),
        )


def _check_booked(last: date, as_of: date | None) -> None:
    """Raises SpanInvalidError, BasisConflictError."""
    if as_of is not None:
        raise BasisConflictError(OFFICIAL_HAS_NO_DAY, pointer="#query/as_of")
    if last != last_day(period_of(last)):
        raise SpanInvalidError(
            f"official figures are of whole months, and {last} ends none", pointer="#query/basis"
        )


def _next_cursor(rows: Sequence[Record], page: PageParams, key: tuple[str, ...]) -> str | None:
    if len(rows) <= page.limit:
        return None
    last = rows[page.limit - 1]
    return encode_cursor([last[name] for name in key])
