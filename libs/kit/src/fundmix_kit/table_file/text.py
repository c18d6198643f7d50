"""Text to rows: CSV with comma, semicolon or tab, and NDJSON."""

import codecs
import csv
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, BinaryIO, Final, cast

from fundmix_kit.table_file.rows import (
    Fault,
    FileInfo,
    Row,
    TableLimits,
    UnreadableFileError,
    row_of,
    text_cell,
)

PIECE_BYTES: Final = 65_536
LINE_CHARACTERS_MAX: Final = 1_000_000
FIELD_CHARACTERS_MAX: Final = 100_000
DELIMITERS: Final = (",", ";", "\t")
SNIFFED_LINES: Final = 10
BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# GB18030 last: text in UTF-8 is hardly ever taken for it, and nearly everything could be GB18030.
CODECS: Final = ("utf-8", "gb18030")

Json = dict[str, Any]


def read_text(file: BinaryIO, limits: TableLimits) -> tuple[FileInfo, Iterator[Row]]:
    """Raises UnreadableFileError, also while the rows are taken."""
    encoding = _encoding(file)

    def opened() -> io.TextIOWrapper:
        file.seek(0)
        # Of its own, to be closed whenever it is collected.
        return io.TextIOWrapper(os.fdopen(os.dup(file.fileno()), "rb"), encoding, newline="")

    beginning = opened().read(PIECE_BYTES).lstrip()
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    if beginning.startswith("["):
        raise UnreadableFileError("it is one JSON array; write one object on each line")
    if beginning.startswith("{"):
        return FileInfo(format="ndjson", encoding=name), _json_rows(opened, limits)
    if not beginning:
        raise UnreadableFileError("there is nothing in it")
    return FileInfo(format="csv", encoding=name), _csv_rows(
        opened(), delimiter=_delimiter(beginning), limits=limits
    )


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    beginning = file.read(4)
    for mark, codec in BYTE_ORDER_MARKS:
        if beginning.startswith(mark) and beginning != codecs.BOM_UTF32_LE:
            _try(file, codec)
            return codec
    for codec in CODECS[:-1]:
        try:
            _try(file, codec)
        except UnreadableFileError:
            continue
        return codec
    _try(file, CODECS[-1])
    return CODECS[-1]


def _try(file: BinaryIO, codec: str) -> None:
    """Read it all once, in pieces. Raises UnreadableFileError."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(codec)()
    line = 1
    while True:
        piece = file.read(PIECE_BYTES)
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            place = line + piece[: error.start].count(b"\n")
            raise UnreadableFileError(
                f"near line {place} it is text neither in UTF-8 nor in GB18030, and no XLSX"
            ) from error
        if "\0" in text:
            raise UnreadableFileError("it has null characters: no text, or not in UTF-8 or GB18030")
        line += text.count("\n")
        if not piece:
            return


def _delimiter(beginning: str) -> str:
    lines = "".join(islice(io.StringIO(beginning), SNIFFED_LINES))
    return max(DELIMITERS, key=lines.count)


def _csv_rows(text: io.TextIOWrapper, *, delimiter: str, limits: TableLimits) -> Iterator[Row]:
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    reader = csv.reader(_bounded(text), delimiter=delimiter, strict=True)
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(f"line {before + 1} is no CSV: {error}") from error
        number, before = before + 1, reader.line_num
        _check_width(len(cells), number, limits)
        yield row_of(number, [_cell(text, place, limits) for place, text in enumerate(cells)])


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    """Each line in pieces, so that a file without a line break is not read at once."""
    source = cast("io.TextIOWrapper", lines)
    while line := source.readline(LINE_CHARACTERS_MAX):
        if len(line) == LINE_CHARACTERS_MAX:
            raise csv.Error(f"the line has more than {LINE_CHARACTERS_MAX} characters")
        yield line


def _json_rows(opened: Callable[[], io.TextIOWrapper], limits: TableLimits) -> Iterator[Row]:
    """A header of all names there are, then each object's values under them."""
    places: dict[str, int] = {}
    for number, record in _records(opened()):
        for name in record:
            places.setdefault(name, len(places))
        _check_width(len(places), number, limits)
    header = [_cell(name, place, limits) for name, place in places.items()]
    # The header is on no line of its own.
    yield row_of(0, header)
    for number, record in _records(opened()):
        cells: list[str | Fault] = [""] * len(places)
        for name, value in record.items():
            cells[places[name]] = _value(value, places[name], limits)
        yield row_of(number, cells)


def _records(text: io.TextIOWrapper) -> Iterator[tuple[int, Json]]:
    number = 0
    while line := text.readline(LINE_CHARACTERS_MAX):
        number += 1
        if not line.strip():
            continue
        try:
            record: object = json.loads(
                line,
                # As it is written: a number is not to pass through a float.
                parse_float=str,
                parse_int=str,
                parse_constant=_no_constant,
                object_pairs_hook=_once,
            )
        except (ValueError, RecursionError) as error:
            raise UnreadableFileError(f"line {number} is no JSON object: {error}") from error
        if not isinstance(record, dict):
            raise UnreadableFileError(f"line {number} is no JSON object")
        yield number, cast("Json", record)


def _once(pairs: list[tuple[str, Any]]) -> Json:
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError("it names a field twice")
    return record


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _value(value: object, column: int, limits: TableLimits) -> str | Fault:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case str():
            return _cell(value, column, limits)
        case _:
            return Fault(column, "no_text", "it is neither text nor a number")


def _cell(text: str, column: int, limits: TableLimits) -> str | Fault:
    return text_cell(text, column=column, place=f"column {column + 1}", limits=limits)


def _check_width(width: int, number: int, limits: TableLimits) -> None:
    if width > limits.columns_max:
        raise UnreadableFileError(
            f"line {number} has {width} columns, at most {limits.columns_max} are read"
        )
