"""A trial: steps of every kind in their order, and the batches in which they are delivered."""

from ledger_svc.testing.model import Model
from ledger_svc.testing.steps import (
    Accept,
    Amend,
    CancelPledge,
    ChangePurpose,
    Close,
    Deliver,
    Earn,
    End,
    Enter,
    Give,
    Open,
    Pay,
    PayBack,
    Promise,
    Refund,
    ReverseGifts,
    ReversePayment,
    SayAgain,
    Sign,
    Spend,
    Step,
    Terminate,
    Undo,
)
from ledger_svc.testing.system import Fails, System
from ledger_svc.testing.trials.contracts import Contracts
from ledger_svc.testing.trials.gifts import Gifts
from ledger_svc.testing.trials.ground import DONE, NOTHING, Ground, picked
from ledger_svc.testing.trials.requests import Requests


class Trial:
    """`fails`: where batches fail before they are applied."""

    def __init__(self, system: System, *, fails: Fails) -> None:
        self._ground = ground = Ground(system)
        self._fails = fails
        self._gifts, self._contracts = Gifts(ground), Contracts(ground)
        self._requests = Requests(ground)

    @property
    def model(self) -> Model:
        return self._ground.model

    async def take(self, step: Step) -> str:
        """What came of it: done, refused, or there was nothing to do."""
        self._ground.steps += 1
        match step:
            case Give() | Promise() | CancelPledge() | Refund() | ChangePurpose() | ReverseGifts():
                return await self._gifts.take(step)
            case Sign() | Pay() | ReversePayment() | Accept() | Amend() | Terminate() | PayBack():
                return self._contracts.take(step)
            case Spend() | Earn() | Enter() | Open() | Undo() | Close():
                return await self._requests.take(step)
            case SayAgain():
                return self._say_again(step)
            case Deliver():
                return await self._deliver(step)

    async def finish(self) -> None:
        """All that was said is delivered, and nothing is set aside."""
        await self._deliver(Deliver(100, self._ground.steps, (0, 3), 2, 1, (5,), End.REFUSED))
        await self._gifts.finish()

    async def _deliver(self, step: Deliver) -> str:
        for fact in await self._ground.system.deliver(step, fails=self._fails):
            self.model.book(fact)
        return DONE

    def _say_again(self, step: SayAgain) -> str:
        found = picked(self._ground.said, step.pick)
        if found is None:
            return NOTHING
        event, place, index = found
        system = self._ground.system
        system.hear_again(event, system.logs[place][index])
        return DONE
