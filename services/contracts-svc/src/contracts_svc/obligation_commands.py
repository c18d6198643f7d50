"""Clocks: what an officer says was done, and what the clock itself finds undone."""

from datetime import date
from typing import Final

from fundmix_events.envelope import Actor
from fundmix_events.obligations import ObligationKind
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox

from contracts_svc.commands import Target, of_buyer
from contracts_svc.domain import obligation as rules
from contracts_svc.domain.contract import Contract
from contracts_svc.storage import contracts, obligations

# Nobody asked: the day came.
CLOCK: Final = Actor(subject="clock", role="clock")
NOTICES_MAX: Final = 100


class ObligationCommands:
    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def meet(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        *,
        kind: ObligationKind,
        reference: int,
        met_on: date,
    ) -> Contract:
        """Raises ObligationNotFoundError, ObligationMetError, FutureDateError."""
        before = await of_buyer(connection, target)
        found = await obligations.find(connection, before.contract_id, kind, reference)
        after, met, event = rules.meet_obligation(
            before, found, met_on=met_on, today=self._clock.today()
        )
        await obligations.save_met(connection, after.contract_id, met)
        await contracts.save(connection, before, after)
        await self._outbox.append(connection, event, origin)
        return after

    async def announce_overdue(self, connection: Connection) -> int:
        """Say of some that are overdue that they are; the number of those that were found."""
        today = self._clock.today()
        overdue = await obligations.list_unannounced(connection, today=today, rows_max=NOTICES_MAX)
        origin = Origin(actor=CLOCK, correlation_id=str(uuid7()))
        # In the order of their ids: two that lock the same contracts do not wait for each other.
        for contract_id in sorted({contract_id for contract_id, _ in overdue}):
            before = await contracts.load_for_update(connection, contract_id)
            for _, found in (pair for pair in overdue if pair[0] == contract_id):
                # As it is under the lock: it may have been met, or said, meanwhile.
                current = await obligations.find(
                    connection, contract_id, found.kind, found.reference
                )
                if not current.is_overdue(today=today):
                    continue
                if await obligations.note_overdue(connection, contract_id, current, today=today):
                    after, event = rules.announce_overdue(before, current)
                    await contracts.save(connection, before, after)
                    await self._outbox.append(connection, event, origin)
                    before = after
        return len(overdue)
