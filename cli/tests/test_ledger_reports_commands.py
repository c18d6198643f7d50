"""`fundmix ledger` reports: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.ledger_reports import (
    account_view,
    activities_view,
    balance_sheet_view,
    balances_view,
    cut_off_view,
    flow_view,
    period_balances_view,
    trial_balance_view,
)
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

STATED: Final[dict[str, Any]] = {"agency": None, "seq": 7, "quarantined": 0}
AGENCY: Final = "52441900AJC6XAY6DW"
SPAN: Final = ["--from", "202401", "--to", "202412"]

fundmix = CliRunner()


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=200).print(view)
    return text.getvalue()


def yuan(amount: str) -> dict[str, Any]:
    return {"amount": amount, "why": []}


def line(name: str, amount: str = "1234.50") -> dict[str, Any]:
    sides = {side: yuan(amount) for side in ("unrestricted", "restricted", "total")}
    return {"line": name, "label": {"zh": "某项", "en": name}, **yuan(amount), **sides}


def an_account() -> dict[str, Any]:
    return {
        "account_id": 3,
        "agency": AGENCY,
        "code": "assets:bank",
        "fund_code": "purpose:[长者]",
        "channel": "foundation",
        "label": {"zh": "货币资金", "en": "Cash at bank"},
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["trial-balance", *SPAN],
        ["statement", "balance-sheet", "--on", "2024-12-31"],
        ["statement", "activities", "--year", "2024"],
        ["statement", "activities", "--from", "2024-01-01", "--to", "2024-03-31"],
        ["statement", "balance-sheet", "--on", "2024-06-30", "--basis", "official"],
        ["flow", "--year", "2024"],
        ["flow", "--year", "2024", "--basis", "official"],
        ["account", "3", *SPAN],
        ["balances", "--on", "2024-06-30", "--as-of", "2024-07-31"],
        ["period-balances", "--year", "2024"],
        ["cut-off", "--around", "2024-12-31", "--days", "3"],
    ],
    ids=" ".join,
)
def test_where_nothing_runs_a_report_says_so(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["ledger", *arguments, "--home", str(tmp_path)])

    assert result.exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["statement", "activities"],
        ["statement", "activities", "--year", "2024", "--on", "2024-12-31"],
        ["statement", "activities", "--from", "2024-01-01"],
        ["statement", "activities", "--year", "2024", "--to", "2024-12-31"],
        ["statement", "balance-sheet", "--year", "2024", "--on", "2024-12-31"],
        ["statement", "balance-sheet", "--from", "2024-01-01"],
        ["statement", "activities", "--year", "2024", "--basis", "received"],
        ["flow", "--year", "2024", "--basis", "booked"],
        ["balances", "--on", "June"],
        ["cut-off", "--around", "2024-12-31", "--days", "93"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["ledger", *arguments, "--home", str(tmp_path)])

    assert result.exit_code == 2


@pytest.mark.parametrize("agency", [None, AGENCY])
def test_a_trial_balance_says_that_it_sums_to_zero(agency: str | None) -> None:
    columns = {name: yuan("1234.50") for name in ("opening", "debit", "credit", "closing")}
    totals = dict.fromkeys(columns, "0.00") | {"is_zero": True}
    found = STATED | {
        "agency": agency,
        "period_from": 202401,
        "period_to": 202412,
        "lines": [an_account() | columns],
        "totals": totals,
        "memo_totals": totals,
    }

    text = printed(trial_balance_view(found))

    assert "1,234.50" in text
    assert "purpose:[长者]" in text
    assert "sums to zero" in text


def test_a_statement_is_shown_with_its_title() -> None:
    title = {"zh": "管理口径", "en": "Management view"}
    sheet = STATED | {"title": title, "on": "2024-12-31", "as_of": None, "basis": "restated"}
    for part in ("assets", "liabilities", "net_assets"):
        sheet |= {part: [line(part)], f"total_{part}": line(f"total_{part}")}
    made = sheet | {"value_from": "2024-01-01", "value_to": "2024-12-31", "basis": "official"}
    made |= {"income": [line("fees")], "expenses": [line("wages")]}
    for name in ("total_income", "releases", "total_expenses", "opening_balances"):
        made[name] = line(name)
    made |= {name: line(name) for name in ("other_changes", "change_of_net_assets")}

    assert "管理口径" in printed(balance_sheet_view(sheet))
    assert "all that is recorded" in printed(balance_sheet_view(sheet | {"on": None}))
    assert "as known on 2025-01-31" in printed(balance_sheet_view(sheet | {"as_of": "2025-01-31"}))
    assert "as booked" not in printed(balance_sheet_view(sheet))
    assert "as booked" in printed(activities_view(made))
    assert "1,234.50" in printed(activities_view(made))


def test_a_flow_says_which_funds_are_pooled() -> None:
    nodes = [
        {"id": "from:enterprise", "label": {"zh": "企业", "en": "Enterprises"}},
        {"id": "fund:purpose", "label": {"zh": "限定", "en": "Purpose funds"}},
    ]
    link = {"source": "from:enterprise", "target": "fund:purpose", "is_pooled": True}
    found = STATED | {
        "year": 2024,
        "basis": "official",
        "total": "5.00",
        "nodes": nodes,
        "links": [link | yuan("5.00")],
        "pooled_note": {"zh": "多个渠道", "en": "Oldest money first."},
    }

    text = printed(flow_view(found | {"quarantined": 2}))

    assert "Purpose funds (pooled)" in text
    assert "as booked" in text
    assert "Oldest money first." in text
    assert "2 events are in quarantine" in text


def test_an_account_shows_what_each_posting_came_to() -> None:
    item = {
        "seq": 9,
        "period": 202405,
        "value_on": "2024-05-01",
        "document": None,
        "kind": "donations.donation_received",
        "amount": "1.00",
        "closing": "3.00",
    }

    text = printed(
        account_view(STATED | {"account": an_account(), "opening": yuan("2.00"), "items": [item]})
    )

    assert "货币资金" in text
    assert "3.00" in text


def test_lists_have_a_row_for_each() -> None:
    held = an_account() | {"amount": {"amount": "1234.50", "currency": "CNY"}}
    late = {
        "agency": AGENCY,
        "seq": 9,
        "value_on": "2024-12-31",
        "occurred_on": "2024-12-31",
        "posted_at": "2025-01-02T01:30:00Z",
        "period": 202501,
        "document": None,
        "kind": "donations.donation_received",
        "reasons": ["posted_other_side", "booked_in_other_period"],
    }

    assert "1,234.50" in printed(balances_view([held]))
    assert "202406" in printed(period_balances_view([held | {"period": 202406, "kind": "a"}]))
    assert "posted_other_side, booked_in_other_period" in printed(cut_off_view([late]))
