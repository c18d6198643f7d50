"""Holds for other services: set aside once, given back when it is not needed."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.testing.api import Caller, refusal
from ledger_svc.testing import Books, an_expenditure, cny


def a_refund(amount: str = "60.00", **changes: Any) -> dict[str, Any]:
    usual = {
        "agency": AGENCY,
        "fund_code": "general",
        "amount": cny(amount),
        "effective_on": "2024-12-01",
        "purpose": "refund",
        "document": "RF-1",
    }
    return usual | changes


async def hold(caller: Caller, hold_id: UUID, body: object) -> httpx2.Response:
    return await caller.put(f"/v1/holds/{hold_id}", body)


async def left(books: Books) -> list[str]:
    answer = await books.auditor().get("/v1/lots", agency=AGENCY, fund_code="general")
    return [lot["left"]["amount"] for lot in answer.json()["items"]]


async def test_money_is_set_aside_once_however_often_it_is_asked(books: Books) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-02-01"))
    hold_id, treasurer = uuid4(), books.accountant()

    first = await hold(treasurer, hold_id, a_refund())
    again = await hold(treasurer, hold_id, a_refund())
    other = await hold(treasurer, hold_id, a_refund("61.00"))

    assert first.status_code == 200
    assert first.json() == again.json()
    assert refusal(other)[:2] == (409, "hold_conflict")
    assert await left(books) == ["40.00"]
    assert (await treasurer.get(f"/v1/holds/{hold_id}")).json() == first.json()


async def test_what_is_held_is_not_spent_and_what_is_released_is(books: Books) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-02-01"))
    hold_id, treasurer = uuid4(), books.accountant()
    await hold(treasurer, hold_id, a_refund("60.00"))

    before = await books.decide("/v1/expenditures", an_expenditure("50.00"))
    released = await treasurer.post(f"/v1/holds/{hold_id}/release", None)
    again = await treasurer.post(f"/v1/holds/{hold_id}/release", None)
    after = await books.decide("/v1/expenditures", an_expenditure("50.00", reference="EX-B"))

    assert refusal(before)[:2] == (409, "insufficient_funds")
    assert released.json()["state"] == again.json()["state"] == "released"
    assert after.status_code == 200
    assert await left(books) == ["50.00"]


async def test_a_refund_takes_its_own_lots(books: Books) -> None:
    older = samples.donation_received("100.00", received_on="2024-02-01")
    own = samples.donation_received("100.00", received_on="2024-03-01")
    await books.inlet.post(older, own)

    lots = [str(own.donation_id)]
    fitting = await hold(books.accountant(), uuid4(), a_refund("60.00", lots=lots))
    too_much = await hold(books.accountant(), uuid4(), a_refund("41.00", lots=lots))

    assert [lot["lot_id"] for lot in fitting.json()["lots"]] == lots
    assert refusal(too_much)[:2] == (409, "insufficient_funds")
    assert await left(books) == ["100.00", "40.00"]


async def test_a_hold_of_another_agency_is_not_touched(books: Books) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-02-01"))
    hold_id, stranger = uuid4(), books.accountant(OTHER_AGENCY)
    await hold(books.accountant(), hold_id, a_refund())

    assert refusal(await hold(stranger, uuid4(), a_refund()))[:2] == (403, "foreign_row")
    assert refusal(await stranger.get(f"/v1/holds/{hold_id}"))[:2] == (403, "foreign_row")
    released = await stranger.post(f"/v1/holds/{hold_id}/release", None)
    assert refusal(released)[:2] == (403, "foreign_row")
    unknown = await stranger.post(f"/v1/holds/{uuid4()}/release", None)
    assert refusal(unknown)[:2] == (404, "hold_not_found")


async def test_what_is_used_is_not_released(books: Books) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-02-01"))
    request = await books.enter("/v1/expenditures", an_expenditure("30.00"))

    answer = await books.accountant().post(f"/v1/holds/{request['request_id']}/release", None)

    assert refusal(answer)[:2] == (409, "hold_conflict")


def lot_holds(*gifts: Any, amount: str = "100.00") -> dict[str, Any]:
    return {
        "purpose": "batch_reversal",
        "holds": [
            {
                "hold_id": str(uuid4()),
                "lot_id": str(gift.donation_id),
                "agency": gift.agency,
                "fund_code": "general",
                "amount": cny(amount),
                "effective_on": gift.received_on.isoformat(),
                "document": gift.reference,
            }
            for gift in gifts
        ],
    }


async def test_many_lots_are_set_aside_at_once_and_once(books: Books) -> None:
    gifts = [samples.donation_received("100.00", received_on=f"2024-02-0{n}") for n in (1, 2, 3)]
    await books.inlet.post(*gifts)
    treasurer, body = books.accountant(), lot_holds(*gifts)

    first = await treasurer.post("/v1/holds", body)
    again = await treasurer.post("/v1/holds", body)
    held = await left(books)
    ids = [hold["hold_id"] for hold in body["holds"]]
    released = await treasurer.post("/v1/holds/release", {"hold_ids": ids})

    assert (first.json(), again.json()) == ({"holds": 3}, {"holds": 0})
    assert held == ["0.00"] * 3
    assert released.json() == {"holds": 3}
    assert await left(books) == ["100.00"] * 3


async def test_a_released_hold_is_held_again_with_the_same_terms_only(books: Books) -> None:
    gift = samples.donation_received("100.00", received_on="2024-02-01")
    await books.inlet.post(gift)
    treasurer, body = books.accountant(), lot_holds(gift)
    ids = [hold["hold_id"] for hold in body["holds"]]
    await treasurer.post("/v1/holds", body)
    await treasurer.post("/v1/holds/release", {"hold_ids": ids})

    other = {**body, "holds": [{**body["holds"][0], "amount": cny("60.00")}]}
    refused = await treasurer.post("/v1/holds", other)
    untouched = await left(books)
    again = await treasurer.post("/v1/holds", body)

    assert refusal(refused)[:2] == (409, "hold_conflict")
    assert untouched == ["100.00"]
    assert again.json() == {"holds": 1}
    assert await left(books) == ["0.00"]


async def test_of_many_lots_all_are_set_aside_or_none(books: Books) -> None:
    gifts = [samples.donation_received("100.00", received_on=f"2024-02-0{n}") for n in (1, 2)]
    await books.inlet.post(*gifts)
    await books.enter("/v1/expenditures", an_expenditure("30.00"))

    refused = await books.accountant().post("/v1/holds", lot_holds(*gifts))

    assert refusal(refused)[:2] == (409, "insufficient_funds")
    assert await left(books) == ["70.00", "100.00"]


async def test_undoing_gifts_never_leaves_a_day_overdrawn(books: Books) -> None:
    """Each is undone on its own day: a later one does not lack on an earlier day."""
    early = samples.donation_received("100.00", received_on="2024-02-01", reference="A")
    spent = samples.donation_received("50.00", received_on="2024-02-02", reference="B")
    late = samples.donation_received("100.00", received_on="2024-12-01", reference="C")
    await books.inlet.post(early, spent, late)
    await books.enter("/v1/expenditures", an_expenditure("100.00", spent_on="2024-06-01"))
    treasurer = books.accountant()

    # The expenditure took the oldest lot; what came in December can still be undone.
    assert (await treasurer.post("/v1/holds", lot_holds(late))).json() == {"holds": 1}
    refused = await treasurer.post("/v1/holds", lot_holds(early))
    assert refusal(refused)[:2] == (409, "insufficient_funds")


async def test_nobody_sets_aside_what_is_another_agencys(books: Books) -> None:
    gift = samples.donation_received("100.00", agency=OTHER_AGENCY)
    await books.inlet.post(gift)
    body = lot_holds(gift)

    refused = await books.accountant().post("/v1/holds", body)
    await books.accountant(OTHER_AGENCY).post("/v1/holds", body)
    ids = {"hold_ids": [body["holds"][0]["hold_id"]]}
    other = await books.accountant().post("/v1/holds/release", ids)

    assert refusal(refused)[:2] == (403, "foreign_row")
    assert refusal(other)[:2] == (403, "foreign_row")


async def test_what_is_held_is_listed_until_it_is_given_back(books: Books) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-02-01"))
    treasurer = books.accountant()
    for number in range(3):
        body = a_refund("10.00", document=f"RF-{number}")
        assert (await hold(treasurer, uuid4(), body)).is_success
    first = (await treasurer.get("/v1/holds", limit=1)).json()
    [one] = first["items"]
    await treasurer.post(f"/v1/holds/{one['hold_id']}/release", None)

    rest = (await treasurer.get("/v1/holds", cursor=first["next_cursor"])).json()["items"]
    held = (await books.auditor().get("/v1/holds", agency=AGENCY, state="held")).json()["items"]
    released = (await books.auditor().get("/v1/holds", state="released")).json()["items"]
    others = (await books.accountant(OTHER_AGENCY).get("/v1/holds")).json()["items"]
    foreign = await books.accountant(OTHER_AGENCY).get("/v1/holds", agency=AGENCY)

    assert [h["hold_id"] for h in held] == [h["hold_id"] for h in rest]
    assert len(held) == 2
    assert [h["hold_id"] for h in released] == [one["hold_id"]]
    assert {h["purpose"] for h in held} == {"refund"}
    assert all(h["made_at"] and len(h["lots"]) == 1 for h in held)
    assert others == []
    assert refusal(foreign)[:2] == (403, "foreign_row")
