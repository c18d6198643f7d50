"""CSV for spreadsheets: what looks like a formula, and that nothing else is touched."""

import csv
from io import StringIO

import pytest
from fundmix_kit.csv_text import csv_text, text_cell


@pytest.mark.parametrize("first", "=+-@\t\r＝＋－＠")
def test_what_looks_like_a_formula_is_said_to_be_text(first: str) -> None:
    assert text_cell(f"{first}cmd|' /C calc'!A0") == f"'{first}cmd|' /C calc'!A0"


@pytest.mark.parametrize("text", ["", "捐赠", "a=b", "'=1", "1-2"])
def test_other_text_is_left_as_it_is(text: str) -> None:
    assert text_cell(text) == text


def test_rows_come_back_as_they_were() -> None:
    rows = [["捐赠编号", 'a "quoted", cell'], ["two\nlines", ""]]

    assert list(csv.reader(StringIO(csv_text(rows), newline=""))) == rows
