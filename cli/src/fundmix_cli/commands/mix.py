"""`fundmix mix`: where a year's income came from."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.acting import day_of
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.options import AsOf, BooksBasis, Home, Json, OnDay
from fundmix_cli.display.mix import mix_view
from fundmix_cli.installation import DEFAULT_HOME

# The year itself, the place in the journal and the like are for those who ask the API.
SHOWN_AS_JSON: Final = (
    "received_by_channel",
    "received_total",
    "in_kind_total",
    "government_share",
    "hhi",
    "effective_sources",
    "n",
    "agencies",
    "quarantined",
)

# Of a mix that is asked for another way than usual, also how.
USUAL: Final = {"on": None, "as_of": None, "basis": "restated"}
NOTHING_ELSE: Final[Mapping[str, str]] = {}


out = Console(highlight=False, soft_wrap=True)


def mix(
    *,
    year: Annotated[int, typer.Option(min=1949, max=2199, help="The fiscal year.")],
    agency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this agency's income.")
    ] = None,
    on: OnDay = None,
    as_of: AsOf = None,
    basis: BooksBasis = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show the shares of each channel in a year's cash income, with a bar for each.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    asked = {
        "agency": agency,
        "on": None if on is None else day_of(on),
        "as_of": None if as_of is None else day_of(as_of),
        "basis": None if basis is None else basis.value,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    found = ask(home, lambda client: read_mix(client, year=year, asked=given))
    if as_json:
        out.print_json(data=json_of(found))
    else:
        out.print(mix_view(found))


async def read_mix(
    client: ServiceClient, *, year: int, asked: Mapping[str, str] = NOTHING_ELSE
) -> dict[str, Any]:
    """Raises CallError."""
    params = {"year": str(year), **asked}
    return await client.get(ServiceName.LEDGER, "/v1/mix", claims=AUDITOR, params=params)


def json_of(mix: dict[str, Any]) -> dict[str, Any]:
    """The keys of a year in `expected.json`, the number of channels, and what is not counted."""
    agencies: dict[str, dict[str, Any]] | None = mix["agencies"]
    is_city = mix["agency"] is None
    shown = {key: mix[key] for key in SHOWN_AS_JSON if is_city or key != "agencies"}
    shown |= {key: mix[key] for key, usual in USUAL.items() if mix[key] != usual}
    if is_city and agencies is not None:
        shown["agencies"] = {
            code: {name: figure for name, figure in of_agency.items() if name != "why"}
            for code, of_agency in agencies.items()
        }
    return shown
