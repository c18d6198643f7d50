"""`fundmix up`: start an installation, in the foreground or detached."""

import asyncio
import time
from typing import Annotated, Final, Literal

import typer
from fundmix_kit.embedded.kafka import KafkaUnavailableError
from fundmix_kit.embedded.postgres import PostgresUnavailableError
from fundmix_kit.embedded.processes import ProcessFailedError
from rich.console import Console
from rich.markup import escape

from fundmix_cli import running
from fundmix_cli.commands.options import Home
from fundmix_cli.detached import start_detached
from fundmix_cli.installation import DEFAULT_HOME, Installation, InstallationBrokenError
from fundmix_cli.plan import SERVICES, BrokerKind
from fundmix_cli.run_state import AlreadyRunningError, ProcessStatus, RunState, State
from fundmix_cli.supervisor import StartFailedError

CANNOT_RUN: Final = (
    AlreadyRunningError,
    InstallationBrokenError,
    KafkaUnavailableError,
    PostgresUnavailableError,
    ProcessFailedError,
    StartFailedError,
)
STYLE_BY_STATE: Final = {
    State.READY: "green",
    State.DONE: "green",
    State.NOT_READY: "yellow",
    State.RESTARTING: "red",
}

out = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def up(
    *,
    detach: Annotated[
        bool, typer.Option("-d", "--detach", help="Return when all is ready.")
    ] = False,
    split: Annotated[
        bool, typer.Option("--split", help="One process for each part of a service.")
    ] = False,
    broker: Annotated[
        Literal["embedded", "kafka"],
        typer.Option(help="The broker to run; kafka is the real one and needs Java and Maven."),
    ] = "embedded",
    kafka: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Use this running broker instead.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Use this running PostgreSQL; a superuser's URL."),
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start everything and keep it running, with the data of the last run.

    Exit codes: 0 stopped cleanly (with -d: all is ready), 1 could not start.
    """
    options = running.Options(
        services=SERVICES,
        is_split=split,
        broker_kind=BrokerKind.EXTERNAL if kafka else BrokerKind(broker),
        bootstrap_servers=kafka,
        database_url=database,
    )
    try:
        if detach:
            print_ready(start_detached(home, options))
        else:
            asyncio.run(running.run(Installation.open(home), options, _report_to_terminal()))
    except CANNOT_RUN as error:
        errors.print(f"[red]fundmix up:[/red] {escape(str(error))}")
        raise typer.Exit(1) from error


def _report_to_terminal() -> running.Report:
    started_at = time.monotonic()

    def line(text: str) -> None:
        out.print(f"[dim]{time.monotonic() - started_at:7.2f} s[/dim]  {text}")

    def on_change(status: ProcessStatus) -> None:
        if status.state is not State.WAITING:
            style = STYLE_BY_STATE.get(status.state, "dim")
            line(f"{status.name:22} [{style}]{status.state}[/{style}]")

    return running.Report(on_note=line, on_change=on_change, on_ready=print_ready)


def print_ready(state: RunState) -> None:
    out.print("\n[bold]fundmix is up[/bold] · for development, not for production")
    for name, url in state.urls.items():
        out.print(f"  {name:12} [cyan]{url}[/cyan]")
    out.print(f"  {'broker':12} {state.bootstrap_servers} ({state.broker_kind})")
    out.print("  next: [bold]fundmix status[/bold], fundmix logs, fundmix token ROLE, fundmix down")
