"""What happens to pledges and donations after they were made, for tests: changed where needed."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from fundmix_events.donations import (
    CancellationReason,
    DonationRefunded,
    DonationReversed,
    Goods,
    GoodsStated,
    PledgeCancelled,
    ProofKind,
    PurposeChangeBasis,
    PurposeChanged,
    RefundReason,
)
from fundmix_events.testing.samples import a_gift


def pledge_cancelled(amount: str = "5000.00", **changes: Any) -> PledgeCancelled:
    usual: dict[str, Any] = {
        "pledge_id": uuid4(),
        "cancelled_on": date(2024, 9, 2),
        "reason": CancellationReason.AGREED,
    }
    return PledgeCancelled(**(a_gift(amount) | usual | changes))


def goods_stated(amount: str = "5000.00", **changes: Any) -> GoodsStated:
    usual: dict[str, Any] = {
        "aggregate_version": 2,
        "donation_id": uuid4(),
        "goods": Goods(
            description="护理床",
            quantity=Decimal(12),
            unit="张",
            proof_kind=ProofKind.INVOICE,
            proof_sha256="0" * 64,
        ),
    }
    return GoodsStated(**(a_gift(amount) | usual | changes))


def donation_refunded(amount: str = "5000.00", **changes: Any) -> DonationRefunded:
    donation_id = uuid4()
    usual: dict[str, Any] = {
        "aggregate_version": 2,
        "donation_id": donation_id,
        "lot_id": donation_id,
        "hold_id": uuid4(),
        "refund_id": uuid4(),
        "refunded_on": date(2024, 9, 3),
        "bank_reference": "BR202409001",
        "reason": RefundReason.LEFT_OVER,
    }
    return DonationRefunded(**(a_gift(amount) | usual | changes))


def purpose_changed(amount: str = "5000.00", **changes: Any) -> PurposeChanged:
    donation_id = uuid4()
    usual: dict[str, Any] = {
        "aggregate_version": 2,
        "donation_id": donation_id,
        "lot_id": donation_id,
        "hold_id": uuid4(),
        "change_id": uuid4(),
        "restricted_to": "长者助餐",
        "new_restricted_to": "困境儿童关爱",
        "changed_on": date(2024, 9, 4),
        "basis": PurposeChangeBasis.DONOR_CONSENT,
        "consented_on": date(2024, 9, 1),
        "document_sha256": "0" * 64,
    }
    return PurposeChanged(**(a_gift(amount) | usual | changes))


def donation_reversed(amount: str = "5000.00", **changes: Any) -> DonationReversed:
    donation_id = uuid4()
    usual: dict[str, Any] = {
        "aggregate_version": 2,
        "donation_id": donation_id,
        "lot_id": donation_id,
        "hold_id": uuid4(),
        "received_on": date(2024, 5, 27),
        "reversed_on": date(2024, 9, 5),
        "reason": "录入有误",
    }
    return DonationReversed(**(a_gift(amount) | usual | changes))
