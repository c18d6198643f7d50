"""What has become of each row: each is new, there before, reversed since, or has errors."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fundmix_cli.calling.errors import RefusedError
from fundmix_cli.city.checks import City, rows_with_errors
from fundmix_cli.city.files import Line, RowError
from fundmix_cli.city.rows import Fault, Row


class Result(StrEnum):
    NEW = "new"
    THERE = "there"
    REVERSED = "reversed"
    """It was there, and was reversed: it stays so."""
    ERROR = "error"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSummary:
    file: str
    rows: int
    new: int
    there: int
    reversed: int
    errors: int


class Outcome:
    def __init__(self, city: City, *, on_row: Callable[[str], None]) -> None:
        self.errors: list[RowError] = list(city.errors)
        self._rows_read = city.rows_read
        self._results = Counter[tuple[str, Result]]()
        self._on_row = on_row
        for file, rows in rows_with_errors(city.errors).items():
            self._results[file, Result.ERROR] = rows
            for _ in range(rows):
                on_row(file)

    def good(self, line: Line[Row], *, is_new: bool) -> None:
        self._count(line, Result.NEW if is_new else Result.THERE)

    def left_reversed(self, line: Line[Row]) -> None:
        self._count(line, Result.REVERSED)

    def bad(self, line: Line[Row], faults: Iterable[Fault]) -> None:
        self.errors += [line.error(column, reason) for column, reason in faults]
        self._count(line, Result.ERROR)

    def refused(self, line: Line[Row], error: RefusedError) -> None:
        problem = error.problem
        faults = [(type(line.row).column_of(e.pointer), e.detail) for e in problem.errors]
        self.bad(line, faults or [("row", str(error))])

    def summary(self) -> Sequence[FileSummary]:
        return [
            FileSummary(
                file=file,
                rows=rows,
                new=self._results[file, Result.NEW],
                there=self._results[file, Result.THERE],
                reversed=self._results[file, Result.REVERSED],
                errors=self._results[file, Result.ERROR],
            )
            for file, rows in self._rows_read.items()
        ]

    def _count(self, line: Line[Row], result: Result) -> None:
        self._results[line.file, result] += 1
        self._on_row(line.file)
