"""donations-svc and ledger-svc beside one another: what one says, the other posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import httpx2
from fastapi import FastAPI
from fundmix_kit.ids import uuid7
from fundmix_kit.outbox import OutboxSource
from fundmix_kit.quarantine import Incoming
from fundmix_kit.relay import Outgoing
from fundmix_kit.testing.api import Api, Caller
from ledger_svc.testing import Books, cny

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"
MEAL: Final = "长者助餐"
CHILDREN: Final = "困境儿童关爱"
ROWS_MAX: Final = 10_000

Json = dict[str, Any]


class Wire(httpx2.AsyncBaseTransport):
    """Between donations-svc and the ledger; it can be cut."""

    def __init__(self, ledger: FastAPI) -> None:
        self._transport = httpx2.ASGITransport(ledger)
        self.is_cut = False

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self.is_cut:
            raise httpx2.ConnectError("the wire is cut", request=request)
        return await self._transport.handle_async_request(request)


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    donations: Api
    books: Books
    wire: Wire

    @property
    def treasurer(self) -> Caller:
        return self.donations.caller("agency", org=AGENCY, sub="treasurer")

    @property
    def donor(self) -> Caller:
        return self.donations.caller("donor", org=ENTERPRISE, sub="giver")

    async def follow(self) -> None:
        """The ledger posts all that was said, there and with itself."""
        async with self.donations.database.transaction() as connection:
            said = await OutboxSource().fresh(connection, rows_max=ROWS_MAX)
        await self.books.inlet.deliver(incoming_of(said))
        await self.books.post_decided()

    async def give(self, amount: str = "100.00", **changes: Any) -> Json:
        """A donation that has come and is posted."""
        answer = await self.treasurer.post("/v1/donations", a_donation(amount, **changes))
        assert answer.is_success, answer.text
        await self.follow()
        return answer.json()

    async def spend(self, amount: str, fund_code: str = "general") -> httpx2.Response:
        """Approved by the second person, if the fund has it; not posted yet."""
        terms: Json = {
            "agency": AGENCY,
            "reference": str(uuid7()),
            "fund_code": fund_code,
            "code": "expenses:programme",
            "spent_on": "2025-12-30",
            "amount": cny(amount),
        }
        prepared = await self.books.accountant(AGENCY).post("/v1/expenditures", terms)
        if not prepared.is_success:
            return prepared
        path = f"/v1/requests/{prepared.json()['request_id']}/approve"
        return await self.books.reviewer(AGENCY).post(path, None)

    async def ask_back(self, donation: Json, amount: str, **changes: Any) -> httpx2.Response:
        return await self.treasurer.post("/v1/refunds", a_refund(donation, amount, **changes))

    async def pay_back(self, refund: Json) -> httpx2.Response:
        body = {"refunded_on": refund["held_on"], "bank_reference": str(uuid4())}
        return await self.treasurer.post(f"/v1/refunds/{refund['refund_id']}/pay", body)

    async def lots(self, fund_code: str = "general", agency: str = AGENCY) -> list[Json]:
        answer = await self.books.auditor().get("/v1/lots", agency=agency, fund_code=fund_code)
        return answer.json()["items"]

    async def left(self, fund_code: str = "general") -> list[str]:
        return [lot["left"]["amount"] for lot in await self.lots(fund_code)]

    async def mix(self, year: int) -> str:
        answer = await self.books.auditor().get("/v1/mix", year=year)
        return answer.json()["received_total"]


def a_donation(amount: str = "100.00", **changes: Any) -> Json:
    usual: Json = {
        "reference": str(uuid7()),
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": cny(amount),
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
    }
    return usual | changes


def a_refund(donation: Json, amount: str, **changes: Any) -> Json:
    usual: Json = {
        "reference": str(uuid7()),
        "donation_id": donation["donation_id"],
        "amount": cny(amount),
        "reason": "left_over",
    }
    return usual | changes


def a_change(donation: Json, amount: str, purpose: str | None, **changes: Any) -> Json:
    usual: Json = {
        "reference": str(uuid7()),
        "donation_id": donation["donation_id"],
        "amount": cny(amount),
        "new_restricted_to": purpose,
        "basis": "donor_consent",
        "consented_on": "2025-06-01",
        "document_sha256": "0" * 64,
        "changed_on": "2025-06-02",
    }
    return usual | changes


def incoming_of(said: Sequence[Outgoing]) -> list[Incoming]:
    return [
        Incoming(
            topic=event.topic,
            partition=event.partition,
            offset=event.number - 1,
            number=event.number,
            key=event.key,
            headers=list(event.headers),
            value=event.value,
        )
        for event in said
    ]
