"""The part `clock`: says of each goal that stands otherwise than before that it does."""

import asyncio
from typing import Final

import structlog
from fundmix_kit.backoff import Backoff
from fundmix_kit.database import Database, DatabaseUnavailableError

from ledger_svc.goal_commands import GoalCommands

log = structlog.get_logger()

# Readings are live whenever they are asked for; only the notice waits for a round.
ROUND_S: Final = 15.0


async def watch_goals(database: Database, commands: GoalCommands) -> None:
    """Until cancelled; a database that is away is waited for."""
    backoff = Backoff()
    while True:
        try:
            changes = await commands.judge(database)
        except DatabaseUnavailableError as error:
            log.warning("clock_interrupted", detail=str(error))
            await backoff.wait()
            continue
        backoff.reset()
        if changes:
            log.info("goals_judged", changes=changes)
        await asyncio.sleep(ROUND_S)
