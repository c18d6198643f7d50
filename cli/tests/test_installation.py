"""What an installation keeps between runs."""

import stat
from pathlib import Path

import pytest
from fundmix_cli.installation import Installation, InstallationBrokenError


def test_passwords_and_ports_are_kept(tmp_path: Path) -> None:
    first = Installation.open(tmp_path / "home")
    first.ports["issuer"] = 8190
    first.save()

    again = Installation.open(tmp_path / "home")

    assert again.password("ledger_svc") == first.password("ledger_svc")
    assert again.url("issuer") == "http://127.0.0.1:8190"


def test_every_role_and_every_installation_has_its_own_password(tmp_path: Path) -> None:
    one, other = (Installation.open(tmp_path / name) for name in ("one", "other"))

    passwords = {i.password(role) for i in (one, other) for role in ("ledger_svc", "ledger_owner")}

    assert len(passwords) == 4


def test_only_the_owner_reads_the_secret(tmp_path: Path) -> None:
    Installation.open(tmp_path)

    assert stat.S_IMODE((tmp_path / "installation.json").stat().st_mode) == 0o600


def test_data_without_their_password_are_not_taken_for_a_new_installation(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()

    with pytest.raises(InstallationBrokenError):
        Installation.open(tmp_path)
