"""What steps of every kind stand on: the ledger, the model, and what was said so far."""

from collections.abc import Sequence
from typing import Final, TypeVar
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.testing.samples import AGENCY

from ledger_svc.storage.holds import HoldTerms
from ledger_svc.testing.model import Fact, Model, Part
from ledger_svc.testing.system import System

DONE: Final = "done"
REFUSED: Final = "refused"
NOTHING: Final = "nothing to do"

Thing = TypeVar("Thing")


class Ground:
    def __init__(self, system: System) -> None:
        self.system = system
        self.model = Model()
        self.steps = 0
        # Where each event of another service stands in its log.
        self.said: list[tuple[FundingEvent, tuple[str, int], int]] = []

    def say(self, event: FundingEvent, fact: Fact | None, *, agency: str) -> str:
        """All that is said of one contract or gift is in one partition."""
        partition = 1 if agency == AGENCY else 0
        self.system.hear(event, fact, partition=partition)
        place = (event.topic, partition)
        self.said.append((event, place, len(self.system.logs[place]) - 1))
        return DONE

    def reference(self, kind: str) -> str:
        """Later ones do not always sort behind earlier ones."""
        return f"{kind}-{self.steps * 7 % 10}-{self.steps:03}"

    def reserve_all(self, wanted: Sequence[tuple[HoldTerms, UUID]]) -> bool:
        """All of them or none."""
        reserved: list[UUID] = []
        for terms, lot_id in wanted:
            if self.reserve(terms, lot_id) is None:
                for hold_id in reserved:
                    self.model.let_go(hold_id)
                return False
            reserved.append(terms.hold_id)
        return True

    def reserve(self, terms: HoldTerms, lot_id: UUID) -> Sequence[Part] | None:
        return self.model.reserve(
            terms.hold_id,
            agency=terms.agency,
            fund_code=terms.fund_code,
            amount=terms.amount_minor,
            on=terms.effective_on,
            lot_id=lot_id,
        )

    async def let_go(self, hold_id: UUID) -> None:
        await self.system.release(hold_id)
        self.model.let_go(hold_id)


def picked(things: Sequence[Thing], pick: int) -> Thing | None:
    return things[pick % len(things)] if things else None
