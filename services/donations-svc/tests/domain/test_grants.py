"""A gift as a grant: what it is called, and the same in cells."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest
from donations_svc.domain.grants import CSV_PATHS, PublicChange, PublicGift, cells_of, grant_of
from fundmix_events.donations import DonationKind, DonorKind, PurposeChangeBasis
from fundmix_events.money import Money

PREFIX = "360G-example"


def a_gift(**changes: Any) -> PublicGift:
    usual: dict[str, Any] = {
        "donation_id": UUID(int=7),
        "given_on": date(2025, 3, 1),
        "received_on": date(2025, 3, 2),
        "donor_code": "91441900LX8R25H7GP",
        "donor_name": "示例企业",
        "donor_kind": DonorKind.ENTERPRISE,
        "agency": "52441900AJC6XAY6DW",
        "agency_name": "示例机构",
        "kind": DonationKind.CASH,
        "amount": Money.of(1_448_757),
        "refunded": Money.of(0),
        "restricted_to": "长者助餐",
        "goods": None,
        "quantity": None,
        "unit": None,
        "hours": None,
        "modified_at": datetime(2025, 3, 3, 8, tzinfo=UTC),
    }
    return PublicGift(**{**usual, **changes})


def test_money_is_a_grant_with_its_purpose_as_programme() -> None:
    assert grant_of(a_gift(), prefix=PREFIX) == {
        "id": f"360G-example-{UUID(int=7)}",
        "title": "资金捐赠：长者助餐",
        "description": "示例企业向示例机构捐赠资金，用于长者助餐。",
        "currency": "CNY",
        "amountAwarded": 14487.57,
        "amountDisbursed": 14487.57,
        "awardDate": "2025-03-01T00:00:00+08:00",
        "fundingOrganization": [
            {
                "id": "CN-USCC-91441900LX8R25H7GP",
                "name": "示例企业",
                "organisationType": "enterprise",
            }
        ],
        "recipientOrganization": [{"id": "CN-USCC-52441900AJC6XAY6DW", "name": "示例机构"}],
        "grantProgramme": [{"code": "长者助餐", "title": "长者助餐"}],
        "fundingType": [
            {"vocabulary": "fundmix donation kind", "code": "cash", "title": "资金捐赠"}
        ],
        "dateModified": "2025-03-03T08:00:00.000000+00:00",
    }


def test_what_went_back_was_awarded_and_is_no_more_disbursed() -> None:
    grant = grant_of(a_gift(refunded=Money.of(448_757)), prefix=PREFIX)

    assert (grant["amountAwarded"], grant["amountDisbursed"]) == (14487.57, 10000.00)


def test_a_gift_for_anything_has_no_programme() -> None:
    grant = grant_of(a_gift(restricted_to=None), prefix=PREFIX)

    assert "grantProgramme" not in grant
    assert grant["title"] == "资金捐赠：未限定用途"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"kind": DonationKind.IN_KIND, "goods": "大米", "quantity": "100.000", "unit": "袋"},
            "捐赠大米 100 袋（金额为其公允价值）",
        ),
        (
            {"kind": DonationKind.IN_KIND, "goods": "食用油", "quantity": "2.500", "unit": "升"},
            "捐赠食用油 2.5 升（金额为其公允价值）",
        ),
        ({"kind": DonationKind.IN_KIND}, "捐赠实物（金额为其公允价值）"),
        (
            {"kind": DonationKind.SERVICE, "hours": "12.000"},
            "捐赠服务 12 小时（金额为小时数乘以捐赠人的小时费率）",
        ),
    ],
)
def test_what_is_no_money_says_so(changes: dict[str, Any], said: str) -> None:
    numbers = {n: Decimal(changes[n]) for n in ("quantity", "hours") if n in changes}
    grant = grant_of(a_gift(**{**changes, **numbers}), prefix=PREFIX)

    assert said in grant["description"]
    assert "非货币" in grant["title"]
    assert grant["fundingType"][0]["code"] == str(changes["kind"])


def test_the_cells_have_everything_that_the_grant_has() -> None:
    grant = grant_of(a_gift(), prefix=PREFIX)

    cells = dict(zip(CSV_PATHS, cells_of(grant), strict=True))

    assert cells["amountAwarded"] == "14487.57"
    assert cells["fundingOrganization/0/name"] == "示例企业"
    assert set(paths_of(grant)) == set(CSV_PATHS)


def test_a_cell_is_empty_where_there_is_nothing() -> None:
    grant = grant_of(a_gift(restricted_to=None), prefix=PREFIX)

    assert dict(zip(CSV_PATHS, cells_of(grant), strict=True))["grantProgramme/0/title"] == ""


def paths_of(value: Any, at: str = "") -> list[str]:
    parts: dict[Any, Any] = {}
    if isinstance(value, dict):
        parts.update(cast("dict[Any, Any]", value))
    elif isinstance(value, list):
        parts.update(enumerate(cast("list[Any]", value)))
    else:
        return [at]
    return [
        path for name, part in parts.items() for path in paths_of(part, f"{at}/{name}".lstrip("/"))
    ]


def test_what_a_gift_was_changed_to_stands_in_its_description() -> None:
    changes = (
        PublicChange(
            changed_on=date(2025, 6, 1),
            amount=Money.of(40_000),
            restricted_to="助学",
            basis=PurposeChangeBasis.SIMILAR_PURPOSE,
        ),
        PublicChange(
            changed_on=date(2025, 7, 1),
            amount=Money.of(5),
            restricted_to=None,
            basis=PurposeChangeBasis.DONOR_CONSENT,
        ),
    )

    grant = grant_of(a_gift(changes=changes), prefix=PREFIX)

    assert grant["description"] == (
        "示例企业向示例机构捐赠资金，用于长者助餐。"
        "自2025-06-01起，其中400.00元改为用于助学。自2025-07-01起，其中0.05元改为未限定用途。"
    )
    assert grant["grantProgramme"][0]["title"] == "长者助餐"
