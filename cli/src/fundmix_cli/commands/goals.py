"""`fundmix goal`: the limits of a mix, where they stand, and what ends soon."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

import typer
from fundmix_events.channel import Channel
from fundmix_events.goals import Basis
from fundmix_events.roles import Role

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims
from fundmix_cli.commands.acting import (
    EXIT_USAGE,
    OFFICER,
    ROWS_MAX,
    By,
    Day,
    RowsMax,
    day_of,
    money,
)
from fundmix_cli.commands.asking import EXIT_REFUSED, ask, errors
from fundmix_cli.commands.options import AsOf, Home, Json, OnDay
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.goals import (
    cliff_view,
    goal_view,
    goals_table,
    growth_view,
    ranking_view,
    reading_view,
)
from fundmix_cli.installation import DEFAULT_HOME

GOALS: Final = "/v1/goals"
ROWS_SHOWN: Final = 50


class RankedBy(StrEnum):
    GOVERNMENT_SHARE = "government_share"
    HHI = "hhi"


Year = Annotated[int, typer.Option(min=1949, max=2199, help="The fiscal year.")]
Agency = Annotated[
    str | None, typer.Option("--agency", metavar="CODE", help="Of this agency, not of the city.")
]
Limit = Annotated[str | None, typer.Option(metavar="RATIO")]
OfChannel = Annotated[list[str] | None, typer.Option(metavar="CHANNEL=VALUE")]

goal = typer.Typer(
    help="Goals of a diversified mix: set, list, show, reading, ranking, growth, cliff.",
    no_args_is_help=True,
)


@goal.command("set")
def set_goal(  # the limits of a goal
    *,
    year: Year,
    agency: Agency = None,
    government_share_max: Limit = None,
    hhi_max: Limit = None,
    procurement_growth_min: Limit = None,
    channel_share_min: OfChannel = None,
    channel_amount_min: OfChannel = None,
    audited_income: Annotated[str | None, typer.Option(metavar="YUAN")] = None,
    basis: Basis = Basis.RECEIVED,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept.")] = None,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Set the limits of a year: the first version of a goal, or its next. What is left out is none.

    Exit codes: 0 set, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    limits: Item = {
        "basis": basis.value,
        "government_share_max": government_share_max,
        "hhi_max": hhi_max,
        "procurement_growth_min": procurement_growth_min,
        "channel_minimums": _minimums(channel_share_min or [], channel_amount_min or []),
        "audited_income": None if audited_income is None else money(audited_income),
        "reason": reason,
    }
    officer = Claims(role=Role.FINANCE_OFFICER, subject=by)

    async def send(client: ServiceClient) -> Item:
        known = await _find(client, year=year, agency=agency)
        path, body, version = GOALS, limits | {"year": year, "agency": agency}, None
        if known is not None:
            path, body = f"{GOALS}/{known['goal_id']}/versions", limits
            version = known["version"]
        answer = await client.post(
            ServiceName.LEDGER,
            path,
            claims=officer,
            body=body,
            key=str(uuid4()),
            version=version,
        )
        return answer.body

    show(ask(home, send), goal_view, as_json=as_json)


@goal.command("list")
def list_all(
    *,
    year: Annotated[int | None, typer.Option(min=1949, max=2199)] = None,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List goals, and where each stands.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """

    async def read(client: ServiceClient) -> list[Item]:
        items: list[Item] = []
        params = {} if year is None else {"year": str(year)}
        goals = client.list(ServiceName.LEDGER, GOALS, claims=AUDITOR, params=params)
        async for item in goals:
            items.append(item)
            if len(items) == limit:
                break
        return items

    show_list(ask(home, read), goals_table, as_json=as_json, none="no goal")


@goal.command("show")
def show_goal(
    *, year: Year, agency: Agency = None, as_json: Json = False, home: Home = DEFAULT_HOME
) -> None:
    """Show a goal and all its versions.

    Exit codes: 0 shown, 1 there is none, 3 nothing runs.
    """

    async def read(client: ServiceClient) -> Item:
        known = await _find(client, year=year, agency=agency)
        if known is None:
            errors.print(f"there is no goal for {year}", style="red")
            raise typer.Exit(EXIT_REFUSED)
        path = f"{GOALS}/{known['goal_id']}"
        return await client.get(ServiceName.LEDGER, path, claims=AUDITOR)

    show(ask(home, read), goal_view, as_json=as_json)


@goal.command()
def reading(
    *,
    year: Year,
    agency: Agency = None,
    basis: Annotated[
        Basis | None, typer.Option(help="Measured by this, without the limits of a goal.")
    ] = None,
    on: OnDay = None,
    as_of: AsOf = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show how diverse the income of a year is, against its goal where there is one.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    days = {"on": on, "as_of": as_of}
    params = {name: day_of(day) for name, day in days.items() if day is not None}

    async def read(client: ServiceClient) -> Item:
        known = None if basis else await _find(client, year=year, agency=agency)
        if known is not None:
            path = f"{GOALS}/{known['goal_id']}/reading"
            return await client.get(ServiceName.LEDGER, path, claims=AUDITOR, params=params)
        wanted = params | {"year": str(year)} | ({"agency": agency} if agency else {})
        wanted |= {"basis": basis.value} if basis else {}
        return await client.get(ServiceName.LEDGER, "/v1/reading", claims=AUDITOR, params=wanted)

    show(ask(home, read), reading_view, as_json=as_json)


@goal.command()
def ranking(
    *,
    year: Year,
    by: Annotated[RankedBy, typer.Option(help="What to rank by.")] = RankedBy.GOVERNMENT_SHARE,
    basis: Annotated[Basis, typer.Option(help="What is measured.")] = Basis.RECEIVED,
    on: OnDay = None,
    limit: RowsMax = ROWS_SHOWN,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show the agencies that depend most on one source first.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    params = {"year": str(year), "by": by.value, "basis": basis.value}
    params |= {"on": day_of(on)} if on else {}
    found = _read_rows(home, "/v1/ranking", params, rows_max=limit)
    show(found, ranking_view, as_json=as_json)


@goal.command()
def growth(
    *,
    year: Year,
    agency: Agency = None,
    on: OnDay = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what government bodies signed and paid in a year, and its growth on the year before.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    params = {"year": str(year)} | ({"agency": agency} if agency else {})
    params |= {"on": day_of(on)} if on else {}
    show(_read(home, "/v1/procurement-growth", params), growth_view, as_json=as_json)


@goal.command()
def cliff(
    *,
    on: Annotated[Day | None, typer.Option(help="From this day on; else from today.")] = None,
    days: Annotated[int, typer.Option(min=0, max=1_100, help="Within so many days.")] = 90,
    agency: Agency = None,
    limit: RowsMax = ROWS_SHOWN,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show the contracts that end soon and that no other goes on from.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    params = {"days": str(days)} | ({"agency": agency} if agency else {})
    params |= {"on": day_of(on)} if on else {}
    found = _read_rows(home, "/v1/expiry-cliff", params, rows_max=limit)
    show(found, cliff_view, as_json=as_json)


def _read(home: Path, path: str, params: dict[str, str]) -> Item:
    return ask(
        home, lambda client: client.get(ServiceName.LEDGER, path, claims=AUDITOR, params=params)
    )


def _read_rows(home: Path, path: str, params: dict[str, str], *, rows_max: int) -> Item:
    return ask(
        home,
        lambda client: client.figures(
            ServiceName.LEDGER, path, claims=AUDITOR, params=params, rows_max=rows_max
        ),
    )


async def _find(client: ServiceClient, *, year: int, agency: str | None) -> Item | None:
    params = {"year": str(year)}
    async for item in client.list(ServiceName.LEDGER, GOALS, claims=AUDITOR, params=params):
        if item["agency"] == agency:
            return item
    return None


def _minimums(shares: list[str], amounts: list[str]) -> dict[str, Item]:
    minimums: dict[str, Item] = {}
    for written in shares:
        channel, value = _of_channel(written)
        minimums.setdefault(channel, {})["share"] = value
    for written in amounts:
        channel, value = _of_channel(written)
        minimums.setdefault(channel, {})["amount"] = money(value)
    return minimums


def _of_channel(written: str) -> tuple[Channel, str]:
    name, _, value = written.partition("=")
    if name not in set(Channel) or not value:
        errors.print(f"{written}: write it like enterprise=0.05", style="red", markup=False)
        raise typer.Exit(EXIT_USAGE)
    return Channel(name), value
