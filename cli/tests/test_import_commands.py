"""What `fundmix import` shows of what the service answered."""

from pathlib import Path
from typing import Any, Final

from fundmix_cli.display.imports import import_view
from fundmix_cli.main import app
from rich.console import Console
from typer.testing import CliRunner

MONEY: Final = {"amount": "1234567.80", "currency": "CNY"}
FOUND: Final[dict[str, Any]] = {
    "is_dry_run": True,
    "is_ready": True,
    "batch_id": None,
    "source": "file",
    "format": "csv",
    "encoding": "gb18030",
    "sheet": None,
    "other_sheets": [],
    "ignored_columns": [],
    "control_count": 3,
    "control_total": MONEY,
    "is_control_met": True,
    "donations": 2,
    "pledges": 1,
    "booked": MONEY,
    "duplicates": 1,
    "left_out": 0,
    "failed": 0,
    "errors": [],
    "errors_left_out": 0,
    "suspected": [],
    "suspected_left_out": 0,
}


def printed(found: dict[str, Any]) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(import_view(found))
    return capture.get()


def test_a_dry_run_says_what_would_be_booked_and_the_control_figures() -> None:
    text = printed(FOUND)

    assert "3 rows (csv gb18030): would book 2 donations, 1 pledges, 1,234,567.80 CNY" in text
    assert "1 duplicates" in text
    assert "control: 3 rows, 1,234,567.80 CNY" in text


def test_each_error_is_told_with_its_row_and_column_and_as_it_is() -> None:
    error = {"row": 7, "field": "amount", "column": "金额", "code": "x", "detail": "[red]no[/red]"}
    text = printed({**FOUND, "is_ready": False, "errors": [error] * 60, "errors_left_out": 5})

    assert "nothing was booked" in text
    assert "7    金额" in text
    assert "[red]no[/red]" in text
    assert "and 15 more errors: see --json" in text


def test_what_is_suspected_is_told_with_what_it_looks_like() -> None:
    suspected = {
        "row": 7,
        "agency": "52441900AJC6XAY6DW",
        "reference": "D-2",
        "amount": MONEY,
        "received_on": "2025-03-02",
        "alike": "D-1",
    }
    text = printed({**FOUND, "is_ready": False, "suspected": [suspected]})

    assert "--accept" in text
    assert "D-2" in text
    assert "D-1" in text


def test_nothing_is_imported_where_nothing_runs(tmp_path: Path) -> None:
    file = tmp_path / "donations.csv"
    file.write_text("donation_ref\n")

    asked = CliRunner().invoke(app, ["import", str(file), f"--home={tmp_path / 'home'}"])

    assert asked.exit_code == 3
