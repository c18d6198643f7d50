"""A city that is loaded again after something of it was reversed: it stays so, and that is said."""

import csv
import json
import time
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.fundmix import Fundmix

AGENCY: Final = "52441900AJC6XAY6DW"
BODY: Final = "11441900AHP4983MNR"
CONTRACT: Final = "E2E-2024-1"
ROWS: Final[dict[str, dict[str, str]]] = {
    "contracts.csv": {
        "contract_no": CONTRACT,
        "title": "岗位购买服务",
        "buyer_uscc": BODY,
        "agency_uscc": AGENCY,
        "purchase_mode": "project",
        "service_area": "医务社工",
        "people_served": "社区居民",
        "town": "厚街镇",
        "signed_on": "2024-01-12",
        "starts_on": "2024-01-22",
        "ends_on": "2024-12-20",
        "amount": "1000.00",
        "payer_level": "town",
    },
    "instalments.csv": {
        "contract_no": CONTRACT,
        "number": "1",
        "due_on": "2024-03-01",
        "amount": "1000.00",
        "condition": "signing",
        "paid_on": "2024-03-05",
        "bank_reference": "BK-E2E-1",
        "paid_amount": "1000.00",
    },
    "donations.csv": {
        "donation_ref": "DN-E2E-1",
        "donor_kind": "individual",
        "agency_uscc": AGENCY,
        "kind": "cash",
        "amount": "50.00",
        "received_on": "2024-04-09",
        "bank_reference": "BD-E2E-1",
        "anonymous": "true",
    },
    "expenditures.csv": {
        "expenditure_ref": "EX-E2E-1",
        "agency_uscc": AGENCY,
        "fund": "general",
        "category": "programme",
        "spent_on": "2024-06-11",
        "amount": "10.00",
        "memo": "",
    },
}
# Of one row: new, there, reversed, errors.
NEW: Final = ("1", "0", "0", "0")
THERE: Final = ("0", "1", "0", "0")
LEFT_ALONE: Final = ("0", "0", "1", "0")
POSTED_S_MAX: Final = 60.0

pytestmark = pytest.mark.timeout(900)


def write(sample: Path, folder: Path, rows: dict[str, dict[str, str]]) -> Path:
    """Organisations as they are in the sample, and one row of everything else."""
    for file in sample.glob("*.csv"):
        text = file.read_text()
        if file.name != "organisations.csv":
            names = text.splitlines()[0].split(",")
            with (folder / file.name).open("w", newline="") as opened:
                writer = csv.DictWriter(opened, names, restval="")
                writer.writeheader()
                writer.writerows([rows[file.name]] if file.name in rows else [])
        else:
            (folder / file.name).write_text(text)
    return folder


def counted(printed: str) -> dict[str, tuple[str, ...]]:
    """By file: new, there, reversed, errors."""
    return {
        words[0]: tuple(words[2:])
        for line in printed.splitlines()
        if len(words := line.split()) == 6 and words[0] in ROWS
    }


def received(fundmix: Fundmix) -> Any:
    return fundmix.json("mix", "--year=2024")["received_total"]


def reverse_all(fundmix: Fundmix) -> None:
    [use] = fundmix.json("ledger", "requests", "--reference=EX-E2E-1")
    fundmix.json(
        *("ledger", "reverse", AGENCY, str(use["entry_seq"])),
        *("--reference=RV-E2E-1", "--reason=录入有误"),
    )
    [undoing] = fundmix.json("ledger", "requests", "--reference=RV-E2E-1")
    fundmix.json("ledger", "decide", "approve", undoing["request_id"])
    # A gift is an error only while nothing of it is used.
    deadline = time.monotonic() + POSTED_S_MAX
    while fundmix.json("ledger", "requests", "--reference=RV-E2E-1")[0]["entry_seq"] is None:
        assert time.monotonic() < deadline, "the ledger has not posted it"
        time.sleep(0.2)
    [gift] = fundmix.json("donations", "list", "--reference=DN-E2E-1")
    fundmix.json("contracts", "reverse", CONTRACT, "1", "--reason=录入有误")
    fundmix.run("donations", "reverse", gift["donation_id"], "--reason=录入有误")


def test_what_was_reversed_stays_reversed_until_its_row_has_changed(
    registered: Fundmix, sample: Path, tmp_path: Path
) -> None:
    folder = write(sample, tmp_path, ROWS)
    first = counted(registered.run("load", folder))
    before = received(registered)
    reverse_all(registered)

    printed = registered.run("load", folder)
    again = received(registered)
    changed = json.loads(json.dumps(ROWS))
    changed["donations.csv"] |= {"received_on": "2024-04-10"}
    changed["instalments.csv"] |= {"bank_reference": "BK-E2E-2"}
    changed["expenditures.csv"] |= {"amount": "11.00"}
    corrected = counted(registered.run("load", write(sample, tmp_path, changed)))

    assert first == dict.fromkeys(ROWS, NEW)
    assert before == "1050.00"
    assert counted(printed) == dict.fromkeys(ROWS, LEFT_ALONE) | {"contracts.csv": THERE}
    assert "3 rows are left alone: what they say was reversed" in printed
    assert again == "0.00"
    assert corrected == first | {"contracts.csv": THERE}
    assert received(registered) == "1050.00"
    [use] = registered.json("ledger", "requests", "--reference=EX-E2E-1", "--state=approved")
    assert use["terms"]["amount"]["amount"] == "11.00"
