"""What comes out of a file of tables: rows of text, each with its place and what is wrong in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

# What a spreadsheet would compute when the text is opened in one again, also behind a sign.
# Half of a character: no text that can be written.
SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
FORMULA: Final = re.compile(r"\s*(=|[+\-@](?=[^0-9]*[(|!]))")


class Fault(NamedTuple):
    """Why a cell has no text; `column` counts from 0."""

    column: int
    code: str
    detail: str


class Row(NamedTuple):
    """`number` is the line of a text, or the row of a sheet, as both are counted by people."""

    number: int
    cells: list[str]
    faults: list[Fault]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileInfo:
    """How the file was read: the first visible sheet of a workbook, and no other."""

    format: str
    encoding: str | None = None
    sheet: str | None = None
    other_sheets: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TableLimits:
    """What is read at most; the last three bind the process that reads.

    Its silence is shorter than a transaction may stand still that waits for its rows.
    """

    rows_max: int = 100_000
    columns_max: int = 100
    cell_characters_max: int = 1_000
    unpacked_bytes_max: int = 256 * 1024**2
    pack_ratio_max: int = 200
    memory_bytes_max: int = 384 * 1024**2
    processor_s_max: int = 120
    silence_s_max: int = 12


class UnreadableFileError(Exception):
    """The file cannot be read at all; the text names the sheet, cell or line."""

    code = "file_unreadable"


def text_cell(text: str, *, column: int, place: str, limits: TableLimits) -> str | Fault:
    if len(text) > limits.cell_characters_max:
        detail = f"{place} has {len(text)} characters, at most {limits.cell_characters_max} fit"
        return Fault(column, "cell_too_long", detail)
    if SURROGATE.search(text):
        return Fault(column, "not_text", f"{place} has half a character in it")
    if FORMULA.match(text):
        return Fault(column, "formula", f"{place} is a formula: put its value there instead")
    return text


def row_of(number: int, cells: list[str | Fault]) -> Row:
    faults = [cell for cell in cells if isinstance(cell, Fault)]
    return Row(number, ["" if isinstance(cell, Fault) else cell for cell in cells], faults)


def is_blank(row: Row) -> bool:
    return not row.faults and not any(cell and not cell.isspace() for cell in row.cells)
