"""What the sample's evaluations decide: grades to the hundredth, deductions to the fen."""

import csv
import shutil
from collections.abc import Generator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from tests.e2e.fundmix import Fundmix

DEDUCTIONS: Final = Decimal("1542058.89")
DEDUCTED_CONTRACTS: Final = 16
ANSWER_TIME_S_MAX: Final = 60.0

pytestmark = pytest.mark.timeout(900)


class Reading:
    """What an auditor reads of the contracts of an installation."""

    def __init__(self, fundmix: Fundmix, http: httpx2.Client) -> None:
        token = fundmix.run("token", "auditor").strip()
        self._http = http
        self._headers = {"Authorization": f"Bearer {token}"}
        self._url = fundmix.json("status")["urls"]["contracts"]

    def contracts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self._get("/v1/contracts", limit="200", **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def contract(self, number: str) -> dict[str, Any]:
        (found,) = self._get("/v1/contracts", number=number)["items"]
        return found

    def evaluation(self, number: str, stage: str) -> dict[str, Any]:
        contract_id = self.contract(number)["contract_id"]
        return self._get(f"/v1/contracts/{contract_id}/evaluations/{stage}")

    def obligations(self, **params: str) -> list[dict[str, Any]]:
        return self._get("/v1/obligations", **params)["items"]

    def _get(self, path: str, **params: str) -> Any:
        answer = self._http.get(f"{self._url}{path}", params=params, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def reading(demonstrated: Fundmix) -> Generator[Reading]:
    with httpx2.Client(timeout=ANSWER_TIME_S_MAX, trust_env=False) as http:
        yield Reading(demonstrated, http)


@pytest.fixture
def another(tmp_path: Path) -> Generator[Fundmix]:
    """An installation of its own, with nothing in it."""
    fundmix = Fundmix(home=tmp_path / "home")
    yield fundmix
    fundmix.run("down")


def deductions(reading: Reading) -> list[Decimal]:
    found = [
        Decimal(instalment["deduction"]["amount"])
        for contract in reading.contracts()
        for instalment in contract["instalments"]
    ]
    return [deduction for deduction in found if deduction]


@pytest.mark.parametrize(
    ("number", "score", "grade"),
    [("DG-2024-0007", "60.000000", "pass"), ("DG-2024-0009", "59.900000", "fail")],
)
def test_sixty_passes_and_a_tenth_less_fails(
    reading: Reading, number: str, score: str, grade: str
) -> None:
    found = reading.evaluation(number, "final")

    assert (found["score"], found["grade"]) == (score, grade)
    assert (found["deduction"]["amount"] == "0.00") is (grade == "pass")
    assert (found["accepted_on"] is None) is (grade == "pass")
    assert not found["is_outcome_open"]


def test_every_deduction_follows_from_an_evaluation(reading: Reading) -> None:
    found = deductions(reading)

    assert len(found) == DEDUCTED_CONTRACTS
    assert sum(found) == DEDUCTIONS


def test_what_was_delivered_is_accepted_and_that_is_published(reading: Reading) -> None:
    assert reading.obligations(kind="publish_acceptance", state="open") == []
    assert reading.obligations(kind="publish_acceptance", state="late") == []
    for contract in reading.contracts():
        (line,) = contract["lines"]
        assert line["quantity"] == line["delivered"] == line["accepted"]


def test_what_was_paid_need_not_be_told(another: Fundmix, sample: Path, tmp_path: Path) -> None:
    city = shutil.copytree(sample, tmp_path / "city")
    rows = list(csv.DictReader((sample / "instalments.csv").read_text().splitlines()))
    with (city / "instalments.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"paid_amount": ""} for row in rows)

    shown = another.run("demo", "--data", city)

    assert "all 123 figures are as expected.json says" in shown
    with httpx2.Client(timeout=ANSWER_TIME_S_MAX, trust_env=False) as http:
        assert sum(deductions(Reading(another, http))) == DEDUCTIONS


def test_what_was_paid_must_be_what_the_service_says(
    demonstrated: Fundmix, sample: Path, tmp_path: Path
) -> None:
    city = shutil.copytree(sample, tmp_path / "city")
    lines = (city / "instalments.csv").read_text().splitlines()
    lines[1] = lines[1].replace("BK202400011,405297.32", "BK202400011,405297.31")
    (city / "instalments.csv").write_text("\n".join(lines))
    (city / "evaluations.csv").unlink()

    told = demonstrated.run("load", city, exit_code=1)

    difference = "instalments.csv:2: paid_amount: the file has 405297.31 CNY"
    assert f"{difference}, the system 405297.32 CNY" in told
