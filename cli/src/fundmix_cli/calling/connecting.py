"""Finds the services of an installation that runs."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fundmix_cli import run_state
from fundmix_cli.calling.client import ServiceClient
from fundmix_cli.calling.errors import NotRunningError
from fundmix_cli.calling.sending import RETRY_TIME_S_MAX, Sender, http_client
from fundmix_cli.calling.tokens import Tokens

CONNECTIONS_MAX: Final = 16


def urls_of(home: Path) -> Mapping[str, str]:
    """Raises NotRunningError."""
    state = run_state.read(home)
    if state is None or not state.is_running():
        raise NotRunningError(home)
    return state.urls


@asynccontextmanager
async def connected(
    home: Path,
    *,
    retry_time_s_max: float = RETRY_TIME_S_MAX,
    connections_max: int = CONNECTIONS_MAX,
) -> AsyncGenerator[ServiceClient]:
    """Raises NotRunningError."""
    urls = urls_of(home)
    async with http_client(connections_max=connections_max) as http:
        sender = Sender(http, retry_time_s_max=retry_time_s_max)
        yield ServiceClient(sender, Tokens(sender, urls["issuer"]), urls)
