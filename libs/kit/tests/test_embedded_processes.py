"""Child processes that behave badly."""

import sys
from pathlib import Path

import pytest
from fundmix_kit.embedded import leftovers
from fundmix_kit.embedded.processes import (
    Child,
    ProcessFailedError,
    Program,
    free_port,
    is_port_free,
    run_to_end,
    tail,
)

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(60)
"""


def a_program(script: str, log: Path) -> Program:
    async def has_written() -> bool:
        return "ready" in tail(log)

    return Program(
        name="child", command=lambda: (sys.executable, "-c", script), is_ready=has_written
    )


async def test_a_child_that_ends_before_it_is_ready_is_told_with_its_last_words(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    program = a_program("raise SystemExit('no room')", log)
    child = await Child.start(program, log)

    with pytest.raises(ProcessFailedError, match=r"(?s)exit code 1.*no room"):
        await child.wait_ready(program.is_ready, limit_s=30)


async def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = a_program("import time; time.sleep(60)", log)
    child = await Child.start(program, log)

    with pytest.raises(ProcessFailedError, match="not ready within"):
        await child.wait_ready(program.is_ready, limit_s=0.1)
    await child.stop()


async def test_a_child_deaf_to_its_signal_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = a_program(DEAF, log)
    child = await Child.start(program, log)
    await child.wait_ready(program.is_ready, limit_s=30)

    await child.stop(limit_s=0.1)

    assert child.process.returncode == -9


async def test_a_leftover_is_known_by_its_start_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    program = a_program(DEAF, log)
    child = await Child.start(program, log)
    await child.wait_ready(program.is_ready, limit_s=30)
    pid = child.process.pid
    started_at = leftovers.started_at(pid)
    assert started_at is not None

    assert leftovers.find(pid, started_at=started_at - 60) is None
    leftover = leftovers.find(pid, started_at=started_at)
    assert leftover is not None
    await leftovers.end(leftover, limit_s=0.1)

    assert leftovers.find(pid) is None
    await child.stop()


async def test_a_command_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import time; time.sleep(60)")

    with pytest.raises(ProcessFailedError, match="took longer"):
        await run_to_end("slow", command, log=tmp_path / "log", limit_s=0.1)


def test_a_free_port_is_free() -> None:
    assert is_port_free(free_port())


async def test_a_port_in_use_is_not_free(broker: str) -> None:
    assert not is_port_free(int(broker.rpartition(":")[2]))
