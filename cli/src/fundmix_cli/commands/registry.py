"""`fundmix registry`: organisations as the register has them, and changes that two persons make."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from fundmix_events.registry import OrganisationKind

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import ADMIN, AUDITOR
from fundmix_cli.commands.asking import ask, errors
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show as show_item
from fundmix_cli.commands.showing import show_list
from fundmix_cli.display.registry import (
    history_table,
    import_view,
    organisation_view,
    organisations_table,
    requests_table,
)
from fundmix_cli.installation import DEFAULT_HOME

EXIT_ROW_ERRORS: Final = 1
EXIT_USAGE: Final = 2
ORGANISATIONS: Final = "/v1/organisations"
REQUESTS: Final = "/v1/change-requests"


class State(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    ANY = "any"


Code = Annotated[str, typer.Argument(metavar="CODE", help="Unified social credit code.")]
RequestId = Annotated[UUID, typer.Argument(help="As fundmix registry requests shows it.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
Reason = Annotated[str, typer.Option(help="Why; it is kept.")]
By = Annotated[str, typer.Option("--as", metavar="NAME", help="Who acts; it is kept.")]
RowsMax = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Rows at most.")]
ROWS_MAX: Final = 1_000
NAME: Final = str(ADMIN.subject)

registry = typer.Typer(
    help="Organisations: list, show, history, change requests, import, suspension.",
    no_args_is_help=True,
)


@registry.command("list")
def list_all(
    *,
    kind: Annotated[OrganisationKind | None, typer.Option(help="Only of this kind.")] = None,
    town: Annotated[str | None, typer.Option(help="Only of this town.")] = None,
    name: Annotated[str | None, typer.Option(help="Only with this in the name.")] = None,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List organisations, in the order of their codes.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"kind": kind.value if kind else None, "town": town, "name": name}
    items = _read_list(home, ORGANISATIONS, wanted, limit=limit)
    show_list(items, organisations_table, as_json=as_json, none="no such organisation")


@registry.command()
def show(
    code: Code,
    *,
    as_of: Day = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show an organisation with its standing, as it is or as it was at the end of a day.

    Exit codes: 0 shown, 1 there is none or was none, 3 nothing runs.
    """
    params = {} if as_of is None else {"as_of": as_of.date().isoformat()}
    path = f"{ORGANISATIONS}/{code}"

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.REGISTRY, path, claims=AUDITOR, params=params)

    show_item(ask(home, read), organisation_view, as_json=as_json)


@registry.command()
def history(
    code: Code, *, limit: RowsMax = ROWS_MAX, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Show every change of every field, the newest first.

    Exit codes: 0 shown, 1 there is no such organisation, 3 nothing runs.
    """
    items = _read_list(home, f"{ORGANISATIONS}/{code}/history", {}, limit=limit)
    show_list(items, history_table, as_json=as_json, none="no history")


@registry.command()
def requests(
    *,
    state: Annotated[State, typer.Option(help="What became of them.")] = State.OPEN,
    code: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only of this organisation.")
    ] = None,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List change requests.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"state": None if state is State.ANY else state.value, "code": code}
    items = _read_list(home, REQUESTS, wanted, limit=limit)
    show_list(items, requests_table, as_json=as_json, none="no such change request")


@registry.command()
def request(
    code: Code,
    *,
    evidence: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="A document that proves it.")
    ],
    reason: Reason,
    name: Annotated[str | None, typer.Option(help="The new name.")] = None,
    kind: Annotated[OrganisationKind | None, typer.Option(help="The new kind.")] = None,
    by: By = NAME,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Ask for another name or kind; somebody else approves. Documents stay here, as digests go.

    Exit codes: 0 asked, 1 refused, 2 nothing to change is given, 3 nothing runs.
    """
    changes = {"name": name, "kind": kind.value if kind else None}
    wanted = {field: value for field, value in changes.items() if value is not None}
    if not wanted:
        errors.print("give --name or --kind", style="red")
        raise typer.Exit(EXIT_USAGE)
    body = {
        "changes": wanted,
        "reason": reason,
        "evidence": [{"name": path.name, "sha256": _digest(path)} for path in evidence],
    }
    made = _post(home, f"{ORGANISATIONS}/{code}/change-requests", body, by=by)
    show_item(made, lambda item: requests_table([item]), as_json=as_json)


@registry.command()
def approve(
    request_id: RequestId, *, by: By = NAME, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Approve a change that somebody else has asked for: it is made at once.

    Exit codes: 0 made, 1 refused or decided before, 3 nothing runs.
    """
    decided = _post(home, f"{REQUESTS}/{request_id}/approve", {}, by=by)
    show_item(decided, lambda item: organisation_view(item["organisation"]), as_json=as_json)


@registry.command()
def reject(
    request_id: RequestId,
    *,
    reason: Reason,
    by: By = NAME,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Reject a change that somebody else has asked for.

    Exit codes: 0 rejected, 1 refused or decided before, 3 nothing runs.
    """
    decided = _post(home, f"{REQUESTS}/{request_id}/reject", {"reason": reason}, by=by)
    show_item(decided, lambda item: requests_table([item]), as_json=as_json)


@registry.command()
def suspend(
    code: Code,
    *,
    reason: Reason,
    from_on: Annotated[
        datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="The first day of it.")
    ],
    by: By = NAME,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Suspend an organisation: from that day nothing new is signed with it.

    Exit codes: 0 suspended, 1 refused, 3 nothing runs.
    """
    body = {"reason": reason, "from_on": from_on.date().isoformat()}
    found = _post(home, f"{ORGANISATIONS}/{code}/suspend", body, by=by)
    show_item(found, organisation_view, as_json=as_json)


@registry.command()
def reinstate(
    code: Code,
    *,
    reason: Reason,
    by: By = NAME,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """End the suspension of an organisation.

    Exit codes: 0 reinstated, 1 refused, 3 nothing runs.
    """
    found = _post(home, f"{ORGANISATIONS}/{code}/reinstate", {"reason": reason}, by=by)
    show_item(found, organisation_view, as_json=as_json)


@registry.command("import")
def import_file(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV or NDJSON, Chinese or English.")
    ],
    *,
    is_dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    by: By = NAME,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Register the organisations of a file; what is there already stays as it is.

    Exit codes: 0 every row is in the register, 1 some rows have errors, 3 nothing runs.
    """
    content = file.read_bytes()

    async def send(client: ServiceClient) -> Item:
        answer = await client.upload(
            ServiceName.REGISTRY,
            f"{ORGANISATIONS}/import",
            claims=replace(ADMIN, subject=by),
            content=content,
            params={"dry_run": str(is_dry_run).lower()},
        )
        return answer.body

    found = ask(home, send)
    show_item(found, import_view, as_json=as_json)
    if found["failed"]:
        raise typer.Exit(EXIT_ROW_ERRORS)


def _read_list(
    home: Path, path: str, wanted: dict[str, str | None], *, limit: int
) -> Sequence[Item]:
    params = {name: value for name, value in wanted.items() if value is not None}

    async def read(client: ServiceClient) -> list[Item]:
        items: list[Item] = []
        async for item in client.list(ServiceName.REGISTRY, path, claims=AUDITOR, params=params):
            items.append(item)
            if len(items) == limit:
                break
        return items

    return ask(home, read)


def _post(home: Path, path: str, body: Item, *, by: str) -> Item:
    async def send(client: ServiceClient) -> Item:
        # A decision is asked for anew each time: what stands against it may have changed.
        answer = await client.post(
            ServiceName.REGISTRY,
            path,
            claims=replace(ADMIN, subject=by),
            body=body,
            key=str(uuid4()),
        )
        return answer.body

    return ask(home, send)


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
