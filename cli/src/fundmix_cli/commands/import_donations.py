"""`fundmix import`: a file of donations, checked as a whole before anything of it is booked."""

from pathlib import Path
from typing import Annotated, Final

import typer
from fundmix_events.roles import Role
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.sending import Params
from fundmix_cli.claims import Claims
from fundmix_cli.commands.acting import By
from fundmix_cli.commands.asking import EXIT_REFUSED, ask, errors
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show
from fundmix_cli.display.imports import import_view
from fundmix_cli.installation import DEFAULT_HOME

IMPORTS: Final = "/v1/donation-imports"
NAME: Final = "cli-treasurer"
DELEGATION: Final = "终端代机构导入"
# As long as a service works on one file.
ANSWER_TIME_S_MAX: Final = 660.0

References = Annotated[
    list[str] | None,
    typer.Option(metavar="REF", help="A suspected row by its reference; again for each."),
]


def import_donations(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="CSV, XLSX or NDJSON of donations.")
    ],
    *,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be.")] = False,
    source: Annotated[
        str, typer.Option(metavar="NAME", help="Where it comes from; its columns are known by it.")
    ] = "file",
    agency: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="As this agency; else as an officer for agencies."),
    ] = None,
    because: Annotated[
        str, typer.Option(help="Why an officer records for agencies; it is kept.")
    ] = DELEGATION,
    control_count: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Rows that the file must have.")
    ] = None,
    control_total: Annotated[
        str | None, typer.Option(metavar="YUAN", help="What its amounts must sum to.")
    ] = None,
    accept: References = None,
    leave_out: References = None,
    by: By = NAME,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Book the donations of a file that are not there yet as one batch; with any error, none.

    Exit codes: 0 booked, or could be; 1 rows have errors, wait for a decision, or the control
    figures differ; 3 nothing runs.
    """
    wanted = {
        "source": source,
        "accept_suspected": accept,
        "leave_out_suspected": leave_out,
        "delegation": because if agency is None else None,
        "control_count": None if control_count is None else str(control_count),
        "control_total": control_total,
    }
    params: Params = {name: value for name, value in wanted.items() if value}
    claims = (
        Claims(role=Role.FINANCE_OFFICER, subject=by)
        if agency is None
        else Claims(role=Role.AGENCY, org=agency, subject=by)
    )
    content = file.read_bytes()
    size = f"{file.name}, {len(content) / 1024**2:,.1f} MB"
    found = _send(home, content, claims, {**params, "dry_run": "true"}, f"checking {size}")
    if found["is_ready"] and not is_dry_run:
        found = _send(home, content, claims, params, f"booking {size}")
    show(found, import_view, as_json=as_json)
    if not found["is_ready"]:
        raise typer.Exit(EXIT_REFUSED)


def _send(home: Path, content: bytes, claims: Claims, params: Params, doing: str) -> Item:
    async def send(client: ServiceClient) -> Item:
        answer = await client.upload(
            ServiceName.DONATIONS,
            IMPORTS,
            claims=claims,
            content=content,
            params=params,
            answer_time_s_max=ANSWER_TIME_S_MAX,
        )
        return answer.body

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True) as progress:
        progress.add_task(doing, total=None)
        return ask(home, send)
