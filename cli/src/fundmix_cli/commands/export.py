"""`fundmix export`: the books as a file, for beancount, hledger, spreadsheets and accountants."""

import asyncio
import tempfile
from collections.abc import Generator
from contextlib import aclosing, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.commands.asking import EXIT_REFUSED, ask, errors
from fundmix_cli.commands.options import Home
from fundmix_cli.commands.showing import out
from fundmix_cli.exported import NotWholeError, check
from fundmix_cli.installation import DEFAULT_HOME

FILE_MODE: Final = 0o644


class ExportFormat(StrEnum):
    BEANCOUNT = "beancount"
    HLEDGER = "hledger"
    CSV = "csv"
    XLSX = "xlsx"


def export(
    *,
    export_format: Annotated[ExportFormat, typer.Argument(metavar="FORMAT", help="What to write.")],
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to; it is replaced.")],
    first: Annotated[
        int | None, typer.Option("--from", metavar="YYYYMM", help="The first posting period.")
    ] = None,
    last: Annotated[
        int | None, typer.Option("--to", metavar="YYYYMM", help="The last posting period.")
    ] = None,
    agency: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this agency's books.")
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Write the books to a file, which appears when it is whole and its totals are right.

    FORMAT is beancount, hledger, csv or xlsx. With --from, what was before is carried forward as
    opening balances. Exit codes: 0 written, 1 refused, cannot be written or not whole, 3 nothing
    runs.
    """
    wanted = {"from": first, "to": last, "agency": agency}
    params = {name: str(value) for name, value in wanted.items() if value is not None}
    try:
        with beside(file) as new:
            ask(home, lambda client: _download(client, export_format, params, new))
            totals = check(new, export_format)
            new.chmod(FILE_MODE)
            new.replace(file)
    except (NotWholeError, OSError) as error:
        errors.print(f"{file}: {error}", style="red", markup=False)
        raise typer.Exit(EXIT_REFUSED) from error
    yuan, fen = divmod(totals.debit_minor, 100)
    out.print(f"{file}: {totals.entries} entries, debits {yuan:,}.{fen:02d} CNY", markup=False)


@contextmanager
def beside(file: Path) -> Generator[Path]:
    """A new file in the same folder, which is gone at the end unless it has been renamed."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as new:
        path = Path(new.name)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


async def _download(
    client: ServiceClient, export_format: ExportFormat, params: dict[str, str], new: Path
) -> None:
    """Raises CallError and OSError."""
    path = f"/v1/exports/{export_format}"
    pieces = client.stream(ServiceName.LEDGER, path, claims=AUDITOR, params=params)
    with await asyncio.to_thread(new.open, "wb") as opened:
        async with aclosing(pieces):
            async for piece in pieces:
                opened.write(piece)
