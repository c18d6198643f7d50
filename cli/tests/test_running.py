"""A whole installation: embedded servers, the issuer, and a service that only echoes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
from fundmix_cli import run_state
from fundmix_cli.main import app
from fundmix_cli.run_state import RunState
from fundmix_kit.embedded import leftovers
from typer.testing import CliRunner

TESTS: Final = Path(__file__).parent
WAIT_S_MAX: Final = 60


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not is_true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


@contextmanager
def an_installation(home: Path) -> Generator[subprocess.Popen[bytes]]:
    """One that is ready; stopped at the end."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}  # noqa: TID251  # the test runner's own
    with subprocess.Popen(
        [sys.executable, str(TESTS / "run_echo.py"), str(home)], env=environment
    ) as supervisor:
        try:
            wait_until(lambda: supervisor.poll() is not None or is_ready(home, supervisor.pid))
            assert supervisor.poll() is None, "it did not start"
            yield supervisor
        finally:
            supervisor.terminate()


def is_ready(home: Path, supervisor_pid: int) -> bool:
    state = run_state.read(home)
    return state is not None and state.supervisor_pid == supervisor_pid and state.is_ready


def the_state(home: Path) -> RunState:
    state = run_state.read(home)
    assert state is not None
    return state


def pids(state: RunState) -> list[int]:
    return [process.pid for process in state.processes if process.pid is not None]


def test_an_installation_answers_and_stops_without_a_trace(tmp_path: Path) -> None:
    with an_installation(tmp_path) as supervisor:
        state = the_state(tmp_path)
        for url in state.urls.values():
            assert httpx2.get(f"{url}/healthz").status_code == 200
        started = time.monotonic()
        supervisor.terminate()
        assert supervisor.wait(WAIT_S_MAX) == 0

    assert time.monotonic() - started < 10
    assert not any(leftovers.find(pid) for pid in pids(state))
    assert run_state.read(tmp_path) is None


def test_a_killed_supervisor_leaves_nothing_that_blocks_the_next_start(tmp_path: Path) -> None:
    with an_installation(tmp_path) as supervisor:
        supervisor.kill()
        supervisor.wait(WAIT_S_MAX)
    left = the_state(tmp_path)
    assert any(leftovers.find(pid) for pid in pids(left))

    with an_installation(tmp_path):
        now = the_state(tmp_path)
        assert not any(leftovers.find(pid) for pid in pids(left))
        assert [process.port for process in now.processes] == [p.port for p in left.processes]


def test_two_installations_run_side_by_side(tmp_path: Path) -> None:
    with an_installation(tmp_path / "one"), an_installation(tmp_path / "other"):
        one, other = the_state(tmp_path / "one"), the_state(tmp_path / "other")

    assert not set(one.urls.values()) & set(other.urls.values())
    assert one.bootstrap_servers != other.bootstrap_servers


def test_an_installation_runs_once_and_is_shown_and_stopped_by_command(tmp_path: Path) -> None:
    home = f"--home={tmp_path}"
    fundmix = CliRunner()

    with an_installation(tmp_path) as supervisor:
        state = the_state(tmp_path)
        again = fundmix.invoke(app, ["up", home])
        status = fundmix.invoke(app, ["status", home])
        down = fundmix.invoke(app, ["down", home])
        supervisor.wait(WAIT_S_MAX)

    assert again.exit_code == 1
    assert "running already" in again.stderr
    assert status.exit_code == 0
    assert all(process.name in status.stdout for process in state.processes)
    assert down.exit_code == 0
    assert fundmix.invoke(app, ["status", home]).exit_code == 3


def test_a_broken_process_shows_in_the_status(tmp_path: Path) -> None:
    with an_installation(tmp_path):
        state = the_state(tmp_path)
        echo = next(process for process in state.processes if process.name == "echo-api")
        assert echo.pid is not None
        os.kill(echo.pid, signal.SIGSTOP)
        wait_until(lambda: not the_state(tmp_path).is_ready)

        status = CliRunner().invoke(app, ["status", "--json", f"--home={tmp_path}"])

        os.kill(echo.pid, signal.SIGCONT)
    assert status.exit_code == 1
