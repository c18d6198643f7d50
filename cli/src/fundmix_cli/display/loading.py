"""How far a load has come: bars on a terminal, plain lines elsewhere."""

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from fundmix_cli.city.files import RowError
from fundmix_cli.city.outcome import FileSummary
from fundmix_cli.display.harmless import harmless

QUARTERS: Final = 4


class PlainProgress:
    """A line for each quarter of a file."""

    def __init__(self, console: Console, rows_by_file: Mapping[str, int]) -> None:
        self._console = console
        self._rows_by_file = rows_by_file
        self._done = Counter[str]()

    def __call__(self, file: str) -> None:
        self._done[file] += 1
        done, rows = self._done[file], self._rows_by_file[file]
        if done * QUARTERS // rows > (done - 1) * QUARTERS // rows:
            self._console.print(f"{file}: {done} of {rows} rows")


@contextmanager
def row_progress(
    console: Console, rows_by_file: Mapping[str, int]
) -> Generator[Callable[[str], None]]:
    """What to call for each row that is done with, by the name of its file."""
    if not console.is_terminal:
        yield PlainProgress(console, rows_by_file)
        return
    bars = Progress(
        TextColumn("{task.description:18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    tasks = {file: bars.add_task(file, total=rows) for file, rows in rows_by_file.items()}
    with bars:
        yield lambda file: bars.advance(tasks[file])


def summary_table(summary: Iterable[FileSummary]) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column("file")
    for column in ("rows", "new", "already there", "reversed", "errors"):
        table.add_column(column, justify="right")
    for file in summary:
        errors = f"[red]{file.errors}[/red]" if file.errors else "0"
        counts = (file.rows, file.new, file.there, file.reversed)
        table.add_row(file.file, *map(str, counts), errors)
    return table


def reversed_note(summary: Iterable[FileSummary]) -> str | None:
    """What became of rows that say what was reversed, where there are any."""
    rows = sum(file.reversed for file in summary)
    if not rows:
        return None
    counted = "1 row is" if rows == 1 else f"{rows} rows are"
    return f"{counted} left alone: what they say was reversed. Another reference books it again"


def print_errors(console: Console, errors: Iterable[RowError]) -> None:
    for error in sorted(errors, key=lambda error: (error.file, error.line, error.field)):
        console.print(harmless(str(error)), markup=False)
