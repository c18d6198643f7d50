"""Waits until everything said has been sent, and the ledger has heard all of it."""

import asyncio
import time
from typing import Final

from fundmix_cli.calling.client import Json, ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR

SOURCES: Final = (ServiceName.REGISTRY, ServiceName.CONTRACTS, ServiceName.DONATIONS)
# What the ledger tells, and does not listen to.
JOURNAL: Final = "fundmix.ledger"
POLL_WAIT_S: Final = 0.1
# Numbers count from 1: where nothing was consumed, that is the one that is due.
FIRST_NUMBER: Final = 1


class LedgerBehindError(Exception):
    def __init__(self, behind: int, *, time_s: float) -> None:
        super().__init__(f"the ledger is still {behind} events behind after {time_s:.0f} s")


async def wait_for_ledger(client: ServiceClient, *, time_s_max: float) -> int:
    """How many events the ledger has in quarantine, once it has consumed all there was.

    Raises LedgerBehindError, RefusedError and ServiceAwayError.
    """
    deadline = time.monotonic() + time_s_max
    while True:
        sources = [await _progress(client, source) for source in SOURCES]
        ledger = await _progress(client, ServiceName.LEDGER)
        behind = events_behind([*sources, ledger], ledger)
        if not behind:
            return int(ledger["quarantined"])
        if time.monotonic() > deadline:
            raise LedgerBehindError(behind, time_s=time_s_max)
        await asyncio.sleep(POLL_WAIT_S)


def events_behind(sources: list[Json], ledger: Json) -> int:
    """What waits to be sent, and what was sent and is not consumed yet."""
    consumed = ledger["consumed"]
    unread = sum(
        max(0, next_number - consumed.get(topic, {}).get(partition, FIRST_NUMBER))
        for source in sources
        for topic, partitions in source["published"].items()
        if topic != JOURNAL
        for partition, next_number in partitions.items()
    )
    return unread + sum(source["waiting"] for source in sources)


async def _progress(client: ServiceClient, service: ServiceName) -> Json:
    return await client.get(service, "/v1/progress", claims=AUDITOR)
