"""Commands where nothing runs."""

from pathlib import Path

from fundmix_cli.installation import Installation
from fundmix_cli.main import app
from typer.testing import CliRunner

fundmix = CliRunner()


def test_status_tells_by_its_exit_code_that_nothing_runs(tmp_path: Path) -> None:
    assert fundmix.invoke(app, ["status", f"--home={tmp_path}"]).exit_code == 3
    as_json = fundmix.invoke(app, ["status", "--json", f"--home={tmp_path}"])
    assert as_json.exit_code == 3
    assert '"running": false' in as_json.stdout


def test_down_of_nothing_is_no_failure(tmp_path: Path) -> None:
    assert fundmix.invoke(app, ["down", f"--home={tmp_path}"]).exit_code == 0


def test_reset_removes_the_installation_when_confirmed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    Installation.open(home)

    assert fundmix.invoke(app, ["reset", f"--home={home}"], input="n\n").exit_code == 1
    assert home.exists()
    assert fundmix.invoke(app, ["reset", "--yes", f"--home={home}"]).exit_code == 0
    assert not home.exists()


def test_reset_does_not_touch_a_folder_that_is_no_installation(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    fundmix.invoke(app, ["reset", "--yes", f"--home={tmp_path}"])

    assert (tmp_path / "thesis.txt").exists()


def test_a_token_needs_an_installation(tmp_path: Path) -> None:
    assert fundmix.invoke(app, ["token", "auditor", f"--home={tmp_path}"]).exit_code == 1
    Installation.open(tmp_path)
    given = fundmix.invoke(app, ["token", "auditor", f"--home={tmp_path}"])
    assert given.exit_code == 0
    assert given.stdout.count(".") == 2


def test_logs_shows_the_end_of_a_log(tmp_path: Path) -> None:
    log = Installation.open(tmp_path).log("ledger")
    log.parent.mkdir()
    log.write_text("".join(f"line {number}\n" for number in range(100)))

    shown = fundmix.invoke(app, ["logs", "ledger", "--lines=2", f"--home={tmp_path}"])

    assert shown.stdout.splitlines() == ["line 98", "line 99"]
    assert fundmix.invoke(app, ["logs", "nobody", f"--home={tmp_path}"]).exit_code == 1


def test_a_start_that_fails_shows_the_log_as_it_is(tmp_path: Path) -> None:
    # What is in brackets is no markup.
    (tmp_path / "[/home]" / "postgres").mkdir(parents=True)

    started = fundmix.invoke(app, ["up", f"--home={tmp_path / '[/home]'}"])

    assert started.exit_code == 1
    assert "[/home] has data but no installation.json" in started.stderr
