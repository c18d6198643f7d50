"""Money that was set aside for what came to nothing is free again, whatever was cut off."""

from typing import Any
from uuid import UUID

import pytest
from donations_svc.giving_back_commands import id_of
from donations_svc.storage import donations
from fundmix_kit.testing.api import refusal
from ledger_svc.testing import cny

from tests.gifts.site import AGENCY, CHILDREN, MEAL, Json, Site, a_change


async def held_by_nobody(
    site: Site, gift: Json, amount: str, *, what: str, reference: str, **changes: Any
) -> str:
    """As if donations-svc had been killed before it committed: the hold stands, nothing else."""
    async with site.donations.database.reading() as connection:
        donation = await donations.read(connection, UUID(gift["donation_id"]))
    hold_id = id_of(what, donation, None, reference)
    hold = {
        "agency": AGENCY,
        "fund_code": "general",
        "amount": cny(amount),
        "effective_on": "2026-01-05",
        "purpose": "refund",
        "document": reference,
        "lots": [gift["donation_id"]],
        **changes,
    }
    answer = await site.books.accountant(AGENCY).put(f"/v1/holds/{hold_id}", hold)
    assert answer.is_success, answer.text
    return str(hold_id)


async def test_a_refund_that_was_cancelled_while_the_ledger_was_away_is_cancelled_again(
    site: Site,
) -> None:
    gift = await site.give("100.00")
    refund = (await site.ask_back(gift, "60.00")).json()
    path = f"/v1/refunds/{refund['refund_id']}"

    site.wire.is_cut = True
    cut = await site.treasurer.post(f"{path}/cancel", None)
    site.wire.is_cut = False
    between = (await site.treasurer.get(path)).json()
    [waiting] = (await site.treasurer.get("/v1/todo")).json()["items"]
    held = await site.left()
    again = await site.treasurer.post(f"{path}/cancel", None)
    after = (await site.treasurer.get(path)).json()

    assert refusal(cut)[:2] == (503, "ledger_unavailable")
    assert (between["state"], between["released_at"], held) == ("cancelled", None, ["40.00"])
    assert (waiting["action"], waiting["id"]) == ("cancel_again", refund["refund_id"])
    assert (waiting["subject"], waiting["amount"]) == ("release", cny("60.00"))
    assert (await site.donor.get("/v1/todo")).json()["items"] == []
    assert again.is_success, again.text
    assert after["released_at"] is not None
    assert await site.left() == ["100.00"]
    assert (await site.treasurer.get("/v1/todo")).json()["items"] == []


@pytest.mark.parametrize("first", ["60.00", "100.00"])
async def test_a_refund_cut_off_is_asked_for_again_with_another_amount(
    site: Site, first: str
) -> None:
    gift = await site.give("100.00")
    orphan = await held_by_nobody(site, gift, first, what="refund", reference="RF-1")

    refund = await site.ask_back(gift, "70.00", reference="RF-1")
    left = await site.left()
    held = (await site.books.auditor().get("/v1/holds", state="held")).json()["items"]
    paid = await site.pay_back(refund.json())
    await site.follow()

    assert refund.status_code == 201, refund.text
    assert left == ["30.00"]
    assert [h["hold_id"] for h in held] == [refund.json()["refund_id"]] != [orphan]
    assert paid.is_success, paid.text
    [lot] = await site.lots()
    assert (lot["received"], lot["left"], lot["held"]) == (cny("30.00"), cny("30.00"), cny("0.00"))


async def test_a_refund_whose_hold_was_given_back_by_hand_is_asked_for_again(site: Site) -> None:
    gift = await site.give("100.00")
    orphan = await held_by_nobody(site, gift, "60.00", what="refund", reference="RF-1")
    await site.books.accountant(AGENCY).post(f"/v1/holds/{orphan}/release", None)

    refund = await site.ask_back(gift, "60.00", reference="RF-1")

    assert refund.status_code == 201, refund.text
    assert await site.left() == ["40.00"]
    assert (await site.pay_back(refund.json())).is_success


async def test_a_change_of_purpose_cut_off_is_said_again_with_another_amount(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    await held_by_nobody(
        site,
        gift,
        "60.00",
        what="purpose",
        reference="PC-1",
        fund_code=f"purpose:{MEAL}",
        purpose="purpose_change",
        effective_on="2025-06-02",
    )

    body = a_change(gift, "70.00", CHILDREN, reference="PC-1")
    changed = await site.treasurer.post("/v1/purpose-changes", body)
    await site.follow()

    assert changed.status_code == 201, changed.text
    assert await site.left(f"purpose:{MEAL}") == ["30.00"]
    assert await site.left(f"purpose:{CHILDREN}") == ["70.00"]
    assert (await site.books.auditor().get("/v1/holds", state="held")).json()["items"] == []


async def test_a_reference_that_has_a_refund_takes_nothing_from_it(site: Site) -> None:
    gift = await site.give("100.00")
    refund = (await site.ask_back(gift, "60.00", reference="RF-1")).json()

    other = await site.ask_back(gift, "30.00", reference="RF-1")

    assert refusal(other)[:2] == (409, "reference_taken")
    assert await site.left() == ["40.00"]
    assert (await site.pay_back(refund)).is_success
