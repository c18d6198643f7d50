"""XLSX to rows: the cells that are there, whatever the sheet says of its size.

A workbook is checked before it is opened: a few bytes may unpack to gigabytes. Rows and columns
between far cells are never made. Merged cells are told: a value in the first says nothing of those
below it.
"""

import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO, Final

from openpyxl import DEFUSEDXML, load_workbook
from openpyxl.utils.cell import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from fundmix_kit.table_file.rows import (
    Fault,
    FileInfo,
    Row,
    TableLimits,
    UnreadableFileError,
    row_of,
    text_cell,
)

ENTRIES_MAX: Final = 2_000
ENCRYPTED_FLAG: Final = 1
# Small entries pack well and harm nobody.
RATIO_FROM_BYTES: Final = 1_000_000
PIECE_BYTES: Final = 1_000_000
OVERLAP_BYTES: Final = 200
MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([^\"']{1,40})[\"']")
MERGED_MAX: Final = 10_000
# No sheet has more; a row that says so is an attempt to count for ever.
SHEET_ROWS_MAX: Final = 1_048_576
# A spreadsheet keeps 15 digits; what is longer has lost its end.
EXACT_INTEGER_MAX: Final = 10**15
MIDNIGHT: Final = time(0)

Merged = tuple[str, int, int, int, int]
"""A range by its name, then its first column, first row, last column and last row from 1."""

# What is broken inside shows itself as any of these; DefusedXmlException is a ValueError.
BROKEN: Final = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    KeyError,
    ValueError,
    IndexError,
    OSError,
    EOFError,
    SyntaxError,
    TypeError,
    AttributeError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
)


def read_workbook(file: BinaryIO, limits: TableLimits) -> tuple[FileInfo, Iterator[Row]]:
    """Raises UnreadableFileError, also while the rows are taken."""
    assert DEFUSEDXML, "openpyxl reads hostile XML unless defusedxml is there"
    # What openpyxl would like to say about styles is of no interest here.
    warnings.simplefilter("ignore")
    with _telling("it is no workbook, or a broken one"):
        _check_package(file, limits)
        # Formulas are to be seen as such, and not as what they gave when they were last computed.
        book = load_workbook(file, read_only=True, data_only=False, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise UnreadableFileError("it has no visible sheet")
        sheet, *others = sheets
        merged = _merged(file, sheet)
    info = FileInfo(
        format="xlsx", sheet=sheet.title[:64], other_sheets=tuple(s.title[:64] for s in others[:20])
    )
    return info, _rows(sheet, merged, limits)


@contextmanager
def _telling(what: str) -> Generator[None]:
    try:
        yield
    except UnreadableFileError:
        raise
    except BROKEN as error:
        raise UnreadableFileError(what) from error


def _check_package(file: BinaryIO, limits: TableLimits) -> None:
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if len(entries) > ENTRIES_MAX or len(names) < len(entries):
        raise UnreadableFileError(f"it packs {len(entries)} parts: too many, or one of them twice")
    if any(entry.flag_bits & ENCRYPTED_FLAG for entry in entries):
        raise UnreadableFileError("it is encrypted")
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.unpacked_bytes_max:
        raise UnreadableFileError(
            f"unpacked it has {unpacked} bytes, at most {limits.unpacked_bytes_max} are read"
        )
    for entry in entries:
        ratio = entry.file_size / max(1, entry.compress_size)
        if entry.file_size > RATIO_FROM_BYTES and ratio > limits.pack_ratio_max:
            raise UnreadableFileError(f"its part {entry.filename[:100]} is packed like a zip bomb")
    if "xl/workbook.xml" not in names:
        raise UnreadableFileError("it is an archive, but no XLSX workbook")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UnreadableFileError("it has macros: save it as a workbook without them")


def _merged(file: BinaryIO, sheet: Any) -> list[Merged]:
    """Ranges of more than one cell: the reader of openpyxl that keeps no sheet passes over them."""
    found: list[Merged] = []
    with zipfile.ZipFile(file) as archive, archive.open(sheet._worksheet_path) as part:  # noqa: SLF001  # the part it would read itself
        before = b""
        while piece := part.read(PIECE_BYTES):
            if b"\0" in piece:
                raise UnreadableFileError(f"sheet {sheet.title[:64]} is not written in UTF-8")
            # What reaches over from the piece before is found with this one, and only once.
            text = before + piece
            end = 0
            for match in MERGED.finditer(text):
                name, end = match[1].decode("ascii"), match.end()
                left, top, right, bottom = range_boundaries(name)
                if left is None or top is None or right is None or bottom is None:
                    raise UnreadableFileError(f"{name} are whole rows or columns merged into one")
                found.append((name, left, top, right, bottom))
            if len(found) > MERGED_MAX:
                raise UnreadableFileError(f"it has more than {MERGED_MAX} merged ranges")
            before = text[max(end, len(text) - OVERLAP_BYTES) :]
    return found


def _rows(sheet: Any, merged: list[Merged], limits: TableLimits) -> Iterator[Row]:
    with _telling(f"sheet {sheet.title[:64]} is broken"):
        # A sheet may say that it has one row, or a million: its cells are believed, and no word.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(max_row=SHEET_ROWS_MAX + 2), start=1):
            if number > SHEET_ROWS_MAX:
                raise UnreadableFileError(f"it has a row beyond {SHEET_ROWS_MAX}")
            there = [
                (place, cell) for place, cell in enumerate(cells) if cell.value not in (None, "")
            ]
            if not there:
                continue
            last = there[-1][0]
            if last >= limits.columns_max:
                raise UnreadableFileError(
                    f"{get_column_letter(last + 1)}{number} is beyond the"
                    f" {limits.columns_max} columns that are read"
                )
            texts: list[str | Fault] = [""] * (last + 1)
            for column, cell in there:
                texts[column] = _cell(cell, column, number, limits)
            yield row_of(number, texts + _merged_faults(texts, number, merged, limits))


def _merged_faults(
    texts: list[str | Fault], number: int, merged: list[Merged], limits: TableLimits
) -> list[str | Fault]:
    """Put into `texts` what merged cells there are in it; what lies beyond its end comes after."""
    beyond: list[str | Fault] = []
    for name, first, top, last, bottom in merged:
        if top <= number <= bottom:
            for column in range(first - 1, min(last, limits.columns_max)):
                fault = Fault(column, "merged_cells", f"{name} are merged cells: split them")
                if column < len(texts):
                    texts[column] = fault
                elif column == len(texts) + len(beyond):
                    beyond.append(fault)
    return beyond


def _cell(cell: Any, column: int, number: int, limits: TableLimits) -> str | Fault:
    place = f"{get_column_letter(column + 1)}{number}"
    if cell.data_type == "f":
        return Fault(column, "formula", f"{place} is a formula: put its value there instead")
    if cell.data_type == "e":
        return Fault(column, "cell_error", f"{place} says {str(cell.value)[:20]}")
    value: object = cell.value
    if isinstance(value, int | float) and abs(value) >= EXACT_INTEGER_MAX:
        detail = f"{place} is a number of more than 15 digits, and not exact: make it text"
        return Fault(column, "inexact_number", detail)
    return text_cell(_text(value), column=column, place=place, limits=limits)


def _text(value: object) -> str:
    """A day in ISO form; a number as it was typed, which is the shortest text of its float."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{Decimal(repr(value)).normalize():f}"
        case datetime():
            is_day = value.time() == MIDNIGHT
            return value.date().isoformat() if is_day else value.isoformat(" ", "seconds")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} s"
        case _:
            return str(value)
