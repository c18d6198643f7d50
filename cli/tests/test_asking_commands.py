"""Commands that ask the services, where nothing runs or nothing can be read."""

from pathlib import Path

import pytest
from fundmix_cli import run_state
from fundmix_cli.main import app
from typer.testing import CliRunner

SAMPLE = Path(__file__).parents[2] / "samples" / "dongguan"

fundmix = CliRunner()


@pytest.mark.parametrize(
    "arguments",
    [
        ["load", str(SAMPLE)],
        ["mix", "--year=2024"],
        ["mix", "--year=2024", "--on=2024-06-30", "--as-of=2024-07-31", "--basis=restated"],
        ["export", "csv", "--out=books.csv"],
        ["donations", "export", "360giving", "grants.json", "--year=2024"],
        ["goal", "set", "--year=2024", "--hhi-max=0.7"],
        ["goal", "list"],
        ["goal", "show", "--year=2024"],
        ["goal", "reading", "--year=2024", "--on=2024-06-30"],
        ["goal", "reading", "--year=2024", "--basis=recognised"],
        ["goal", "ranking", "--year=2024"],
        ["goal", "ranking", "--year=2024", "--basis=recognised", "--on=2024-06-30"],
        ["goal", "growth", "--year=2024", "--on=2024-06-30"],
        ["goal", "ranking", "--year=2024", "--limit=1000"],
        ["goal", "cliff"],
        ["goal", "cliff", "--agency=52441900AJC6XAY6DW", "--limit=1000"],
        ["topics", "rebuild"],
        ["quarantine", "list"],
        ["quarantine", "show", "1"],
        ["quarantine", "retry", "1"],
        ["quarantine", "dismiss", "1", "--reason=why"],
    ],
)
def test_where_nothing_runs_the_exit_code_says_so(tmp_path: Path, arguments: list[str]) -> None:
    asked = fundmix.invoke(app, [*arguments, f"--home={tmp_path}"])

    assert asked.exit_code == 3
    assert "nothing runs in" in asked.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["mix"],
        ["mix", "--year=24"],
        ["goal", "set", "--year=2024", "--channel-share-min=lottery=0.1"],
        ["goal", "reading", "--year=2024", "--on=June"],
        ["load"],
        ["load", str(SAMPLE), "--concurrency=0"],
        ["export", "csv"],
        ["donations", "export", "360giving"],
        ["donations", "export", "ocds", "grants.json"],
        ["export", "pdf", "--out=books.pdf"],
        ["quarantine", "dismiss", "1"],
        ["quarantine", "list", "--service=registry"],
    ],
)
def test_wrong_usage_is_told_as_such(arguments: list[str]) -> None:
    assert fundmix.invoke(app, arguments).exit_code == 2


def test_a_demo_of_unusable_files_starts_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"

    demo = fundmix.invoke(app, ["demo", "--once", f"--data={tmp_path}", f"--home={home}"])

    assert demo.exit_code == 1
    assert "organisations.csv" in demo.stderr
    assert run_state.read(home) is None


@pytest.mark.parametrize("command", ["load", "mix", "export", "demo"])
def test_help_states_the_exit_codes(command: str) -> None:
    assert "Exit codes" in fundmix.invoke(app, [command, "--help"]).stdout
