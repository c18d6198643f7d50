"""`fundmix ledger mapping`: what accounts and projects of an accounting program are here."""

from collections.abc import Sequence
from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.acting import By
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.ledger import AgencyCode, person_of
from fundmix_cli.commands.ledger_requests import PREPARER
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show
from fundmix_cli.display.ledger_requests import mapping_view
from fundmix_cli.installation import DEFAULT_HOME

MAPPINGS: Final = "/v1/import-mappings"

ledger_mapping = typer.Typer()


@ledger_mapping.command()
def mapping(
    agency: AgencyCode,
    *,
    accounts: Annotated[
        list[str] | None,
        typer.Option(
            "--account",
            metavar="TEXT=CODE",
            help="This account is expenses:programme, expenses:management, ... or ignore.",
        ),
    ] = None,
    projects: Annotated[
        list[str] | None,
        typer.Option("--project", metavar="TEXT=FUND", help="This project is that fund."),
    ] = None,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what accounts and projects are in an import, or say it; TEXT= forgets one.

    Exit codes: 0 shown or set, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "agency": agency,
        "accounts": _meanings(accounts or ()),
        "projects": _meanings(projects or ()),
    }

    async def send(client: ServiceClient) -> Item:
        if not accounts and not projects:
            params = {"agency": agency}
            return await client.get(ServiceName.LEDGER, MAPPINGS, claims=AUDITOR, params=params)
        return await client.put(
            ServiceName.LEDGER, MAPPINGS, claims=person_of(agency, by), body=body
        )

    show(ask(home, send), mapping_view, as_json=as_json)


def _meanings(written: Sequence[str]) -> dict[str, str | None]:
    """Raises typer.BadParameter."""
    meanings: dict[str, str | None] = {}
    for pair in written:
        text, sign, meaning = pair.partition("=")
        if not text or not sign:
            raise typer.BadParameter("write it like 管理费用=expenses:management")
        meanings[text] = meaning or None
    return meanings
