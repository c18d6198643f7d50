"""The ledger fed from a service's outbox without a broker: what is said is posted at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fundmix_kit.clock import SystemClock
from fundmix_kit.database import Database
from fundmix_kit.delivery import Batch, apply_batch, prepare
from fundmix_kit.inbox import Place
from fundmix_kit.numbering import PartitionProgress, sort_messages
from fundmix_kit.outbox import OutboxSource
from fundmix_kit.quarantine import Incoming
from fundmix_kit.relay import Outgoing
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC

ROWS_MAX: Final = 1_000
BALANCES: Final = """
    SELECT a.code, b.amount_minor
    FROM balance b JOIN account a USING (account_id)
    WHERE a.fund_code = $1
"""


@dataclass(frozen=True, kw_only=True)
class Ledger:
    source: Database
    database: Database
    handler: LedgerHandler = field(default_factory=lambda: LedgerHandler(clock=SystemClock()))
    progress: dict[Place, PartitionProgress] = field(default_factory=dict[Place, PartitionProgress])

    async def follow(self) -> None:
        """Post all that was said since the last time."""
        async with self.source.transaction() as connection:
            said = await OutboxSource().fresh(connection, rows_max=ROWS_MAX)
        by_place: defaultdict[Place, list[Incoming]] = defaultdict(list)
        for event in said:
            by_place[event.topic, event.partition].append(_incoming(event))
        batch: Batch[Prepared] = Batch()
        for place, messages in by_place.items():
            self._add(batch, place, messages)
        await apply_batch(
            self.database,
            batch,
            handler=self.handler,
            cluster_id="none",
            now=SystemClock().now(),
        )

    def _add(self, batch: Batch[Prepared], place: Place, messages: Sequence[Incoming]) -> None:
        before = self.progress.get(place, PartitionProgress(next_number=1))
        result = sort_messages(before, messages)
        assert result.after.next_number == before.next_number + len(messages), "none is missing"
        batch.add(place, before=before, result=result)
        self.progress[place] = result.after
        for message in result.due:
            prepare(batch, message, codec=CODEC, handler=self.handler)

    async def balances(self, fund_code: str) -> dict[str, int]:
        """In fen, by code; credit is negative."""
        async with self.database.reading() as connection:
            rows = await connection.fetch(BALANCES, fund_code)
        return {row["code"]: row["amount_minor"] for row in rows}

    async def quarantined(self) -> int:
        async with self.database.reading() as connection:
            return await connection.fetchval("SELECT count(*) FROM quarantine")


def _incoming(event: Outgoing) -> Incoming:
    return Incoming(
        topic=event.topic,
        partition=event.partition,
        offset=event.number - 1,
        number=event.number,
        key=event.key,
        headers=list(event.headers),
        value=event.value,
    )
