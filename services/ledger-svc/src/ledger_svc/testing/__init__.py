"""The books in a test: what persons decide over HTTP, and what comes of it in the journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fundmix_events.roles import Role
from fundmix_events.testing.samples import AGENCY
from fundmix_kit.outbox import OutboxSource
from fundmix_kit.quarantine import Incoming
from fundmix_kit.relay import Outgoing
from fundmix_kit.testing.api import Api, Caller, Response
from fundmix_kit.testing.inlet import Inlet

from ledger_svc.apply import Prepared

ROWS_MAX: Final = 10_000

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """Of one ledger: `inlet` stands for the broker between its outbox and its consumer."""

    api: Api
    inlet: Inlet[Prepared]

    def accountant(self, agency: str = AGENCY) -> Caller:
        """Who prepares."""
        return self.api.caller(Role.AGENCY, org=agency, sub="accountant")

    def reviewer(self, agency: str = AGENCY) -> Caller:
        return self.api.caller(Role.AGENCY, org=agency, sub="reviewer")

    def auditor(self) -> Caller:
        return self.api.caller(Role.AUDITOR)

    async def decide(self, path: str, terms: Json) -> Response:
        """Prepared by one person, approved by another; not posted yet."""
        agency = terms["agency"]
        prepared = await self.accountant(agency).post(path, terms)
        assert prepared.is_success, prepared.text
        path = f"/v1/requests/{prepared.json()['request_id']}/approve"
        return await self.reviewer(agency).post(path, None)

    async def enter(self, path: str, terms: Json) -> Json:
        """Prepared, approved and posted."""
        answer = await self.decide(path, terms)
        assert answer.is_success, answer.text
        await self.post_decided()
        return answer.json()

    async def close(self, through: int) -> Json:
        officer = self.api.caller(Role.FINANCE_OFFICER, org="11441900AHP4983MNR", sub="officer")
        other = self.api.caller(Role.FINANCE_OFFICER, org="11441900AHP4983MNR", sub="other")
        prepared = await officer.post("/v1/closes", {"through": through})
        assert prepared.is_success, prepared.text
        path = f"/v1/closes/{prepared.json()['request_id']}/approve"
        answer = await other.post(path, None)
        assert answer.is_success, answer.text
        await self.post_decided()
        return answer.json()

    async def post_decided(self) -> Sequence[Incoming]:
        """What the relay and the consumer do with what was decided."""
        async with self.api.database.session() as connection:
            found = await OutboxSource().fresh(connection, rows_max=ROWS_MAX)
        messages = [_incoming(row) for row in found]
        await self.inlet.deliver(messages)
        return messages


def an_expenditure(amount: str = "300.00", **changes: Any) -> Json:
    usual: Json = {
        "agency": AGENCY,
        "reference": f"EX-{amount}",
        "fund_code": "general",
        "code": "expenses:programme",
        "spent_on": "2024-12-30",
        "amount": cny(amount),
    }
    return usual | changes


def an_income(amount: str = "800.00", **changes: Any) -> Json:
    usual: Json = {
        "agency": AGENCY,
        "reference": f"IN-{amount}",
        "channel": "own",
        "code": "income:service",
        "received_on": "2024-06-03",
        "amount": cny(amount),
    }
    return usual | changes


def a_leg(code: str, amount: str, **changes: Any) -> Json:
    return {"code": code, "channel": "own", "amount": cny(amount)} | changes


def a_manual_entry(*legs: Json, **changes: Any) -> Json:
    """Wages that are owed, unless there are other legs."""
    usual: Json = {
        "agency": AGENCY,
        "reference": "ME-1",
        "occurred_on": "2024-06-30",
        "value_on": "2024-06-30",
        "legs": list(legs)
        or [
            a_leg("expenses:management", "120.00"),
            a_leg("liabilities:payroll_tax", "-120.00"),
        ],
    }
    return usual | changes


def an_opening_balance(*legs: Json, **changes: Any) -> Json:
    """Cash of the general fund, unless there are other legs."""
    usual: Json = {
        "agency": AGENCY,
        "reference": "OB",
        "opened_on": "2024-01-01",
        "legs": list(legs)
        or [
            a_leg("assets:bank", "9000.00", channel="other"),
            a_leg("net_assets:unrestricted", "-9000.00", channel="other"),
        ],
    }
    return usual | changes


def a_reversal(seq: int, **changes: Any) -> Json:
    usual: Json = {
        "agency": AGENCY,
        "reference": f"RV-{seq}",
        "seq": seq,
        "reason": "重复入账",
    }
    return usual | changes


def cny(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def _incoming(row: Outgoing) -> Incoming:
    return Incoming(
        topic=row.topic,
        partition=row.partition,
        offset=row.number - 1,
        number=row.number,
        key=row.key,
        headers=list(row.headers),
        value=row.value,
    )
