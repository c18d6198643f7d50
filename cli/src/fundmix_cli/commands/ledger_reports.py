"""`fundmix ledger` trial-balance, statement, flow, account: what accountants and auditors read."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show
from fundmix_cli.display.ledger_reports import (
    account_view,
    activities_view,
    balance_sheet_view,
    flow_view,
    trial_balance_view,
)
from fundmix_cli.installation import DEFAULT_HOME

PAGE_ROWS: Final = "200"

Agency = Annotated[str | None, typer.Option(metavar="CODE", help="Only this agency's books.")]
First = Annotated[int, typer.Option("--from", metavar="YYYYMM", help="The first month.")]
Last = Annotated[int, typer.Option("--to", metavar="YYYYMM", help="The last month.")]
OnDay = Annotated[
    str | None, typer.Option("--on", metavar="DAY", help="Balance sheet: by value date.")
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DAY", help="As the ledger knew it on this day.")
]
Year = Annotated[int, typer.Option(min=1949, max=2199, help="The fiscal year.")]


class Statement(StrEnum):
    BALANCE_SHEET = "balance-sheet"
    ACTIVITIES = "activities"


ledger_reports = typer.Typer()


@ledger_reports.command()
def trial_balance(
    *,
    first: First,
    last: Last,
    agency: Agency = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what every account held, was debited and credited, and holds, by posting period.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    params = {"from": str(first), "to": str(last), "agency": agency}
    found = _read_pages(home, "/v1/trial-balance", params, rows="lines")
    show(found, trial_balance_view, as_json=as_json)


@ledger_reports.command()
def statement(
    which: Annotated[Statement, typer.Argument(help="Which statement.")],
    *,
    year: Annotated[
        int | None, typer.Option(min=1949, max=2199, help="The year; of a balance sheet, its end.")
    ] = None,
    on: OnDay = None,
    agency: Agency = None,
    as_of: AsOf = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show a statement of an agency or of the city.

    Exit codes: 0 shown, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    params = {"agency": agency, "as_of": as_of}
    if which is Statement.ACTIVITIES:
        if year is None or on is not None:
            raise typer.BadParameter("activities are of a --year")
        params["year"] = str(year)
        view = activities_view
    else:
        if year is not None and on is not None:
            raise typer.BadParameter("a balance sheet is of one day: --on, or the end of a --year")
        params["on"] = on or (f"{year}-12-31" if year is not None else None)
        view = balance_sheet_view
    show(_read(home, f"/v1/statements/{which.value}", params), view, as_json=as_json)


@ledger_reports.command()
def flow(
    *, year: Year, agency: Agency = None, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Show where a year's money came from, which funds held it and what it was used for.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    found = _read(home, "/v1/flow", {"year": str(year), "agency": agency})
    show(found, flow_view, as_json=as_json)


@ledger_reports.command()
def account(
    account_id: Annotated[int, typer.Argument(min=1, help="As a trial balance names it.")],
    *,
    first: First,
    last: Last,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show every posting of an account, with what it came to.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    params = {"from": str(first), "to": str(last)}
    found = _read_pages(home, f"/v1/accounts/{account_id}/entries", params, rows="items")
    show(found, account_view, as_json=as_json)


def _read(home: Path, path: str, params: Mapping[str, str | None]) -> Item:
    return ask(home, lambda client: _get(client, path, params))


def _read_pages(home: Path, path: str, params: Mapping[str, str | None], *, rows: str) -> Item:
    """The first page with the rows of all of them."""

    async def read(client: ServiceClient) -> Item:
        first = page = await _get(client, path, {**params, "limit": PAGE_ROWS})
        while page["next_cursor"]:
            following = {"limit": PAGE_ROWS, "cursor": page["next_cursor"]}
            page = await _get(client, path, {**params, **following})
            first[rows] += page[rows]
        return first | {"next_cursor": None}

    return ask(home, read)


async def _get(client: ServiceClient, path: str, params: Mapping[str, str | None]) -> Item:
    given = {name: value for name, value in params.items() if value is not None}
    return await client.get(ServiceName.LEDGER, path, claims=AUDITOR, params=given)
