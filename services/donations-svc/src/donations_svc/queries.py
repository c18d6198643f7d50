"""What donations-svc tells when asked."""

from datetime import date
from uuid import UUID

from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from donations_svc.domain.donation import Donation
from donations_svc.domain.pledge import Pledge
from donations_svc.storage import donations, pledges

FIRST_ID = UUID(int=0)


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
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_open_pledges(
    database: Database, *, org: str | None, page: PageParams
) -> list[Pledge]:
    """Pledges of which something is still to come, oldest first."""
    after = page.after(tuple[date, UUID])
    async with database.reading() as connection:
        return await pledges.list_open(
            connection, org=org, after=after or (date.min, FIRST_ID), rows_max=page.rows_to_read
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
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )
