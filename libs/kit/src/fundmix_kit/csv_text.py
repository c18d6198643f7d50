"""CSV as spreadsheets open it: said to be UTF-8, and no text in it taken for a formula."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

CSV_MEDIA_TYPE: Final = "text/csv; charset=utf-8"
# Spreadsheets take a CSV without it for another encoding.
BYTE_ORDER_MARK: Final = "\ufeff"
# What a spreadsheet would take for a formula; in East Asia also by the wide signs.
FORMULA_BEGINNINGS: Final = (
    *("=", "+", "-", "@", "\t", "\r"),
    *("\uff1d", "\uff0b", "\uff0d", "\uff20"),
)


def text_cell(text: str) -> str:
    """With an apostrophe before what looks like a formula: it says that it is text."""
    return f"'{text}" if text.startswith(FORMULA_BEGINNINGS) else text


def csv_text(rows: Iterable[Sequence[str]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
