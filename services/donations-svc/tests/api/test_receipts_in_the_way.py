"""What a receipt keeps from happening, and what waits for one."""

from typing import Any, Final
from uuid import UUID

from donations_svc.testing.donations import (
    PROVED_GOODS,
    insert_donation,
)
from donations_svc.testing.imports import a_csv, booked, row
from fundmix_kit.clock import SystemClock
from fundmix_kit.ids import uuid7
from fundmix_kit.testing.api import Api, Caller, Response, refusal

TODAY: Final = SystemClock().today()
YUAN: Final = {"amount": "1.00", "currency": "CNY"}
CHANGE: Final[dict[str, Any]] = {
    "amount": YUAN,
    "new_restricted_to": "长者助餐",
    "basis": "donor_consent",
    "consented_on": "2025-03-03",
    "document_sha256": "0" * 64,
    "changed_on": "2025-03-03",
}


async def a_donation(api: Api, **columns: Any) -> UUID:
    async with api.database.transaction() as connection:
        return await insert_donation(connection, **columns)


async def issue(treasurer: Caller, donation_id: UUID) -> dict[str, Any]:
    drafted = await treasurer.post("/v1/receipts", {"donation_id": str(donation_id)})
    path = f"/v1/receipts/{drafted.json()['receipt_id']}/issue"
    return (await treasurer.post(path, {})).json()


async def ask_refund(treasurer: Caller, donation_id: UUID) -> Response:
    body = {
        "reference": str(uuid7()),
        "donation_id": str(donation_id),
        "amount": YUAN,
        "reason": "left_over",
    }
    return await treasurer.post("/v1/refunds", body)


async def test_nothing_happens_to_a_donation_while_its_receipt_stands(
    api: Api, treasurer: Caller
) -> None:
    donation_id = await a_donation(api, **PROVED_GOODS)
    await issue(treasurer, donation_id)
    change = {**CHANGE, "reference": "P-1", "donation_id": str(donation_id)}

    answers = [
        await ask_refund(treasurer, donation_id),
        await treasurer.post("/v1/purpose-changes", change),
        await treasurer.post(f"/v1/donations/{donation_id}/reverse", {"reason": "twice"}),
    ]

    assert [refusal(answer)[:2] for answer in answers] == [(409, "receipt_stands")] * 3


async def test_when_the_receipt_is_withdrawn_a_refund_goes_on(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api, **PROVED_GOODS)
    issued = await issue(treasurer, donation_id)
    path = f"/v1/receipts/{issued['receipt_id']}/withdraw"

    await treasurer.post(path, {"reason": "refund"})
    refund = await ask_refund(treasurer, donation_id)
    meanwhile = await treasurer.post("/v1/receipts", {"donation_id": str(donation_id)})
    paying = {"refunded_on": TODAY.isoformat()}
    await treasurer.post(f"/v1/refunds/{refund.json()['refund_id']}/pay", paying)
    after = await issue(treasurer, donation_id)

    assert refund.status_code == 201, refund.text
    assert refusal(meanwhile)[:2] == (409, "no_receipt_while_refunding")
    assert after["replaces"] == issued["number"]
    assert after["shown"]["refunded"] == YUAN
    assert after["shown"]["amount"] == {"amount": "999.00", "currency": "CNY"}


async def test_receipts_of_a_batch_are_withdrawn_when_it_is_reversed(treasurer: Caller) -> None:
    goods = {
        "kind": "in_kind",
        "bank_reference": "",
        "goods": "衣物",
        "quantity": "10",
        "unit": "箱",
    }
    proof = {"proof_kind": "invoice", "proof_sha256": "0" * 64}
    batch = await booked(treasurer, a_csv([row(number, **goods, **proof) for number in (1, 2, 3)]))
    donations = (await treasurer.get("/v1/donations")).json()["items"]
    issued = [await issue(treasurer, UUID(gift["donation_id"])) for gift in donations[:2]]

    answer = await treasurer.post(
        f"/v1/donation-imports/{batch['batch_id']}/reverse", {"reason": "the wrong file"}
    )

    assert answer.status_code == 200, answer.text
    for receipt in issued:
        after = (await treasurer.get(f"/v1/receipts/{receipt['receipt_id']}")).json()
        assert (after["state"], after["withdrawal_reason"]) == ("withdrawn", "reversal")
        assert after["number"] == receipt["number"]
