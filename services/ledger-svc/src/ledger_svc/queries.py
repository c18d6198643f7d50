"""What the ledger tells when asked; each answer is one snapshot."""

from dataclasses import dataclass

from fundmix_events.ledger import JournalEvent
from fundmix_kit import quarantine
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from ledger_svc.domain.errors import EntryNotFoundError
from ledger_svc.domain.mix import Mix, MixQuestion
from ledger_svc.queries_reports import Stated, stated
from ledger_svc.storage import entries, mixes, periods, readings
from ledger_svc.storage.entries import MonthOfKind
from ledger_svc.storage.tables import Account, Balance


@dataclass(frozen=True, kw_only=True, slots=True)
class MixReading:
    """The mixes of a year by agency, as of one place in the journal."""

    by_agency: dict[str, Mix]
    closed_through: int
    seq: int
    quarantined: int


async def read_mix(database: Database, question: MixQuestion) -> MixReading:
    """Raises BasisConflictError, SpanInvalidError."""
    async with database.reading() as connection:
        return MixReading(
            by_agency=await mixes.read(connection, question),
            closed_through=await connection.fetchval(periods.CLOSED_THROUGH),
            seq=await readings.read_seq(connection, as_of=question.as_of),
            quarantined=await quarantine.count_open(connection),
        )


async def list_entries(
    database: Database, *, agency: str | None, after: int, rows_max: int
) -> list[JournalEvent]:
    async with database.reading() as connection:
        return await entries.read_after(connection, agency=agency, after=after, rows_max=rows_max)


async def read_entry(database: Database, seq: int) -> JournalEvent:
    """Raises EntryNotFoundError."""
    async with database.reading() as connection:
        entry = await entries.read_one(connection, seq)
    if entry is None:
        raise EntryNotFoundError(f"the journal has no entry {seq}")
    return entry


async def list_balances(
    database: Database, *, agency: str | None, page: PageParams
) -> Stated[list[tuple[Account, Balance]]]:
    after = page.after(tuple[int])
    async with database.reading() as connection:
        rows = await entries.read_balances(
            connection, agency=agency, after=after[0] if after else 0, rows_max=page.rows_to_read
        )
        return await stated(connection, rows)


async def list_period_balances(
    database: Database, *, year: int, agency: str | None, page: PageParams
) -> Stated[list[MonthOfKind]]:
    after = page.after(tuple[int, int, str]) or (0, 0, "")
    async with database.reading() as connection:
        rows = await entries.read_period_balances(
            connection, year=year, agency=agency, after=after, rows_max=page.rows_to_read
        )
        return await stated(connection, rows)
