"""Telling the relay that there is something to send, once for many commits.

A NOTIFY inside a transaction makes all committers of the server wait for one another; so it is sent
after the commit, from a connection of its own. A lost one is caught up by the relay's slow poll.
"""

import asyncio
from typing import Final

import structlog

from fundmix_kit.database import Database, DatabaseUnavailableError

log = structlog.get_logger()

WAKE_CHANNEL: Final = "fundmix_relay"
NOTIFY: Final = "SELECT pg_notify($1, '')"
PAUSE_MS: Final = 5


class Waker:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._committed = asyncio.Event()
        database.on_commit(self._committed.set)

    async def run(self) -> None:
        while True:
            await self._committed.wait()
            self._committed.clear()
            try:
                async with self._database.session() as connection:
                    await connection.execute(NOTIFY, WAKE_CHANNEL)
            except DatabaseUnavailableError as error:
                log.warning("wake_failed", detail=str(error))
            await asyncio.sleep(PAUSE_MS / 1000)
