"""Child processes: how one is started, when it counts as ready, and how it ends."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

LOOPBACK: Final = "127.0.0.1"
PROBE_WAIT_S: Final = 0.02
LOG_TAIL_BYTES_MAX: Final = 4_000


class ProcessFailedError(Exception):
    """A child process did not become ready, or ended when it should not have."""

    def __init__(self, name: str, reason: str, log: Path) -> None:
        super().__init__(f"{name} {reason}; the end of {log}:\n{tail(log)}")
        self.name = name


@dataclass(frozen=True, kw_only=True)
class Program:
    """What there is to know about a long-running process before it runs."""

    name: str
    # Asked anew at each start: a memory broker gets another cluster id every time.
    command: Callable[[], Sequence[str]]
    is_ready: Callable[[], Awaitable[bool]]
    # In addition to our own environment.
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, kw_only=True)
class Child:
    """A running child process in a session of its own, writing to its log file."""

    name: str
    process: asyncio.subprocess.Process
    log: Path
    stop_signal: signal.Signals

    @classmethod
    async def start(cls, program: Program, log: Path) -> Self:
        process = await spawn(program.command(), environment=program.environment, log=log)
        return cls(name=program.name, process=process, log=log, stop_signal=program.stop_signal)

    @property
    def has_ended(self) -> bool:
        return self.process.returncode is not None

    async def wait_ready(self, is_ready: Callable[[], Awaitable[bool]], *, limit_s: float) -> None:
        """Raises ProcessFailedError when the process ends first or takes too long."""
        try:
            async with asyncio.timeout(limit_s):
                while not await is_ready():
                    if self.has_ended:
                        reason = f"ended with exit code {self.process.returncode}"
                        raise ProcessFailedError(self.name, reason, self.log)
                    await asyncio.sleep(PROBE_WAIT_S)
        except TimeoutError as error:
            reason = f"was not ready within {limit_s:g} s"
            raise ProcessFailedError(self.name, reason, self.log) from error

    async def stop(self, *, limit_s: float = 5.0) -> None:
        """Ask, wait, then kill the whole process group: nothing of it is left behind."""
        if not self.has_ended:
            self.process.send_signal(self.stop_signal)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.process.wait(), limit_s)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()


async def spawn(
    command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    # The file itself, no pipe: a child outlives its parent without blocking on a full pipe.
    # A session of its own: Ctrl-C reaches only the parent, which stops its children in order.
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **(environment or {})},  # noqa: TID251  # passed on, not read
            start_new_session=True,
        )


async def run_to_end(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    limit_s: float,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Raises ProcessFailedError unless the command ends with exit code 0 within the limit."""
    process = await spawn(command, log=log, environment=environment)
    try:
        code = await asyncio.wait_for(process.wait(), limit_s)
    except TimeoutError as error:
        raise ProcessFailedError(name, f"took longer than {limit_s:g} s", log) from error
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    if code != 0:
        raise ProcessFailedError(name, f"ended with exit code {code}", log)


def tail(log: Path, *, bytes_max: int = LOG_TAIL_BYTES_MAX) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - bytes_max))
        return file.read().decode(errors="replace")


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback now."""
    with socket.socket() as probe:
        # As servers do: connections that still linger from the last run do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port of loopback that nobody uses now, chosen by the system."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
