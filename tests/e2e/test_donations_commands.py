"""`fundmix donations` and `fundmix import`: from what a donor announces to its statement."""

import json
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.fundmix import Fundmix

pytestmark = pytest.mark.timeout(300)

AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
MEAL: Final = "长者助餐"
LEDGER_S_MAX: Final = 20.0


def an_announcement(reference: str, amount: str) -> dict[str, Any]:
    money = {"amount": amount, "currency": "CNY"}
    return {
        "reference": reference,
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "kind": "cash",
        "amount": money,
        "given_on": "2026-03-01",
        "lines": [{"agency": AGENCY, "amount": money, "restricted_to": MEAL}],
    }


def given(fundmix: Fundmix, folder: Path, reference: str, amount: str) -> dict[str, Any]:
    """A donation of 2026 that the ledger has posted."""
    file = folder / "gift.json"
    file.write_text(json.dumps(an_announcement(reference, amount)))
    announced = fundmix.json("donations", "announce", str(file))
    fundmix.json(
        "donations",
        "confirm",
        announced["announcement_id"],
        AGENCY,
        f"--line=1={reference}",
        "--received-on=2026-03-02",
        f"--bank-reference=BK-{reference}",
    )
    [donation] = fundmix.json("donations", "list", f"--reference={reference}")
    until_posted(fundmix, donation["donation_id"])
    return donation


def until_posted(fundmix: Fundmix, lot_id: str) -> None:
    deadline = time.monotonic() + LEDGER_S_MAX
    while lot_id not in {g["lot_id"] for g in gifts(fundmix)}:
        assert time.monotonic() < deadline, "the ledger has not posted the gift"
        time.sleep(0.2)


def gifts(fundmix: Fundmix) -> list[dict[str, Any]]:
    return fundmix.json("donations", "gifts", ENTERPRISE, "--year=2026")


def test_a_gift_is_announced_confirmed_receipted_and_given_back(
    registered: Fundmix, tmp_path: Path
) -> None:
    fundmix = registered
    donation = given(fundmix, tmp_path, "DN-E2E-1", "500.00")
    donation_id = donation["donation_id"]
    asked = ("--reference=RF-E2E-1", "--amount=500.00", "--reason=donor_withdrew")

    receipt = fundmix.json("receipts", "issue", donation_id)
    refused = fundmix.run("donations", "refund", donation_id, *asked, exit_code=1)
    fundmix.json("receipts", "withdraw", receipt["number"], "--reason=refund")
    refund = fundmix.json("donations", "refund", donation_id, *asked)
    paid = fundmix.json(
        "donations",
        "pay-refund",
        refund["refund_id"],
        f"--refunded-on={refund['held_on']}",
        "--bank-reference=BK-BACK-1",
    )
    statement = fundmix.json("donations", "statement", ENTERPRISE, "2026")

    assert "receipt_stands" in refused
    assert (refund["state"], paid["state"]) == ("held", "paid")
    assert statement["given"][0]["refunded"]["amount"] == "500.00"
    fundmix.run("donations", "statement", ENTERPRISE, "2026")


def test_what_was_recorded_in_error_is_undone(registered: Fundmix, tmp_path: Path) -> None:
    donation = given(registered, tmp_path, "DN-E2E-2", "70.00")

    undone = registered.json("donations", "reverse", donation["donation_id"], "--reason=录入有误")
    again = registered.run(
        "donations", "reverse", donation["donation_id"], "--reason=录入有误", exit_code=1
    )

    assert undone["reversed_on"] is not None
    assert "donation_reversed" in again


def test_what_waits_is_told(registered: Fundmix, tmp_path: Path) -> None:
    file = tmp_path / "gift.json"
    file.write_text(json.dumps(an_announcement("DN-E2E-3", "30.00")))
    announced = registered.json("donations", "announce", str(file))

    waiting = registered.json("donations", "todo", AGENCY)
    registered.json(
        "donations",
        "reject",
        announced["announcement_id"],
        AGENCY,
        "--line=1",
        "--reason=duplicate",
    )

    assert announced["announcement_id"] in {item["id"] for item in waiting}


def test_the_samples_donations_come_in_are_undone_and_come_in_again(
    registered: Fundmix, sample: Path
) -> None:
    file = str(sample / "donations.csv")
    control = ("--control-count=1008", "--control-total=14404600.00")

    dry = registered.json("import", file, "--dry-run", *control)
    refused = registered.run("import", file, "--control-count=1007", exit_code=1)
    first = registered.json("import", file, *control)
    twice = registered.json("import", file, *control)
    undone = reversed_batch(registered, first["batch_id"])
    again = registered.json("import", file, *control)

    assert (dry["failed"], dry["suspected"], dry["duplicates"]) == (0, [], 0)
    assert "not what the file should have" in refused
    for batch in (first, again):
        assert (batch["donations"], batch["pledges"], batch["duplicates"]) == (984, 340, 0)
    assert (twice["batch_id"], twice["duplicates"]) == (None, 1008)
    assert (undone["donations"], undone["pledges"]) == (984, 340)


def reversed_batch(fundmix: Fundmix, batch_id: str) -> dict[str, Any]:
    """As soon as the ledger has posted all of it."""
    deadline = time.monotonic() + LEDGER_S_MAX
    while True:
        try:
            return fundmix.json("donations", "reverse-import", batch_id, "--reason=文件有误")
        except AssertionError as error:
            if "ledger_unavailable" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
