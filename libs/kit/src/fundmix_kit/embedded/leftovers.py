"""Processes that a killed parent left behind: how they are known again, and ended."""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

import psutil

POLL_WAIT_S: Final = 0.02
# The start time is reckoned from the time of boot, which moves a little when the clock is set.
START_TOLERANCE_S: Final = 2.0


def started_at(pid: int) -> float | None:
    """When the process started, in seconds since 1970; None if there is no such process."""
    process = find(pid)
    return process.create_time() if process else None


def find(pid: int, *, started_at: float | None = None) -> psutil.Process | None:
    """The living process with this id, if it is the one that started then."""
    try:
        process = psutil.Process(pid)
        # In a container nobody may be there to collect an orphan that has ended.
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if started_at is not None and abs(process.create_time() - started_at) > START_TOLERANCE_S:
            return None
    except psutil.NoSuchProcess:
        return None
    return process


async def end(
    process: psutil.Process, *, limit_s: float, stop_signal: signal.Signals = signal.SIGTERM
) -> None:
    """Ask the process to stop; kill it, and what is left of its group, after the limit."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
        if not await _is_gone(process, limit_s):
            process.kill()
            await _is_gone(process, limit_s)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


async def _is_gone(process: psutil.Process, limit_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(limit_s):
            # Nobody but its parent is told when a process ends.
            while find(process.pid, started_at=process.create_time()):  # noqa: ASYNC110  # see above
                await asyncio.sleep(POLL_WAIT_S)
            return True
    return False
