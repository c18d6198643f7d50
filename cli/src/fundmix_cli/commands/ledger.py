"""`fundmix ledger`: the group that several modules add commands to, and how they ask."""

from pathlib import Path
from typing import Annotated

import typer
from fundmix_events.roles import Role

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims
from fundmix_cli.commands.asking import ask

AgencyCode = Annotated[str, typer.Argument(metavar="AGENCY", help="The agency's credit code.")]

ledger = typer.Typer(help="Read the books, and what is done to them.", no_args_is_help=True)


def person_of(agency: str, by: str) -> Claims:
    return Claims(role=Role.AGENCY, org=agency, subject=by)


def read_list(
    home: Path, path: str, wanted: dict[str, str | None], *, claims: Claims = AUDITOR
) -> list[Item]:
    params = {name: value for name, value in wanted.items() if value is not None}

    async def read(client: ServiceClient) -> list[Item]:
        listed = client.list(ServiceName.LEDGER, path, claims=claims, params=params)
        return [item async for item in listed]

    return ask(home, read)
