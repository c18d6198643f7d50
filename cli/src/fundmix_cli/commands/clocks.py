"""`fundmix contracts` obligations, publish, todo: what the law or a person waits for."""

from enum import StrEnum
from typing import Annotated

import typer
from fundmix_events.obligations import ObligationKind
from fundmix_events.roles import Role

from fundmix_cli.claims import Claims
from fundmix_cli.commands.acting import (
    OFFICER,
    ROWS_MAX,
    By,
    Day,
    Number,
    RowsMax,
    act,
    day_of,
    officer,
    read_list,
    show_item,
)
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show_list
from fundmix_cli.display.contracts import obligations_table, todo_table
from fundmix_cli.installation import DEFAULT_HOME


class Worker(StrEnum):
    FINANCE_OFFICER = "finance_officer"
    AGENCY = "agency"


clocks = typer.Typer()


@clocks.command()
def obligations(
    *,
    is_overdue: Annotated[
        bool, typer.Option("--overdue", help="Only what is late and not done.")
    ] = False,
    kind: Annotated[ObligationKind | None, typer.Option(help="Only of this kind.")] = None,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what has to be published, filed, paid or paid back, by its day.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"state": "overdue" if is_overdue else None, "kind": kind.value if kind else None}
    items = read_list(home, "/v1/obligations", wanted, limit=limit)
    show_list(items, obligations_table, as_json=as_json, none="nothing")


@clocks.command()
def publish(
    number: Number,
    kind: Annotated[ObligationKind, typer.Argument(help="What was published or filed.")],
    *,
    met_on: Day,
    reference: Annotated[int, typer.Option(min=0, help="Of an amendment or acceptance.")] = 0,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say that a contract, an amendment or an acceptance was published or filed.

    Exit codes: 0 recorded, 1 refused, 3 nothing runs.
    """
    body = {"kind": kind.value, "reference": reference, "met_on": day_of(met_on)}
    show_item(act(home, number, "publications", body, who=officer(by)), as_json=as_json)


@clocks.command()
def todo(
    org: Annotated[str, typer.Argument(metavar="CODE", help="The buyer or the agency.")],
    *,
    role: Annotated[Worker, typer.Option(help="For whom.")] = Worker.FINANCE_OFFICER,
    by: By = OFFICER,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what waits for the officers of a buyer, or for an agency.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    claims = Claims(role=Role(role.value), org=org, subject=by)
    items = read_list(home, "/v1/todo", {}, limit=limit, claims=claims)
    show_list(items, todo_table, as_json=as_json, none="nothing waits")
