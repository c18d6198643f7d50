"""`fundmix contracts`: what was agreed, what was done of it, and what the public may see."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from fundmix_events.roles import Role

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims, Level
from fundmix_cli.commands.acting import (
    CONTRACTS,
    EXIT_USAGE,
    MANAGER,
    OFFICER,
    ROWS_MAX,
    By,
    Day,
    JsonFile,
    Number,
    Reason,
    RowsMax,
    act,
    agency,
    day_of,
    find,
    officer,
    post,
    read_json,
    read_list,
    show_item,
)
from fundmix_cli.commands.asking import ask, errors
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import out, show_list
from fundmix_cli.display.contracts import contract_view, contracts_table, draft_view
from fundmix_cli.installation import DEFAULT_HOME


class Export(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    OCDS = "ocds"


PATH_BY_EXPORT: Final = {
    Export.CSV: "/v1/public/projects.csv",
    Export.XLSX: "/v1/public/projects.xlsx",
    Export.OCDS: "/v1/public/ocds/releases",
}

Quantity = Annotated[int, typer.Option(min=1, help="How many units of the line.")]
LineNumber = Annotated[int, typer.Option("--line", min=1, help="Which line of the contract.")]

contracts = typer.Typer(
    help="Contracts: sign, amend, deliver, accept, evaluate, approve, pay, clocks, open data.",
    no_args_is_help=True,
)


@contracts.command("list")
def list_all(
    *,
    number: Annotated[str | None, typer.Option(help="Only this number.")] = None,
    buyer: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this buyer.")] = None,
    agency_code: Annotated[
        str | None, typer.Option("--agency", metavar="CODE", help="Only of this agency.")
    ] = None,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List contracts.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"number": number, "buyer": buyer, "agency": agency_code}
    items = read_list(home, CONTRACTS, wanted, limit=limit)
    show_list(items, contracts_table, as_json=as_json, none="no such contract")


@contracts.command()
def show(number: Number, *, as_json: Json = False, home: Home = DEFAULT_HOME) -> None:
    """Show a contract with its instalments and lines.

    Exit codes: 0 shown, 1 there is none, 3 nothing runs.
    """
    show_item(ask(home, lambda client: find(client, number)), view=contract_view, as_json=as_json)


@contracts.command()
def sign(
    file: JsonFile, *, by: By = OFFICER, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Record a contract as it was signed.

    Exit codes: 0 recorded, 1 refused, 2 the file is not such a request, 3 nothing runs.
    """
    body = read_json(file)
    show_item(post(home, CONTRACTS, body, claims=_writer(body, by)), as_json=as_json)


@contracts.command()
def draft(
    file: JsonFile, *, by: By = OFFICER, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Begin a contract that is to be signed later.

    Exit codes: 0 begun, 1 refused, 2 the file is not such a request, 3 nothing runs.
    """
    body = read_json(file)
    made = post(home, "/v1/drafts", body, claims=_writer(body, by))
    show_item(made, view=draft_view, as_json=as_json)


@contracts.command("sign-draft")
def sign_draft(
    draft_id: Annotated[UUID, typer.Argument(help="As fundmix contracts draft shows it.")],
    *,
    signed_on: Day,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Sign what a draft says.

    Exit codes: 0 signed, 1 refused, 3 nothing runs.
    """
    path = f"/v1/drafts/{draft_id}"

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.CONTRACTS, path, claims=AUDITOR)

    claims = _writer(ask(home, read)["contract"], by)
    signed = post(home, f"{path}/sign", {"signed_on": day_of(signed_on)}, claims=claims)
    show_item(signed, as_json=as_json)


@contracts.command()
def amend(
    number: Number,
    file: JsonFile,
    *,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Amend a contract as the file says.

    Exit codes: 0 amended, 1 refused, 2 the file is not such a request, 3 nothing runs.
    """
    show_item(act(home, number, "amendments", read_json(file), who=officer(by)), as_json=as_json)


@contracts.command()
def terminate(
    number: Number,
    *,
    reason: Reason,
    terminated_on: Day,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """End a contract early, with nothing to settle; what there is to settle, amend first.

    Exit codes: 0 terminated, 1 refused, 3 nothing runs.
    """
    body = {"reason": reason, "terminated_on": day_of(terminated_on)}
    show_item(act(home, number, "terminate", body, who=officer(by)), as_json=as_json)


@contracts.command()
def deliver(
    number: Number,
    *,
    quantity: Quantity,
    delivered_on: Day,
    place: Annotated[str, typer.Option(help="Where.")],
    line: LineNumber = 1,
    attendance: Annotated[int | None, typer.Option(min=0, help="How many people came.")] = None,
    by: By = MANAGER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Report, for the agency, what was done of a line.

    Exit codes: 0 reported, 1 refused, 3 nothing runs.
    """
    body = {
        "line_number": line,
        "quantity": quantity,
        "delivered_on": day_of(delivered_on),
        "place": place,
        "attendance": attendance,
    }
    show_item(act(home, number, "deliveries", body, who=agency(by)), as_json=as_json)


@contracts.command()
def accept(
    number: Number,
    *,
    quantity: Quantity,
    accepted_on: Day,
    invited: Annotated[int, typer.Option(min=0, help="People served who were invited.")],
    asked: Annotated[int, typer.Option(min=0, help="How many of them were asked.")],
    answered: Annotated[int, typer.Option(min=0, help="How many of those answered.")],
    line: LineNumber = 1,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Accept, for the buyer, what was delivered of a line.

    Exit codes: 0 accepted, 1 refused, 3 nothing runs.
    """
    body = {
        "line_number": line,
        "quantity": quantity,
        "accepted_on": day_of(accepted_on),
        "recipients_invited": invited,
        "sample_size": asked,
        "responses": answered,
    }
    show_item(act(home, number, "acceptances", body, who=officer(by)), as_json=as_json)


@contracts.command()
def export(
    kind: Annotated[Export, typer.Argument(help="What to write.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to.")],
    *,
    home: Home = DEFAULT_HOME,
) -> None:
    """Write the public list of contracts, or their open data, to a file.

    Exit codes: 0 written, 1 refused, 2 no such folder, 3 nothing runs.
    """
    if not file.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.parent}", param_hint="FILE")

    async def read(client: ServiceClient) -> bytes:
        path = PATH_BY_EXPORT[kind]
        return await client.download(ServiceName.CONTRACTS, path, claims=AUDITOR)

    size = file.write_bytes(ask(home, read))
    out.print(f"{file}: {size} bytes", markup=False)


def _writer(contract: Item, by: str) -> Claims:
    """An officer of the buyer that the contract names."""
    try:
        buyer, level = str(contract["buyer"]), Level(contract["payer_level"])
    except (KeyError, ValueError) as error:
        errors.print("a contract names its buyer and payer_level", style="red")
        raise typer.Exit(EXIT_USAGE) from error
    return Claims(role=Role.FINANCE_OFFICER, org=buyer, level=level, subject=by)
