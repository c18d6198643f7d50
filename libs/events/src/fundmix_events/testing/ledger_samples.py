"""What two persons have decided, for tests: a builder gives what an event must have."""

from datetime import date
from typing import Any
from uuid import uuid4

from fundmix_events.channel import Channel
from fundmix_events.goals import Basis, GoalState, GoalStatusChanged
from fundmix_events.ledger import AccountCode, LotMovement, PeriodClosed, Source
from fundmix_events.ledger_requests import (
    CloseApproved,
    ExpenditureApproved,
    IncomeApproved,
    ManualEntryApproved,
    OpeningBalanceApproved,
    ReversalApproved,
)
from fundmix_events.money import Money
from fundmix_events.testing.samples import AGENCY, POSTED_AT, a_posting
from fundmix_events.topics import LEDGER_REQUESTS


def period_closed(through: int = 202405, **changes: Any) -> PeriodClosed:
    usual: dict[str, Any] = {
        "aggregate_version": 1,
        "seq": 2,
        "event_id": uuid4(),
        "source": Source(topic=LEDGER_REQUESTS, partition=0, number=1),
        "posted_at": POSTED_AT,
        "payload_sha256": "0" * 64,
        "through": through,
        "accounts": 2,
        "totals_sha256": "0" * 64,
    }
    return PeriodClosed(**(usual | changes))


def expenditure_approved(amount: str = "300.00", **changes: Any) -> ExpenditureApproved:
    """Out of one lot of the general fund, unless `draws` and `advance` say otherwise."""
    usual: dict[str, Any] = {
        "fund_code": "general",
        "code": AccountCode.PROGRAMME_EXPENSES,
        "spent_on": date(2024, 6, 30),
        "amount": Money.parse(amount),
        "draws": (a_lot_movement(amount, fund_code=changes.get("fund_code", "general")),),
        "advance": Money.of(0),
        "advance_channel": Channel.OTHER,
        "hold_id": uuid4(),
    }
    return ExpenditureApproved(**(_request("EX-2024-1") | usual | changes))


def income_approved(amount: str = "800.00", **changes: Any) -> IncomeApproved:
    usual: dict[str, Any] = {
        "fund_code": "general",
        "channel": Channel.GOVERNMENT,
        "code": AccountCode.SUBSIDY_INCOME,
        "received_on": date(2024, 6, 3),
        "amount": Money.parse(amount),
    }
    return IncomeApproved(**(_request("IN-2024-1") | usual | changes))


def manual_entry_approved(amount: str = "120.00", **changes: Any) -> ManualEntryApproved:
    """Wages that are owed."""
    usual: dict[str, Any] = {
        "occurred_on": date(2024, 6, 30),
        "value_on": date(2024, 6, 30),
        "postings": (
            a_posting(AccountCode.MANAGEMENT_EXPENSES, amount, Channel.OWN),
            a_posting(AccountCode.PAYROLL_TAX, f"-{amount}", Channel.OWN),
        ),
    }
    return ManualEntryApproved(**(_request("ME-2024-1") | usual | changes))


def opening_balance_approved(amount: str = "9000.00", **changes: Any) -> OpeningBalanceApproved:
    """Cash of the general fund."""
    usual: dict[str, Any] = {
        "occurred_on": date(2024, 1, 1),
        "value_on": date(2024, 1, 1),
        "postings": (
            a_posting(AccountCode.BANK, amount, Channel.OTHER),
            a_posting(AccountCode.UNRESTRICTED, f"-{amount}", Channel.OTHER),
        ),
        "lots": (a_lot_movement(amount, channel=Channel.OTHER),),
    }
    return OpeningBalanceApproved(**(_request("OB-2024") | usual | changes))


def reversal_approved(amount: str = "120.00", **changes: Any) -> ReversalApproved:
    """Of the manual entry."""
    usual: dict[str, Any] = {
        "occurred_on": date(2024, 7, 1),
        "value_on": date(2024, 6, 30),
        "postings": (
            a_posting(AccountCode.MANAGEMENT_EXPENSES, f"-{amount}", Channel.OWN),
            a_posting(AccountCode.PAYROLL_TAX, amount, Channel.OWN),
        ),
        "corrects": uuid4(),
        "corrects_kind": ManualEntryApproved.type,
        "reason": "重复入账",
    }
    return ReversalApproved(**(_request("RV-2024-1") | usual | changes))


def close_approved(through: int = 202405, **changes: Any) -> CloseApproved:
    usual: dict[str, Any] = {
        "aggregate_version": 2,
        "request_id": uuid4(),
        "prepared_by": "officer-17",
        "through": through,
    }
    return CloseApproved(**(usual | changes))


def goal_status_changed(**changes: Any) -> GoalStatusChanged:
    """The city's first status."""
    usual: dict[str, Any] = {
        "aggregate_version": 1,
        "goal_id": uuid4(),
        "goal_version": 1,
        "agency": None,
        "year": 2024,
        "basis": Basis.RECEIVED,
        "was": None,
        "status": GoalState.MISSED,
        "on": date(2024, 6, 30),
        "seq": 47,
    }
    return GoalStatusChanged(**(usual | changes))


def a_lot_movement(amount: str, **changes: Any) -> LotMovement:
    usual: dict[str, Any] = {
        "lot_id": uuid4(),
        "fund_code": "general",
        "channel": Channel.FOUNDATION,
        "amount": Money.parse(amount),
    }
    return LotMovement(**(usual | changes))


def _request(reference: str) -> dict[str, Any]:
    return {
        "aggregate_version": 2,
        "request_id": uuid4(),
        "prepared_by": "accountant-3",
        "agency": AGENCY,
        "reference": reference,
    }
