"""`fundmix registry`: wrong usage, where nothing runs, and what people see."""

from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from fundmix_cli.display.registry import (
    history_table,
    import_view,
    organisation_view,
    organisations_table,
    requests_table,
)
from fundmix_cli.main import app
from rich.console import Console, RenderableType
from typer.testing import CliRunner

CODE: Final = "52441900AJC6XAY6DW"
REQUEST: Final = "0190a3c5-0000-7000-8000-000000000000"

fundmix = CliRunner()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "approval.pdf"
    path.write_bytes(b"approved")
    return path


def printed(view: RenderableType) -> str:
    text = StringIO()
    Console(file=text, width=160).print(view)
    return text.getvalue()


def an_organisation(**changes: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "code": CODE,
        "version": 3,
        "name": "[甲] 社工",
        "kind": "agency",
        "level": "city",
        "town": None,
        "registered_on": "2009-01-15",
        "suspended_on": None,
        "standing": None,
        "warnings": [],
    }
    return usual | changes


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show", CODE],
        ["show", CODE, "--as-of=2024-02-29"],
        ["history", CODE],
        ["requests"],
        ["approve", REQUEST],
        ["reject", REQUEST, "--reason=why"],
        ["suspend", CODE, "--reason=why", "--from=2024-01-02"],
        ["reinstate", CODE, "--reason=why"],
    ],
)
def test_where_nothing_runs_the_exit_code_says_so(tmp_path: Path, arguments: list[str]) -> None:
    asked = fundmix.invoke(app, ["registry", *arguments, f"--home={tmp_path}"])

    assert asked.exit_code == 3
    assert "nothing runs in" in asked.stderr


def test_a_file_is_not_sent_where_nothing_runs(tmp_path: Path, document: Path) -> None:
    home = f"--home={tmp_path / 'home'}"
    evidence = [f"--evidence={document}", "--reason=why", "--name=乙"]

    for arguments in (["import", str(document)], ["request", CODE, *evidence]):
        assert fundmix.invoke(app, ["registry", *arguments, home]).exit_code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--kind=bank"],
        ["show"],
        ["show", CODE, "--as-of=yesterday"],
        ["requests", "--state=lost"],
        ["approve", "1"],
        ["reject", REQUEST],
        ["suspend", CODE, "--reason=why"],
        ["import", "no-such-file.csv"],
        ["request", CODE, "--reason=why", "--name=乙"],
    ],
)
def test_wrong_usage_is_told_as_such(arguments: list[str]) -> None:
    assert fundmix.invoke(app, ["registry", *arguments]).exit_code == 2


def test_a_request_for_nothing_is_wrong_usage(document: Path) -> None:
    arguments = ["registry", "request", CODE, "--reason=why", f"--evidence={document}"]

    assert fundmix.invoke(app, arguments).exit_code == 2


def test_organisations_are_listed_with_their_kind_in_both_languages() -> None:
    text = printed(organisations_table([an_organisation(suspended_on="2024-01-02")]))

    assert "[甲] 社工" in text
    assert "agency" in text
    assert "社工机构" in text
    assert "2024-01-02" in text


def test_an_organisation_is_shown_with_its_standing_and_its_warnings() -> None:
    standing = {
        "abnormal_listings": [
            {"listed_on": "2022-07-01", "reason": "未报年报", "removed_on": "2022-09-01"},
            {"listed_on": "2024-07-01", "reason": "地址不符", "removed_on": None},
        ],
        "charity": {"status": "public_fundraising", "since_on": "2019-05-20"},
        "tax_qualifications": [
            {"kind": "donation_deduction", "year": 2024},
            {"kind": "donation_deduction", "year": 2025},
        ],
    }
    warning = {"pointer": "/kind", "code": "implausible_kind", "detail": "seldom"}

    text = printed(organisation_view(an_organisation(standing=standing, warnings=[warning])))

    assert "2022-07-01 – 2022-09-01: 未报年报" in text
    assert "2024-07-01 – now: 地址不符" in text
    assert "public_fundraising since 2019-05-20" in text
    assert "donation_deduction 2024, 2025" in text
    assert "implausible_kind: seldom" in text
    assert "town" not in text


def test_a_history_says_who_changed_what_from_what() -> None:
    change = {
        "version": 2,
        "field": "name",
        "before": "甲",
        "after": None,
        "by": {"subject": "officer", "role": "admin", "org": None},
        "recorded_at": "2025-03-03T00:00:00Z",
        "reason": "更名",
        "request_id": "r",
        "change_request_id": None,
    }

    row = printed(history_table([change])).splitlines()[1]

    assert row.split() == ["2", "2025-03-03T00:00", "name", "甲", "–", "officer", "(admin)", "更名"]


def test_a_request_shows_only_what_is_to_change() -> None:
    request = {
        "request_id": REQUEST,
        "state": "open",
        "code": CODE,
        "changes": {"name": "乙", "kind": None},
        "before": {"name": "甲", "kind": None},
        "reason": "更名",
        "requested_by": {"subject": "treasurer"},
        "requested_at": "2025-03-03T00:00:00Z",
    }

    text = printed(requests_table([request]))

    assert "name: 甲 → 乙" in text
    assert "kind" not in text


def test_an_import_tells_each_row_that_failed_and_where_to_find_the_rest() -> None:
    row = {"row": 4, "field": "name", "code": "missing", "detail": "Field required"}
    found = {
        "is_dry_run": True,
        "format": "csv",
        "encoding": "gb18030",
        "rows": 100,
        "registered": 39,
        "unchanged": 1,
        "failed": 60,
        "errors": [row] * 60,
        "warnings": [row | {"field": None}],
        "ignored_columns": ["备注"],
    }

    text = printed(import_view(found))

    assert "100 rows (csv, gb18030): 39 would be registered, 1 unchanged, 60 failed" in text
    assert "columns not read: 备注" in text
    assert "row 4, name: Field required (missing)" in text
    assert "and 10 more errors: see --json" in text
    assert "row 4: Field required (missing)" in text
