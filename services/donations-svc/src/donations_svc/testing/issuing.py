"""python -m donations_svc.testing.issuing URL DONATION...: issues until it is killed, or done.

Prints a line for each receipt, once it is committed; several at a time, each in a session of its
own.
"""

import asyncio
import sys
from collections.abc import Iterator
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_kit.clock import SystemClock

from donations_svc.receipt_commands import ReceiptCommands

SESSIONS: Final = 4


async def issue_all(url: str, donation_ids: list[UUID]) -> None:
    waiting = iter(donation_ids)
    async with asyncio.TaskGroup() as group:
        for _ in range(SESSIONS):
            group.create_task(_issue(url, waiting))


async def _issue(url: str, waiting: Iterator[UUID]) -> None:
    commands = ReceiptCommands(clock=SystemClock(), public_url="http://127.0.0.1")
    connection = await asyncpg.connect(url)
    for donation_id in waiting:
        async with connection.transaction():
            issued = await commands.issue_for(connection, donation_id, handler=None, by="issuing")
        sys.stdout.write(f"{issued.number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(issue_all(sys.argv[1], [UUID(text) for text in sys.argv[2:]]))
