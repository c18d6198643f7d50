"""What the ledger tells about requests and funds; each answer is one snapshot."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from asyncpg import Record
from fundmix_kit import quarantine
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams
from fundmix_kit.policy import Access
from fundmix_kit.tables import Quarantine

from ledger_svc.domain.errors import HoldNotFoundError, RequestNotFoundError
from ledger_svc.domain.journal_file import AccountMapping
from ledger_svc.domain.request import Request, RequestState
from ledger_svc.domain.selections import LotSelection
from ledger_svc.domain.spending_limits import (
    Limits,
    SpendingWarning,
    YearOfSpending,
    charity_of,
    limits_of,
    warnings_of,
)
from ledger_svc.domain.terms import RequestKind
from ledger_svc.queries_reports import Stated, stated
from ledger_svc.storage import (
    funds,
    holds,
    import_mappings,
    organisations,
    requests,
    spending,
)
from ledger_svc.storage.funds import AdvanceRow, FundRow, LotRow
from ledger_svc.storage.holds import Hold, HoldState, MadeHold

FIRST_DAY = date(1, 1, 1)
NO_ID = UUID(int=0)
LAST_ID = 2**63 - 1
BEFORE_ALL = (0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestFilter:
    agency: str | None
    kind: RequestKind | None = None
    state: RequestState | None = None
    reference: str | None = None
    fund_code: str | None = None
    batch_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SpendingReading:
    """`seq` is the last entry that is counted, `quarantined` how many events are not.

    Without limits there are no warnings.
    """

    spending: YearOfSpending
    limits: Limits | None
    warnings: tuple[SpendingWarning, ...]
    seq: int
    quarantined: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LotMovements:
    """What moved a side of a lot, in pages, and what it comes to."""

    amount_minor: int
    rows: list[Record]


Posted = tuple[Request, int | None]
"""A request, and the place of its entry in the journal."""


async def list_requests(
    database: Database, wanted: RequestFilter, *, page: PageParams
) -> list[Posted]:
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        found = await requests.read_list(
            connection,
            agency=wanted.agency,
            kind=wanted.kind,
            state=wanted.state,
            reference=wanted.reference,
            fund_code=wanted.fund_code,
            batch_id=wanted.batch_id,
            after=after[0] if after else None,
            rows_max=page.rows_to_read,
        )
        places = await requests.seq_by_event(
            connection, [r.event_id for r in found if r.event_id is not None]
        )
    return [(r, None if r.event_id is None else places.get(r.event_id)) for r in found]


async def read_request(database: Database, request_id: UUID) -> Posted:
    """Raises RequestNotFoundError."""
    async with database.reading() as connection:
        request = await requests.find(connection, request_id)
        if request is None:
            raise RequestNotFoundError(f"there is no request {request_id}")
        if request.event_id is None:
            return request, None
        places = await requests.seq_by_event(connection, [request.event_id])
    return request, places.get(request.event_id)


async def list_waiting(
    database: Database, *, agency: str | None, not_by: str, page: PageParams
) -> list[Request]:
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await requests.read_waiting(
            connection,
            agency=agency,
            not_by=not_by,
            after=after[0] if after else None,
            rows_max=page.rows_to_read,
        )


async def list_for_admin(
    database: Database, *, not_by: str, page: PageParams
) -> list[Quarantine | Request]:
    """Messages that nobody has decided about, and behind them closes to review; oldest first."""
    after_id, after_request = page.after(tuple[int, UUID]) or (0, NO_ID)
    async with database.reading() as connection:
        messages = await quarantine.list_rows(
            connection, state="open", after_id=after_id, rows_max=page.rows_to_read
        )
        closes = await requests.read_waiting(
            connection,
            agency=None,
            not_by=not_by,
            after=after_request,
            rows_max=page.rows_to_read - len(messages),
        )
    return [*messages, *closes]


def place_for_admin(row: Quarantine | Request) -> tuple[int, UUID]:
    """What its list goes on after."""
    return (row.id, NO_ID) if isinstance(row, Quarantine) else (LAST_ID, row.request_id)


async def list_funds(
    database: Database, *, agency: str | None, page: PageParams
) -> Stated[list[FundRow]]:
    after = page.after(tuple[str, str]) or ("", "")
    async with database.reading() as connection:
        rows = await funds.read_funds(
            connection, agency=agency, after=after, rows_max=page.rows_to_read
        )
        return await stated(connection, rows)


async def list_lots(
    database: Database, *, agency: str, fund_code: str, page: PageParams
) -> Stated[list[LotRow]]:
    after = page.after(tuple[date, str, UUID]) or (FIRST_DAY, "", NO_ID)
    async with database.reading() as connection:
        rows = await funds.read_lots(
            connection,
            agency=agency,
            fund_code=fund_code,
            after=after,
            rows_max=page.rows_to_read,
        )
        return await stated(connection, rows)


async def read_lot_movements(
    database: Database, asked: LotSelection, *, page: PageParams
) -> Stated[LotMovements]:
    async with database.reading() as connection:
        found = LotMovements(
            amount_minor=await funds.read_lot_total(connection, asked),
            rows=await funds.read_lot_movements(
                connection,
                asked,
                after=page.after(tuple[int, int]) or BEFORE_ALL,
                rows_max=page.rows_to_read,
            ),
        )
        return await stated(connection, found)


async def list_advances(
    database: Database, *, on: date, agency: str | None, is_ever: bool, page: PageParams
) -> Stated[list[AdvanceRow]]:
    after = page.after(tuple[str, str]) or ("", "")
    async with database.reading() as connection:
        rows = await funds.read_advances(
            connection,
            on=on,
            agency=agency,
            is_ever=is_ever,
            after=after,
            rows_max=page.rows_to_read,
        )
        return await stated(connection, rows)


async def list_holds(
    database: Database, *, agency: str | None, state: HoldState | None, page: PageParams
) -> list[MadeHold]:
    """In the order of their ids; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await holds.list_rows(
            connection,
            agency=agency,
            state=state,
            after=after[0] if after else NO_ID,
            rows_max=page.rows_to_read,
        )


async def read_hold(database: Database, hold_id: UUID, *, access: Access) -> Hold:
    """Raises HoldNotFoundError, ForeignRowError."""
    async with database.reading() as connection:
        hold = await holds.find(connection, hold_id)
    if hold is None:
        raise HoldNotFoundError(f"there is no hold {hold_id}")
    access.require_own(hold.terms.agency)
    return hold


async def read_spending(
    database: Database, *, agency: str, year: int, today: date
) -> SpendingReading:
    async with database.reading() as connection:
        found = await spending.read(connection, agency=agency, year=year)
        organisation = (await organisations.read(connection, [agency])).get(agency)
        at = await stated(connection, found)
    charity = charity_of(organisation, year=year)
    limits = limits_of(charity, found) if charity else None
    return SpendingReading(
        spending=at.value,
        limits=limits,
        warnings=tuple(warnings_of(limits, found, today=today)) if limits else (),
        seq=at.seq,
        quarantined=at.quarantined,
    )


async def read_mapping(database: Database, agency: str) -> AccountMapping:
    """What texts of the agency's accounting program are here."""
    async with database.reading() as connection:
        return await import_mappings.read(connection, agency)
