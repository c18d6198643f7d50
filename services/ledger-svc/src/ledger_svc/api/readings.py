"""Routes of readings without a goal: one scope, all agencies in a row, and what ends soon."""

from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from fundmix_events.channel import Channel
from fundmix_events.day import Day
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
from ledger_svc.api.procurement_bodies import ProcurementOut, procurement_out
from ledger_svc.api.reading_bodies import (
    ReadingOut,
    reading_out,
)
from ledger_svc.api.why import DUE_INSTALMENTS, Asking, agreed, asking, promised
from ledger_svc.domain.mix import shown
from ledger_svc.domain.ranking import Ranked, RankedBy, ranked
from ledger_svc.domain.selections import Why
from ledger_svc.goal_queries import Cliff, DueInstalments, When
from ledger_svc.storage.cliff import EndingContract
from ledger_svc.storage.readings import DueQuestion, OpenInstalment

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
    why: Why


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
    """A contract that ends without a successor; `unpaid` is what it promises and has not paid.

    `why` is by amount.
    """

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
    why: dict[str, Why]


class CliffOut(BaseModel):
    """The totals are of all that end from `on` to `through`, the items a page of them.

    What the totals are the sum of are the items, and those say why.
    """

    on: date
    through: date
    contracts: int
    ceiling_total: str
    unpaid_total: str
    items: list[EndingContractOut]
    next_cursor: str | None
    seq: int
    quarantined: int


class DueInstalmentOut(BaseModel):
    """After its deduction; `why_contract` lists what its whole contract has not paid."""

    contract_id: UUID
    contract_number: str
    instalment: int
    agency: str
    buyer: str
    channel: Channel
    due_on: date
    amount: str
    why_contract: Why


class DueOut(BaseModel):
    """Instalments not paid at the end of the day `on`, due by `due_to`; `sum` is of all pages."""

    on: date
    as_of: date | None
    due_to: date
    instalments: int
    sum: str
    items: list[DueInstalmentOut]
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

    _add_contracts(router, database, clock)
    return router


def _add_contracts(router: APIRouter, database: Database, clock: Clock) -> None:
    """What ends, what is due, and how all of it has grown."""

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

    @router.get(DUE_INSTALMENTS)
    async def list_due(
        access: AccessDep,
        page: PageDep,
        agency: Agency = None,
        channel: Annotated[Channel | None, Query()] = None,
        on: AskedDay = None,
        as_of: AskedDay = None,
        due_to: Annotated[Day | None, Query()] = None,
    ) -> DueOut:
        """What figures of money that is due or overdue are the sum of."""
        when = When(on=on, as_of=as_of, today=clock.today())
        asked = DueQuestion(
            on=when.day,
            as_of=when.known_on,
            due_to=due_to or when.day,
            agency=_agency_filter(access, agency),
            channel=channel,
        )
        return _due_out(await goal_queries.read_due(database, asked, page=page), asked, page)

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
        why=why.total(basis, spread),
    )


def _due_out(found: DueInstalments, asked: DueQuestion, page: PageParams) -> DueOut:
    rows = found.rows[: page.limit]
    has_more = len(found.rows) > page.limit
    last = rows[-1] if has_more else None
    return DueOut(
        on=asked.on,
        as_of=asked.as_of,
        due_to=asked.due_to,
        instalments=found.instalments,
        sum=text_from_minor(found.amount_minor),
        items=[_due_instalment_out(row, on=asked.on) for row in rows],
        next_cursor=(
            encode_cursor((last.due_on, last.contract_id, last.instalment)) if last else None
        ),
        seq=found.seq,
        quarantined=found.quarantined,
    )


def _due_instalment_out(row: OpenInstalment, *, on: date) -> DueInstalmentOut:
    return DueInstalmentOut(
        contract_id=row.contract_id,
        contract_number=row.contract_number,
        instalment=row.instalment,
        agency=row.agency,
        buyer=row.buyer,
        channel=row.channel,
        due_on=row.due_on,
        amount=text_from_minor(row.amount_minor),
        why_contract=promised(agency=row.agency, contract_number=row.contract_number, on=on),
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
        items=[_ending_out(row, on=on) for row in rows],
        next_cursor=encode_cursor((rows[-1].ends_on, rows[-1].contract_id)) if has_more else None,
        seq=found.seq,
        quarantined=found.quarantined,
    )


def _ending_out(row: EndingContract, *, on: date) -> EndingContractOut:
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
        why={
            "ceiling": agreed(agency=row.agency, contract_number=row.number, on=on),
            "unpaid": promised(agency=row.agency, contract_number=row.number, on=on),
        },
    )


def _agency_filter(access: Access, agency: str | None) -> str | None:
    """Whose income: that asked for, where it may be seen. Raises ForeignRowError."""
    if agency is None:
        return access.org_filter
    access.require_own(agency)
    return agency
