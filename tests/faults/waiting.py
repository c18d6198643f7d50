"""Waiting for what other processes do: for a condition, with a limit."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

POLL_WAIT_S: Final = 0.05
LIMIT_S: Final = 180.0


async def until(
    holds: Callable[[], Awaitable[bool]], what: str, *, limit_s: float = LIMIT_S
) -> None:
    """Raises AssertionError, naming what has not come about."""
    try:
        async with asyncio.timeout(limit_s):
            while not await holds():  # noqa: ASYNC110  # the condition is in other processes
                await asyncio.sleep(POLL_WAIT_S)
    except TimeoutError as error:
        raise AssertionError(f"not within {limit_s:g} s: {what}") from error
