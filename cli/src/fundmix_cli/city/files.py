"""Reads one CSV file into rows: what can be read, and what is wrong with the rest."""

import csv
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Final, Generic, TypeVar

from pydantic import ValidationError

from fundmix_cli.city.rows import Fault, Row

FILE_BYTES_MAX: Final = 100_000_000
UTF8_WITH_OR_WITHOUT_MARK: Final = "utf-8-sig"

Record = list[str] | csv.Error
"""The fields of one row, or why they cannot be told apart."""

RowT = TypeVar("RowT", bound=Row)
AnyRowT_co = TypeVar("AnyRowT_co", bound=Row, covariant=True)


class FileUnusableError(Exception):
    """The file as a whole cannot be read; nothing of the city is sent then."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True, kw_only=True, slots=True)
class RowError:
    """`field` is the column at fault; "row" where no single one is."""

    file: str
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line(Generic[AnyRowT_co]):
    """A row and where it stands: files count their lines from 1, and the header is one."""

    file: str
    number: int
    row: AnyRowT_co

    def error(self, column: str, reason: str) -> RowError:
        return RowError(file=self.file, line=self.number, field=column, reason=reason)


@dataclass(kw_only=True, slots=True)
class FileRows(Generic[RowT]):
    name: str
    rows_read: int = 0
    lines: list[Line[RowT]] = field(default_factory=list[Line[RowT]])
    errors: list[RowError] = field(default_factory=list[RowError])


def read_rows(path: Path, row_type: type[RowT]) -> FileRows[RowT]:
    """Raises FileUnusableError."""
    file = FileRows[RowT](name=path.name)
    records = _records(_text(path))
    columns = _header(path, records, row_type)
    for number, values in records:
        file.rows_read += 1
        read = _read(values, columns, row_type)
        if isinstance(read, Row):
            file.lines.append(Line(file=file.name, number=number, row=read))
        else:
            file.errors += [
                RowError(file=file.name, line=number, field=column, reason=reason)
                for column, reason in read
            ]
    return file


def _read(values: Record, columns: Sequence[str], row_type: type[RowT]) -> RowT | list[Fault]:
    """The row, or all that is wrong with it."""
    if isinstance(values, csv.Error):
        return [("row", str(values))]
    if len(values) != len(columns):
        return [("row", f"it has {len(values)} fields, the header {len(columns)}")]
    # An empty field is no value: an error only where there must be one.
    given = {column: value for column, value in zip(columns, values, strict=True) if value.strip()}
    try:
        row = row_type.model_validate(given)
    except ValidationError as error:
        return [(str(e["loc"][0]), e["msg"]) for e in error.errors(include_url=False)]
    return list(row.contradictions()) or row


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise FileUnusableError(path, f"it has {size} bytes, at most {FILE_BYTES_MAX} are read")
        data = path.read_bytes()
    except OSError as error:
        raise FileUnusableError(path, error.strerror or str(error)) from error
    try:
        return data.decode(UTF8_WITH_OR_WITHOUT_MARK)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileUnusableError(
            path, f"line {line} is not UTF-8: save the file as UTF-8"
        ) from error


def _records(text: str) -> Generator[tuple[int, Record]]:
    """Every record with the line on which it begins; blank lines are none."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    while True:
        number = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, error
            continue
        if values:
            yield number, values


def _header(path: Path, records: Iterator[tuple[int, Record]], row_type: type[Row]) -> list[str]:
    nothing: Record = []
    _, columns = next(records, (1, nothing))
    if isinstance(columns, csv.Error):
        raise FileUnusableError(path, f"its header cannot be read: {columns}")
    wanted = row_type.columns()
    if missing := [column for column in wanted if column not in columns]:
        raise FileUnusableError(path, f"its header lacks {', '.join(missing)}")
    # A misspelt column would otherwise be lost without a word.
    if unknown := [column for column in columns if column not in wanted]:
        raise FileUnusableError(path, f"its header has unknown columns: {', '.join(unknown)}")
    if len(columns) != len(wanted):
        raise FileUnusableError(path, "its header names a column twice")
    return columns
