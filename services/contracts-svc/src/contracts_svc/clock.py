"""The part `clock`: says once of each obligation whose day has passed that it is overdue."""

import asyncio
from typing import Final

import structlog
from fundmix_kit.backoff import Backoff
from fundmix_kit.database import Database, DatabaseUnavailableError

from contracts_svc.obligation_commands import ObligationCommands

log = structlog.get_logger()

# A day passes once a day; who restarts the service or changes a date need not wait for the next.
ROUND_S: Final = 60.0


async def watch_obligations(database: Database, commands: ObligationCommands) -> None:
    """Until cancelled; a database that is away is waited for."""
    backoff = Backoff()
    while True:
        try:
            async with database.transaction() as connection:
                found = await commands.announce_overdue(connection)
        except DatabaseUnavailableError as error:
            log.warning("clock_interrupted", detail=str(error))
            await backoff.wait()
            continue
        backoff.reset()
        if found:
            log.info("obligations_overdue", announced=found)
        else:
            await asyncio.sleep(ROUND_S)
