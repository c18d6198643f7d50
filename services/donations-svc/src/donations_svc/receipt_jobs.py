"""The part `jobs`: issues receipts by the month, one donation to a transaction.

A job is a row. Whoever works on it locks it for one step; with the receipt, the step commits how
far the job is. So a killed process leaves nothing half done, and any other goes on where it was.
"""

import asyncio
from calendar import monthrange
from datetime import date
from typing import Final

import asyncpg
import structlog
from fundmix_kit.backoff import Backoff
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database, DatabaseUnavailableError

from donations_svc.domain.errors import DonationsError
from donations_svc.receipt_commands import ReceiptCommands
from donations_svc.storage import receipt_jobs, receiptable

log = structlog.get_logger()

ROUND_S: Final = 1.0
# Somebody else has the donation or the series for longer than we wait; it will be free.
PASSING: Final = (
    DatabaseUnavailableError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
)


async def work(database: Database, commands: ReceiptCommands, clock: Clock) -> None:
    """Until cancelled; a database that is away is waited for."""
    backoff = Backoff()
    while True:
        try:
            async with database.transaction() as connection:
                was_busy = await step(connection, commands, clock)
        except PASSING as error:
            log.warning("jobs_interrupted", detail=str(error))
            await backoff.wait()
            continue
        backoff.reset()
        if not was_busy:
            await asyncio.sleep(ROUND_S)


async def step(connection: Connection, commands: ReceiptCommands, clock: Clock) -> bool:
    """The next donation of the oldest job; False: there is nothing to do."""
    job = await receipt_jobs.take(connection)
    if job is None:
        return False
    first, last = _days(job.month)
    if job.started_at is None:
        total = await receiptable.count(connection, job.agency, first=first, last=last)
        await receipt_jobs.start(connection, job.job_id, at=clock.now(), total=total)
    donation_id = await receiptable.next_after(
        connection, job.agency, first=first, last=last, after=job.after
    )
    if donation_id is None:
        await receipt_jobs.finish(connection, job.job_id, at=clock.now())
        log.info("job_finished", job_id=str(job.job_id), issued=job.issued, refused=job.refused)
        return True
    refused = dict(job.refused)
    issued = job.issued
    try:
        await commands.issue_for(connection, donation_id, handler=job.handler, by=job.requested_by)
        issued += 1
    except DonationsError as error:
        refused[error.code] = refused.get(error.code, 0) + 1
    await receipt_jobs.advance(
        connection, job.job_id, issued=issued, refused=refused, after=donation_id
    )
    return True


def _days(month: int) -> tuple[date, date]:
    """First and last day of a month like 202603."""
    year, number = divmod(month, 100)
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])
