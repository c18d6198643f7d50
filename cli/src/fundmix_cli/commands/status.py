"""`fundmix status` and `fundmix logs`: what runs, and what it says."""

from typing import Annotated, Any, Final

import typer
from fundmix_kit.embedded import leftovers
from fundmix_kit.embedded.processes import tail
from rich.console import Console
from rich.table import Table

from fundmix_cli import run_state
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.installation import DEFAULT_HOME, Installation
from fundmix_cli.run_state import ProcessStatus, RunState, State

EXIT_NOT_READY: Final = 1
EXIT_NOT_RUNNING: Final = 3
LOG_LINE_BYTES: Final = 200

out = Console(highlight=False, soft_wrap=True)


def status(*, as_json: Json = False, home: Home = DEFAULT_HOME) -> None:
    """Show every process, the addresses and the broker.

    Exit codes: 0 all is ready, 1 something is not, 3 nothing runs.
    """
    state = run_state.read(home)
    is_running = state is not None and state.is_running()
    if as_json:
        out.print_json(data=_as_json(state) if state and is_running else {"running": False})
    elif state and is_running:
        _print_table(state)
    else:
        out.print("fundmix is not running")
    if state is None or not is_running:
        raise typer.Exit(EXIT_NOT_RUNNING)
    if not state.is_ready:
        raise typer.Exit(EXIT_NOT_READY)


def logs(
    name: Annotated[str | None, typer.Argument(help="A process; without it, all of them.")] = None,
    *,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, max=10_000)] = 20,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show the last lines that the processes wrote.

    Exit codes: 0 shown, 1 there is no such log.
    """
    folder = Installation.open(home).logs if Installation.exists(home) else home / "logs"
    files = sorted(folder.glob(f"{name or '*'}.log"))
    if not files:
        out.print(f"there is no log {name or ''} in {folder}")
        raise typer.Exit(1)
    for file in files:
        if name is None:
            out.print(f"[bold]{file.name}[/bold]")
        last = tail(file, bytes_max=lines * LOG_LINE_BYTES).splitlines()[-lines:]
        out.print("\n".join(last), markup=False)


def _as_json(state: RunState) -> dict[str, Any]:
    return {
        "running": True,
        "ready": state.is_ready,
        "broker": {"kind": state.broker_kind, "bootstrap_servers": state.bootstrap_servers},
        "urls": state.urls,
        "supervisor": {"pid": state.supervisor_pid, "rss_mb": rss_mb(state.supervisor_pid)},
        "processes": [
            {
                "name": process.name,
                "state": process.state,
                "ready": process.state.is_good,
                "pid": process.pid,
                "port": process.port,
                "restarts": process.restarts,
                "rss_mb": rss_mb(process.pid),
            }
            for process in state.processes
        ],
    }


def _print_table(state: RunState) -> None:
    table = Table(box=None, header_style="dim")
    for column in ("process", "state"):
        table.add_column(column)
    for column in ("pid", "port", "restarts", "MB"):
        table.add_column(column, justify="right")
    for process in state.processes:
        table.add_row(*_row(process))
    out.print(table)
    for name, url in state.urls.items():
        out.print(f"{name:12} [cyan]{url}[/cyan]")
    out.print(f"{'broker':12} {state.bootstrap_servers} ({state.broker_kind})")


def _row(process: ProcessStatus) -> tuple[str, ...]:
    style = "green" if process.state.is_good else "yellow"
    memory = rss_mb(process.pid)
    return (
        process.name,
        f"[{style}]{process.state}[/{style}]",
        str(process.pid or ""),
        str(process.port or ""),
        str(process.restarts) if process.state is not State.DONE else "",
        "" if memory is None else f"{memory:.0f}",
    )


def rss_mb(pid: int | None) -> float | None:
    """The resident memory of a process in MB (10^6 bytes)."""
    process = leftovers.find(pid) if pid else None
    return round(process.memory_info().rss / 1e6, 1) if process else None
