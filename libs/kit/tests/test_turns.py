"""Whoever comes while others are served waits, and is served with all who wait by then."""

import asyncio
import contextvars
from collections.abc import Sequence

import pytest
from fundmix_kit.turns import NotTogetherError, Turns


class PassedOnError(Exception):
    pass


class Counter:
    """Serves a turn when it is told to: who is refused is written in capitals."""

    def __init__(self, *, items_max: int = 10) -> None:
        self.turns: list[str] = []
        self.has_begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)
        self.failure: Exception | None = None
        self.queue = Turns(
            self._serve, items_max=items_max, turns_max=1, passed_on=(PassedOnError,)
        )

    async def _serve(self, items: Sequence[str]) -> Sequence[str | Exception]:
        self.turns.append("".join(items))
        self.has_begun.release()
        await self.may_end.acquire()
        if self.failure is not None:
            raise self.failure
        return [ValueError(item) if item.isupper() else item * 2 for item in items]

    async def take(self, items: str) -> list[asyncio.Task[str]]:
        tasks = [asyncio.create_task(self.queue.take(item)) for item in items]
        for _ in range(3):
            await asyncio.sleep(0)
        return tasks

    async def begun(self, tasks: str) -> list[asyncio.Task[str]]:
        """The first is being served, and the others wait."""
        waiting = await self.take(tasks)
        await self.has_begun.acquire()
        return waiting


async def results(tasks: Sequence[asyncio.Task[str]]) -> list[object]:
    async with asyncio.timeout(30):
        return [
            type(result) if isinstance(result, Exception) else result
            for result in await asyncio.gather(*tasks, return_exceptions=True)
        ]


async def test_what_comes_meanwhile_is_done_together_in_its_order() -> None:
    counter = Counter()
    first = await counter.begun("a")
    rest = await counter.take("bcd")
    counter.may_end.release()
    counter.may_end.release()

    assert await results([*first, *rest]) == ["aa", "bb", "cc", "dd"]
    assert counter.turns == ["a", "bcd"]


async def test_a_turn_has_a_limit() -> None:
    counter = Counter(items_max=2)
    first = await counter.begun("a")
    rest = await counter.take("bcde")
    for _ in range(3):
        counter.may_end.release()

    await results([*first, *rest])

    assert counter.turns == ["a", "bc", "de"]


async def test_what_one_is_refused_is_no_matter_of_the_others() -> None:
    counter = Counter()
    first = await counter.begun("a")
    rest = await counter.take("bCd")
    counter.may_end.release()
    counter.may_end.release()

    assert await results([*first, *rest]) == ["aa", "bb", ValueError, "dd"]


async def test_who_has_gone_while_waiting_is_not_served() -> None:
    counter = Counter()
    first = await counter.begun("a")
    gone, stays = await counter.take("bc")
    gone.cancel()
    counter.may_end.release()
    counter.may_end.release()

    assert await results([*first, stays]) == ["aa", "cc"]
    assert counter.turns == ["a", "c"]


async def test_of_a_turn_that_fails_each_who_shared_is_told_to_go_alone() -> None:
    counter = Counter()
    first = await counter.begun("a")
    rest = await counter.take("bc")
    counter.failure = KeyError("what broke")
    counter.may_end.release()
    counter.may_end.release()

    # Who was alone is told what broke.
    assert await results([*first, *rest]) == [KeyError, NotTogetherError, NotTogetherError]


async def test_what_is_passed_on_is_told_to_all() -> None:
    counter = Counter()
    first = await counter.begun("a")
    rest = await counter.take("bc")
    counter.failure = PassedOnError()
    counter.may_end.release()
    counter.may_end.release()

    assert await results([*first, *rest]) == [PassedOnError] * 3


async def test_after_a_pause_it_begins_anew() -> None:
    counter = Counter()
    counter.may_end.release()
    await results(await counter.begun("a"))
    counter.may_end.release()
    await results(await counter.begun("b"))

    assert counter.turns == ["a", "b"]


async def test_a_turn_carries_nobodys_context() -> None:
    seen: list[object] = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("whose", default="nobody's")

    async def look(items: Sequence[str]) -> Sequence[str | Exception]:
        seen.append(variable.get())
        return items

    variable.set("the first's")
    assert await Turns(look, items_max=1, turns_max=1).take("a") == "a"
    assert seen == ["nobody's"]


@pytest.mark.parametrize("turns_max", [1, 3])
async def test_so_many_turns_are_done_at_once(turns_max: int) -> None:
    running, most = 0, 0

    async def serve(items: Sequence[int]) -> Sequence[int | Exception]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return items

    turns = Turns(serve, items_max=2, turns_max=turns_max)

    assert await asyncio.gather(*map(turns.take, range(20))) == list(range(20))
    assert most == turns_max
