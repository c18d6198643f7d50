"""What runs now: written by the supervisor at every change, read by every other command."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path

from fundmix_kit.embedded import leftovers
from pydantic import BaseModel, ConfigDict

from fundmix_cli.installation import write_private


class State(StrEnum):
    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    NOT_READY = "not ready"
    RESTARTING = "restarting"
    DONE = "done"
    STOPPED = "stopped"

    @property
    def is_good(self) -> bool:
        return self in (State.READY, State.DONE)


class ProcessStatus(BaseModel):
    """A process of the installation. A task that is done has no process id."""

    name: str
    state: State = State.WAITING
    port: int | None = None
    restarts: int = 0
    pid: int | None = None
    started_at: float | None = None


class RunState(BaseModel):
    model_config = ConfigDict(extra="forbid")

    supervisor_pid: int
    supervisor_started_at: float
    broker_kind: str
    bootstrap_servers: str
    urls: dict[str, str]
    # None yet while the servers are being prepared.
    processes: list[ProcessStatus] = []

    @property
    def is_ready(self) -> bool:
        return bool(self.processes) and all(process.state.is_good for process in self.processes)

    def is_running(self) -> bool:
        supervisor = leftovers.find(self.supervisor_pid, started_at=self.supervisor_started_at)
        return supervisor is not None


class AlreadyRunningError(Exception):
    def __init__(self, home: Path) -> None:
        super().__init__(f"the installation in {home} is running already: see fundmix status")


def of_this_process(*, broker_kind: str, bootstrap_servers: str, urls: dict[str, str]) -> RunState:
    pid = os.getpid()
    started_at = leftovers.started_at(pid)
    assert started_at is not None, "we are running"
    return RunState(
        supervisor_pid=pid,
        supervisor_started_at=started_at,
        broker_kind=broker_kind,
        bootstrap_servers=bootstrap_servers,
        urls=urls,
    )


def state_file(home: Path) -> Path:
    return home / "state.json"


def read(home: Path) -> RunState | None:
    """What the last supervisor wrote; None after a clean stop."""
    try:
        return RunState.model_validate_json(state_file(home).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(home: Path, state: RunState) -> None:
    write_private(state_file(home), state.model_dump_json(indent=2))


def remove(home: Path) -> None:
    state_file(home).unlink(missing_ok=True)


@contextmanager
def only_supervisor(home: Path) -> Generator[None]:
    """Hold the installation: there is one supervisor at a time, and a killed one lets go.

    Raises AlreadyRunningError.
    """
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunningError(home) from error
        lock.write(str(os.getpid()))
        lock.flush()
        yield


async def end_leftovers(state: RunState, *, limit_s: float = 5.0) -> list[str]:
    """End what a killed supervisor left behind, the last started first; returns the names."""
    ended: list[str] = []
    for process in reversed(state.processes):
        if process.pid is None:
            continue
        leftover = leftovers.find(process.pid, started_at=process.started_at)
        if leftover:
            await leftovers.end(leftover, limit_s=limit_s)
            ended.append(process.name)
    return ended
