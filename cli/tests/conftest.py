"""A small city on disk, right in every row until a test changes one."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

AGENCY: Final = "52441900AJC6XAY6DW"
BUYER: Final = "11441900B1WMY48B8B"
ENTERPRISE: Final = "91441900RU78HJBDQ9"

ORGANISATION: Final = {
    "uscc": AGENCY,
    "name": "示例甲社工中心",
    "kind": "agency",
    "level": "city",
    "town": "",
    "registered_on": "2009-01-15",
}
CONTRACT: Final = {
    "contract_no": "C-1",
    "title": "示例项目",
    "buyer_uscc": BUYER,
    "agency_uscc": AGENCY,
    "purchase_mode": "project",
    "service_area": "医务社工",
    "people_served": "社区居民",
    "town": "莞城街道",
    "signed_on": "2024-01-12",
    "published_on": "",
    "filed_on": "",
    "starts_on": "2024-01-22",
    "ends_on": "2024-12-20",
    "amount": "1000.00",
    "posts": "",
    "payer_level": "city",
}
INSTALMENT: Final = {
    "contract_no": "C-1",
    "number": "1",
    "due_on": "2024-03-01",
    "amount": "600.00",
    "condition": "signing",
    "paid_on": "2024-03-05",
    "bank_reference": "B-1",
    "paid_amount": "600.00",
}
EVALUATION: Final = {
    "contract_no": "C-1",
    "stage": "final",
    "evaluated_on": "2024-12-15",
    "professional_score": "88",
    "buyer_score": "88.5",
    "self_score": "90.25",
    "recipient_score": "79",
    "recipients_surveyed": "67",
}
DONATION: Final = {
    "donation_ref": "D-1",
    "donor_uscc": ENTERPRISE,
    "donor_name": "示例企业",
    "donor_kind": "enterprise",
    "agency_uscc": AGENCY,
    "kind": "cash",
    "amount": "50.00",
    "pledged_on": "2024-04-01",
    "received_on": "2024-04-09",
    "restricted_to": "",
    "bank_reference": "R-1",
    "anonymous": "false",
}
CityRow = dict[str, str]


def right_rows() -> dict[str, list[CityRow]]:
    return {
        "organisations.csv": [
            dict(ORGANISATION),
            {**ORGANISATION, "uscc": BUYER, "name": "示例局", "kind": "buyer"},
            {**ORGANISATION, "uscc": ENTERPRISE, "name": "示例企业", "kind": "enterprise"},
        ],
        "contracts.csv": [dict(CONTRACT)],
        "instalments.csv": [
            dict(INSTALMENT),
            {
                **INSTALMENT,
                "number": "2",
                "amount": "400.00",
                "condition": "final",
                "paid_on": "",
                "bank_reference": "",
                "paid_amount": "",
            },
        ],
        "evaluations.csv": [dict(EVALUATION)],
        "donations.csv": [dict(DONATION)],
    }


@dataclass(kw_only=True)
class CityFolder:
    """`rows` are changed in place, and written when the folder is asked for."""

    path: Path
    rows: dict[str, list[CityRow]] = field(default_factory=right_rows)

    def change(self, file: str, place: int = 0, **columns: str) -> "CityFolder":
        self.rows[file][place] |= columns
        return self

    def add(self, file: str, **columns: str) -> "CityFolder":
        """One more row like the first, but for these columns."""
        self.rows[file].append(self.rows[file][0] | columns)
        return self

    def written(self) -> Path:
        for file, rows in self.rows.items():
            with (self.path / file).open("w", newline="") as opened:
                writer = csv.DictWriter(opened, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return self.path


@pytest.fixture
def city(tmp_path: Path) -> CityFolder:
    return CityFolder(path=tmp_path)
