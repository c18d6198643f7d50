"""`fundmix mix`: where a year's income came from."""

from typing import Annotated, Any, Final

import typer
from rich.console import Console

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.options import Home, Json
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

out = Console(highlight=False, soft_wrap=True)


def mix(
    *,
    year: Annotated[int, typer.Option(min=1949, max=2199, help="The fiscal year.")],
    agency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this agency's income.")
    ] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show the shares of each channel in a year's cash income, with a bar for each.

    Exit codes: 0 shown, 1 refused, 3 nothing runs.
    """
    found = ask(home, lambda client: read_mix(client, year=year, agency=agency))
    if as_json:
        out.print_json(data=json_of(found))
    else:
        out.print(mix_view(found))


async def read_mix(
    client: ServiceClient, *, year: int, agency: str | None = None
) -> dict[str, Any]:
    """Raises CallError."""
    params = {"year": str(year)} | ({"agency": agency} if agency else {})
    return await client.get(ServiceName.LEDGER, "/v1/mix", claims=AUDITOR, params=params)


def json_of(mix: dict[str, Any]) -> dict[str, Any]:
    """The keys of a year in `expected.json`, the number of channels, and what is not counted."""
    agencies: dict[str, dict[str, Any]] | None = mix["agencies"]
    is_city = mix["agency"] is None
    shown = {key: mix[key] for key in SHOWN_AS_JSON if is_city or key != "agencies"}
    if is_city and agencies is not None:
        shown["agencies"] = {
            code: {name: figure for name, figure in of_agency.items() if name != "why"}
            for code, of_agency in agencies.items()
        }
    return shown
