"""What comes while a turn is being done waits, and is then done together in the next one.

At a low rate each is done at once and by itself. The higher the rate, the more share a turn and
what a turn costs, so that each costs less the more there are.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


class NotTogetherError(Exception):
    """Several shared a turn that failed: nothing was done, and each is to be done by itself."""


class Turns(Generic[ItemT, ResultT]):
    """`do` does all of the items of a turn, or raises and has done none; results as the items.

    `passed_on` are errors that each who shared is told as they are.
    """

    def __init__(
        self,
        do: Callable[[Sequence[ItemT]], Awaitable[Sequence[ResultT | Exception]]],
        *,
        items_max: int,
        turns_max: int,
        passed_on: tuple[type[Exception], ...] = (),
    ) -> None:
        self._do = do
        self._items_max = items_max
        self._turns_max = turns_max
        self._passed_on = passed_on
        self._waiting: deque[tuple[ItemT, asyncio.Future[ResultT]]] = deque()
        self._workers: set[asyncio.Task[None]] = set()

    async def take(self, item: ItemT) -> ResultT:
        """Have it done, in the order in which items come.

        Raises what `do` says of it, and NotTogetherError.
        """
        result: asyncio.Future[ResultT] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if len(self._workers) < self._turns_max:
            # In nobody's context: what is done for many is not done for the one that came first.
            worker = asyncio.create_task(self._work(), context=Context())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)
        return await result

    async def _work(self) -> None:
        while self._waiting:
            count = min(len(self._waiting), self._items_max)
            turn = [self._waiting.popleft() for _ in range(count)]
            # Who has gone while waiting is not served. Who goes later is: it is done for all.
            present = [(item, result) for item, result in turn if not result.done()]
            if present:
                await self._serve(present)

    async def _serve(self, present: Sequence[tuple[ItemT, asyncio.Future[ResultT]]]) -> None:
        outcomes: Sequence[ResultT | Exception]
        try:
            outcomes = await self._do([item for item, _ in present])
        except Exception as error:  # noqa: BLE001  # it belongs to those who wait
            is_told = len(present) == 1 or isinstance(error, self._passed_on)
            outcomes = [error if is_told else NotTogetherError()] * len(present)
        except BaseException:
            for _, result in present:
                result.cancel()
            raise
        for (_, result), outcome in zip(present, outcomes, strict=True):
            if result.done():
                continue
            if isinstance(outcome, Exception):
                result.set_exception(outcome)
            else:
                result.set_result(outcome)
