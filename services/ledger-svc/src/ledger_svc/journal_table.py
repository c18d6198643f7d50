"""Bytes of an uploaded file to rows of text: CSV in UTF-8 or GB18030, or the first sheet of XLSX.

A workbook is refused before it is opened when it would not fit: a few bytes may unpack to
gigabytes, and a single far cell may make a sheet of millions of rows.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ledger_svc.domain.errors import FileUnreadableError
from ledger_svc.domain.journal_file import ROWS_MAX

UNPACKED_BYTES_MAX: Final = 50_000_000
COLUMNS_MAX: Final = 50
CELL_CHARACTERS_MAX: Final = 1_000
ZIP_MARK: Final = b"PK\x03\x04"


def read_table(content: bytes) -> list[list[str]]:
    """Raises FileUnreadableError."""
    if not content:
        raise FileUnreadableError("there is nothing in it")
    return list(_workbook(content) if content.startswith(ZIP_MARK) else _text(content))


def _text(content: bytes) -> Iterator[list[str]]:
    for codec in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            yield from reader
        except csv.Error as error:
            raise FileUnreadableError(f"line {reader.line_num} is no CSV: {error}") from error
        return
    raise FileUnreadableError("it is text neither in UTF-8 nor in GB18030, and no XLSX")


def _workbook(content: bytes) -> Iterator[list[str]]:
    try:
        _check_size(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # Not as far as the sheet says that it goes.
        rows = sheet.iter_rows(max_row=ROWS_MAX + 2, max_col=COLUMNS_MAX, values_only=True)
        yield from ([_cell(value) for value in row] for row in rows)
    except FileUnreadableError:
        raise
    # What is broken inside shows itself as any of these.
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        IndexError,
        OSError,
        SyntaxError,
        TypeError,
        AttributeError,
    ) as error:
        raise FileUnreadableError("it is no workbook, or a broken one") from error


def _check_size(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > UNPACKED_BYTES_MAX:
        raise FileUnreadableError(
            f"unpacked it has {unpacked} bytes, at most {UNPACKED_BYTES_MAX} are read"
        )


def _cell(value: object) -> str:
    """As a person would write it. A number's shortest text is what was typed."""
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)[:CELL_CHARACTERS_MAX]
