"""`fundmix down` and `fundmix reset`: stop an installation, and remove it."""

import asyncio
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from fundmix_cli import run_state
from fundmix_cli.commands.options import Home
from fundmix_cli.installation import DEFAULT_HOME, Installation

STOP_TIME_S_MAX: Final = 15.0
STOP_POLL_WAIT_S: Final = 0.05

out = Console(highlight=False, soft_wrap=True)


def down(*, home: Home = DEFAULT_HOME) -> None:
    """Stop everything; the data stay.

    Exit codes: 0 nothing runs any more, 1 the supervisor did not stop in time.
    """
    out.print("fundmix is down" if stop(home) else "fundmix was not running")


def reset(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Stop everything and remove the installation with all its data and logs.

    Servers given by --database or --kafka keep theirs.

    Exit codes: 0 removed, or there was none, 1 not confirmed, or it did not stop in time.
    """
    if not Installation.exists(home):
        out.print(f"there is no installation in {home}")
        return
    if not yes:
        typer.confirm(f"Remove the installation in {home.resolve()} with all its data?", abort=True)
    stop(home)
    shutil.rmtree(home)
    out.print(f"removed {home}")


def stop(home: Path) -> bool:
    """Have the supervisor stop, or end what a killed one left; False if nothing ran."""
    state = run_state.read(home)
    if state is None:
        return False
    if not state.is_running():
        ended = asyncio.run(run_state.end_leftovers(state))
        run_state.remove(home)
        return bool(ended)
    os.kill(state.supervisor_pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_TIME_S_MAX
    while state.is_running():
        if time.monotonic() > deadline:
            out.print(f"[red]the supervisor (process {state.supervisor_pid}) does not stop[/red]")
            raise typer.Exit(1)
        time.sleep(STOP_POLL_WAIT_S)
    return True
