"""`fundmix demo`: the sample city from nothing to its mix and its flow, checked to the fen."""

import sys
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from fundmix_events.registry import OrganisationKind
from fundmix_events.roles import Role
from rich.console import Console

from fundmix_cli import run_state
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.city.checks import City
from fundmix_cli.city.expected import (
    Expected,
    compared,
    compared_advances,
    compared_uses,
    read_expected,
)
from fundmix_cli.city.files import FileUnusableError
from fundmix_cli.city.loading import read_city
from fundmix_cli.commands.asking import ask, errors
from fundmix_cli.commands.down import stop
from fundmix_cli.commands.load import LoadLimits, load_folder
from fundmix_cli.commands.mix import read_mix
from fundmix_cli.commands.options import Home
from fundmix_cli.commands.up import CANNOT_RUN, print_ready
from fundmix_cli.detached import start_detached
from fundmix_cli.display.mix import mix_view
from fundmix_cli.installation import DEFAULT_HOME
from fundmix_cli.plan import SERVICES
from fundmix_cli.run_state import RunState
from fundmix_cli.running import REPOSITORY, Options

LOGINS: Final = {
    Role.AGENCY: OrganisationKind.AGENCY,
    Role.FINANCE_OFFICER: OrganisationKind.BUYER,
    Role.DONOR: OrganisationKind.ENTERPRISE,
}
SAMPLE: Final = REPOSITORY / "samples" / "dongguan"

Json = dict[str, Any]

out = Console(highlight=False, soft_wrap=True)


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="Stop what was started, and end.")] = False,
    data: Annotated[
        Path, typer.Option(metavar="DIR", help="Another city of the same form.")
    ] = SAMPLE,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start everything, load a city, show the funding mix of its years, and check every figure.

    What runs already is used and left running. Without --once everything stays up.

    Exit codes: 0 every figure is as the city's expected.json says, or it has none; 1 a figure
    differs, a row has an error, or it could not start; 3, 4, 130 as of fundmix load.
    """
    started = time.monotonic()
    try:
        city, expected = read_city(data), read_expected(data)
    except FileUnusableError as error:
        errors.print(str(error), style="red", markup=False)
        raise typer.Exit(1) from error
    years = sorted(expected.years if expected else years_of(city))
    is_ours, state = _up(home)
    try:
        is_loaded = load_folder(home, data, LoadLimits())
        found = ask(home, lambda client: _read(client, city, years, expected))
        is_as_expected = _show_and_check(found, expected)
        if years and not once:
            _print_next(state, city, home, years[-1])
    finally:
        if once and is_ours:
            stop(home)
            out.print("fundmix is down")
    out.print(f"[dim]{time.monotonic() - started:.1f} s in all[/dim]")
    if not (is_loaded and is_as_expected):
        raise typer.Exit(1)


def _up(home: Path) -> tuple[bool, RunState]:
    """Whether we had to start it, and what runs."""
    state = run_state.read(home)
    if state and state.is_running():
        out.print("using what runs already")
        return False, state
    out.print("starting PostgreSQL, a broker and the services")
    try:
        return True, start_detached(home, Options(services=SERVICES))
    except CANNOT_RUN as error:
        errors.print(f"fundmix demo: {error}", style="red", markup=False)
        raise typer.Exit(1) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the ledger tells of a city: `advances` counts contract funds that ever had one."""

    mixes: Mapping[int, Json]
    flows: list[Json]
    advances: int


def _show_and_check(found: Found, expected: Expected | None) -> bool:
    for mix in found.mixes.values():
        out.print()
        out.print(mix_view(mix))
    out.print()
    if expected is None:
        out.print("the city has no expected.json: nothing to compare with")
        return True
    figures = [
        *(f for y, mix in found.mixes.items() for f in compared(y, expected.years[y], mix)),
        *compared_uses(expected, found.flows),
        *compared_advances(expected, found.advances),
    ]
    differing = [figure for figure in figures if not figure.is_as_expected]
    for figure in differing:
        errors.print(str(figure), style="red", markup=False)
    if differing:
        errors.print(f"[red]{len(differing)} of {len(figures)} figures differ[/red]")
    else:
        out.print(f"[green]all {len(figures)} figures are as expected.json says[/green]")
    return not differing


async def _read(
    client: ServiceClient, city: City, years: Collection[int], expected: Expected | None
) -> Found:
    """Mixes of `years`; flows and advances of all the time that the city or `expected` names."""
    days = received_on(city) | spent_on(city)
    named = (expected and expected.flows) or ()
    flow_years = {*years, *(day.year for day in days), *(row.year for row in named)}
    flows = [await _read_flow(client, year) for year in sorted(flow_years)]
    params = {"ever": "true"} | ({"on": max(days).isoformat()} if days else {})
    advances = client.list(ServiceName.LEDGER, "/v1/advances", claims=AUDITOR, params=params)
    return Found(
        mixes={year: await read_mix(client, year=year) for year in years},
        flows=[row for flow in flows for row in flow["flows"]],
        advances=len([row async for row in advances]),
    )


async def _read_flow(client: ServiceClient, year: int) -> Json:
    params = {"year": str(year)}
    return await client.get(ServiceName.LEDGER, "/v1/flow", claims=AUDITOR, params=params)


def years_of(city: City) -> set[int]:
    """The years in which something was paid or received."""
    return {day.year for day in received_on(city)}


def received_on(city: City) -> set[date]:
    days = [
        *(i.row.paid_on for lines in city.contracts for i in lines.instalments),
        *(line.row.received_on for line in city.donations),
    ]
    return {day for day in days if day}


def spent_on(city: City) -> set[date]:
    return {line.row.spent_on for fund in city.funds for line in fund.expenditures}


def _print_next(state: RunState, city: City, home: Path, year: int) -> None:
    print_ready(state)
    code_by_kind = {line.row.kind: line.row.code for line in city.organisations}
    fundmix = sys.argv[0]
    at_home = "" if home == DEFAULT_HOME else f" --home {home}"
    out.print("\nlogins, each a token for the Authorization header:")
    out.print(f"  {fundmix} token auditor{at_home}")
    for role, kind in LOGINS.items():
        if code := code_by_kind.get(kind):
            out.print(f"  {fundmix} token {role} --org {code}{at_home}")
    out.print("next, for example:")
    out.print(f"  {fundmix} mix --year {year}{at_home}")
    out.print(
        f'  curl -H "Authorization: Bearer $({fundmix} token auditor{at_home})"'
        f" '{state.urls['ledger']}/v1/mix?year={year}'"
    )
    out.print(f"  {fundmix} down{at_home}")
