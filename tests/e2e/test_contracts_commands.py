"""`fundmix contracts` on the sample city: what a person at a terminal reads and writes."""

from pathlib import Path

import pytest

from tests.e2e.fundmix import Fundmix

pytestmark = pytest.mark.timeout(900)


def test_a_contract_and_what_its_evaluation_took_off_can_be_read(demonstrated: Fundmix) -> None:
    (listed,) = demonstrated.json("contracts", "list", "--number=DG-2024-0009")
    shown = demonstrated.json("contracts", "show", listed["contract_id"])
    evaluation = demonstrated.json("contracts", "evaluate", "show", "DG-2024-0009", "final")

    assert shown["instalments"] == listed["instalments"]
    assert shown["instalments"][2]["deduction"] == evaluation["deduction"]
    assert evaluation["deduction"]["amount"] == "118794.03"


def test_what_the_rules_turn_down_is_told_with_its_reason(demonstrated: Fundmix) -> None:
    told = demonstrated.run("contracts", "approve", "DG-2024-0009", "1", exit_code=1)

    assert "instalment_state" in told


def test_the_open_data_can_be_written_to_files(demonstrated: Fundmix, tmp_path: Path) -> None:
    files = {kind: tmp_path / f"contracts.{kind}" for kind in ("csv", "xlsx", "ocds")}

    for kind, file in files.items():
        demonstrated.run("contracts", "export", kind, file)

    assert "DG-2024-0009" in files["csv"].read_text()
    assert files["xlsx"].read_bytes().startswith(b"PK")
    assert '"releases"' in files["ocds"].read_text()
