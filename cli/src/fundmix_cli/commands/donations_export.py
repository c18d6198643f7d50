"""`fundmix donations export`: what organisations gave, as open data, in a file."""

import asyncio
from contextlib import aclosing
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.asking import EXIT_REFUSED, ask, errors
from fundmix_cli.commands.export import FILE_MODE, beside
from fundmix_cli.commands.options import Home
from fundmix_cli.commands.showing import out
from fundmix_cli.installation import DEFAULT_HOME

donations_export = typer.Typer()


class Export(StrEnum):
    PACKAGE = "360giving"
    TABLE = "360giving-csv"


PATH_BY_EXPORT: Final = {
    Export.PACKAGE: "/v1/public/360giving.json",
    Export.TABLE: "/v1/public/360giving.csv",
}


@donations_export.command()
def export(
    kind: Annotated[Export, typer.Argument(help="What to write.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", dir_okay=False, help="Where to.")],
    *,
    year: Annotated[int | None, typer.Option(min=1, max=9999, help="Of the gifts.")] = None,
    agency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only gifts to this agency.")
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Write the gifts of organisations as a 360Giving package, or as its table for spreadsheets.

    Gifts of individuals and of who asks to be anonymous are in neither. The file appears when it
    is whole. Exit codes: 0 written, 1 refused or cannot be written, 3 nothing runs.
    """
    wanted = {"year": year, "agency": agency}
    params = {name: str(value) for name, value in wanted.items() if value is not None}
    try:
        with beside(file) as new:
            ask(home, lambda client: _download(client, PATH_BY_EXPORT[kind], params, new))
            size = new.stat().st_size
            new.chmod(FILE_MODE)
            new.replace(file)
    except OSError as error:
        errors.print(f"{file}: {error}", style="red", markup=False)
        raise typer.Exit(EXIT_REFUSED) from error
    out.print(f"{file}: {size} bytes", markup=False)


async def _download(client: ServiceClient, path: str, params: dict[str, str], new: Path) -> None:
    """Raises CallError and OSError."""
    pieces = client.stream(ServiceName.DONATIONS, path, claims=AUDITOR, params=params)
    with await asyncio.to_thread(new.open, "wb") as opened:
        async with aclosing(pieces):
            async for piece in pieces:
                opened.write(piece)
