"""`fundmix ledger` entries and why: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.ledger_entries import due_view, entries_view, lot_view, why_view
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

AGENCY: Final = "52441900AJC6XAY6DW"
LOT: Final = "019a0000-0000-7000-8000-000000000001"
GIFT: Final = "donations.donation_received"

fundmix = CliRunner()


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=80).print(view)
    return text.getvalue()


def an_entry(**changes: Any) -> dict[str, Any]:
    account = {"code": "assets:bank", "fund_code": "purpose:[长者]", "channel": "foundation"}
    usual = {
        "seq": 9,
        "value_on": "2024-05-01",
        "period": 202405,
        "agency": AGENCY,
        "document": None,
        "kind": GIFT,
        "closes": None,
        "postings": [{"account": account, "amount": {"amount": "1234.50", "currency": "CNY"}}],
    }
    return usual | changes


def a_reason(seq: int, amount: str) -> dict[str, Any]:
    account = {"code": "assets:bank", "fund_code": "purpose:[长者]", "channel": "foundation"}
    rule = {"zh": "收到捐赠", "en": "A donation has come"}
    return an_entry(seq=seq) | account | {"account_id": 3, "amount": amount, "rule": rule}


@pytest.mark.parametrize(
    "arguments",
    [
        ["entries", "--after", "3"],
        ["why", "/v1/why?code=assets:bank&code=assets:in_kind"],
        ["why", "/v1/due-instalments?on=2024-06-30"],
        ["why", f"/v1/lot-movements?agency={AGENCY}&lot_id={LOT}&side=used"],
    ],
    ids=" ".join,
)
def test_where_nothing_runs_a_reading_says_so(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["ledger", *arguments, "--home", str(tmp_path)])

    assert result.exit_code == 3


@pytest.mark.parametrize("question", ["", "assets:bank", "code=assets:bank&&"])
def test_why_is_asked_with_a_query(question: str, tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["ledger", "why", question, "--home", str(tmp_path)])

    assert result.exit_code == 2


def test_what_is_due_is_shown_by_instalment_with_its_sum() -> None:
    due = {
        "contract_number": "DG-2024-0001",
        "instalment": 2,
        "agency": AGENCY,
        "buyer": "11441900AHP4983MNR",
        "due_on": "2024-06-09",
        "amount": "1234.50",
    }
    answer = {"items": [due], "instalments": 3, "sum": "5000.00", "next_cursor": "more", "seq": 9}

    text = printed(due_view(answer))

    assert "1,234.50" in text
    assert "2024-06-09 DG-2024-0001/2" in text
    assert "3 instalments, sum 5,000.00" in text
    assert "the first 1; --rows shows more" in text


def test_what_moved_in_a_lot_is_shown_with_its_sum_and_the_rules() -> None:
    answer = {"items": [a_reason(4, "30.00")], "sum": "30.00", "next_cursor": None, "seq": 9}
    of_lot = {"agency": AGENCY, "lot_id": LOT, "side": "used", "quarantined": 0}

    text = printed(lot_view(answer | of_lot))

    assert f"used of lot {LOT} · {AGENCY}" in text
    assert "sum 30.00" in text
    assert "A donation has come" in text


def test_an_entry_is_shown_with_its_postings_and_a_close_with_its_month() -> None:
    close = an_entry(
        seq=10, kind="ledger.close_approved", agency=None, value_on=None, closes=202405, postings=[]
    )

    text = printed(entries_view({"items": [an_entry(), close], "next_cursor": "more"}))

    assert "assets:bank purpose:[长者] foundation" in text
    assert "1,234.50" in text
    assert "ledger.close_approved through 202405" in text
    assert "the first 2; --rows shows more" in text


def test_a_narrow_terminal_shows_names_and_amounts_whole() -> None:
    purpose = f"purpose:{'长者助餐' * 12}"
    account = {"code": "commitments:pledge", "fund_code": purpose, "channel": "university"}
    entry = an_entry(document="DN-2024-00008")
    entry["postings"][0]["account"] = account
    reason = a_reason(1234567, "-999999999.99") | {"document": "DN-2024-00008"}
    answer = {"sum": "-999999999.99", "next_cursor": None, "seq": 20, "quarantined": 0}

    shown = printed(entries_view({"items": [entry], "next_cursor": None}))
    because = printed(why_view(answer | {"items": [reason]}))

    assert "…" not in shown + because
    assert shown.count("长") == purpose.count("长")
    assert "1,234.50" in shown
    for whole in ("1234567", "2024-05-01", "DN-2024-00008", "-999,999,999.99"):
        assert whole in because


def test_where_no_entry_is_found_that_is_said() -> None:
    assert printed(entries_view({"items": [], "next_cursor": None})) == "no such entries\n"


def test_the_reason_of_a_figure_has_its_sum_and_each_rule_once() -> None:
    found = {
        "items": [a_reason(9, "1000.00"), a_reason(12, "234.50")],
        "sum": "1234.50",
        "next_cursor": None,
        "seq": 20,
        "quarantined": 1,
    }

    text = printed(why_view(found))

    assert "1,234.50" in text
    assert text.count(f"assets:bank purpose:[长者] foundation · {AGENCY}") == 1
    assert text.count("收到捐赠 · A donation has come") == 1
    assert "1 event is in quarantine" in text
