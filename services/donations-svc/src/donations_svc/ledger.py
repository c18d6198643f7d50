"""The ledger, as donations-svc asks it: it alone knows what is left of a gift.

Calls are made in the caller's own name, with the token that came with the request.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import httpx2
from fundmix_events.money import Money
from fundmix_kit.ids import uuid7
from fundmix_kit.problems import ProblemError
from pydantic import BaseModel

from donations_svc.domain.errors import (
    HoldMissingError,
    LedgerUnavailableError,
    MoreThanLeftError,
    ReferenceTakenError,
)

HOLDS_MAX: Final = 1_000
RELEASE: Final = "/v1/holds/release"
INSUFFICIENT: Final = "insufficient_funds"
CONFLICT: Final = "hold_conflict"
NOT_POSTED: Final = "lot_not_posted"
NOT_FOUND: Final = "hold_not_found"
PASSING: Final = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldRequest:
    """`amount` of one lot, from a day on, set aside under an id of this service."""

    hold_id: UUID
    lot_id: UUID
    agency: str
    restricted_to: str | None
    amount: Money
    effective_on: date
    purpose: str
    document: str

    @property
    def fund_code(self) -> str:
        return "general" if self.restricted_to is None else f"purpose:{self.restricted_to}"


class GiftTotal(BaseModel):
    """A donor's money in one fund of an agency, by value date.

    `left` is `left_before`, `given` and `moved`, less `refunded`, `reversed` and what was `used`,
    by code of the expense. `is_pooled`: others gave to the fund as well, and what it was used for
    is split among its gifts, oldest money first; else it is exact.
    """

    agency: str
    fund_code: str
    channel: str
    is_pooled: bool
    left_before: Money
    given: Money
    moved: Money
    refunded: Money
    reversed: Money
    used: dict[str, Money]
    left: Money


class Ledger:
    """Asks over HTTP; `authorization` is the header of whoever wants it."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def hold(self, authorization: str, hold: HoldRequest) -> date:
        """Set aside, once: asking again answers the same. The answer is the day it is held from.

        Raises MoreThanLeftError, ReferenceTakenError, HoldMissingError, LedgerUnavailableError.
        """
        body = _hold_body(hold) | {"purpose": hold.purpose, "lots": [str(hold.lot_id)]}
        answer = await self._ask("PUT", f"/v1/holds/{hold.hold_id}", authorization, body)
        if answer["state"] != "held":
            raise HoldMissingError(f"what was held for {hold.document} is {answer['state']}")
        return date.fromisoformat(answer["effective_on"])

    async def hold_all(self, authorization: str, holds: Sequence[HoldRequest]) -> None:
        """Set aside at most HOLDS_MAX lots, all or none. Raises as `hold`."""
        body = {
            "purpose": holds[0].purpose,
            "holds": [
                _hold_body(hold) | {"hold_id": str(hold.hold_id), "lot_id": str(hold.lot_id)}
                for hold in holds
            ],
        }
        await self._ask("POST", "/v1/holds", authorization, body)

    async def release(self, authorization: str, hold_ids: Sequence[UUID]) -> None:
        """Give back; again is no error. Raises LedgerUnavailableError."""
        for start in range(0, len(hold_ids), HOLDS_MAX):
            body = {"hold_ids": [str(h) for h in hold_ids[start : start + HOLDS_MAX]]}
            await self._ask("POST", RELEASE, authorization, body)

    async def gift_totals(
        self, authorization: str, *, donor: str, agency: str | None, year: int
    ) -> list[GiftTotal]:
        """What a year made of a donor's money. Raises LedgerUnavailableError."""
        query = {"donor": donor, "year": str(year)} | ({"agency": agency} if agency else {})
        answer = await self._ask("GET", "/v1/gift-totals", authorization, query=query)
        return [GiftTotal.model_validate(total) for total in answer["totals"]]

    async def _ask(
        self,
        method: str,
        path: str,
        authorization: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        headers = {"Authorization": authorization, "Idempotency-Key": str(uuid7())}
        try:
            answer = await self._client.request(
                method, path, json=body, params=query, headers=headers
            )
        except httpx2.TransportError as error:
            raise LedgerUnavailableError("the ledger does not answer; try again") from error
        if answer.is_success:
            return answer.json()
        if path == RELEASE and _problem(answer).get("code") == NOT_FOUND:
            # A ledger that was restored may not know of it: then nothing is held.
            return {"holds": 0}
        raise _refusal(answer)


def _hold_body(hold: HoldRequest) -> dict[str, Any]:
    return {
        "agency": hold.agency,
        "fund_code": hold.fund_code,
        "amount": hold.amount.model_dump(),
        "effective_on": hold.effective_on.isoformat(),
        "document": hold.document,
    }


def _refusal(answer: httpx2.Response) -> Exception:
    """What the ledger's refusal is here; one that this service has caused itself is a fault."""
    problem = _problem(answer)
    code, detail = problem.get("code"), str(problem.get("detail"))
    if code is None or answer.status_code in PASSING:
        return LedgerUnavailableError("the ledger cannot answer now; try again")
    if code == NOT_POSTED:
        return LedgerUnavailableError("the ledger has not posted the donation yet; try again")
    if code == INSUFFICIENT:
        return MoreThanLeftError(detail, pointer="/amount")
    if code == CONFLICT:
        return ReferenceTakenError(
            "the ledger has set aside something else under that reference", pointer="/reference"
        )
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return ProblemError(HTTPStatus(answer.status_code), str(code), detail)
    raise AssertionError(f"the ledger refuses: {answer.status_code} {code} {detail}")


def _problem(answer: httpx2.Response) -> dict[str, Any]:
    """Empty where somebody else has answered, who says nothing of problems."""
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return {}
    try:
        return answer.json()
    except ValueError:
        return {}
