"""Goods that had come before anybody said what they are, or what proves their value."""

from typing import Any, Final

import pytest
from fundmix_events.codec import Body
from fundmix_events.donations import GoodsStated
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"
BEDS: Final[dict[str, Any]] = {"description": "护理床", "quantity": "12", "unit": "张"}
PROOF: Final[dict[str, Any]] = {"proof_kind": "invoice", "proof_sha256": "0" * 64}

Json = dict[str, Any]


def a_gift(**changes: Any) -> Json:
    return {
        "reference": "DN-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "in_kind",
        "amount": {"amount": "28900.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        **changes,
    }


async def received(treasurer: Caller, **changes: Any) -> Json:
    answer = await treasurer.post("/v1/donations", a_gift(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def goods_to_state(caller: Caller) -> list[Json]:
    items = (await caller.get("/v1/todo")).json()["items"]
    return [item for item in items if item["action"] == "state_goods"]


def path_of(gift: Json) -> str:
    return f"/v1/donations/{gift['donation_id']}/goods"


async def test_goods_that_are_proved_later_have_a_receipt(api: Api, treasurer: Caller) -> None:
    gift = await received(treasurer)
    wanted = {"donation_id": gift["donation_id"]}
    before = await treasurer.post("/v1/receipts", wanted)

    stated = await treasurer.put(path_of(gift), BEDS)
    proved = await treasurer.put(path_of(gift), BEDS | PROOF)
    receipt = await treasurer.post("/v1/receipts", wanted)

    assert refusal(before)[:2] == (409, "no_receipt_without_proof")
    assert stated.json()["goods"] == BEDS | {"proof_kind": None, "proof_sha256": None}
    assert proved.json()["goods"] == BEDS | PROOF
    assert receipt.status_code == 201, receipt.text
    _, *said = await api.events()
    events = [Body[GoodsStated].model_validate_json(one.body).data for one in said]
    assert [(e.aggregate_version, e.goods.proof_kind) for e in events] == [
        (2, None),
        (3, "invoice"),
    ]
    shown = (await treasurer.get(f"/v1/donations/{gift['donation_id']}")).json()
    assert (shown["version"], shown["goods"]["proof_sha256"]) == (3, "0" * 64)


@pytest.mark.parametrize(
    ("before", "after", "status", "code", "pointer"),
    [
        (None, BEDS | {"quantity": "0"}, 422, "invalid_request", "/quantity"),
        (None, BEDS | {"proof_kind": "invoice"}, 422, "contradictory_terms", "/proof_sha256"),
        (BEDS, BEDS, 409, "goods_stated", "/proof_kind"),
        (BEDS, BEDS | PROOF | {"quantity": "11"}, 409, "goods_stated", "/quantity"),
        (BEDS, BEDS | PROOF | {"unit": "箱"}, 409, "goods_stated", "/unit"),
        (BEDS | PROOF, BEDS | PROOF, 409, "goods_stated", "/proof_kind"),
    ],
)
async def test_what_was_said_of_goods_stays(
    api: Api,
    treasurer: Caller,
    before: Json | None,
    after: Json,
    status: int,
    code: str,
    pointer: str,
) -> None:
    gift = await received(treasurer, goods=before)

    async with nothing_written(api.database):
        answer = await treasurer.put(path_of(gift), after)

    assert refusal(answer) == (status, code, {pointer: refusal(answer).errors[pointer]})


async def test_goods_without_a_proof_wait_for_their_agency(api: Api, treasurer: Caller) -> None:
    bare = await received(treasurer)
    described = await received(treasurer, reference="DN-2", goods=BEDS)
    await received(treasurer, reference="DN-3", goods=BEDS | PROOF)
    await received(treasurer, reference="DN-4", kind="cash", bank_reference="B-4")
    undone = await received(treasurer, reference="DN-5")
    await treasurer.post(f"/v1/donations/{undone['donation_id']}/reverse", {"reason": "录入有误"})

    before = await goods_to_state(treasurer)
    of_donor = await goods_to_state(api.caller("donor", org=ENTERPRISE))
    of_other = await goods_to_state(api.caller("agency", org=OTHER_AGENCY))
    await treasurer.put(path_of(bare), BEDS)
    after_a_description = await goods_to_state(treasurer)
    await treasurer.put(path_of(bare), BEDS | PROOF)
    after_a_proof = await goods_to_state(treasurer)

    waiting = [bare["donation_id"], described["donation_id"]]
    assert [item["id"] for item in before] == waiting
    assert (before[0]["subject"], before[0]["since"]) == ("goods", "2025-03-02")
    assert before[0]["amount"] == bare["amount"]
    assert (of_donor, of_other) == ([], [])
    assert [item["id"] for item in after_a_description] == waiting
    assert [item["id"] for item in after_a_proof] == waiting[1:]


async def test_goods_without_a_proof_are_listed_apart(api: Api, treasurer: Caller) -> None:
    bare = await received(treasurer)
    await received(treasurer, reference="DN-2", goods=BEDS | PROOF)
    described = await received(treasurer, reference="DN-3", goods=BEDS)
    auditor = api.caller("auditor")

    listed = await auditor.get("/v1/donations", unproved="true")
    second = await auditor.get("/v1/donations", unproved="true", reference="DN-3")
    of_other = await auditor.get("/v1/donations", unproved="true", agency=OTHER_AGENCY)
    everything = await auditor.get("/v1/donations", unproved="false")

    assert [d["donation_id"] for d in listed.json()["items"]] == [
        bare["donation_id"],
        described["donation_id"],
    ]
    assert [d["donation_id"] for d in second.json()["items"]] == [described["donation_id"]]
    assert of_other.json()["items"] == []
    assert len(everything.json()["items"]) == 3


async def test_only_goods_that_stand_are_stated(api: Api, treasurer: Caller) -> None:
    money = await received(treasurer, kind="cash", bank_reference="B-1")
    wrong = await received(treasurer, reference="DN-2")
    undone = await treasurer.post(
        f"/v1/donations/{wrong['donation_id']}/reverse", {"reason": "录入有误"}
    )
    assert undone.is_success, undone.text

    async with nothing_written(api.database):
        of_money = await treasurer.put(path_of(money), BEDS)
        of_nothing = await treasurer.put(path_of(wrong), BEDS)

    assert refusal(of_money)[:2] == (422, "contradictory_terms")
    assert refusal(of_nothing)[:2] == (409, "donation_reversed")


async def test_its_agency_alone_states_goods_and_has_seen_them(api: Api, treasurer: Caller) -> None:
    gift = await received(treasurer)
    other = api.caller("agency", org=OTHER_AGENCY)

    async with nothing_written(api.database):
        foreign = await other.put(path_of(gift), BEDS)
        stale = await treasurer.put(path_of(gift), BEDS, headers={"If-Match": '"7"'})

    assert refusal(foreign)[:2] == (403, "foreign_row")
    assert refusal(stale)[:2] == (412, "version_mismatch")


async def test_what_is_published_is_as_new_as_what_was_said(api: Api, treasurer: Caller) -> None:
    gift = await received(treasurer)
    [before] = (await api.client.get("/v1/public/360giving.json")).json()["grants"]

    await treasurer.put(path_of(gift), BEDS)

    [after] = (await api.client.get("/v1/public/360giving.json")).json()["grants"]
    assert before["dateModified"] < after["dateModified"]
    assert "护理床" in after["description"]


async def test_who_announces_goods_says_what_they_are(api: Api) -> None:
    amount = {"amount": "80.00", "currency": "CNY"}
    body = {
        "reference": "A-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "kind": "in_kind",
        "amount": amount,
        "given_on": "2025-03-01",
        "lines": [{"agency": AGENCY, "amount": amount}],
    }
    donor = api.caller("donor", org=ENTERPRISE)

    async with nothing_written(api.database):
        without = await donor.post("/v1/announcements", body)
    stated = await donor.post("/v1/announcements", body | {"goods": BEDS})

    assert refusal(without) == (422, "contradictory_terms", {"/goods": "contradictory_terms"})
    assert stated.status_code == 201, stated.text
