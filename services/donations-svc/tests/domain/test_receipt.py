"""Receipts: which donations get one, what it shows, and how it comes and goes."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.domain import receipt as rules
from donations_svc.domain.donor_names import HIDDEN, KIND_PERSON, donor_name_on_receipt, masked
from donations_svc.domain.errors import (
    DonationsError,
    NoReceiptForRefundedError,
    NoReceiptForReversedError,
    NoReceiptForServiceError,
    NoReceiptForSponsorshipError,
    NoReceiptWhileRefundingError,
    NoReceiptWithoutProofError,
    ReceiptExistsError,
    ReceiptNotDraftError,
    ReceiptWithdrawnError,
)
from donations_svc.domain.receipt import (
    Issue,
    KeptFor,
    Receipt,
    ReceiptState,
    ReceivedDonation,
    Snapshot,
    Withdrawal,
    WithdrawalReason,
)
from fundmix_events.donations import DonationKind, Donor, DonorKind, Goods, ProofKind
from fundmix_events.money import Money
from fundmix_events.registry import Organisation, OrganisationKind

AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
REGISTER: Final = {
    AGENCY: Organisation(code=AGENCY, name="阳光社工", kind=OrganisationKind.AGENCY),
    ENTERPRISE: Organisation(
        code=ENTERPRISE, name="东莞市大朗针织有限公司", kind=OrganisationKind.ENTERPRISE
    ),
}
NOW: Final = datetime(2026, 3, 5, 8, tzinfo=UTC)
TODAY: Final = date(2026, 3, 5)
PERSON: Final = Donor(kind=DonorKind.INDIVIDUAL)
COMPANY: Final = Donor(kind=DonorKind.ENTERPRISE, code=ENTERPRISE)
GOODS: Final = Goods(description="护理床", quantity=Decimal(12), unit="张")


def a_donation(**changes: Any) -> ReceivedDonation:
    usual: dict[str, Any] = {
        "donation_id": UUID(int=1),
        "reference": "D-1",
        "agency": AGENCY,
        "donor": COMPANY,
        "is_anonymous": False,
        "kind": DonationKind.CASH,
        "amount": Money.parse("1000.00"),
        "refunded": Money.parse("0.00"),
        "restricted_to": None,
        "given_on": TODAY,
        "received_on": TODAY,
        "bank_reference": "B-1",
        "goods": None,
        "is_sponsorship": False,
        "is_reversed": False,
        "is_refunding": False,
    }
    usual |= changes
    kept = KeptFor(restricted_to=usual["restricted_to"], amount=Money.parse("1000.00"))
    usual.setdefault("kept_for", (kept,))
    return ReceivedDonation(**usual)


def a_snapshot(donation: ReceivedDonation | None = None) -> Snapshot:
    return rules.snapshot_of(
        donation or a_donation(),
        register=REGISTER,
        number=rules.receipt_number(AGENCY, year=2026, sequence=12),
        official_bill=None,
        handler=None,
        replaces=None,
        issued_on=TODAY,
        check_code="C",
        check_url="https://example.org",
    )


AN_ISSUE: Final = Issue(year=2026, sequence=12, at=NOW, by="treasurer", snapshot=a_snapshot())
A_WITHDRAWAL: Final = Withdrawal(
    on=TODAY, at=NOW, by="treasurer", reason=WithdrawalReason.WRONG, remark=None
)


def a_draft() -> Receipt:
    return Receipt(
        receipt_id=UUID(int=2),
        version=1,
        donation_id=UUID(int=1),
        agency=AGENCY,
        donor_code=ENTERPRISE,
        official_bill=None,
        handler=None,
        drafted_by="treasurer",
        drafted_at=NOW,
    )


def issue(receipt: Receipt) -> Receipt:
    return rules.issue_receipt(receipt, AN_ISSUE)


def withdraw(receipt: Receipt) -> Receipt:
    return rules.withdraw_receipt(receipt, A_WITHDRAWAL)


IN_STATE: Final[dict[str, Callable[[], Receipt]]] = {
    "draft": a_draft,
    "issued": lambda: issue(a_draft()),
    "withdrawn": lambda: withdraw(issue(a_draft())),
    "withdrawn draft": lambda: withdraw(a_draft()),
}


@pytest.mark.parametrize(
    ("state", "act", "then"),
    [
        ("draft", issue, ReceiptState.ISSUED),
        ("draft", withdraw, ReceiptState.WITHDRAWN),
        ("issued", issue, ReceiptNotDraftError),
        ("issued", withdraw, ReceiptState.WITHDRAWN),
        ("withdrawn", issue, ReceiptNotDraftError),
        ("withdrawn", withdraw, ReceiptWithdrawnError),
        ("withdrawn draft", issue, ReceiptNotDraftError),
        ("withdrawn draft", withdraw, ReceiptWithdrawnError),
    ],
)
def test_each_state_leads_only_where_it_may(
    state: str, act: Callable[[Receipt], Receipt], then: ReceiptState | type[DonationsError]
) -> None:
    before = IN_STATE[state]()

    if isinstance(then, ReceiptState):
        after = act(before)
        assert (after.state, after.version) == (then, before.version + 1)
    else:
        with pytest.raises(then):
            act(before)


def test_a_withdrawn_receipt_keeps_its_number() -> None:
    assert withdraw(issue(a_draft())).number == "52441900AJC6XAY6DW-2026-000012"


def test_a_draft_has_no_number() -> None:
    assert a_draft().number is None


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"kind": DonationKind.SERVICE}, NoReceiptForServiceError),
        ({"is_sponsorship": True}, NoReceiptForSponsorshipError),
        ({"is_reversed": True}, NoReceiptForReversedError),
        ({"refunded": Money.parse("1000.00")}, NoReceiptForRefundedError),
        ({"is_refunding": True}, NoReceiptWhileRefundingError),
        ({"kind": DonationKind.IN_KIND}, NoReceiptWithoutProofError),
        ({"kind": DonationKind.IN_KIND, "goods": GOODS}, NoReceiptWithoutProofError),
    ],
)
def test_some_donations_have_no_receipt(
    changes: dict[str, Any], error: type[DonationsError]
) -> None:
    with pytest.raises(error) as refusal:
        rules.check_receiptable(a_donation(**changes))

    assert refusal.value.pointer == "/donation_id"


@pytest.mark.parametrize("proof", ProofKind)
def test_goods_of_proved_value_have_a_receipt(proof: ProofKind) -> None:
    goods = GOODS.model_copy(update={"proof_kind": proof})

    rules.check_receiptable(a_donation(kind=DonationKind.IN_KIND, goods=goods))


def test_a_donation_with_an_open_receipt_gets_no_other() -> None:
    for open_one in (a_draft(), issue(a_draft())):
        with pytest.raises(ReceiptExistsError):
            rules.check_none_stands(open_one)
    rules.check_none_stands(None)


def test_a_receipt_is_about_what_was_not_given_back() -> None:
    shown = a_snapshot(a_donation(refunded=Money.parse("400.01")))

    assert shown.amount == Money.parse("599.99")
    assert shown.amount_in_words == "人民币伍佰玖拾玖元玖角玖分"
    assert (shown.received, shown.refunded) == (Money.parse("1000.00"), Money.parse("400.01"))


def test_a_snapshot_reads_back_as_it_was() -> None:
    shown = a_snapshot(a_donation(kind=DonationKind.IN_KIND, goods=GOODS))

    assert Snapshot.model_validate_json(shown.model_dump_json()) == shown


def test_an_organisation_is_named_as_in_the_register_and_a_person_not_at_all() -> None:
    assert donor_name_on_receipt(COMPANY, REGISTER) == "东莞市大朗针织有限公司"
    assert donor_name_on_receipt(PERSON, REGISTER) == KIND_PERSON


@pytest.mark.parametrize(
    ("donor", "name", "is_anonymous", "shown"),
    [
        (COMPANY, "东莞市大朗针织有限公司", False, "东莞＊＊＊＊公司"),
        (COMPANY, "东莞市大朗针织有限公司", True, HIDDEN),
        (COMPANY, "甲乙丙丁", False, "甲＊＊＊＊"),
        (COMPANY, "甲", False, "甲＊＊＊＊"),
        (PERSON, "张三", False, KIND_PERSON),
        (PERSON, "张三", True, KIND_PERSON),
    ],
)
def test_the_public_is_told_a_part_of_a_name(
    donor: Donor, name: str, *, is_anonymous: bool, shown: str
) -> None:
    assert masked(donor, name, is_anonymous=is_anonymous) == shown
