"""`fundmix ledger` requests: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.ledger_requests import (
    advances_table,
    funds_table,
    import_view,
    request_view,
    requests_table,
)
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

AGENCY: Final = "52441900AJC6XAY6DW"
USE: Final = ["--reference=EX-1", "--spent-on=2024-06-30", "--amount=1.00"]
EARNED: Final = ["--reference=IN-1", "--received-on=2024-06-30", "--amount=1.00"]

fundmix = CliRunner()


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=220).print(view)
    return text.getvalue()


def a_request(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "request_id": "01932b5e",
        "kind": "expenditure",
        "agency": AGENCY,
        "reference": "EX-[bold]1",
        "amount": {"amount": "12.00", "currency": "CNY"},
        "state": "prepared",
        "prepared_by": "accountant",
        "decided_by": None,
        "reason": None,
        "entry_seq": None,
        "warnings": [],
    }
    return usual | changes


@pytest.mark.parametrize(
    "arguments",
    [
        ["spend", AGENCY, *USE],
        ["income", AGENCY, *EARNED, "--channel=own", "--code=dues"],
        ["reverse", AGENCY, "3", "--reference=RV-1", "--reason=twice"],
        ["close", "202403"],
        ["decide", "approve", "01932b5e"],
        ["requests", "--state=prepared"],
        ["funds"],
        ["advances", "--on=2024-06-30", "--ever"],
        ["approve-batch", AGENCY, "01932b5e"],
        ["reject-batch", AGENCY, "01932b5e", "--reason=twice"],
        ["withdraw-batch", AGENCY, "01932b5e"],
    ],
    ids=" ".join,
)
def test_where_nothing_runs_the_exit_code_says_so(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["ledger", *arguments, f"--home={tmp_path}"])

    assert result.exit_code == 3, result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["spend", AGENCY],
        ["spend", AGENCY, *USE, "--use=fun"],
        ["income", AGENCY, *EARNED, "--channel=lottery", "--code=dues"],
        ["reverse", AGENCY, "0", "--reference=RV-1", "--reason=twice"],
        ["decide", "forget", "01932b5e"],
        ["import", AGENCY, "no-such-file.csv"],
        ["record", "manual-entry", "no-such-file.json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["ledger", *arguments, f"--home={tmp_path}"])

    assert result.exit_code == 2, result.output


def test_a_request_is_shown_as_it_is_written() -> None:
    warning = {"code": "management_cap", "detail": "above 13.00 %"}

    shown = printed(request_view(a_request(state="rejected", reason="[缺]", warnings=[warning])))

    assert "expenditure EX-[bold]1 12.00: rejected" in shown
    assert "reason: [缺]" in shown
    assert "warning: above 13.00 %" in shown


def test_lists_have_a_row_for_each() -> None:
    yuan = {"amount": "5.00", "currency": "CNY"}
    fund = {
        "agency": AGENCY,
        "fund_code": "purpose:[长者]",
        "channels": ["foundation"],
        **dict.fromkeys(("balance", "held", "unpaid"), yuan),
    }
    advance = {
        "agency": AGENCY,
        "fund_code": "contract:DG-1",
        "advance": yuan,
        "since_on": "2024-06-01",
        "days_outstanding": 30,
        "largest": yuan,
        "days": 41,
    }

    assert "EX-[bold]1" in printed(requests_table([a_request(amount=None)]))
    assert "purpose:[长者]" in printed(funds_table([fund]))
    assert "41" in printed(advances_table([advance]))


def test_an_import_tells_what_is_missing() -> None:
    found = {
        "rows": 3,
        "control_count": 1,
        "control_total": {"amount": "7.00", "currency": "CNY"},
        "unchanged": 1,
        "ignored": 0,
        "unmapped_accounts": [{"text": "管理费用", "lines": 1}],
        "unmapped_projects": [],
        "errors": [{"row": 4, "field": "day", "code": "x", "detail": "no such day"}],
        "batch_id": None,
    }

    shown = printed(import_view(found))

    assert "3 lines: 1 new of 7.00, 1 there already, 0 ignored" in shown
    assert "account not mapped: 管理费用 (1 lines)" in shown
    assert "row 4, day: no such day" in shown
