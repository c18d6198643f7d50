"""What the ledger tells a donor of its gifts; each answer is one snapshot."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from ledger_svc.domain.gifts import GiftLot, GiftTotal
from ledger_svc.storage import gifts

NO_ID = UUID(int=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class GiftsQuestion:
    """Whose gifts, and what happened to them in which year; without one, ever."""

    donor: str
    agency: str | None
    year: int | None

    @property
    def first(self) -> date:
        return date.min if self.year is None else date(self.year, 1, 1)

    @property
    def last(self) -> date:
        return date.max if self.year is None else date(self.year, 12, 31)


async def list_gifts(
    database: Database, question: GiftsQuestion, *, page: PageParams
) -> list[GiftLot]:
    """By value date; one row more than the page shows."""
    after = page.after(tuple[date, UUID])
    async with database.reading() as connection:
        return await gifts.list_lots(
            connection,
            donor=question.donor,
            agency=question.agency,
            first=question.first,
            last=question.last,
            after=after or (date.min, NO_ID),
            rows_max=page.rows_to_read,
        )


async def read_gift_totals(database: Database, question: GiftsQuestion) -> list[GiftTotal]:
    async with database.reading() as connection:
        return await gifts.read_summary(
            connection,
            donor=question.donor,
            agency=question.agency,
            first=question.first,
            last=question.last,
        )
