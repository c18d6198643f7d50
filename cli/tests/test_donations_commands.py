"""`fundmix donations`: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.donations import (
    announcement_view,
    donation_view,
    donations_table,
    gifts_table,
    pledge_view,
    statement_view,
)
from fundmix_cli.display.harmless import harmless_parts
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

AGENCY: Final = "52441900AJC6XAY6DW"
DONOR: Final = "91441900LX8R25H7GP"
ID: Final = "01932b5e-0000-7000-8000-000000000001"
PLEDGED: Final = ["--reference=P-1", "--amount=10.00", "--pledged-on=2026-03-01"]

fundmix = CliRunner()


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=220).print(view)
    return text.getvalue()


def cny(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["pledge", AGENCY, f"--donor={DONOR}", *PLEDGED, "--part=2026-04-01=10.00"],
        ["cancel-pledge", ID, "--reason=agreed"],
        ["pledges", f"--agency={AGENCY}"],
        ["announcements"],
        ["confirm", ID, AGENCY, "--line=1=DN-1", "--received-on=2026-03-01"],
        ["reject", ID, AGENCY, "--line=1", "--reason=not_received"],
        ["receive", AGENCY, "--reference=D", "--amount=1.00", "--received-on=2026-03-01"],
        ["list", "--reference=D"],
        ["todo", AGENCY],
        ["refund", ID, "--reference=R", "--amount=1.00", "--reason=left_over"],
        ["pay-refund", ID, "--refunded-on=2026-03-01", "--bank-reference=B"],
        ["cancel-refund", ID],
        ["refunds", f"--donation={ID}"],
        ["reverse", ID, "--reason=error"],
        ["reverse-import", ID, "--reason=error"],
        ["gifts", DONOR, "--year=2026"],
        ["statement", DONOR, "2026"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_where_nothing_runs_the_exit_code_says_so(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["donations", *arguments, f"--home={tmp_path}"])

    assert result.exit_code == 3, result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["pledge", AGENCY, *PLEDGED, "--part=2026-04-01"],
        ["cancel-pledge", "P-1", "--reason=agreed"],
        ["cancel-pledge", ID, "--reason=whim"],
        ["confirm", ID, AGENCY, "--line=DN-1", "--received-on=2026-03-01"],
        ["confirm", ID, AGENCY, "--line=one=DN-1", "--received-on=2026-03-01"],
        ["reject", ID, AGENCY, "--line=1", "--reason=whim"],
        ["refund", ID, "--reference=R", "--amount=1.00"],
        ["change-purpose", ID, "--reference=R", "--amount=1.00", "--changed-on=2026-03-01"],
        ["statement", DONOR, "1066"],
        ["announce", "missing.json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_before_anything_is_asked(arguments: list[str], tmp_path: Path) -> None:
    result = fundmix.invoke(app, ["donations", *arguments, f"--home={tmp_path}"])

    assert result.exit_code == 2, result.output


def test_a_pledge_says_what_is_missing() -> None:
    pledge: dict[str, Any] = {
        "pledge_id": ID,
        "reference": "[bold]P-1",
        "state": "overdue",
        "amount": cny("100.00"),
        "outstanding": cny("60.00"),
        "overdue": cny("10.00"),
        "next_due_on": "2026-04-01",
    }

    text = printed(pledge_view(pledge))

    assert "[bold]P-1: overdue, 60.00 of 100.00 outstanding" in text
    assert "overdue: 10.00" in text
    assert "next due on 2026-04-01" in text


@pytest.mark.parametrize(
    "text",
    ["👩\u200d👩\u200d👧\u200d👦🇨🇳", "助餐❤\ufe0f", "𠮷𡃁𪚥", "示例\U0002fa20", "示例\ue000"],
    ids=ascii,
)
def test_rare_characters_are_shown_as_they_are(text: str) -> None:
    donation: dict[str, Any] = {
        "donation_id": ID,
        "reference": f"[bold]{text}",
        "kind": "cash",
        "amount": cny("100.00"),
        "refunded": cny("0.00"),
        "received_on": "2025-03-02",
        "restricted_to": text,
        "reversed_on": None,
    }

    shown = printed(donations_table(harmless_parts([donation])))

    assert f"[bold]{text} " in shown
    assert shown.count(text) == 2


def test_an_announcement_shows_its_lines() -> None:
    line = {
        "number": 1,
        "agency": AGENCY,
        "amount": cny("5.00"),
        "restricted_to": "长者助餐",
        "state": "announced",
    }
    announcement = {
        "announcement_id": ID,
        "reference": "A-1",
        "amount": cny("5.00"),
        "lines": [line],
    }

    text = printed(announcement_view(announcement))

    assert "长者助餐" in text
    assert f"id {ID}" in text


def test_what_was_undone_says_why() -> None:
    donation = {
        "donation_id": ID,
        "reference": "D-1",
        "kind": "cash",
        "amount": cny("5.00"),
        "refunded": cny("0.00"),
        "received_on": "2026-03-01",
        "reversed_on": "2026-03-05",
        "reversal_reason": "录入有误",
    }

    assert "undone on 2026-03-05: 录入有误" in printed(donation_view(donation))


def test_gifts_and_statements_tell_use_by_kind() -> None:
    moves: dict[str, Any] = {
        "fund_code": "general",
        "left_before": cny("1.00"),
        "given": cny("9.00"),
        "moved": cny("0.00"),
        "refunded": cny("2.00"),
        "used": {"expenses:programme": cny("3.00")},
        "left": cny("5.00"),
    }
    gift = moves | {"value_on": "2026-03-01", "document": "D-1"}
    statement = {
        "donor": DONOR,
        "year": 2026,
        "given": [
            {
                "agency": AGENCY,
                "kind": "cash",
                "donations": 1,
                "amount": cny("9.00"),
                "refunded": cny("2.00"),
                "receipts": 1,
            }
        ],
        "funds": [moves | {"agency": AGENCY}],
    }

    assert "programme 3.00" in printed(gifts_table([gift]))
    text = printed(statement_view(statement))
    assert "programme 3.00" in text
    assert f"{DONOR} in 2026" in text
