"""What the commands about contracts share: which contract, who acts, how it is sent and shown."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from fundmix_events.roles import Role
from pydantic import TypeAdapter, ValidationError
from rich.console import RenderableType

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims, Level
from fundmix_cli.commands.asking import EXIT_REFUSED, ask, errors
from fundmix_cli.commands.showing import show
from fundmix_cli.display.contracts import summary_view

EXIT_USAGE: Final = 2
CONTRACTS: Final = "/v1/contracts"
ROWS_MAX: Final = 1_000
OFFICER: Final = "cli-officer"
MANAGER: Final = "cli-manager"

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The contract's number, or its id.")]
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Who acts; it is kept.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
RowsMax = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Rows at most.")]
JsonFile = Annotated[
    Path, typer.Argument(metavar="FILE.json", exists=True, dir_okay=False, help="The request.")
]

Actor = Callable[[Item], Claims]


def officer(by: str) -> Actor:
    """An officer of the contract's buyer, of the level that pays."""

    def claims(contract: Item) -> Claims:
        return Claims(
            role=Role.FINANCE_OFFICER,
            org=contract["buyer"],
            level=Level(contract["payer_level"]),
            subject=by,
        )

    return claims


def agency(by: str) -> Actor:
    return lambda contract: Claims(role=Role.AGENCY, org=contract["agency"], subject=by)


def evaluator(by: str) -> Actor:
    return lambda _: Claims(role=Role.EVALUATOR, subject=by)


async def find(client: ServiceClient, number: str) -> Item:
    """The contract with that number or id; exits where there is none."""
    try:
        path = f"{CONTRACTS}/{UUID(number)}"
    except ValueError:
        page = await client.get(
            ServiceName.CONTRACTS, CONTRACTS, claims=AUDITOR, params={"number": number}
        )
        if not page["items"]:
            errors.print(f"there is no contract {number}", style="red", markup=False)
            raise typer.Exit(EXIT_REFUSED) from None
        return page["items"][0]
    return await client.get(ServiceName.CONTRACTS, path, claims=AUDITOR)


def act(home: Path, number: str, step: str, body: Item, *, who: Actor) -> Item:
    """One step of a contract, asked for anew each time: what stands against it may have changed."""
    return act_with(home, number, step, lambda _: body, who=who)


def act_with(
    home: Path, number: str, step: str, body: Callable[[Item], Item], *, who: Actor
) -> Item:
    """The same with a body that follows from the contract as it is."""

    async def send(client: ServiceClient) -> Item:
        contract = await find(client, number)
        answer = await client.post(
            ServiceName.CONTRACTS,
            f"{CONTRACTS}/{contract['contract_id']}/{step}",
            claims=who(contract),
            body=body(contract),
            key=str(uuid4()),
        )
        return answer.body

    return ask(home, send)


def post(home: Path, path: str, body: Item, *, claims: Claims) -> Item:
    async def send(client: ServiceClient) -> Item:
        answer = await client.post(
            ServiceName.CONTRACTS, path, claims=claims, body=body, key=str(uuid4())
        )
        return answer.body

    return ask(home, send)


def read_list(
    home: Path,
    path: str,
    wanted: dict[str, str | None],
    *,
    limit: int,
    claims: Claims = AUDITOR,
) -> Sequence[Item]:
    params = {name: value for name, value in wanted.items() if value is not None}

    async def read(client: ServiceClient) -> list[Item]:
        items: list[Item] = []
        async for item in client.list(ServiceName.CONTRACTS, path, claims=claims, params=params):
            items.append(item)
            if len(items) == limit:
                break
        return items

    return ask(home, read)


def read_json(file: Path) -> Item:
    """Exits where the file is not one JSON object."""
    try:
        return TypeAdapter(Item).validate_json(file.read_bytes())
    except ValidationError as error:
        reason = error.errors(include_url=False)[0]["msg"]
        errors.print(f"{file}: {reason}", style="red", markup=False)
        raise typer.Exit(EXIT_USAGE) from error


def money(amount: str) -> Item:
    return {"amount": amount, "currency": "CNY"}


def day_of(day: datetime) -> str:
    return day.date().isoformat()


def show_item(
    item: Item, *, as_json: bool, view: Callable[[Item], RenderableType] = summary_view
) -> None:
    """Where the contract then stands, unless `view` shows something else."""
    show(item, view, as_json=as_json)
