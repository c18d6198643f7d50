"""`fundmix ledger` reports: what accountants and auditors read."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.acting import Day, day_of
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.ledger import read_list
from fundmix_cli.commands.options import AsOf, BooksBasis, Home, Json, OnDay
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.ledger_reports import (
    account_view,
    activities_view,
    balance_sheet_view,
    balances_view,
    cut_off_view,
    flow_view,
    period_balances_view,
    trial_balance_view,
)
from fundmix_cli.installation import DEFAULT_HOME

PAGE_ROWS: Final = "200"
DAY_SHOWN: Final = "YYYY-MM-DD"
DAY_FORMATS: Final = ["%Y-%m-%d"]

Agency = Annotated[str | None, typer.Option(metavar="CODE", help="Only this agency's books.")]
First = Annotated[int, typer.Option("--from", metavar="YYYYMM", help="The first month.")]
Last = Annotated[int, typer.Option("--to", metavar="YYYYMM", help="The last month.")]
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
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=DAY_FORMATS, metavar=DAY_SHOWN, help="Activities: the first day."
        ),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option(
            "--to", formats=DAY_FORMATS, metavar=DAY_SHOWN, help="Activities: the last day."
        ),
    ] = None,
    agency: Agency = None,
    as_of: AsOf = None,
    basis: BooksBasis = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show a statement of an agency or of the city: by value date, or as booked to a month's end.

    Exit codes: 0 shown, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    days = {"as_of": as_of, "on": on, "from": first, "to": last}
    params = {"agency": agency, "year": None if year is None else str(year), "basis": basis}
    params |= _days(days)
    if which is Statement.ACTIVITIES:
        is_span = first is not None and last is not None and year is None
        is_year = first is None and last is None and year is not None
        if on is not None or not (is_span or is_year):
            raise typer.BadParameter("activities are of a --year, or of days --from and --to")
        view = activities_view
    else:
        if (year is not None and on is not None) or first is not None or last is not None:
            raise typer.BadParameter("a balance sheet is of one day: --on, or the end of a --year")
        if year is not None:
            params |= {"year": None, "on": f"{year}-12-31"}
        view = balance_sheet_view
    show(_read(home, f"/v1/statements/{which.value}", params), view, as_json=as_json)


@ledger_reports.command()
def flow(
    *,
    year: Year,
    agency: Agency = None,
    basis: BooksBasis = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show where a year's money came from, which funds held it and what it was used for.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    found = _read(home, "/v1/flow", {"year": str(year), "agency": agency, "basis": basis})
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


@ledger_reports.command()
def balances(
    *,
    agency: Agency = None,
    on: OnDay = None,
    as_of: AsOf = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List the balance of every account: now, or of a day.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"agency": agency} | _days({"on": on, "as_of": as_of})
    items = read_list(home, "/v1/balances", wanted)
    show_list(items, balances_view, as_json=as_json, none="there are no accounts")


@ledger_reports.command()
def period_balances(
    *, year: Year, agency: Agency = None, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """List what each kind of entry moved in every account, by posting period.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    items = read_list(home, "/v1/period-balances", {"year": str(year), "agency": agency})
    show_list(items, period_balances_view, as_json=as_json, none="nothing was posted")


@ledger_reports.command()
def cut_off(
    *,
    around: Day,
    days: Annotated[int, typer.Option(min=0, max=92, help="On either side.")] = 10,
    agency: Agency = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what is near the end of a period, and was posted, occurred or is booked beyond it.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"around": day_of(around), "days": str(days), "agency": agency}
    items = read_list(home, "/v1/cut-off", wanted)
    show_list(items, cut_off_view, as_json=as_json, none="nothing crosses the day")


def _days(days: Mapping[str, datetime | None]) -> dict[str, str | None]:
    return {name: None if day is None else day_of(day) for name, day in days.items()}


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
