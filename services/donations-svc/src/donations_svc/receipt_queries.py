"""What is told of receipts."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundmix_events.money import Money
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from donations_svc.domain.check_code import is_code_of
from donations_svc.domain.donor_names import masked
from donations_svc.domain.receipt import Receipt
from donations_svc.storage import receipt_jobs, receipts
from donations_svc.storage.receipt_jobs import Job
from donations_svc.storage.receipts import ReceiptFilter, SeriesReport

FIRST_ID: Final = UUID(int=0)


class Standing(StrEnum):
    VALID = "valid"
    WITHDRAWN = "withdrawn"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """What anybody who holds a receipt may know of it."""

    standing: Standing
    agency: str
    donor: str
    amount: Money
    issued_on: date
    withdrawn_on: date | None


async def read_receipt(database: Database, receipt_id: UUID) -> Receipt:
    """Raises ReceiptNotFoundError."""
    async with database.reading() as connection:
        return await receipts.read(connection, receipt_id)


async def list_receipts(
    database: Database, wanted: ReceiptFilter, *, org: str | None, page: PageParams
) -> list[Receipt]:
    """In the order of drafting; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await receipts.list_rows(
            connection,
            wanted,
            org=org,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def check(database: Database, number: str, stated_code: str) -> Checked | None:
    """None: no such receipt, or not that code. Nothing tells the two apart."""
    async with database.reading() as connection:
        is_right = is_code_of(await receipts.check_key(connection), number, stated_code)
        receipt = await receipts.read_numbered(connection, number)
    if receipt is None or receipt.issue is None or not is_right:
        return None
    shown = receipt.issue.snapshot
    withdrawal = receipt.withdrawal
    return Checked(
        standing=Standing.VALID if withdrawal is None else Standing.WITHDRAWN,
        agency=shown.agency_name,
        donor=masked(shown.donor, shown.donor_name, is_anonymous=shown.is_anonymous),
        amount=shown.amount,
        issued_on=shown.issued_on,
        withdrawn_on=None if withdrawal is None else withdrawal.on,
    )


async def report_series(database: Database, agency: str, *, year: int) -> SeriesReport:
    async with database.reading() as connection:
        return await receipts.report_series(connection, agency, year=year)


async def list_jobs(
    database: Database, *, org: str | None, agency: str | None, page: PageParams
) -> list[Job]:
    """In the order in which they were asked for; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await receipt_jobs.list_rows(
            connection,
            org=org,
            agency=agency,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def read_job(database: Database, job_id: UUID) -> Job:
    """Raises JobNotFoundError."""
    async with database.reading() as connection:
        return await receipt_jobs.read(connection, job_id)
