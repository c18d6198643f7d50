"""What goes back to donors, with the real ledger: never more than is left, and said once."""

import asyncio
from collections import Counter
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from donations_svc.domain.donation import Donation
from donations_svc.giving_back_commands import id_of
from donations_svc.storage import donations
from fundmix_kit.testing.api import refusal
from fundmix_kit.testing.contents import nothing_written
from ledger_svc.testing import cny

from tests.gifts.site import (
    AGENCY,
    CHILDREN,
    ENTERPRISE,
    MEAL,
    OTHER_AGENCY,
    Json,
    Site,
    a_change,
    a_donation,
    a_refund,
)


async def test_what_is_asked_back_is_set_aside_and_then_gone(site: Site) -> None:
    gift = await site.give("100.00")

    refund = (await site.ask_back(gift, "60.00")).json()
    held = await site.left()
    refused = await site.spend("50.00")
    paid = await site.pay_back(refund)
    await site.follow()

    assert (refund["state"], held) == ("held", ["40.00"])
    assert refusal(refused)[:2] == (409, "insufficient_funds")
    assert paid.json()["state"] == "paid"
    [lot] = await site.lots()
    assert (lot["received"], lot["left"], lot["held"]) == (cny("40.00"), cny("40.00"), cny("0.00"))
    shown = await site.treasurer.get(f"/v1/donations/{gift['donation_id']}")
    assert shown.json()["refunded"] == cny("60.00")
    again = await site.pay_back(refund)
    assert refusal(again)[:2] == (409, "refund_state")


async def test_no_more_goes_back_than_was_not_used(site: Site) -> None:
    gift = await site.give("100.00")
    assert (await site.spend("70.00")).is_success
    await site.follow()

    async with nothing_written(site.donations.database):
        refused = await site.ask_back(gift, "30.01")
        too_much = await site.ask_back(gift, "100.01")
    whole = await site.ask_back(gift, "30.00")

    assert refusal(refused) == (409, "more_than_left", {"/amount": "more_than_left"})
    assert refusal(too_much) == (409, "more_than_left", {"/amount": "more_than_left"})
    assert whole.status_code == 201


async def test_a_refund_that_is_cancelled_gives_back_what_was_held(site: Site) -> None:
    gift = await site.give("100.00")
    refund = (await site.ask_back(gift, "60.00")).json()
    path = f"/v1/refunds/{refund['refund_id']}/cancel"

    first = await site.treasurer.post(path, None)
    again = await site.treasurer.post(path, None)

    assert first.json()["state"] == again.json()["state"] == "cancelled"
    assert await site.left() == ["100.00"]
    assert refusal(await site.pay_back(refund))[:2] == (409, "refund_state")


async def test_who_has_seen_an_older_refund_or_gift_reads_it_again(site: Site) -> None:
    gift = await site.give("100.00")
    refund = (await site.ask_back(gift, "60.00")).json()
    path, old = f"/v1/refunds/{refund['refund_id']}", {"If-Match": '"7"'}
    payment = {"refunded_on": refund["held_on"], "bank_reference": "RB-1"}

    async with nothing_written(site.donations.database):
        stale = [
            await site.treasurer.post(f"{path}/pay", payment, headers=old),
            await site.treasurer.post(f"{path}/cancel", None, headers=old),
            await site.treasurer.post(
                f"/v1/donations/{gift['donation_id']}/reverse", {"reason": "误"}, headers=old
            ),
        ]
    held = await site.left()
    seen = {"If-Match": stale[0].headers["etag"]}
    paid = await site.treasurer.post(f"{path}/pay", payment, headers=seen)

    assert [refusal(answer)[:2] for answer in stale] == [(412, "version_mismatch")] * 3
    assert held == ["40.00"]
    assert paid.is_success, paid.text


async def test_a_refund_cut_off_after_its_hold_is_asked_for_again(site: Site) -> None:
    """What the first attempt has held is found by the second: nothing is held twice."""
    gift = await site.give("100.00")
    # As if this service had been killed before it committed: the hold stands, the refund does not.
    reached = await donation_of(site, gift)
    hold_id = id_of("refund", reached, None, "RF-1")
    # It was held on an earlier day.
    hold = {
        "agency": AGENCY,
        "fund_code": "general",
        "amount": cny("60.00"),
        "effective_on": "2026-01-05",
        "purpose": "refund",
        "document": "RF-1",
        "lots": [gift["donation_id"]],
    }
    held = await site.books.accountant(AGENCY).put(f"/v1/holds/{hold_id}", hold)
    assert held.is_success, held.text

    again = await site.ask_back(gift, "60.00", reference="RF-1")

    assert again.status_code == 201
    assert again.json()["held_on"] == "2026-01-05"
    assert await site.left() == ["40.00"]


async def donation_of(site: Site, gift: dict[str, Any]) -> Donation:
    async with site.donations.database.reading() as connection:
        return await donations.read(connection, UUID(gift["donation_id"]))


async def test_a_reversal_cut_off_after_its_holds_is_said_again(site: Site) -> None:
    """The request that comes twice under one key is undone: what it had held is found again."""
    first, second = await site.give("100.00"), await site.give("50.00")
    body = {"reason": "录入有误"}
    path = "/v1/donations/{}/reverse"
    await site.treasurer.post(path.format(first["donation_id"]), body, key="k-1")

    reused = await site.treasurer.post(path.format(second["donation_id"]), body, key="k-1")
    again = await site.treasurer.post(path.format(second["donation_id"]), body)
    await site.follow()

    assert refusal(reused)[:2] == (422, "idempotency_key_reused")
    assert again.is_success, again.text
    assert await site.mix(2025) == "0.00"


async def test_money_that_was_moved_twice_goes_back_from_where_it_is(site: Site) -> None:
    for number in range(6):
        gift = await site.give("100.00", restricted_to=MEAL)
        lot_id = None
        for step, purpose in enumerate((CHILDREN, f"三{number}", f"四{number}")):
            change = a_change(gift, "100.00", purpose, lot_id=lot_id, reference=f"{number}-{step}")
            moved = await site.treasurer.post("/v1/purpose-changes", change)
            assert moved.is_success, moved.text
            lot_id = moved.json()["change_id"]
            await site.follow()
        refund = await site.ask_back(gift, "100.00", lot_id=lot_id)
        assert refund.is_success, refund.text
        early = a_change(gift, "1.00", MEAL, lot_id=lot_id, changed_on="2025-06-01")
        refused = await site.treasurer.post("/v1/purpose-changes", early)
        assert not refused.is_success


async def test_what_the_ledger_has_not_posted_is_asked_for_again_later(site: Site) -> None:
    answer = await site.treasurer.post("/v1/donations", a_donation("100.00"))

    early = await site.ask_back(answer.json(), "1.00", reference="RF-1")
    await site.follow()
    later = await site.ask_back(answer.json(), "1.00", reference="RF-1")

    assert refusal(early)[:2] == (503, "ledger_unavailable")
    assert later.status_code == 201


async def test_a_hold_of_one_gift_is_never_another_ones(site: Site) -> None:
    first, second = await site.give("100.00"), await site.give("100.00")
    assert (await site.ask_back(first, "60.00", reference="RF-1")).is_success

    refused = await site.ask_back(second, "60.00", reference="RF-1")

    assert refusal(refused)[:2] == (409, "reference_taken")
    assert sorted(await site.left()) == ["100.00", "40.00"]


async def test_goods_go_back_without_the_ledger_and_time_never(site: Site) -> None:
    goods = await site.give("80.00", kind="in_kind", bank_reference=None)
    service = {"description": "义诊", "hours": "4", "hourly_rate": cny("50.00")}
    time = await site.give("200.00", kind="service", bank_reference=None, service=service)

    refund = (await site.ask_back(goods, "80.00")).json()
    path = f"/v1/refunds/{refund['refund_id']}/pay"
    paid = await site.treasurer.post(path, {"refunded_on": refund["held_on"]})
    await site.follow()
    refused = await site.ask_back(time, "1.00")

    assert paid.json()["state"] == "paid"
    assert refusal(refused)[:2] == (422, "not_refundable")
    mix = (await site.books.auditor().get("/v1/mix", year=2025)).json()
    assert mix["received_total"] == "0.00"


async def test_what_is_left_is_kept_for_something_else(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    assert (await site.spend("30.00", f"purpose:{MEAL}")).is_success
    await site.follow()

    async with nothing_written(site.donations.database):
        refused = await site.treasurer.post("/v1/purpose-changes", a_change(gift, "70.01", None))
    changed = await site.treasurer.post("/v1/purpose-changes", a_change(gift, "70.00", CHILDREN))
    await site.follow()

    assert refusal(refused)[:2] == (409, "more_than_left")
    assert changed.status_code == 201, changed.text
    assert await site.left(f"purpose:{MEAL}") == ["0.00"]
    assert await site.left(f"purpose:{CHILDREN}") == ["70.00"]
    assert await site.mix(2025) == "100.00"
    assert (await site.spend("70.00", f"purpose:{CHILDREN}")).is_success
    unknown = await site.ask_back(gift, "1.00")
    assert refusal(unknown) == (422, "unknown_lot", {"/lot_id": "unknown_lot"})


async def test_what_was_moved_goes_back_from_where_it_is(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    change = await site.treasurer.post("/v1/purpose-changes", a_change(gift, "70.00", CHILDREN))
    await site.follow()

    refund = (await site.ask_back(gift, "70.00", lot_id=change.json()["change_id"])).json()
    await site.pay_back(refund)
    await site.follow()

    assert await site.left(f"purpose:{MEAL}") == ["30.00"]
    assert await site.left(f"purpose:{CHILDREN}") == ["0.00"]
    assert await site.mix(2025) == "100.00"


async def test_consent_is_recorded_with_its_day(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)

    for body, code in (
        (a_change(gift, "1.00", CHILDREN, consented_on=None), "consent_missing"),
        (a_change(gift, "1.00", MEAL), "contradictory_terms"),
        (a_change(gift, "1.00", CHILDREN, changed_on="2025-05-31"), "contradictory_terms"),
        (a_change(gift, "1.00", CHILDREN, changed_on="2025-03-01"), "contradictory_terms"),
        (a_change(gift, "1.00", CHILDREN, changed_on="2099-03-01"), "future_date"),
    ):
        async with nothing_written(site.donations.database):
            answer = await site.treasurer.post("/v1/purpose-changes", body)
        assert refusal(answer)[:2] == (422, code), body


LEFT_OVER: Final = {
    "basis": "similar_purpose",
    "consented_on": None,
    "finished_on": "2025-05-31",
    "published_on": "2025-06-01",
    "remark": "项目结束, 余款用于相近用途",
}


@pytest.mark.parametrize(
    ("changes", "purpose"),
    [
        ({}, CHILDREN),
        ({"basis": "agreement", "published_on": None}, CHILDREN),
        ({"basis": "agreement", "published_on": None}, None),
    ],
)
async def test_what_a_finished_project_has_left_goes_where_the_law_says(
    site: Site, changes: Json, purpose: str | None
) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    body = a_change(gift, "70.00", purpose, **LEFT_OVER | changes)

    changed = await site.treasurer.post("/v1/purpose-changes", body)
    await site.follow()

    assert changed.status_code == 201, changed.text
    assert changed.json()["finished_on"] == "2025-05-31"
    fund_code = "general" if purpose is None else f"purpose:{purpose}"
    assert await site.left(fund_code) == ["70.00"]
    [shown] = (await site.donations.client.get("/v1/public/donations")).json()["items"]
    [published] = shown["purpose_changes"]
    assert (published["basis"], published["restricted_to"]) == (body["basis"], purpose)


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"finished_on": None}, "contradictory_terms", "/finished_on"),
        ({"finished_on": "2025-06-03"}, "contradictory_terms", "/finished_on"),
        ({"remark": None}, "contradictory_terms", "/remark"),
        ({"published_on": None}, "contradictory_terms", "/published_on"),
        ({"published_on": "2099-01-01"}, "future_date", "/published_on"),
        ({"new_restricted_to": None}, "contradictory_terms", "/new_restricted_to"),
        ({"basis": "agreement", "finished_on": None}, "contradictory_terms", "/finished_on"),
        ({"basis": "agreement", "remark": None}, "contradictory_terms", "/remark"),
        ({"basis": "donor_consent"}, "consent_missing", "/consented_on"),
    ],
)
async def test_without_consent_only_what_is_left_over_is_kept_for_something_else(
    site: Site, changes: Json, code: str, pointer: str
) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    body = a_change(gift, "70.00", CHILDREN, **LEFT_OVER | changes)

    async with nothing_written(site.donations.database):
        answer = await site.treasurer.post("/v1/purpose-changes", body)

    assert refusal(answer) == (422, code, {pointer: code})


async def test_what_was_for_no_project_is_left_over_of_none(site: Site) -> None:
    gift = await site.give("100.00")
    body = a_change(gift, "70.00", CHILDREN, **LEFT_OVER)

    answer = await site.treasurer.post("/v1/purpose-changes", body)

    assert refusal(answer) == (422, "contradictory_terms", {"/basis": "contradictory_terms"})


async def test_what_was_recorded_in_error_was_never_there(site: Site) -> None:
    pledge = await site.treasurer.post("/v1/pledges", a_pledge("100.00"))
    gift = await site.give("100.00", reference="DN-1", pledge_id=pledge.json()["pledge_id"])
    before = await site.mix(2025)

    path = f"/v1/donations/{gift['donation_id']}/reverse"
    undone = await site.treasurer.post(path, {"reason": "录入有误"})
    await site.follow()

    assert (before, await site.mix(2025)) == ("100.00", "0.00")
    assert undone.json()["reversal_reason"] == "录入有误"
    shown = await site.treasurer.get(f"/v1/pledges/{pledge.json()['pledge_id']}")
    assert shown.json()["outstanding"] == cny("100.00")
    twice = await site.treasurer.post(path, {"reason": "again"})
    assert refusal(twice)[:2] == (409, "donation_reversed")
    # Its number is free again.
    await site.give("100.00", reference="DN-1")
    assert await site.mix(2025) == "100.00"


async def test_what_is_used_is_not_undone(site: Site) -> None:
    gift = await site.give("100.00")
    assert (await site.spend("0.01")).is_success
    path = f"/v1/donations/{gift['donation_id']}/reverse"

    async with nothing_written(site.donations.database):
        refused = await site.treasurer.post(path, {"reason": "录入有误"})

    assert refusal(refused)[:2] == (409, "more_than_left")
    assert await site.left() == ["99.99"]


async def test_refunds_and_expenditures_at_once_never_take_more_than_there_is(
    site: Site,
) -> None:
    gift = await site.give("100.00")

    answers = await asyncio.gather(
        *(site.ask_back(gift, "10.00") for _ in range(12)),
        *(site.spend("10.00") for _ in range(12)),
    )
    taken = Counter(answer.is_success for answer in answers)
    refunds = [a.json() for a in answers[:12] if a.is_success]
    for refund in refunds:
        assert (await site.pay_back(refund)).is_success
    await site.follow()

    assert taken[True] == 10
    [lot] = await site.lots()
    assert lot["left"] == cny("0.00")
    assert lot["received"] == cny(f"{100 - 10 * len(refunds)}.00")


async def test_the_ledger_is_asked_in_the_callers_own_name(site: Site) -> None:
    gift = await site.give("100.00")
    stranger = site.donations.caller("agency", org=OTHER_AGENCY)

    refused = await stranger.post("/v1/refunds", a_refund(gift, "1.00"))
    donor = await site.donor.post("/v1/refunds", a_refund(gift, "1.00"))
    unknown = await site.treasurer.post(
        "/v1/refunds", a_refund({"donation_id": str(uuid4())}, "1.00")
    )

    assert refusal(refused)[:2] == (403, "foreign_row")
    assert refusal(donor)[:2] == (403, "role_not_allowed")
    assert refusal(unknown)[:2] == (422, "unknown_donation")


async def test_what_waits_is_told_to_both_sides(site: Site) -> None:
    gift = await site.give("100.00")
    await site.ask_back(gift, "60.00", reference="RF-1")

    of_agency = (await site.treasurer.get("/v1/todo")).json()["items"]
    of_donor = (await site.donor.get("/v1/todo")).json()["items"]

    assert [(i["action"], i["reference"], i["amount"]) for i in of_agency] == [
        ("pay_back", "RF-1", cny("60.00"))
    ]
    assert [i["action"] for i in of_donor] == ["await_refund"]


def a_pledge(amount: str, **changes: Any) -> dict[str, Any]:
    usual = {key: value for key, value in a_donation(amount).items() if key != "received_on"}
    del usual["bank_reference"]
    return {**usual, "pledged_on": "2025-03-01", "agency": AGENCY, **changes} | {
        "donor": {"kind": "enterprise", "code": ENTERPRISE}
    }


async def test_a_receipt_is_withdrawn_before_anything_is_done_with_its_gift(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    drafted = await site.treasurer.post("/v1/receipts", {"donation_id": gift["donation_id"]})
    path = f"/v1/receipts/{drafted.json()['receipt_id']}"
    issued = await site.treasurer.post(f"{path}/issue", {})
    assert issued.is_success, issued.text

    refused = (
        await site.ask_back(gift, "1.00"),
        await site.treasurer.post("/v1/purpose-changes", a_change(gift, "1.00", CHILDREN)),
        await site.treasurer.post(
            f"/v1/donations/{gift['donation_id']}/reverse", {"reason": "录入有误"}
        ),
    )
    await site.treasurer.post(f"{path}/withdraw", {"reason": "refund"})
    asked = await site.ask_back(gift, "1.00")

    assert {refusal(answer)[:2] for answer in refused} == {(409, "receipt_stands")}
    assert asked.status_code == 201, asked.text


async def test_a_receipt_says_what_is_kept_for_what_since_the_change(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    for amount, purpose in (("30.00", CHILDREN), ("10.00", None)):
        change = a_change(gift, amount, purpose, lot_id=gift["donation_id"])
        moved = await site.treasurer.post("/v1/purpose-changes", change)
        assert moved.is_success, moved.text
        await site.follow()

    drafted = await site.treasurer.post("/v1/receipts", {"donation_id": gift["donation_id"]})
    issued = await site.treasurer.post(f"/v1/receipts/{drafted.json()['receipt_id']}/issue", {})

    shown = issued.json()["shown"]
    assert (shown["restricted_to"], shown["amount"]) == (MEAL, cny("100.00"))
    assert shown["kept_for"] == [
        {"restricted_to": MEAL, "amount": cny("60.00")},
        {"restricted_to": CHILDREN, "amount": cny("30.00")},
        {"restricted_to": None, "amount": cny("10.00")},
    ]
