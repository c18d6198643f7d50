"""A part of a process never ends without a word."""

import asyncio

import pytest
from fundmix_kit.process import PartEndedError, until_cancelled


async def returns() -> None:
    await asyncio.sleep(0)


async def is_cancelled_from_inside() -> None:
    inner = asyncio.create_task(asyncio.Event().wait())
    asyncio.get_running_loop().call_soon(inner.cancel)
    await inner


async def goes_on() -> None:
    await asyncio.Event().wait()


async def test_a_part_that_returns_has_failed() -> None:
    with pytest.raises(PartEndedError):
        await until_cancelled(returns())


async def test_a_part_that_nobody_has_cancelled_has_failed() -> None:
    with pytest.raises(PartEndedError):
        await asyncio.create_task(until_cancelled(is_cancelled_from_inside()))


async def test_a_part_ends_when_it_is_asked_to() -> None:
    part = asyncio.create_task(until_cancelled(goes_on()))
    await asyncio.sleep(0)

    part.cancel()

    with pytest.raises(asyncio.CancelledError):
        await part
