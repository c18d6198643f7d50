"""Donations as rows, of any kind, for tests that are about what comes after them."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7

AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
RECEIVED_ON: Final = date(2025, 3, 2)

GOODS: Final[dict[str, Any]] = {
    "kind": "in_kind",
    "bank_reference": None,
    "goods": "护理床",
    "quantity": 12,
    "unit": "张",
}
PROVED_GOODS: Final[dict[str, Any]] = {
    **GOODS,
    "proof_kind": "invoice",
    "proof_sha256": "0" * 64,
}
SERVICE: Final[dict[str, Any]] = {
    "kind": "service",
    "bank_reference": None,
    "service": "法律咨询",
    "hours": 8,
    "hourly_rate_minor": 12_500,
}


async def insert_donation(connection: Connection, **columns: Any) -> UUID:
    """1,000.00 of money from an enterprise, but for what is said otherwise."""
    donation_id = uuid7()
    row: dict[str, Any] = {
        "donation_id": donation_id,
        "version": 1,
        "reference": f"D-{donation_id}",
        "donor_kind": "enterprise",
        "donor_code": ENTERPRISE,
        "agency": AGENCY,
        "channel": "enterprise",
        "kind": "cash",
        "amount_minor": 100_000,
        "currency": "CNY",
        "given_on": RECEIVED_ON,
        "received_on": RECEIVED_ON,
        "bank_reference": f"B-{donation_id}",
        "line": 1,
        "is_anonymous": False,
        "is_sponsorship": False,
        "refunded_minor": 0,
        "recorded_by": "treasurer",
        "recorded_at": datetime(2025, 3, 3, tzinfo=UTC),
        **columns,
    }
    places = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await connection.execute(
        f"INSERT INTO donation ({', '.join(row)}) VALUES ({places})",  # noqa: S608  # our own names
        *row.values(),
    )
    return donation_id
