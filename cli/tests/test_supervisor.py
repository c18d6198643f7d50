"""The supervisor, with small real processes."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from fundmix_cli.run_state import ProcessStatus, State
from fundmix_cli.supervisor import (
    Command,
    Daemon,
    StartFailedError,
    Step,
    Supervisor,
    Task,
    limit_log,
    restart_wait_s,
)
from fundmix_kit.embedded import leftovers
from fundmix_kit.embedded.processes import Program, free_port, is_port_free

LISTEN = """
import socket, sys, time
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[1])))
server.listen()
time.sleep(600)
"""
WAIT_S_MAX = 60


def python(script: str, *arguments: str) -> tuple[str, ...]:
    # Without site-packages it starts in a few milliseconds.
    return (sys.executable, "-I", "-S", "-c", script, *arguments)


def a_daemon(name: str, script: str = LISTEN, after: Sequence[str] = ()) -> Daemon:
    port = free_port()

    async def is_ready() -> bool:
        return not is_port_free(port)

    program = Program(name=name, command=lambda: python(script, str(port)), is_ready=is_ready)
    return Daemon(program=program, after=after, port=port)


class Changes:
    """What the supervisor reports, in order, and a way to wait for it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, State]] = []
        self._came = asyncio.Event()

    def __call__(self, status: ProcessStatus) -> None:
        self.seen.append((status.name, status.state))
        self._came.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S_MAX):
            while not is_true():
                await self._came.wait()
                self._came.clear()


@asynccontextmanager
async def supervised(
    steps: Sequence[Step], logs: Path
) -> AsyncGenerator[tuple[Supervisor, Changes]]:
    changes = Changes()
    supervisor = Supervisor(steps, logs=logs, on_change=changes)
    run = asyncio.create_task(supervisor.run())
    try:
        statuses = supervisor.statuses.values()
        await changes.until(lambda: run.done() or all(s.state.is_good for s in statuses))
        yield supervisor, changes
    finally:
        supervisor.stop()
        await asyncio.wait_for(run, WAIT_S_MAX)


async def test_steps_start_after_those_they_need_and_stop_before_them(tmp_path: Path) -> None:
    task = Task(name="task", after=["first"], action=Command(name="task", command=python("")))
    steps = [a_daemon("last", after=["task"]), task, a_daemon("first")]

    async with supervised(steps, tmp_path) as (_, changes):
        pass

    wanted = [State.READY, State.DONE, State.STOPPED]
    assert [change for change in changes.seen if change[1] in wanted] == [
        ("first", State.READY),
        ("task", State.DONE),
        ("last", State.READY),
        ("last", State.STOPPED),
        ("first", State.STOPPED),
    ]


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    async with supervised([a_daemon("worker")], tmp_path) as (supervisor, changes):
        worker = supervisor.statuses["worker"]
        killed = leftovers.find(worker.pid or 0)
        assert killed is not None

        killed.send_signal(signal.SIGKILL)
        await changes.until(lambda: worker.restarts == 1 and worker.state is State.READY)

        assert worker.pid != killed.pid


async def test_nothing_runs_after_a_stop(tmp_path: Path) -> None:
    async with supervised([a_daemon("worker")], tmp_path) as (supervisor, _):
        pid = supervisor.statuses["worker"].pid
        assert pid is not None

    assert leftovers.find(pid) is None


async def test_a_task_that_fails_stops_everything_and_shows_its_log(tmp_path: Path) -> None:
    fails = Command(name="migrate", command=python("raise SystemExit('no such table')"))
    steps = [a_daemon("server"), Task(name="migrate", after=["server"], action=fails)]
    changes = Changes()

    with pytest.raises(StartFailedError, match=r"(?s)migrate ended with exit code 1.*such table"):
        await Supervisor(steps, logs=tmp_path, on_change=changes).run()

    assert changes.seen[-1] == ("server", State.STOPPED)


async def test_a_process_that_never_becomes_ready_is_not_tried_for_ever(tmp_path: Path) -> None:
    broken = a_daemon("broken", "raise SystemExit('no such setting')")

    with pytest.raises(StartFailedError, match=r"(?s)5 times.*no such setting"):
        await Supervisor([broken], logs=tmp_path, on_change=Changes()).run()


async def test_a_start_has_a_time_limit(tmp_path: Path) -> None:
    idle = a_daemon("idle", "import time; time.sleep(600)")
    supervisor = Supervisor([idle], logs=tmp_path, on_change=Changes(), start_time_s_max=0.1)

    with pytest.raises(StartFailedError, match=r"idle: not ready within 0\.1 s"):
        await supervisor.run()


async def test_a_mistake_of_our_own_stops_everything_and_is_told(tmp_path: Path) -> None:
    async def mistaken(log: Path) -> None:
        raise AssertionError(f"{log} is wrong")

    steps = [a_daemon("server"), Task(name="task", after=["server"], action=mistaken)]
    changes = Changes()

    with pytest.raises(AssertionError, match="is wrong"):
        await Supervisor(steps, logs=tmp_path, on_change=changes).run()

    assert changes.seen[-1] == ("server", State.STOPPED)


def test_waits_between_restarts_grow_up_to_a_bound() -> None:
    longest = partial(restart_wait_s, jitter=1.0)

    assert [longest(ends) for ends in (1, 2, 3)] == [0.2, 0.4, 0.8]
    assert longest(1_000_000) == 10.0
    assert restart_wait_s(1, jitter=0.0) == 0.1


def test_a_full_log_is_moved_aside_while_its_process_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("ab", buffering=0) as process:
        process.write(b"old" * 100)
        limit_log(log, bytes_max=100)
        process.write(b"new")

    assert log.read_bytes() == b"new"
    assert (tmp_path / "worker.log.1").read_bytes() == b"old" * 100
