"""`fundmix ledger` funds, lots, advances, spending-limits: what there is to use, and its use."""

from datetime import datetime
from typing import Annotated

import typer

from fundmix_cli.calling.client import ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.acting import day_of
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.ledger import AgencyCode, read_list
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.ledger_requests import (
    advances_table,
    funds_table,
    lots_table,
    spending_view,
)
from fundmix_cli.installation import DEFAULT_HOME

ledger_funds = typer.Typer()


@ledger_funds.command()
def funds(
    *,
    agency: Annotated[str | None, typer.Option(metavar="CODE", help="Only this one's.")] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List funds: what they have, what is held of it, what their contracts still owe.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    items = read_list(home, "/v1/funds", {"agency": agency})
    show_list(items, funds_table, as_json=as_json, none="there are no funds")


@ledger_funds.command()
def advances(
    *,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="The day.")
    ] = None,
    is_ever: Annotated[bool, typer.Option("--ever", help="On any day up to it.")] = False,
    agency: Annotated[str | None, typer.Option(metavar="CODE", help="Only this one's.")] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List contracts that were spent before they were paid (垫付).

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    day = None if on is None else day_of(on)
    wanted = {"agency": agency, "on": day, "ever": "true" if is_ever else None}
    items = read_list(home, "/v1/advances", wanted)
    show_list(items, advances_table, as_json=as_json, none="nothing is advanced")


@ledger_funds.command()
def lots(
    agency: AgencyCode,
    fund: Annotated[str, typer.Argument(help="general, contract:NUMBER or purpose:NAME.")],
    *,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List each receipt of a fund's money, the oldest first, and what is left of it.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    items = read_list(home, "/v1/lots", {"agency": agency, "fund_code": fund})
    show_list(items, lots_table, as_json=as_json, none="the fund has received nothing")


@ledger_funds.command()
def spending_limits(
    agency: AgencyCode,
    *,
    year: Annotated[int, typer.Option(min=1950, max=2199, help="The fiscal year.")],
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show a year's spending against the floors and caps of charities.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    params = {"agency": agency, "year": str(year)}
    found = ask(
        home,
        lambda client: client.get(
            ServiceName.LEDGER, "/v1/spending-limits", claims=AUDITOR, params=params
        ),
    )
    show(found, spending_view, as_json=as_json)
