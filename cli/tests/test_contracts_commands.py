"""`fundmix contracts`: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.contracts import (
    contracts_table,
    evaluation_view,
    obligations_table,
    summary_view,
    todo_table,
)
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

NUMBER: Final = "DG-2024-0001"
DRAFT: Final = "0190a3c5-0000-7000-8000-000000000000"
DAY: Final = "2024-12-15"
CONTRACT: Final = '{"buyer": "11441900B1WMY48B8B", "payer_level": "city"}'

fundmix = CliRunner()


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=200).print(view)
    return text.getvalue()


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def a_contract(**changes: Any) -> dict[str, Any]:
    instalment: dict[str, Any] = {
        "number": 1,
        "condition": "final",
        "due_on": "2024-12-22",
        "state": "approved",
        "paid_on": None,
        "bank_reference": None,
        "arrived_on": None,
        "amount": yuan("600.00"),
        "deduction": yuan("300.00"),
        "payable": yuan("300.00"),
    }
    line: dict[str, Any] = {
        "number": 1,
        "title": "[社工] 服务",
        "unit": "项",
        "quantity": 1,
        "amount": yuan("1000.00"),
        "delivered": 1,
        "accepted": 0,
    }
    amounts = ("ceiling", "committed", "paid", "recognised", "receivable", "advance_received")
    usual: dict[str, Any] = {
        "number": NUMBER,
        "contract_id": DRAFT,
        "title": "[甲] 项目",
        "buyer": "11441900B1WMY48B8B",
        "agency": "52441900AJC6XAY6DW",
        "state": "active",
        "signed_on": "2024-01-12",
        "ends_on": "2024-12-20",
        "terminated_on": None,
        "instalments": [instalment],
        "lines": [line],
    }
    return usual | dict.fromkeys(amounts, yuan("12000.00")) | changes


def an_evaluation(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "stage": "final",
        "version": 1,
        "state": "published",
        "evaluated_on": DAY,
        "published_on": DAY,
        "score": "59.900000",
        "grade": "fail",
        "accepted_on": None,
        "deduction": yuan("300.00"),
        "is_outcome_open": True,
        "objections_until": "2024-12-27",
        "objection": None,
        "decision": None,
        "dimensions": [
            {"dimension": "recipients", "weight_bps": 4000, "count": 67, "mean": "60.000000"},
            {"dimension": "self", "weight_bps": 1000, "count": 0, "mean": None},
        ],
    }
    return usual | changes


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show", NUMBER],
        ["sign-draft", DRAFT, f"--signed-on={DAY}"],
        ["approve", NUMBER, "1"],
        ["pay", NUMBER, "1", "--bank-reference=B-1", f"--paid-on={DAY}"],
        ["confirm", NUMBER, "1", f"--arrived-on={DAY}"],
        ["reverse", NUMBER, "1", "--reason=why"],
        ["deliver", NUMBER, "--quantity=1", f"--delivered-on={DAY}", "--place=莞城街道"],
        [
            *("accept", NUMBER, "--quantity=1", f"--accepted-on={DAY}"),
            *("--invited=80", "--asked=60", "--answered=54"),
        ],
        ["terminate", NUMBER, "--reason=why", f"--terminated-on={DAY}"],
        ["evaluate", "show", NUMBER, "final"],
        ["evaluate", "score", NUMBER, "final", "professional", "88.50"],
        ["evaluate", "ratings", NUMBER, "final", "88=67", "90=3"],
        ["evaluate", "publish", NUMBER, "final", f"--evaluated-on={DAY}"],
        ["evaluate", "accept", NUMBER, "final"],
        ["evaluate", "object", NUMBER, "final", "--grounds=why"],
        ["evaluate", "decide", NUMBER, "final", "--deduction=0.00", "--reason=why"],
        ["obligations", "--overdue"],
        ["publish", NUMBER, "file_contract", f"--met-on={DAY}"],
        ["todo", "11441900B1WMY48B8B"],
    ],
)
def test_where_nothing_runs_the_exit_code_says_so(tmp_path: Path, arguments: list[str]) -> None:
    asked = fundmix.invoke(app, ["contracts", *arguments, f"--home={tmp_path}"])

    assert asked.exit_code == 3, asked.stderr
    assert "nothing runs in" in asked.stderr


def test_files_are_neither_sent_nor_written_where_nothing_runs(tmp_path: Path) -> None:
    request, table = tmp_path / "contract.json", tmp_path / "projects.csv"
    request.write_text(CONTRACT)
    home = f"--home={tmp_path / 'home'}"

    for arguments in (
        ["sign", str(request)],
        ["draft", str(request)],
        ["amend", NUMBER, str(request)],
        ["export", "csv", str(table)],
    ):
        assert fundmix.invoke(app, ["contracts", *arguments, home]).exit_code == 3
    assert not table.exists()


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"buyer": "x", "payer_level": "moon"}'])
def test_a_file_that_is_no_contract_is_wrong_usage(tmp_path: Path, content: str) -> None:
    request = tmp_path / "contract.json"
    request.write_text(content)

    assert fundmix.invoke(app, ["contracts", "sign", str(request)]).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["approve", NUMBER, "0"],
        ["pay", NUMBER, "1", f"--paid-on={DAY}"],
        ["evaluate", "score", NUMBER, "final", "recipients", "88"],
        ["evaluate", "score", NUMBER, "yearly", "self", "88"],
        ["evaluate", "ratings", NUMBER, "final", "88"],
        ["export", "pdf", "file"],
        ["publish", NUMBER, "something", f"--met-on={DAY}"],
    ],
)
def test_wrong_usage_is_told_as_such(arguments: list[str]) -> None:
    assert fundmix.invoke(app, ["contracts", *arguments]).exit_code == 2


def test_contracts_are_listed_with_what_was_paid() -> None:
    text = printed(contracts_table([a_contract(paid=yuan("405297.32"))]))

    assert "[甲] 项目" in text
    assert "405,297.32" in text


def test_a_contract_is_shown_with_its_instalments_and_lines() -> None:
    text = printed(summary_view(a_contract()))

    assert "12,000.00" in text
    assert "300.00" in text
    assert "[社工] 服务" in text
    assert "terminated_on" not in text


def test_an_evaluation_says_how_long_the_agency_may_object() -> None:
    text = printed(evaluation_view(an_evaluation()))

    assert "fail 不合格" in text
    assert "300.00, objections until 2024-12-27" in text
    assert "40" in text


def test_an_open_evaluation_shows_who_is_missing() -> None:
    nothing = dict.fromkeys(("evaluated_on", "published_on", "score", "grade", "deduction"))

    text = printed(evaluation_view(an_evaluation(**nothing)))

    assert "–" in text
    assert "deduction" not in text


def test_what_is_overdue_or_was_late_is_marked() -> None:
    usual: dict[str, Any] = {
        "due_on": DAY,
        "kind": "file_contract",
        "reference": 0,
        "contract_number": NUMBER,
        "buyer": "11441900B1WMY48B8B",
        "met_on": None,
        "is_overdue": True,
        "is_late": False,
    }

    text = printed(obligations_table([usual, usual | {"is_overdue": False, "is_late": True}]))

    assert "overdue" in text
    assert "late" in text


def test_what_waits_is_shown_with_its_amount_if_it_has_one() -> None:
    usual: dict[str, Any] = {
        "due_on": DAY,
        "action": "approve",
        "contract_number": NUMBER,
        "number": 3,
        "amount": yuan("81059.46"),
    }

    text = printed(todo_table([usual, usual | {"number": None, "amount": None}]))

    assert "81,059.46" in text
