"""Writes that wait for the end of a transaction several commands share, to be sent together.

What a statement costs is for the most part its way to the database and back. Those that give
nothing back need not be waited for one by one.
"""

from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from fundmix_kit.database import Connection


class HeldWrites:
    """What the commands of one transaction write, held back until its end."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._rows_by_statement: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)

    @contextmanager
    def holding(self) -> Generator[None]:
        """Hold what is written on this connection inside the block; `send` must follow."""
        token = _HOLDING.set(self)
        try:
            yield
        finally:
            _HOLDING.reset(token)

    def hold(self, statement: str, row: tuple[Any, ...]) -> None:
        self._rows_by_statement[statement].append(row)

    async def send(self) -> None:
        """Each statement in one round trip, its rows in the order in which they were written."""
        for statement, rows in self._rows_by_statement.items():
            await self.connection.executemany(statement, rows)


# By context: what writes is deep inside a command, which does not know of others.
_HOLDING: Final[ContextVar[HeldWrites | None]] = ContextVar("held_writes", default=None)


async def write(connection: Connection, statement: str, *values: Any) -> None:
    """Written at once, or held back where commands share the transaction.

    An error of a write that was held back undoes what all of them did; each is then carried out by
    itself, where the error comes from here.
    """
    held = _HOLDING.get()
    if held is not None and held.connection is connection:
        held.hold(statement, values)
    else:
        await connection.execute(statement, *values)
