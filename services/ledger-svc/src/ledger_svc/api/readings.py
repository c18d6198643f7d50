"""Routes of readings without a goal: one scope, all agencies in a row, and what ends soon."""

from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from fundmix_events.channel import Channel
from fundmix_events.goals import Basis
from fundmix_events.money import text_from_minor
from fundmix_kit.clock import Clock
from fundmix_kit.database import Database
from fundmix_kit.paging import PageDep, PageParams, encode_cursor
from fundmix_kit.policy import Access, AccessDep
from pydantic import BaseModel

from ledger_svc import goal_queries
from ledger_svc.api.bodies import Ratio
from ledger_svc.api.goals import AskedDay
from ledger_svc.api.ledger import Agency, Year
from ledger_svc.api.reading_bodies import (
    ProcurementOut,
    ReadingOut,
    procurement_out,
    reading_out,
)
from ledger_svc.api.why import Asking, asking
from ledger_svc.domain.mix import shown
from ledger_svc.domain.ranking import Ranked, RankedBy, ranked
from ledger_svc.goal_queries import Cliff, When
from ledger_svc.storage.cliff import EndingContract

DAYS_MAX: Final = 1_100
Days = Annotated[int, Query(ge=0, le=DAYS_MAX)]


class RankedOut(BaseModel):
    """An agency among all: the first depends most on one source. Without income it has no rank."""

    rank: int | None
    agency: str
    total: str
    government_share: Ratio | None
    hhi: Ratio | None
    effective_sources: Ratio | None
    why: str


class RankingOut(BaseModel):
    year: int
    on: date
    basis: Basis
    by: RankedBy
    agencies: int
    items: list[RankedOut]
    next_cursor: str | None
    seq: int
    quarantined: int


class EndingContractOut(BaseModel):
    """A contract that ends without a successor; `unpaid` is what it promises and has not paid."""

    contract_id: UUID
    number: str
    agency: str
    buyer: str
    channel: Channel
    service_area: str
    town: str
    ends_on: date
    ceiling: str
    unpaid: str
    why: str


class CliffOut(BaseModel):
    """The totals are of all that end from `on` to `through`, the items a page of them."""

    on: date
    through: date
    contracts: int
    ceiling_total: str
    unpaid_total: str
    items: list[EndingContractOut]
    next_cursor: str | None
    seq: int
    quarantined: int


class GrowthOut(ProcurementOut):
    year: int
    agency: str | None
    on: date
    seq: int
    quarantined: int


def readings_router(database: Database, clock: Clock) -> APIRouter:
    router = APIRouter(tags=["readings"])

    @router.get("/v1/reading")
    async def read(  # what is asked
        access: AccessDep,
        year: Year,
        agency: Agency = None,
        basis: Basis = Basis.RECEIVED,
        on: AskedDay = None,
        as_of: AskedDay = None,
    ) -> ReadingOut:
        """Live, or on a day (`on`, by value date) as it was known on another (`as_of`)."""
        wanted = _agency_filter(access, agency)
        when = When(on=on, as_of=as_of, today=clock.today())
        reading = await goal_queries.read_without_goal(
            database, year=year, agency=wanted, basis=basis, when=when
        )
        return reading_out(reading, agency=wanted)

    @router.get("/v1/ranking")
    async def rank(  # what is asked
        access: AccessDep,
        page: PageDep,
        year: Year,
        by: RankedBy = RankedBy.GOVERNMENT_SHARE,
        basis: Basis = Basis.RECEIVED,
        on: AskedDay = None,
    ) -> RankingOut:
        """Agencies by how much they depend on one source; an agency sees its own place only."""
        when = When(on=on, as_of=None, today=clock.today())
        reading = await goal_queries.read_income(
            database, year=year, agency=None, basis=basis, when=when
        )
        found = ranked(reading, by=by)
        own = [r for r in found if access.org_filter in (None, r.agency)]
        shown_rows, next_cursor = _page(own, page)
        facts = reading.facts
        return RankingOut(
            year=year,
            on=facts.on,
            basis=basis,
            by=by,
            agencies=len(found),
            items=[_ranked_out(r, asking(facts, agency=r.agency), basis) for r in shown_rows],
            next_cursor=next_cursor,
            seq=facts.seq,
            quarantined=facts.quarantined,
        )

    @router.get("/v1/expiry-cliff")
    async def show_cliff(
        access: AccessDep,
        page: PageDep,
        agency: Agency = None,
        on: AskedDay = None,
        days: Days = 90,
    ) -> CliffOut:
        """Contracts that end within so many days, and that no other goes on from.

        On a past day as they were agreed, terminated and paid by then.
        """
        wanted = _agency_filter(access, agency)
        first = on or clock.today()
        through = min(first, date.max - timedelta(days)) + timedelta(days)
        found = await goal_queries.read_cliff(
            database, on=first, through=through, agency=wanted, page=page
        )
        return _cliff_out(found, on=first, through=through, page=page)

    @router.get("/v1/procurement-growth")
    async def show_growth(
        access: AccessDep, year: Year, agency: Agency = None, on: AskedDay = None
    ) -> GrowthOut:
        wanted = _agency_filter(access, agency)
        when = When(on=on, as_of=None, today=clock.today())
        reading = await goal_queries.read_without_goal(
            database, year=year, agency=wanted, basis=Basis.RECEIVED, when=when
        )
        facts = reading.facts
        return GrowthOut(
            **dict(procurement_out(reading, agency=wanted)),
            year=year,
            agency=wanted,
            on=facts.on,
            seq=facts.seq,
            quarantined=facts.quarantined,
        )

    return router


def _page(rows: list[Ranked], page: PageParams) -> tuple[list[Ranked], str | None]:
    after = page.after(tuple[int])
    rest = [row for row in rows if after is None or row.place > after[0]]
    shown_rows = rest[: page.limit]
    has_more = len(rest) > page.limit
    return shown_rows, encode_cursor((shown_rows[-1].place,)) if has_more else None


def _ranked_out(row: Ranked, why: Asking, basis: Basis) -> RankedOut:
    spread = row.income.spread
    return RankedOut(
        rank=row.rank,
        agency=row.agency,
        total=text_from_minor(spread.total_minor),
        government_share=shown(row.income.government_share),
        hhi=shown(spread.hhi),
        effective_sources=shown(spread.effective_sources),
        why=why.income(basis),
    )


def _cliff_out(found: Cliff, *, on: date, through: date, page: PageParams) -> CliffOut:
    rows = found.rows[: page.limit]
    has_more = len(found.rows) > page.limit
    return CliffOut(
        on=on,
        through=through,
        contracts=found.contracts,
        ceiling_total=text_from_minor(found.ceiling_minor),
        unpaid_total=text_from_minor(found.unpaid_minor),
        items=[_ending_out(row) for row in rows],
        next_cursor=encode_cursor((rows[-1].ends_on, rows[-1].contract_id)) if has_more else None,
        seq=found.seq,
        quarantined=found.quarantined,
    )


def _ending_out(row: EndingContract) -> EndingContractOut:
    why = Asking(agency=row.agency, first=row.ends_on, last=row.ends_on, as_of=None)
    return EndingContractOut(
        contract_id=row.contract_id,
        number=row.number,
        agency=row.agency,
        buyer=row.buyer,
        channel=row.channel,
        service_area=row.service_area,
        town=row.town,
        ends_on=row.ends_on,
        ceiling=text_from_minor(row.ceiling_minor),
        unpaid=text_from_minor(row.unpaid_minor),
        why=why.promised(row.channel),
    )


def _agency_filter(access: Access, agency: str | None) -> str | None:
    """Whose income: that asked for, where it may be seen. Raises ForeignRowError."""
    if agency is None:
        return access.org_filter
    access.require_own(agency)
    return agency
