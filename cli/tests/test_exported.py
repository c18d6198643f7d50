"""A file is an export if it has what it says, in each format."""

import zipfile
from pathlib import Path
from typing import Final

import pytest
from fundmix_cli.exported import NotWholeError, check, minor

BEANCOUNT: Final = """\
; fundmix
; seq=3 entries=2 debits=10.50
2024-01-01 * "opening balance"
  Assets:Bank:A:General:Own  5.00 CNY
  Equity:Opening-Balances  -5.00 CNY
2024-01-02 balance Assets:Bank:A:General:Own  5.00 ~ 0 CNY

2024-01-02 * "kind"
  seq: 1
  document: "a  9.99 CNY"
  Assets:Bank:A:General:Own  10.00 CNY
  Income:Other:A:General:Own  -10.00 CNY

2024-01-02 * "kind"
  seq: 3
  Assets:Bank:A:General:Own  0.50 CNY
  Income:Other:A:General:Own  -0.50 CNY

; end: entries=2 debits=10.50
"""
HLEDGER: Final = BEANCOUNT.replace("  seq", "    ; seq").replace("  Assets", "    Assets")
CSV: Final = """\
\ufeff# fundmix,seq=3,entries=2,debits=10.50
seq,amount,currency
1,10.00,CNY
1,-10.00,CNY
# closed,through=202401
3,0.50,CNY
3,-0.50,CNY
# end,entries=2,debits=10.50
"""
TEXTS: Final = {"beancount": BEANCOUNT, "hledger": HLEDGER, "csv": CSV}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "books"


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_whole_is_counted(path: Path, name: str) -> None:
    path.write_text(TEXTS[name])

    totals = check(path, name)

    assert (totals.entries, totals.debit_minor) == (2, 1050)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize(
    ("there", "instead"),
    [("10.00 CNY", "10.01 CNY"), ("10.00,CNY", "10.01,CNY"), ("entries=2", "entries=1")],
)
def test_what_was_changed_is_told(path: Path, name: str, there: str, instead: str) -> None:
    if there not in TEXTS[name]:
        return
    path.write_text(TEXTS[name].replace(there, instead, 1))

    with pytest.raises(NotWholeError):
        check(path, name)


@pytest.mark.parametrize("name", TEXTS)
def test_what_was_cut_off_is_told_wherever_that_was(path: Path, name: str) -> None:
    lines = TEXTS[name].splitlines(keepends=True)
    for count in range(len(lines)):
        path.write_text("".join(lines[:count]))

        with pytest.raises(NotWholeError):
            check(path, name)


def test_a_workbook_that_was_cut_off_is_told(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    with pytest.raises(NotWholeError):
        check(path, "xlsx")
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(NotWholeError):
        check(path, "xlsx")


@pytest.mark.parametrize(
    ("text", "amount_minor"),
    [("0.01", 1), ("-0.50", -50), ("12", 1200), ("1234567.1", 123456710), ("0.2899999999999", 29)],
)
def test_an_amount_is_read_to_the_fen(text: str, amount_minor: int) -> None:
    assert minor(text) == amount_minor


def test_what_is_no_amount_is_told() -> None:
    with pytest.raises(ValueError, match="x"):
        minor("x")
