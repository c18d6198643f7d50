"""What the ledger's relay sends: what two persons have decided, and the journal."""

from collections.abc import Mapping, Sequence

from fundmix_kit.database import Connection
from fundmix_kit.outbox import OutboxSource
from fundmix_kit.relay import Outgoing

from ledger_svc.storage.journal_source import JournalSource


class LedgerSource:
    """The outbox and the journal, each in its own order; their heads are rows of one table."""

    def __init__(self) -> None:
        self._outbox = OutboxSource()
        self._journal = JournalSource()

    async def fresh(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        return [
            *await self._outbox.fresh(connection, rows_max=rows_max),
            *await self._journal.fresh(connection, rows_max=rows_max),
        ]

    async def unsent(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        return [
            *await self._outbox.unsent(connection, rows_max=rows_max),
            *await self._journal.unsent(connection, rows_max=rows_max),
        ]

    async def mark_sent(self, connection: Connection, sent: Mapping[tuple[str, int], int]) -> None:
        await self._outbox.mark_sent(connection, sent)

    async def forget_sent(self, connection: Connection) -> None:
        await self._outbox.forget_sent(connection)
