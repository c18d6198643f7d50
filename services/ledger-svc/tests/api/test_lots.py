"""Lots over HTTP: what was received and used of each says why."""

from typing import Any
from uuid import uuid4

from fundmix_events.testing import gift_samples, ledger_samples, samples
from fundmix_events.testing.ledger_samples import a_lot_movement
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.testing.api import Api, Caller
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.testing.reasons import hold_figures


async def ask(caller: Caller, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await caller.get(path, **parameters)
    assert answer.is_success, answer.text
    return answer.json()


async def test_what_was_received_and_used_of_a_lot_names_its_entries(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    lot_id = uuid4()
    part = a_lot_movement("30.00", lot_id=lot_id)
    await inlet.post(
        samples.donation_received("100.00", donation_id=lot_id),
        ledger_samples.expenditure_approved("30.00", draws=(part,)),
        ledger_samples.expenditure_approved("30.00", draws=(part,)),
        gift_samples.donation_refunded("10.00", donation_id=lot_id, lot_id=lot_id),
    )
    auditor, of_fund = api.caller("auditor"), {"agency": AGENCY, "fund_code": "general"}
    foreign = {"agency": OTHER_AGENCY, "lot_id": str(lot_id), "side": "received"}

    (lot,) = (await ask(auditor, "/v1/lots", **of_fund))["items"]
    came, used = [await ask(auditor, path) for (path,) in lot["why"].values()]
    of_another = await ask(auditor, "/v1/lot-movements", **foreign)

    assert await hold_figures(auditor, lot) == 2
    assert [item["amount"] for item in came["items"]] == ["100.00", "-10.00"]
    assert [item["amount"] for item in used["items"]] == ["30.00", "30.00"]
    assert used["items"][0]["rule"]["en"].startswith("Money is used oldest first")
    assert (of_another["sum"], of_another["items"]) == ("0.00", [])
