"""`fundmix donations`: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.donations import (
    announcement_view,
    changes_table,
    donation_view,
    donations_table,
    gifts_table,
    pledge_view,
    statement_view,
)
from fundmix_cli.display.donor_contacts import contact_view, erasure_view
from fundmix_cli.display.harmless import harmless_parts
from fundmix_cli.display.imports import batches_table, columns_view
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

AGENCY: Final = "52441900AJC6XAY6DW"
DONOR: Final = "91441900LX8R25H7GP"
ID: Final = "01932b5e-0000-7000-8000-000000000001"
RECEIVED: Final = ["--reference=D", "--amount=1.00", "--received-on=2026-03-01"]
DEPOSITED: Final = ["--amount=1.00", "--received-on=2026-03-01", "--bank-reference=B"]
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
        ["withdraw", ID],
        ["receive", AGENCY, "--reference=D", "--amount=1.00", "--received-on=2026-03-01"],
        ["deposit", *DEPOSITED, f"--line=D={AGENCY}=1.00=长者助餐", "--because=托管"],
        ["imports", "--source=bank"],
        ["import-columns", "--source=bank"],
        ["set-import-columns", "--column=捐款日=received_on"],
        ["purpose-changes", f"--donation={ID}"],
        ["contact", "show", AGENCY, ID],
        ["contact", "of", ID],
        ["contact", "link", ID, ID],
        ["contact", "erase", AGENCY, ID, "--reason=no_longer_needed"],
        ["contact", "accesses", f"--contact={ID}"],
        ["list", "--reference=D"],
        ["list", "--unproved", f"--pledge={ID}"],
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
    ids=" ".join,
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
        ["withdraw", "A-1"],
        ["receive", AGENCY, *RECEIVED, "--kind=whim"],
        ["receive", AGENCY, *RECEIVED, "--proof=missing.pdf"],
        ["deposit", *DEPOSITED],
        ["deposit", *DEPOSITED, "--line=D-1=1.00"],
        ["deposit", *DEPOSITED, "--lines=missing.csv"],
        ["set-import-columns", "--column=捐款日"],
        ["contact", "record", "missing.json"],
        ["contact", "erase", AGENCY, ID, "--reason=whim"],
        ["contact", "change", AGENCY, ID, __file__],
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


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('reference,agency,amount\n"D-1', "unexpected end of data"),
        ("reference,agency\n", "other columns"),
        ("reference,agency,amount,donor\n", "other columns"),
        ("reference,agency,amount\nD-1,X\n", "fewer values"),
        ("", "other columns"),
    ],
)
def test_a_file_that_is_no_split_of_a_deposit_is_wrong_usage(
    content: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "lines.csv"
    file.write_text(content)

    result = fundmix.invoke(
        app, ["donations", "deposit", *DEPOSITED, f"--lines={file}", f"--home={tmp_path}"]
    )

    assert result.exit_code == 2, result.output
    assert told in result.output


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


def test_imports_are_listed_with_what_undoes_them() -> None:
    batch: dict[str, Any] = {
        "batch_id": ID,
        "recorded_at": "2026-03-01T08:00:00Z",
        "source": "[bold]bank",
        "donations": 3,
        "pledges": 1,
        "booked": cny("1200.00"),
        "recorded_by": "王芳",
    }

    text = printed(batches_table([batch]))

    for told in ("[bold]bank", "1,200.00 CNY", "王芳", ID):
        assert told in text


def test_a_contact_tells_the_person_or_that_it_was_erased() -> None:
    contact: dict[str, Any] = {
        "contact_id": ID,
        "version": 3,
        "organisation": DONOR,
        "erased_at": None,
        "erasure_reason": None,
        "person": {
            "name": "[bold]王芳",
            "phone": "13800138000",
            "email": None,
            "address": None,
            "identity_number": None,
        },
    }
    erased = {
        "person": None,
        "erased_at": "2026-03-01T08:00:00Z",
        "erasure_reason": "asked_by_person",
    }

    shown, gone = printed(contact_view(contact)), printed(contact_view({**contact, **erased}))

    for told in ("name: [bold]王芳", "phone: 13800138000", f"speaks for {DONOR}", "version 3"):
        assert told in shown
    assert "email" not in shown
    assert "erased on 2026-03-01: asked_by_person" in gone


def test_an_erasure_tells_what_is_kept() -> None:
    kept = {"what": "donations", "count": 2, "why": "amounts are the agency's books"}
    erasure = {"reason": "asked_by_person", "kept": [kept]}

    assert "kept: 2 donations, amounts are the agency's books" in printed(erasure_view(erasure))


def test_columns_are_told_with_what_they_are() -> None:
    named = {"source": "bank", "columns": {"捐款日": "received_on"}}

    assert "received_on" in printed(columns_view(named))
    assert "usual names" in printed(columns_view({**named, "columns": {}}))


def test_a_change_of_purpose_says_from_what_to_what() -> None:
    change = {
        "reference": "PC-1",
        "amount": cny("5.00"),
        "restricted_to": "长者助餐",
        "new_restricted_to": None,
        "basis": "donor_consent",
        "changed_on": "2026-03-01",
        "change_id": ID,
    }

    text = printed(changes_table([change]))

    for told in ("PC-1", "长者助餐", "anything", "donor_consent", ID):
        assert told in text


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
        "is_pooled": True,
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

    shown = printed(gifts_table([gift]))
    assert "programme 3.00" in shown
    assert "(pooled)" in shown
    assert "oldest money first" in shown
    assert "pooled" not in printed(gifts_table([gift | {"is_pooled": False}]))
    text = printed(statement_view(statement))
    assert "oldest money first" in text
    assert "programme 3.00" in text
    assert f"{DONOR} in 2026" in text
