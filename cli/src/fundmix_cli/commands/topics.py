"""`fundmix topics rebuild`: have every event sent again, with the same numbers."""

from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import ADMIN
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.installation import DEFAULT_HOME

topics = typer.Typer(help="Look after the topics.", no_args_is_help=True)

out = Console(highlight=False, soft_wrap=True)


@topics.command()
def rebuild(
    *,
    service: Annotated[
        ServiceName | None, typer.Option(help="Only what this service has said.")
    ] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Send all events again, in their order, with the same numbers; nobody applies one twice.

    For a broker that has lost what it had. The relays do it in the background.

    Exit codes: 0 asked for, 1 refused, 3 nothing runs.
    """
    services = [service] if service else list(ServiceName)
    asked = ask(home, lambda client: _rebuild(client, services))
    if as_json:
        out.print_json(data=asked)
        return
    for name in asked:
        out.print(f"{name}: its relay sends everything again")


async def _rebuild(client: ServiceClient, services: list[ServiceName]) -> dict[str, str]:
    asked: dict[str, str] = {}
    for service in services:
        # Each time it is another thing to be done, also when the last one was just the same.
        answer = await client.post(service, "/v1/topics/rebuild", claims=ADMIN, key=str(uuid4()))
        asked[service.value] = answer.body["status"]
    return asked
