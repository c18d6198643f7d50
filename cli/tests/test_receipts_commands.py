"""`fundmix receipts`: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.receipts import (
    checked_view,
    job_view,
    receipt_view,
    receipts_table,
    series_view,
)
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

AGENCY: Final = "52441900AJC6XAY6DW"
NUMBER: Final = f"{AGENCY}-2026-000012"
DONATION: Final = "01932b5e-0000-7000-8000-000000000001"

fundmix = CliRunner()


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=220).print(view)
    return text.getvalue()


def a_receipt(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "receipt_id": "01932b5e",
        "number": NUMBER,
        "state": "issued",
        "replaces": None,
        "withdrawal_reason": None,
        "withdrawal_remark": None,
        "shown": {
            "donor_name": "[bold]公司",
            "amount": {"amount": "12.00", "currency": "CNY"},
            "issued_on": "2026-03-05",
            "check_url": "https://example.org/x?c=1",
        },
    }
    return usual | changes


@pytest.mark.parametrize(
    "arguments",
    [
        ["issue", DONATION, "--handler=王芳", "--bill-code=44", "--bill-number=1"],
        ["draft", DONATION, "--handler=王芳"],
        ["withdraw", NUMBER, "--reason=wrong"],
        ["list", f"--agency={AGENCY}", "--year=2026", "--state=issued"],
        ["pdf", NUMBER, "--out=receipt.pdf"],
        ["bulk", AGENCY, "202603"],
        ["job", DONATION],
        ["check", NUMBER, "ABCD-EFGH"],
        ["gaps", AGENCY, "2026"],
    ],
    ids=" ".join,
)
def test_where_nothing_runs_the_exit_code_says_so(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["receipts", *arguments, f"--home={tmp_path}"])

    assert result.exit_code == 3, result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["issue", "D-1"],
        ["issue", DONATION, "--bill-code=44"],
        ["draft", DONATION, "--bill-number=1"],
        ["withdraw", NUMBER],
        ["withdraw", NUMBER, "--reason=whim"],
        ["list", "--state=lost"],
        ["pdf", NUMBER],
        ["bulk", AGENCY],
        ["job", NUMBER],
        ["check", NUMBER],
        ["gaps", AGENCY, "0"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["receipts", *arguments, f"--home={tmp_path}"])

    assert result.exit_code == 2, result.output


def test_a_receipt_is_shown_as_it_is_written() -> None:
    withdrawn = a_receipt(state="withdrawn", withdrawal_reason="wrong", withdrawal_remark="[错]")

    shown = printed(receipt_view(withdrawn))

    assert f"{NUMBER}: withdrawn" in shown
    assert "[bold]公司  12.00" in shown
    assert "withdrawn: wrong, [错]" in shown


def test_lists_have_a_row_for_each() -> None:
    listed = printed(receipts_table([a_receipt(), a_receipt(number=None, shown=None)]))

    assert "[bold]公司" in listed
    assert NUMBER in listed
    assert "01932b5e" in listed


def test_on_a_narrow_terminal_numbers_stay_whole() -> None:
    text = StringIO()

    Console(file=text, width=80).print(receipts_table([a_receipt()]))

    for whole in (NUMBER, "issued", "12.00", "2026-03-05"):
        assert whole in text.getvalue()


def test_a_job_says_what_was_left_out() -> None:
    job: dict[str, Any] = {
        "job_id": "01932b5e",
        "state": "finished",
        "month": 202603,
        "issued": 7,
        "total": 11,
        "refused": {"no_receipt_for_service": 4},
    }

    shown = printed(job_view(job))

    assert "202603: 7 issued of 11" in shown
    assert "without: 4 (no_receipt_for_service)" in shown
    assert "202603: 7 issued of 11, running" in printed(job_view({**job, "state": "running"}))


def test_a_check_says_what_stands() -> None:
    unknown: dict[str, Any] = {
        "number": NUMBER,
        "status": "unknown",
        "agency": None,
        "withdrawn_on": None,
    }
    withdrawn = unknown | {
        "status": "withdrawn",
        "agency": "示例甲社工中心",
        "donor": "示**",
        "amount": {"amount": "12.00", "currency": "CNY"},
        "issued_on": "2026-03-05",
        "withdrawn_on": "2026-03-06",
    }

    assert printed(checked_view(unknown)).strip() == f"{NUMBER}: unknown"
    shown = printed(checked_view(withdrawn))
    assert f"{NUMBER}: withdrawn" in shown
    assert "withdrawn on 2026-03-06" in shown


def test_a_series_says_whether_it_is_whole() -> None:
    whole: dict[str, Any] = {
        "agency": AGENCY,
        "year": 2026,
        "taken": 12,
        "issued": 11,
        "withdrawn": 1,
        "missing": [],
        "double": [],
        "is_whole": True,
    }

    assert "1 to 12, 11 issued, 1 withdrawn: none is missing" in printed(series_view(whole))
    gap = printed(series_view({**whole, "missing": [3, 4], "is_whole": False}))
    assert "missing: 3, 4" in gap
    assert "double: none" in gap
