"""The part `jobs`: issues receipts by the month, one donation to a transaction.

A job is a row. Whoever works on it locks it for one step; with the receipt, the step commits how
far the job is. So a killed process leaves nothing half done, and any other goes on where it was.
Jobs take turns, so that none waits for the whole of another, or for one that cannot go on.
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
from donations_svc.storage.receipt_jobs import Job

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
            was_busy = await turn(database, commands, clock)
        except PASSING as error:
            log.warning("jobs_interrupted", detail=str(error))
            await backoff.wait()
            continue
        backoff.reset()
        if not was_busy:
            await asyncio.sleep(ROUND_S)


async def turn(database: Database, commands: ReceiptCommands, clock: Clock) -> bool:
    """A step of the job whose turn it is; False: there is none.

    A step that fails changes nothing, except that all other jobs come first.
    """
    job = None
    try:
        async with database.transaction() as connection:
            job = await receipt_jobs.take(connection)
            if job is not None:
                await step(connection, job, commands, clock)
    except Exception:
        if job is not None:
            async with database.transaction() as connection:
                await receipt_jobs.put_last(connection, job.job_id, at=clock.now())
        raise
    return job is not None


async def step(connection: Connection, job: Job, commands: ReceiptCommands, clock: Clock) -> None:
    """The job's next donation, or its end."""
    first, last = _days(job.month)
    if job.started_at is None:
        total = await receiptable.count(connection, job.agency, first=first, last=last)
        await receipt_jobs.start(connection, job.job_id, at=clock.now(), total=total)
    place = await receiptable.next_after(
        connection, job.agency, first=first, last=last, after=job.after
    )
    if place is None:
        await receipt_jobs.finish(connection, job.job_id, at=clock.now())
        log.info("job_finished", job_id=str(job.job_id), issued=job.issued, refused=job.refused)
        return
    refused = dict(job.refused)
    issued = job.issued
    try:
        await commands.issue_for(
            connection, place.donation_id, handler=job.handler, by=job.requested_by
        )
        issued += 1
    except DonationsError as error:
        refused[error.code] = refused.get(error.code, 0) + 1
    await receipt_jobs.advance(
        connection, job.job_id, at=clock.now(), issued=issued, refused=refused, after=place
    )


def _days(month: int) -> tuple[date, date]:
    """First and last day of a month like 202603."""
    year, number = divmod(month, 100)
    return date(year, number, 1), date(year, number, monthrange(year, number)[1])
