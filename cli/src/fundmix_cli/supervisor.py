"""Starts processes in the order of their dependencies, keeps them running, stops them cleanly."""

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

from fundmix_kit.embedded import leftovers
from fundmix_kit.embedded.processes import Child, ProcessFailedError, Program, run_to_end

from fundmix_cli.run_state import ProcessStatus, State

PROBE_WAIT_S: Final = 1.0
PROBE_WAIT_STARTING_S: Final = 0.05
RESTART_WAIT_S: Final = 0.2
RESTART_WAIT_S_MAX: Final = 10.0
# A process that was ready for this long has proved itself: its next end is a first one again.
PROVEN_AFTER_S: Final = 30.0
# A process that never became ready is not tried for ever: its settings are wrong.
ENDS_BEFORE_READY_MAX: Final = 5
TASK_TIME_S_MAX: Final = 60.0
# Two such layers stop one after the other, and all of it takes no more than 10 s.
STOP_TIME_S_MAX: Final = 4.5
LOG_BYTES_MAX: Final = 10_000_000
LOG_CHECK_WAIT_S: Final = 10.0


@dataclass(frozen=True, kw_only=True)
class Daemon:
    """A process that is to run all the time."""

    program: Program
    after: Sequence[str] = ()
    port: int | None = None

    @property
    def name(self) -> str:
        return self.program.name


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to be done once; it may write to its log. Raises when it failed."""

    name: str
    after: Sequence[str] = ()
    action: Callable[[Path], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Command:
    """The action of a task that is a command of its own."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    async def __call__(self, log: Path) -> None:
        await run_to_end(
            self.name,
            self.command,
            environment=self.environment,
            log=log,
            limit_s=TASK_TIME_S_MAX,
        )


Step = Daemon | Task


class StartFailedError(Exception):
    """Not everything became ready; the message says what, and shows the end of its log."""


def restart_wait_s(ends: int, *, jitter: float) -> float:
    """How long to wait after that many ends in a row; `jitter` from 0 to 1 spreads the herd."""
    wait = min(RESTART_WAIT_S_MAX, RESTART_WAIT_S * 2 ** min(ends - 1, 10))
    return wait * (0.5 + jitter / 2)


class Supervisor:
    """Runs steps; `on_change` is called with the status that changed."""

    def __init__(
        self,
        steps: Sequence[Step],
        *,
        logs: Path,
        on_change: Callable[[ProcessStatus], None],
        start_time_s_max: float = 120.0,
    ) -> None:
        self._steps = {step.name: step for step in steps}
        self._logs = logs
        self._on_change = on_change
        self._start_time_s_max = start_time_s_max
        self._children: dict[str, Child] = {}
        self._were_ready = {name: asyncio.Event() for name in self._steps}
        self._must_stop = asyncio.Event()
        self._failure: Exception | None = None
        self.statuses = {
            step.name: ProcessStatus(
                name=step.name, port=step.port if isinstance(step, Daemon) else None
            )
            for step in steps
        }

    def stop(self) -> None:
        """Have `run` stop everything and return."""
        self._must_stop.set()

    async def run(self) -> None:
        """Returns after `stop`. Raises StartFailedError, having stopped everything."""
        work = [asyncio.create_task(self._run_step(step)) for step in self._steps.values()]
        work.append(asyncio.create_task(self._limit_start()))
        work.append(asyncio.create_task(self._limit_logs()))
        try:
            await self._must_stop.wait()
        finally:
            for task in work:
                task.cancel()
            ends = await asyncio.gather(*work, return_exceptions=True)
            await self._stop_children()
        if self._failure:
            raise StartFailedError(str(self._failure)) from self._failure
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _run_step(self, step: Step) -> None:
        try:
            for name in step.after:
                await self._were_ready[name].wait()
            match step:
                case Daemon():
                    await self._keep(step)
                case Task():
                    await self._do(step)
                case _:
                    assert_never(step)
        except ProcessFailedError as error:
            self._failure = self._failure or error
            self.stop()
        except Exception:
            # Our own mistake: everything stops, and `run` raises it.
            self.stop()
            raise

    async def _do(self, task: Task) -> None:
        self._change(task.name, State.STARTING)
        await task.action(self._log(task.name))
        self._change(task.name, State.DONE)

    async def _keep(self, daemon: Daemon) -> None:
        loop = asyncio.get_running_loop()
        ends = 0
        while True:
            child = await self._start(daemon)
            ready_at = await self._watch(daemon, child)
            if ready_at is not None and loop.time() - ready_at > PROVEN_AFTER_S:
                ends = 0
            ends += 1
            if ends >= ENDS_BEFORE_READY_MAX and not self._were_ready[daemon.name].is_set():
                reason = f"ended {ends} times before it was ready"
                raise ProcessFailedError(daemon.name, reason, child.log)
            self.statuses[daemon.name].pid = None
            self.statuses[daemon.name].restarts += 1
            self._change(daemon.name, State.RESTARTING)
            await asyncio.sleep(restart_wait_s(ends, jitter=random.random()))  # noqa: S311  # no secret

    async def _start(self, daemon: Daemon) -> Child:
        child = await Child.start(daemon.program, self._log(daemon.name))
        self._children[daemon.name] = child
        status = self.statuses[daemon.name]
        status.pid = child.process.pid
        status.started_at = leftovers.started_at(child.process.pid)
        self._change(daemon.name, State.STARTING)
        return child

    async def _watch(self, daemon: Daemon, child: Child) -> float | None:
        """Follow a child until it ends; returns when it became ready."""
        ready_at: float | None = None
        ended = asyncio.ensure_future(child.process.wait())
        while not ended.done():
            is_ready = await daemon.program.is_ready()
            if is_ready and not ended.done():
                ready_at = ready_at or asyncio.get_running_loop().time()
                self._change(daemon.name, State.READY)
            elif ready_at is not None:
                self._change(daemon.name, State.NOT_READY)
            wait = PROBE_WAIT_STARTING_S if ready_at is None else PROBE_WAIT_S
            await asyncio.wait({ended}, timeout=wait)
        return ready_at

    async def _stop_children(self) -> None:
        """Those on which nobody depends first, layer by layer."""
        remaining = dict(self._children)
        while remaining:
            needed = {name for left in remaining for name in self._needs(left)}
            layer = [name for name in remaining if name not in needed]
            stops = (remaining.pop(name).stop(limit_s=STOP_TIME_S_MAX) for name in layer)
            await asyncio.gather(*stops)
            for name in layer:
                self.statuses[name].pid = None
                self._change(name, State.STOPPED)

    def _needs(self, name: str) -> set[str]:
        """All that a step depends on, also by way of others."""
        direct = self._steps[name].after
        return {needed for one in direct for needed in (one, *self._needs(one))}

    async def _limit_start(self) -> None:
        try:
            async with asyncio.timeout(self._start_time_s_max):
                for event in self._were_ready.values():
                    await event.wait()
        except TimeoutError:
            late = [name for name, event in self._were_ready.items() if not event.is_set()]
            limit = f"within {self._start_time_s_max:g} s"
            self._failure = StartFailedError(f"{', '.join(late)}: not ready {limit}")
            self.stop()

    async def _limit_logs(self) -> None:
        while True:
            await asyncio.sleep(LOG_CHECK_WAIT_S)
            for log in self._logs.glob("*.log"):
                limit_log(log, bytes_max=LOG_BYTES_MAX)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _change(self, name: str, state: State) -> None:
        status = self.statuses[name]
        if status.state is state:
            return
        status.state = state
        if state.is_good:
            self._were_ready[name].set()
        self._on_change(status)


def limit_log(log: Path, *, bytes_max: int) -> None:
    """Keep the last full log beside a new one."""
    if log.stat().st_size > bytes_max:
        # Copied, not renamed: the process goes on writing to the end of the file it has open.
        shutil.copy(log, log.with_suffix(".log.1"))
        with log.open("r+b") as file:
            file.truncate()
