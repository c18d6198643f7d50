"""Waiting longer after each failure, within bounds, and not in step with others."""

import asyncio
import random
from typing import Final

WAIT_MS_MIN: Final = 50
WAIT_MS_MAX: Final = 2_000


class Backoff:
    def __init__(self) -> None:
        self._wait_ms = WAIT_MS_MIN

    def reset(self) -> None:
        self._wait_ms = WAIT_MS_MIN

    async def wait(self) -> None:
        jitter = random.uniform(0.5, 1.0)  # noqa: S311  # spreads retries, guards nothing
        await asyncio.sleep(self._wait_ms * jitter / 1000)
        self._wait_ms = min(self._wait_ms * 2, WAIT_MS_MAX)
