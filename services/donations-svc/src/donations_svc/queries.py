"""What donations-svc tells when asked."""

from datetime import date, timedelta
from uuid import UUID

from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from donations_svc.domain.announcement import Announcement, LineState
from donations_svc.domain.donation import Donation
from donations_svc.domain.giving_back import PurposeChange, Refund, RefundState
from donations_svc.domain.pledge import Pledge, PledgeState
from donations_svc.storage import (
    announcements,
    contact_accesses,
    donations,
    gifts,
    import_batches,
    pledges,
    statements,
    todo,
)
from donations_svc.storage.contact_tables import ContactAccess
from donations_svc.storage.import_batches import Batch, Counted
from donations_svc.storage.statements import GivenTotal
from donations_svc.storage.todo import Todo

FIRST_ID = UUID(int=0)
# How long a donation without a receipt, or a rejection, is something to do: some three months.
NEWS_FOR = timedelta(days=92)


async def read_pledge(database: Database, pledge_id: UUID) -> Pledge:
    """Raises PledgeNotFoundError."""
    async with database.reading() as connection:
        return await pledges.read(connection, pledge_id)


async def list_pledges(
    database: Database,
    *,
    org: str | None,
    reference: str | None,
    agency: str | None,
    state: PledgeState | None,
    today: date,
    page: PageParams,
) -> list[Pledge]:
    """In the order of recording; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await pledges.list_rows(
            connection,
            org=org,
            reference=reference,
            agency=agency,
            state=state,
            today=today,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_todo(
    database: Database, *, org: str | None, is_donor: bool, today: date, page: PageParams
) -> list[Todo]:
    """What waits, oldest first."""
    after = page.after(tuple[date, UUID, str, str])
    async with database.reading() as connection:
        return await todo.list_rows(
            connection,
            org=org,
            is_donor=is_donor,
            news_since=today - NEWS_FOR,
            after=after or (date.min, FIRST_ID, "", ""),
            rows_max=page.rows_to_read,
        )


async def read_announcement(database: Database, announcement_id: UUID) -> Announcement:
    """Raises AnnouncementNotFoundError."""
    async with database.reading() as connection:
        return await announcements.read(connection, announcement_id)


async def list_announcements(
    database: Database,
    *,
    org: str | None,
    reference: str | None,
    state: LineState | None,
    page: PageParams,
) -> list[Announcement]:
    """In the order of recording; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await announcements.list_rows(
            connection,
            org=org,
            reference=reference,
            state=state,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def read_refund(database: Database, refund_id: UUID) -> Refund:
    """Raises RefundNotFoundError."""
    async with database.reading() as connection:
        return await gifts.read_refund(connection, refund_id)


async def list_refunds(
    database: Database,
    *,
    org: str | None,
    donation_id: UUID | None,
    state: RefundState | None,
    page: PageParams,
) -> list[Refund]:
    """In the order of their ids; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await gifts.list_refunds(
            connection,
            org=org,
            donation_id=donation_id,
            state=state,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_changes(
    database: Database, *, org: str | None, donation_id: UUID | None, page: PageParams
) -> list[PurposeChange]:
    """In the order of their ids; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await gifts.list_changes(
            connection,
            org=org,
            donation_id=donation_id,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def read_donation(database: Database, donation_id: UUID) -> Donation:
    """Raises DonationNotFoundError."""
    async with database.reading() as connection:
        return await donations.read(connection, donation_id)


async def list_donations(
    database: Database,
    *,
    org: str | None,
    reference: str | None,
    agency: str | None,
    pledge_id: UUID | None,
    is_unproved: bool,
    page: PageParams,
) -> list[Donation]:
    """In the order of recording; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await donations.list_rows(
            connection,
            org=org,
            reference=reference,
            agency=agency,
            pledge_id=pledge_id,
            is_unproved=is_unproved,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def read_given(
    database: Database, *, donor: str, agency: str | None, year: int
) -> list[GivenTotal]:
    async with database.reading() as connection:
        return await statements.read_given(connection, donor=donor, agency=agency, year=year)


async def list_contact_accesses(
    database: Database, *, org: str | None, contact_id: UUID | None, page: PageParams
) -> list[ContactAccess]:
    """In the order in which they happened; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await contact_accesses.list_rows(
            connection,
            org=org,
            contact_id=contact_id,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_batches(
    database: Database, *, org: str | None, source: str | None, page: PageParams
) -> list[Batch]:
    """In the order of recording; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await import_batches.list_rows(
            connection,
            org=org,
            source=source,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def read_batch(database: Database, batch_id: UUID) -> tuple[Batch, Counted]:
    """With how much of it stands. Raises BatchNotFoundError."""
    async with database.reading() as connection:
        batch = await import_batches.read(connection, batch_id)
        return batch, await import_batches.count_standing(connection, batch_id)


async def read_columns(database: Database, *, agency: str | None, source: str) -> dict[str, str]:
    async with database.reading() as connection:
        return await import_batches.read_mapping(connection, agency=agency, source=source)
