"""What has no receipt waits for its agency."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.testing.donations import (
    AGENCY,
    ENTERPRISE,
    GOODS,
    PROVED_GOODS,
    SERVICE,
    insert_donation,
)
from fundmix_events.roles import Role
from fundmix_kit.clock import SystemClock
from fundmix_kit.testing.api import Api, Caller

TODAY: Final = SystemClock().today()


async def a_donation(api: Api, **columns: Any) -> UUID:
    async with api.database.transaction() as connection:
        return await insert_donation(connection, **columns)


async def issue(treasurer: Caller, donation_id: UUID) -> dict[str, Any]:
    drafted = await treasurer.post("/v1/receipts", {"donation_id": str(donation_id)})
    path = f"/v1/receipts/{drafted.json()['receipt_id']}/issue"
    return (await treasurer.post(path, {})).json()


async def todo(caller: Caller) -> list[str]:
    items = (await caller.get("/v1/todo")).json()["items"]
    return [item["id"] for item in items if item["action"] == "issue_receipt"]


async def test_what_has_no_receipt_waits_for_its_agency(api: Api, treasurer: Caller) -> None:
    lately = {"given_on": TODAY, "received_on": TODAY}
    earlier = TODAY - timedelta(days=90)
    waiting = [
        str(await a_donation(api, given_on=earlier, received_on=earlier)),
        str(await a_donation(api, **PROVED_GOODS, **lately)),
    ]
    issued = await issue(treasurer, await a_donation(api, **lately))
    await a_donation(api)
    await a_donation(api, **lately, agency="52441900DNF0KCB4UQ")
    for columns in (GOODS, SERVICE, {"is_sponsorship": True}, {"refunded_minor": 100_000}):
        await a_donation(api, **lately, **columns)

    before = await todo(treasurer)
    await treasurer.post(f"/v1/receipts/{issued['receipt_id']}/withdraw", {"reason": "wrong"})
    after = await todo(treasurer)

    assert before == waiting
    assert after == [*waiting, issued["donation_id"]]
    assert await todo(api.caller(Role.DONOR, org=ENTERPRISE)) == []


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_what_waits_is_listed_page_by_page(api: Api, treasurer: Caller, limit: int) -> None:
    waiting = [
        str(await a_donation(api, given_on=TODAY, received_on=TODAY, agency=AGENCY))
        for _ in range(5)
    ]

    found: list[str] = []
    path: str | None = f"/v1/todo?limit={limit}"
    while path is not None:
        page = await treasurer.get(path)
        found += [item["id"] for item in page.json()["items"]]
        path = page.links["next"]["url"] if "next" in page.links else None

    assert found == waiting
