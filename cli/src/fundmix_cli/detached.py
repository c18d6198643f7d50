"""Starts an installation that outlives the command that started it."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from fundmix_kit.embedded.processes import tail

from fundmix_cli import run_state
from fundmix_cli.installation import Installation
from fundmix_cli.plan import BrokerKind
from fundmix_cli.run_state import AlreadyRunningError, RunState
from fundmix_cli.running import Options
from fundmix_cli.supervisor import StartFailedError

POLL_WAIT_S: Final = 0.05


def start_detached(home: Path, options: Options) -> RunState:
    """Run `fundmix up` in a session of its own; returns when all is ready.

    Raises AlreadyRunningError and StartFailedError.
    """
    if (state := run_state.read(home)) and state.is_running():
        raise AlreadyRunningError(home)
    installation = Installation.open(home)
    installation.logs.mkdir(exist_ok=True)
    log = installation.log("supervisor")
    with log.open("w") as output:
        supervisor = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "fundmix_cli.main", *arguments(installation.home, options)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        while supervisor.poll() is None:
            state = run_state.read(home)
            if state and state.supervisor_pid == supervisor.pid and state.is_ready:
                return state
            time.sleep(POLL_WAIT_S)
    except KeyboardInterrupt:
        supervisor.terminate()
        raise
    raise StartFailedError(f"it could not start; its last words:\n{tail(log)}")


def arguments(home: Path, options: Options) -> list[str]:
    """The arguments of `fundmix` that mean these options."""
    given = ["up", f"--home={home}"]
    if options.is_split:
        given.append("--split")
    if options.broker_kind is BrokerKind.KAFKA:
        given.append("--broker=kafka")
    if options.bootstrap_servers:
        given.append(f"--kafka={options.bootstrap_servers}")
    if options.database_url:
        given.append(f"--database={options.database_url}")
    return given
