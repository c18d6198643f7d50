"""`fundmix donations`: what was imported, and what a source calls its columns."""

from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.commands.donations_asking import importer, listed, put_in_place, read_one
from fundmix_cli.commands.donations_options import By
from fundmix_cli.commands.import_donations import IMPORTS
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.imports import batches_table, columns_view
from fundmix_cli.installation import DEFAULT_HOME

COLUMNS: Final = "/v1/donation-import-columns"

OwnAgency = Annotated[
    str | None,
    typer.Option("--agency", metavar="CODE", help="Of files it sends itself; else of the city's."),
]
Source = Annotated[str, typer.Option(metavar="NAME", help="Where files come from.")]

imports = typer.Typer()


@imports.command("imports")
def list_imports(
    *,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this one.")] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what was imported, with the ids that reverse-import takes.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    rows = listed(home, IMPORTS, {"source": source})
    show_list(rows, batches_table, as_json=as_json, none="nothing was imported")


@imports.command()
def import_columns(
    *,
    source: Source = "file",
    agency: OwnAgency = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Tell what the columns of a source's files are called, where not by their usual names.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """
    query = {"source": source, "agency": agency}
    answer = read_one(home, COLUMNS, query, claims=importer(agency, None))
    show(answer, columns_view, as_json=as_json)


@imports.command()
def set_import_columns(
    *,
    source: Source = "file",
    agency: OwnAgency = None,
    column: Annotated[
        list[str],
        typer.Option(metavar="HEADER=FIELD", help="What a column is; say it for each."),
    ],
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say what the columns of a source's files are called, in place of what was said before.

    Exit codes: 0 said, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    columns = dict(_column(text) for text in column)
    body: Item = {"source": source, "agency": agency, "columns": columns}
    answer = put_in_place(home, COLUMNS, body, importer(agency, by))
    show(answer, columns_view, as_json=as_json)


def _column(text: str) -> tuple[str, str]:
    """Raises typer.BadParameter."""
    header, is_pair, field = text.rpartition("=")
    if not is_pair:
        raise typer.BadParameter("a column is written like 捐款日=received_on")
    return header, field
