"""Gifts for the public as grants of 360Giving 1.4: what named organisations gave to agencies.

Who gives as a person, or asks not to be named, is in no grant: the standard has none without its
funder's name. Nothing of a contact, a bank or an agency's own numbers is in one either.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, assert_never
from uuid import UUID

from fundmix_events.donations import DonationKind, DonorKind, PurposeChangeBasis
from fundmix_events.money import MINOR_PER_MAJOR, Money, text_from_minor

Json = dict[str, Any]

VERSION: Final = "1.4"
# As in our OCDS packages: no list of organisation identifiers has a prefix for credit codes.
ORGANISATION_SCHEME: Final = "CN-USCC"
FUNDING_TYPE_VOCABULARY: Final = "fundmix donation kind"
TITLE_BY_KIND: Final = {
    DonationKind.CASH: "资金捐赠",
    DonationKind.IN_KIND: "实物捐赠（非货币）",
    DonationKind.SERVICE: "服务捐赠（非货币）",
}

# The paths that flatten-tool gives to what is in a grant.
CSV_PATHS: Final = (
    "id",
    "title",
    "description",
    "currency",
    "amountAwarded",
    "amountDisbursed",
    "awardDate",
    "fundingOrganization/0/id",
    "fundingOrganization/0/name",
    "fundingOrganization/0/organisationType",
    "recipientOrganization/0/id",
    "recipientOrganization/0/name",
    "grantProgramme/0/code",
    "grantProgramme/0/title",
    "fundingType/0/vocabulary",
    "fundingType/0/code",
    "fundingType/0/title",
    "dateModified",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicChange:
    """From a day on `amount` of a gift is for something else; None: for nothing in particular."""

    changed_on: date
    amount: Money
    restricted_to: str | None
    basis: PurposeChangeBasis


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicGift:
    """A gift that stands, of an organisation that may be named.

    `restricted_to` is what it was given for; `changes` are in their order. `goods`, `quantity` and
    `unit` are of a gift in kind, where they are known; `hours` of time. `modified_at` is when it
    was recorded, or the last of it went back or was changed.
    """

    donation_id: UUID
    given_on: date
    received_on: date
    donor_code: str
    donor_name: str
    donor_kind: DonorKind
    agency: str
    agency_name: str
    kind: DonationKind
    amount: Money
    refunded: Money
    restricted_to: str | None
    goods: str | None
    quantity: Decimal | None
    unit: str | None
    hours: Decimal | None
    modified_at: datetime
    changes: tuple[PublicChange, ...] = ()


def grant_id_of(donation_id: UUID, *, prefix: str) -> str:
    return f"{prefix}-{donation_id}"


def grant_of(gift: PublicGift, *, prefix: str) -> Json:
    """The grant; its amounts are in major units, as numbers."""
    purpose = gift.restricted_to
    grant: Json = {
        "id": grant_id_of(gift.donation_id, prefix=prefix),
        "title": f"{TITLE_BY_KIND[gift.kind]}：{purpose or '未限定用途'}",
        "description": _description(gift),
        "currency": str(gift.amount.currency),
        "amountAwarded": _number(gift.amount.amount_minor),
        "amountDisbursed": _number(gift.amount.amount_minor - gift.refunded.amount_minor),
        # An instant: the schema refuses a day where formats are not checked.
        "awardDate": f"{gift.given_on.isoformat()}T00:00:00+08:00",
        "fundingOrganization": [
            {
                "id": f"{ORGANISATION_SCHEME}-{gift.donor_code}",
                "name": gift.donor_name,
                "organisationType": str(gift.donor_kind),
            }
        ],
        "recipientOrganization": [
            {"id": f"{ORGANISATION_SCHEME}-{gift.agency}", "name": gift.agency_name}
        ],
    }
    if purpose is not None:
        grant["grantProgramme"] = [{"code": purpose, "title": purpose}]
    return {
        **grant,
        "fundingType": [
            {
                "vocabulary": FUNDING_TYPE_VOCABULARY,
                "code": str(gift.kind),
                "title": TITLE_BY_KIND[gift.kind],
            }
        ],
        "dateModified": gift.modified_at.isoformat(timespec="microseconds"),
    }


def cells_of(grant: Json) -> list[str]:
    """The texts of a grant in the order of `CSV_PATHS`; empty where it has nothing."""
    return [_cell(grant, path) for path in CSV_PATHS]


def _description(gift: PublicGift) -> str:
    given = f"{gift.donor_name}向{gift.agency_name}捐赠{_what(gift)}，{_use(gift.restricted_to)}。"
    changes = (
        f"自{change.changed_on.isoformat()}起，其中{_yuan(change.amount)}元改为"
        f"{_use(change.restricted_to)}。"
        for change in gift.changes
    )
    return given + "".join(changes)


def _use(purpose: str | None) -> str:
    return "未限定用途" if purpose is None else f"用于{purpose}"


def _yuan(amount: Money) -> str:
    return text_from_minor(amount.amount_minor)


def _what(gift: PublicGift) -> str:
    match gift.kind:
        case DonationKind.CASH:
            return "资金"
        case DonationKind.IN_KIND:
            if gift.goods is None:
                return "实物（金额为其公允价值）"
            return f"{gift.goods} {_plain(gift.quantity)} {gift.unit}（金额为其公允价值）"
        case DonationKind.SERVICE:
            return f"服务 {_plain(gift.hours)} 小时（金额为小时数乘以捐赠人的小时费率）"
        case _:
            assert_never(gift.kind)


def _plain(quantity: Decimal | None) -> str:
    """Without the zeros that the column adds."""
    assert quantity is not None, "it says how much"
    text = f"{quantity:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(amount_minor: int) -> float:
    # 360Giving wants a number. Below 10^13 fen, its shortest text has the same two decimals.
    return amount_minor / MINOR_PER_MAJOR


def _cell(grant: Json, path: str) -> str:
    value: Any = grant
    for step in path.split("/"):
        value = _part(value, step)
    match value:
        case None:
            return ""
        case float():
            return f"{value:.2f}"
        case _:
            return str(value)


def _part(value: Any, step: str) -> Any:
    """None where there is no such part."""
    if value is None:
        return None
    return value[int(step)] if step.isdigit() else value.get(step)
