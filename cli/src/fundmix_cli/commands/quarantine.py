"""`fundmix quarantine`: messages that could not be processed, and what a person decides."""

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import ADMIN, AUDITOR
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.display.harmless import harmless, harmless_parts
from fundmix_cli.installation import DEFAULT_HOME


class Listener(StrEnum):
    """The services that listen to topics, and so may meet what they cannot process."""

    CONTRACTS = "contracts"
    DONATIONS = "donations"
    LEDGER = "ledger"

    @property
    def service(self) -> ServiceName:
        return ServiceName(self.value)


Item = dict[str, Any]
Id = Annotated[int, typer.Argument(min=1, help="As fundmix quarantine list shows it.")]
Service = Annotated[Listener, typer.Option(help="Whose quarantine.")]

quarantine = typer.Typer(
    help="Messages that could not be processed: look, retry, dismiss.", no_args_is_help=True
)

out = Console(highlight=False, soft_wrap=True)


@quarantine.command("list")
def list_all(
    *,
    service: Annotated[
        Listener | None, typer.Option(help="Only this service's; without it, all.")
    ] = None,
    state: Annotated[
        Literal["open", "retried", "dismissed", "any"], typer.Option(help="What became of them.")
    ] = "open",
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what is in quarantine.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    listeners = [service] if service else list(Listener)
    items = ask(home, lambda client: _list(client, listeners, state))
    if as_json:
        out.print_json(data=items)
    elif items:
        out.print(_table(harmless_parts(items)))
    else:
        out.print("the quarantine is empty")


@quarantine.command()
def show(
    quarantine_id: Id,
    *,
    service: Service = Listener.LEDGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show one message with its headers and its bytes.

    Exit codes: 0 shown, 1 there is no such message, 3 nothing runs.
    """
    path = f"/v1/quarantine/{quarantine_id}"
    _print(ask(home, lambda client: client.get(service.service, path, claims=AUDITOR)), as_json)


@quarantine.command()
def retry(
    quarantine_id: Id,
    *,
    service: Service = Listener.LEDGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Process the same bytes again, with the code that runs now.

    Exit codes: 0 processed, 1 still not possible or decided before, 3 nothing runs.
    """
    path = f"/v1/quarantine/{quarantine_id}/retry"
    _print(ask(home, lambda client: _decide(client, service, path, {})), as_json)


@quarantine.command()
def dismiss(
    quarantine_id: Id,
    *,
    reason: Annotated[str, typer.Option(help="Why it is never to be processed; it is kept.")],
    service: Service = Listener.LEDGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Give a message up: it was wrong at its source, and a new event corrects it.

    Exit codes: 0 dismissed, 1 refused or decided before, 3 nothing runs.
    """
    path = f"/v1/quarantine/{quarantine_id}/dismiss"
    _print(ask(home, lambda client: _decide(client, service, path, {"reason": reason})), as_json)


async def _list(client: ServiceClient, listeners: list[Listener], state: str) -> list[Item]:
    params = {} if state == "any" else {"state": state}
    return [
        {"service": listener.value, **item}
        for listener in listeners
        async for item in client.list(
            listener.service, "/v1/quarantine", claims=AUDITOR, params=params
        )
    ]


async def _decide(client: ServiceClient, listener: Listener, path: str, body: Item) -> Item:
    # A decision is asked for anew each time: what the code can do may have changed.
    answer = await client.post(listener.service, path, claims=ADMIN, body=body, key=str(uuid4()))
    return answer.body


def _print(item: Item, as_json: bool) -> None:  # noqa: FBT001  # passes on the option of that name
    if as_json:
        out.print_json(data=item)
        return
    for name, value in item.items():
        if value is not None:
            out.print(f"[dim]{name:15}[/dim]", end="")
            out.print(harmless(str(value)), markup=False)


def _table(items: list[Item]) -> Table:
    table = Table(box=None, header_style="dim")
    for column in ("service", "id", "state", "place", "reason", "detail"):
        table.add_column(column, overflow="fold")
    for item in items:
        place = f"{item['topic']}/{item['partition']}/{item['number']}"
        cells = ("service", "id", "state"), ("reason", "detail")
        before, after = ([str(item[name]) for name in names] for names in cells)
        table.add_row(*before, place, *after)
    return table
