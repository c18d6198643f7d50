"""`fundmix demo`: the sample city from nothing to its funding mix, checked to the fen."""

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from fundmix_events.registry import OrganisationKind
from fundmix_events.roles import Role
from rich.console import Console

from fundmix_cli import run_state
from fundmix_cli.calling.client import ServiceClient
from fundmix_cli.city.checks import City
from fundmix_cli.city.expected import YearFigures, compared, read_expected
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
    years = sorted(expected or years_of(city))
    is_ours, state = _up(home)
    try:
        is_loaded = load_folder(home, data, LoadLimits())
        is_as_expected = _show_and_check(home, years, expected)
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


def _show_and_check(
    home: Path, years: Sequence[int], expected: Mapping[int, YearFigures] | None
) -> bool:
    mixes = ask(home, lambda client: _read_mixes(client, years))
    for mix in mixes.values():
        out.print()
        out.print(mix_view(mix))
    out.print()
    if expected is None:
        out.print("the city has no expected.json: nothing to compare with")
        return True
    figures = [f for year in years for f in compared(year, expected[year], mixes[year])]
    differing = [figure for figure in figures if not figure.is_as_expected]
    for figure in differing:
        errors.print(str(figure), style="red", markup=False)
    if differing:
        errors.print(f"[red]{len(differing)} of {len(figures)} figures differ[/red]")
    else:
        out.print(f"[green]all {len(figures)} figures are as expected.json says[/green]")
    return not differing


async def _read_mixes(client: ServiceClient, years: Sequence[int]) -> Mapping[int, dict[str, Any]]:
    return {year: await read_mix(client, year=year) for year in years}


def years_of(city: City) -> set[int]:
    """The years in which something was paid or received."""
    days = [
        *(i.row.paid_on for lines in city.contracts for i in lines.instalments),
        *(line.row.received_on for line in city.donations),
    ]
    return {day.year for day in days if day}


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
