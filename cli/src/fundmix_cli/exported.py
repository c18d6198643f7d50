"""Whether a file has the whole of an export: what is in it, counted again, against its totals."""

import csv
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import count
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree as ET

TOTALS: Final = re.compile(r"\b(entries|debits)=([0-9.]+)")
SEQ: Final = re.compile(r"\s+(?:; )?seq: [0-9]+\s*")
POSTING: Final = re.compile(r"\s+[A-Z]\S+  (-?[0-9]+\.[0-9]{2}) CNY\s*")
BEGINNING: Final = "; seq="
END: Final = "; end: "
SHEET: Final = "xl/worksheets/sheet{}.xml"
FIRST_JOURNAL_SHEET: Final = 3
SEQ_COLUMN: Final = "C"
DEBIT_COLUMN: Final = "K"
CELLS: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


class NotWholeError(Exception):
    pass


@dataclass(kw_only=True, slots=True)
class Totals:
    """How many entries there are, and the sum of their debits in fen."""

    entries: int = 0
    debit_minor: int = 0


@dataclass(kw_only=True, slots=True)
class _Reading:
    """What the file has been found to say of itself, at both ends, and to have."""

    told: list[Totals] = field(default_factory=list[Totals])
    found: Totals = field(default_factory=Totals)

    def tell(self, fields: Mapping[str, str]) -> None:
        told = Totals(entries=int(fields["entries"]), debit_minor=minor(fields["debits"]))
        self.told.append(told)

    def add(self, amount: str) -> None:
        self.found.debit_minor += max(0, minor(amount))


def check(path: Path, export_format: str) -> Totals:
    """The control totals of an export. Raises NotWholeError."""
    reading = _Reading()
    try:
        READER_BY_FORMAT[export_format](path, reading)
    except (ValueError, KeyError, zipfile.BadZipFile, ET.ParseError) as error:
        raise NotWholeError(f"it cannot be read to its end: {error}") from error
    if reading.told != [reading.found] * 2:
        raise NotWholeError(f"it says {reading.told}, and has {reading.found}")
    return reading.found


def minor(text: str) -> int:
    """In fen; a workbook has floating numbers. Raises ValueError."""
    try:
        return round(Decimal(text) * 100)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _read_text(path: Path, reading: _Reading) -> None:
    is_entry = False
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith((BEGINNING, END)):
                reading.tell(dict(TOTALS.findall(line)))
            elif not line[0].isspace():
                # What is carried forward and what is asserted has no place in the journal.
                is_entry = False
            elif SEQ.fullmatch(line):
                is_entry = True
                reading.found.entries += 1
            elif is_entry and (posting := POSTING.fullmatch(line)):
                reading.add(posting[1])


def _read_csv(path: Path, reading: _Reading) -> None:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = csv.reader(lines)
        columns: dict[str, int] = {}
        last = ""
        for row in rows:
            if row[0].startswith("#"):
                if totals := dict(TOTALS.findall(" ".join(row))):
                    reading.tell(totals)
            elif not columns:
                columns = {name: place for place, name in enumerate(row)}
            else:
                reading.found.entries += row[columns["seq"]] != last
                last = row[columns["seq"]]
                reading.add(row[columns["amount"]])


def _read_workbook(path: Path, reading: _Reading) -> None:
    with zipfile.ZipFile(path) as book, ExitStack() as stack:
        about = dict(_cells(stack.enter_context(book.open(SHEET.format(1)))))
        for words in ("", "写入 written "):
            reading.tell({name: about[f"{words}{name}"] for name in ("entries", "debits")})
        names = set(book.namelist())
        last = ""
        for number in count(FIRST_JOURNAL_SHEET):
            if SHEET.format(number) not in names:
                return
            for row in _rows(stack.enter_context(book.open(SHEET.format(number)))):
                reading.found.entries += row[SEQ_COLUMN] != last
                last = row[SEQ_COLUMN]
                reading.add(row.get(DEBIT_COLUMN, "0"))


def _rows(sheet: IO[bytes]) -> Iterator[dict[str, str]]:
    """The cells of each row by their column, but for the headings."""
    for _, element in ET.iterparse(sheet):  # noqa: S314  # our own service has written it
        if element.tag == f"{CELLS}row":
            row = {
                cell.attrib["r"].rstrip("0123456789"): "".join(cell.itertext()) for cell in element
            }
            if element.attrib["r"] != "1":
                yield row
            element.clear()


def _cells(sheet: IO[bytes]) -> Iterator[tuple[str, str]]:
    return ((row["A"], row.get("B", "")) for row in _rows(sheet))


READER_BY_FORMAT: Final[Mapping[str, Callable[[Path, _Reading], None]]] = {
    "beancount": _read_text,
    "hledger": _read_text,
    "csv": _read_csv,
    "xlsx": _read_workbook,
}
