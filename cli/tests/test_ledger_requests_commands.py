"""`fundmix ledger` requests: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.ledger_requests import (
    advances_table,
    funds_table,
    import_view,
    lots_table,
    mapping_view,
    request_view,
    requests_table,
    spending_view,
    todo_table,
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
        ["spend", AGENCY, *USE, f"--document-sha256={'0' * 64}"],
        ["income", AGENCY, *EARNED, "--channel=own", "--code=dues", f"--payer={AGENCY}"],
        ["reverse", AGENCY, "3", "--reference=RV-1", "--reason=twice"],
        ["close", "202403"],
        ["close", "--year=2024"],
        ["decide", "approve", "01932b5e"],
        ["requests", "--state=prepared"],
        ["requests", "--reference=EX-1", "--fund=general", "--batch=01932b5e"],
        ["todo"],
        ["todo", AGENCY],
        ["mapping", AGENCY],
        ["mapping", AGENCY, "--account=差旅=ignore", "--project=长者="],
        ["funds"],
        ["lots", AGENCY, "general"],
        ["spending-limits", AGENCY, "--year=2024"],
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
        ["spend", AGENCY, *USE, f"--document={__file__}", f"--document-sha256={'0' * 64}"],
        ["spend", AGENCY, *USE, "--document=no-such-file.pdf"],
        ["reverse", AGENCY, "0", "--reference=RV-1", "--reason=twice"],
        ["close"],
        ["close", "202412", "--year=2024"],
        ["mapping", AGENCY, "--account=差旅"],
        ["spending-limits", AGENCY],
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

    lot = {
        "lot_id": "01932b5e",
        "channel": "own",
        "value_on": "2024-06-01",
        "document": "IN-[1]",
        "payer": None,
        **dict.fromkeys(("received", "used", "held", "left"), yuan),
    }

    assert "EX-[bold]1" in printed(requests_table([a_request(amount=None)]))
    assert "EX-[bold]1" in printed(todo_table([a_request()]))
    assert "IN-[1]" in printed(lots_table([lot]))
    assert "purpose:[长者]" in printed(funds_table([fund]))
    assert "41" in printed(advances_table([advance]))


def test_a_mapping_is_shown_as_it_is_written() -> None:
    found = {"agency": AGENCY, "accounts": {"[差旅]": "ignore"}, "projects": {"长者": "general"}}

    shown = printed(mapping_view(found))

    assert "[差旅]" in shown
    assert "general" in shown


@pytest.mark.parametrize("is_limited", [True, False])
def test_spending_is_warned_of_where_it_has_limits(*, is_limited: bool) -> None:
    found = {
        "agency": AGENCY,
        "year": 2024,
        **dict.fromkeys(("income_last_year", "net_assets_last_year", "spent"), "5.00"),
        **dict.fromkeys(("programme", "management"), "5.00"),
        "programme_floor": "3.50" if is_limited else None,
        "management_cap": 0.13 if is_limited else None,
        "programme_share": None,
        "management_share": 0.131,
        "is_limited": is_limited,
        "warnings": [{"code": "management_cap", "detail": "above [13.00 %]"}],
    }

    shown = printed(spending_view(found))

    assert "0.131000" in shown
    assert ("0.130000" in shown) == is_limited
    assert ("above [13.00 %]" in shown) == is_limited


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
        "warnings": [{"code": "management_cap", "detail": "above the cap"}],
    }

    shown = printed(import_view(found))

    assert "3 lines: 1 new of 7.00, 1 there already, 0 ignored" in shown
    assert "account not mapped: 管理费用 (1 lines)" in shown
    assert "row 4, day: no such day" in shown
    assert "warning: above the cap" in shown
