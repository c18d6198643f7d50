"""What a donor is told of its gifts: all of it, by value date, and nobody else's."""

from typing import Any

from fundmix_kit.testing.api import refusal
from ledger_svc.testing import cny

from tests.gifts.site import AGENCY, CHILDREN, ENTERPRISE, MEAL, OTHER_AGENCY, Site, a_change

Json = dict[str, Any]


async def gifts(site: Site, **query: Any) -> list[Json]:
    donor = site.books.api.caller("donor", org=ENTERPRISE)
    answer = await donor.get("/v1/gifts", donor=ENTERPRISE, **query)
    assert answer.is_success, answer.text
    return answer.json()["items"]


async def funds(site: Site, *, year: int = 2025) -> list[Json]:
    """What its statement says of its money."""
    answer = await site.donor.get("/v1/statements", donor=ENTERPRISE, year=year)
    assert answer.is_success, answer.text
    return answer.json()["funds"]


async def a_story(site: Site) -> Json:
    """Given for meals, used, kept for children, and some of it given back."""
    gift = await site.give("100.00", restricted_to=MEAL)
    await site.give("7.00", agency=AGENCY, donor={"kind": "individual"})
    assert (await site.spend("30.00", f"purpose:{MEAL}")).is_success
    await site.follow()
    changed = await site.treasurer.post("/v1/purpose-changes", a_change(gift, "50.00", CHILDREN))
    assert changed.is_success, changed.text
    await site.follow()
    refund = (await site.ask_back(gift, "20.00", lot_id=gift["donation_id"])).json()
    await site.pay_back(refund)
    await site.follow()
    return {"gift": gift, "change": changed.json(), "refund": refund}


async def test_a_donor_follows_its_gift_to_its_use(site: Site) -> None:
    story = await a_story(site)

    first, second = await gifts(site)

    assert first["lot_id"] == story["gift"]["donation_id"]
    assert first["document"] == story["gift"]["reference"]
    assert (first["given"], first["moved"], first["refunded"]) == (
        cny("100.00"),
        cny("-50.00"),
        cny("20.00"),
    )
    assert first["used"] == {"expenses:programme": cny("30.00")}
    assert first["left"] == cny("0.00")
    assert (second["fund_code"], second["moved_from"]) == (f"purpose:{CHILDREN}", first["lot_id"])
    assert (second["moved"], second["left"]) == (cny("50.00"), cny("50.00"))


async def test_a_year_begins_with_what_the_last_one_left(site: Site) -> None:
    await a_story(site)

    in_2025 = await gifts(site, year=2025)
    in_2026 = await gifts(site, year=2026)
    before = await gifts(site, year=2024)

    assert [(g["left_before"], g["left"]) for g in in_2025] == [
        (cny("0.00"), cny("20.00")),
        (cny("0.00"), cny("50.00")),
    ]
    assert [(g["left_before"], g["given"], g["refunded"], g["left"]) for g in in_2026] == [
        (cny("20.00"), cny("0.00"), cny("20.00"), cny("0.00")),
        (cny("50.00"), cny("0.00"), cny("0.00"), cny("50.00")),
    ]
    assert before == []


async def test_what_was_an_error_leaves_nothing(site: Site) -> None:
    gift = await site.give("100.00")
    path = f"/v1/donations/{gift['donation_id']}/reverse"
    await site.treasurer.post(path, {"reason": "录入有误"})
    await site.follow()

    [shown] = await gifts(site)

    assert (shown["given"], shown["reversed"], shown["left"]) == (
        cny("100.00"),
        cny("100.00"),
        cny("0.00"),
    )


async def test_the_use_of_a_gift_is_exact_while_nothing_else_is_in_its_fund(site: Site) -> None:
    gift = await site.give("100.00", restricted_to=MEAL)
    error = await site.give("9.00", restricted_to=MEAL, donor={"kind": "individual"})
    path = f"/v1/donations/{error['donation_id']}/reverse"
    await site.treasurer.post(path, {"reason": "录入有误"})
    await site.follow()
    [alone] = await gifts(site)
    [total] = await funds(site)

    await site.give("5.00", restricted_to=MEAL)
    of_two = await gifts(site)
    [total_of_two] = await funds(site)
    await site.give("6.00", restricted_to=MEAL, donor={"kind": "individual"})
    [total_of_three] = await funds(site)

    assert alone["lot_id"] == gift["donation_id"]
    assert (alone["is_pooled"], total["is_pooled"]) == (False, False)
    # Which of its gifts was used is by oldest money first; what of all of them was used is exact.
    assert [g["is_pooled"] for g in of_two] == [True, True]
    assert (total_of_two["is_pooled"], total_of_three["is_pooled"]) == (False, True)


async def test_nobody_sees_the_gifts_of_others(site: Site) -> None:
    await a_story(site)
    path, ledger = "/v1/gifts", site.books.api

    other_donor = await ledger.caller("donor", org=OTHER_AGENCY).get(path, donor=ENTERPRISE)
    other_agency = ledger.caller("agency", org=OTHER_AGENCY)
    own = await site.books.accountant(AGENCY).get(path, donor=ENTERPRISE)

    assert refusal(other_donor)[:2] == (403, "foreign_row")
    assert (await other_agency.get(path, donor=ENTERPRISE)).json()["items"] == []
    asked = await other_agency.get(path, donor=ENTERPRISE, agency=AGENCY)
    assert refusal(asked)[:2] == (403, "foreign_row")
    assert len(own.json()["items"]) == 2


async def test_the_statement_of_a_year_adds_up(site: Site) -> None:
    await a_story(site)
    service = {"description": "义诊", "hours": "4", "hourly_rate": cny("50.00")}
    await site.give("200.00", kind="service", bank_reference=None, service=service)
    await site.give("80.00", kind="in_kind", bank_reference=None)

    answer = await site.donor.get("/v1/statements", donor=ENTERPRISE, year=2025)
    later = await site.donor.get("/v1/statements", donor=ENTERPRISE, year=2026)
    stranger = site.donations.caller("donor", org=OTHER_AGENCY)
    foreign = await stranger.get("/v1/statements", donor=ENTERPRISE, year=2025)

    assert answer.status_code == 200, answer.text
    given = {g["kind"]: (g["amount"], g["refunded"]) for g in answer.json()["given"]}
    assert given == {
        "cash": (cny("100.00"), cny("20.00")),
        "in_kind": (cny("80.00"), cny("0.00")),
        "service": (cny("200.00"), cny("0.00")),
    }
    children, meal = answer.json()["funds"]
    assert (meal["fund_code"], meal["given"], meal["moved"], meal["left"]) == (
        f"purpose:{MEAL}",
        cny("100.00"),
        cny("-50.00"),
        cny("20.00"),
    )
    assert meal["used"] == {"expenses:programme": cny("30.00")}
    assert (children["moved"], children["left"]) == (cny("50.00"), cny("50.00"))
    assert [f["left"] for f in later.json()["funds"]] == [cny("50.00"), cny("0.00")]
    assert refusal(foreign)[:2] == (403, "foreign_row")
