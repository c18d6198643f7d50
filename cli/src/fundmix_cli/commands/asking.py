"""Runs a command that asks the services, and ends with the exit code for what went wrong."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

import typer
from rich.console import Console

from fundmix_cli.calling.client import ServiceClient
from fundmix_cli.calling.connecting import CONNECTIONS_MAX, connected
from fundmix_cli.calling.errors import CallError, NotRunningError, ServiceAwayError
from fundmix_cli.commands.status import EXIT_NOT_RUNNING
from fundmix_cli.display.harmless import harmless

EXIT_REFUSED: Final = 1
# A person at a terminal does not want to wait as long as a load does.
PATIENCE_S: Final = 10.0

T = TypeVar("T")

errors = Console(stderr=True, highlight=False, soft_wrap=True)


def ask(
    home: Path,
    question: Callable[[ServiceClient], Awaitable[T]],
    *,
    retry_time_s_max: float = PATIENCE_S,
    connections_max: int = CONNECTIONS_MAX,
) -> T:
    """Exits with 1 when a service refuses, with 3 when nothing runs or answers."""

    async def asked() -> T:
        async with connected(
            home, retry_time_s_max=retry_time_s_max, connections_max=connections_max
        ) as client:
            return await question(client)

    try:
        return asyncio.run(asked())
    except CallError as error:
        errors.print(harmless(str(error)), style="red", markup=False)
        is_away = isinstance(error, NotRunningError | ServiceAwayError)
        raise typer.Exit(EXIT_NOT_RUNNING if is_away else EXIT_REFUSED) from error
