"""Arrivals over HTTP: received, read, and set against what was promised."""

from typing import Any, Final

import pytest
from fundmix_events import topics
from fundmix_events.channel import Channel
from fundmix_events.codec import Body
from fundmix_events.donations import DonationKind, DonationReceived, Donor, DonorKind
from fundmix_events.money import Money
from fundmix_kit.testing.api import Api, Caller
from fundmix_kit.testing.contents import nothing_written

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"

Json = dict[str, Any]


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def a_donation(**changes: Any) -> Json:
    return {
        "reference": "R-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": yuan("70.00"),
        "received_on": "2025-03-02",
        "bank_reference": f"bank-{changes.get('reference', 'R-1')}",
        **changes,
    }


async def received(caller: Caller, **changes: Any) -> Json:
    answer = await caller.post("/v1/donations", a_donation(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def promised(caller: Caller, amount: str) -> str:
    body = {
        "reference": "R-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": yuan(amount),
        "pledged_on": "2025-03-01",
    }
    answer = await caller.post("/v1/pledges", body)
    assert answer.status_code == 201, answer.text
    return answer.json()["pledge_id"]


async def test_a_donation_is_kept_and_said(api: Api, treasurer: Caller) -> None:
    body = a_donation(restricted_to="长者助餐", given_on="2025-03-01", is_anonymous=True)

    answer = await treasurer.post("/v1/donations", body)

    assert answer.status_code == 201
    donation = answer.json()
    donation_id = donation["donation_id"]
    assert donation == {
        "donation_id": donation_id,
        "version": 1,
        "reference": "R-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "channel": "enterprise",
        "kind": "cash",
        "amount": yuan("70.00"),
        "restricted_to": "长者助餐",
        "given_on": "2025-03-01",
        "received_on": "2025-03-02",
        "bank_reference": "bank-R-1",
        "pledge_id": None,
        "fulfils": None,
        "is_anonymous": True,
        "goods": None,
        "service": None,
        "is_sponsorship": False,
        "line": 1,
        "deposit_id": None,
        "announcement_id": None,
        "batch_id": None,
        "refunded": yuan("0.00"),
        "reversed_on": None,
        "reversal_reason": None,
        "recorded_by": "tester",
        "delegation": None,
    }
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/donations/{donation_id}"
    assert answer.headers["fundmix-position"] == f"{topics.DONATIONS}:{donation_id}:1"
    [said] = await api.events()
    event = Body[DonationReceived].model_validate_json(said.body).data
    assert (said.type, said.key, said.aggregate_version) == (event.type, donation_id, 1)
    assert event == DonationReceived(
        aggregate_version=1,
        donation_id=donation_id,
        reference="R-1",
        donor=Donor(kind=DonorKind.ENTERPRISE, code=ENTERPRISE),
        agency=AGENCY,
        channel=Channel.ENTERPRISE,
        kind=DonationKind.CASH,
        amount=Money.parse("70.00"),
        restricted_to="长者助餐",
        given_on=event.given_on,
        received_on=event.received_on,
        bank_reference="bank-R-1",
        is_anonymous=True,
    )


async def test_a_donation_is_given_when_it_is_received_unless_said(treasurer: Caller) -> None:
    donation = await received(treasurer)

    assert donation["given_on"] == donation["received_on"] == "2025-03-02"


async def test_a_person_gives_without_a_trace(api: Api, treasurer: Caller) -> None:
    donation = await received(treasurer, donor={"kind": "individual"}, is_anonymous=True)

    assert donation["donor"] == {"kind": "individual", "code": None}
    assert donation["channel"] == "individual"
    [said] = await api.events()
    event = Body[DonationReceived].model_validate_json(said.body).data
    assert event.donor == Donor(kind=DonorKind.INDIVIDUAL)


async def test_goods_are_received_at_what_they_are_worth(treasurer: Caller) -> None:
    goods = a_donation(kind="in_kind")
    del goods["bank_reference"]

    answer = await treasurer.post("/v1/donations", goods)

    assert answer.status_code == 201
    assert answer.json()["bank_reference"] is None


@pytest.mark.parametrize(
    ("donor", "channel"),
    [
        ({"kind": "foundation", "code": "534419000CW4RBU5CW"}, "foundation"),
        ({"kind": "university", "code": "12441900481D776AHE"}, "university"),
        ({"kind": "government_body", "code": "11441900AHP4983MNR"}, "government"),
    ],
)
async def test_the_channel_follows_the_donor(treasurer: Caller, donor: Json, channel: str) -> None:
    assert (await received(treasurer, donor=donor))["channel"] == channel


async def test_donations_fulfil_a_pledge_part_by_part(api: Api, treasurer: Caller) -> None:
    pledge_id = await promised(treasurer, "100.00")

    async def state() -> tuple[str, int, Json]:
        pledge = (await treasurer.get(f"/v1/pledges/{pledge_id}")).json()
        return pledge["state"], pledge["version"], pledge["outstanding"]

    first = await received(treasurer, pledge_id=pledge_id)
    assert await state() == ("part_received", 2, yuan("30.00"))
    second = await received(treasurer, pledge_id=pledge_id, reference="R-2")
    assert await state() == ("received", 3, yuan("0.00"))

    # What is over the promise stands alone.
    assert (first["fulfils"], second["fulfils"]) == (yuan("70.00"), yuan("30.00"))
    assert second["amount"] == yuan("70.00")
    said = [
        Body[DonationReceived].model_validate_json(s.body).data for s in (await api.events())[1:]
    ]
    assert [str(event.pledge_id) for event in said] == [pledge_id, pledge_id]
    assert [event.fulfils for event in said] == [Money.parse("70.00"), Money.parse("30.00")]


async def test_the_same_key_receives_once(api: Api, treasurer: Caller) -> None:
    pledge_id = await promised(treasurer, "70.00")
    body = a_donation(pledge_id=pledge_id)
    first = await treasurer.post("/v1/donations", body, key="k-1")

    async with nothing_written(api.database):
        again = await treasurer.post("/v1/donations", body, key="k-1")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"


async def test_two_agencies_may_have_the_same_references(api: Api, treasurer: Caller) -> None:
    await received(treasurer)
    await received(api.caller("agency", org=OTHER_AGENCY), agency=OTHER_AGENCY)

    assert len(await api.events()) == 2


async def test_both_sides_see_a_donation(api: Api, treasurer: Caller) -> None:
    donation = await received(treasurer)
    path = f"/v1/donations/{donation['donation_id']}"
    donor = api.caller("donor", org=ENTERPRISE)

    for caller in (treasurer, donor, api.caller("auditor"), api.caller("admin")):
        answer = await caller.get(path)
        assert (answer.json(), answer.headers["etag"]) == (donation, '"1"')


async def test_donations_are_found_by_reference_agency_and_pledge(
    api: Api, treasurer: Caller
) -> None:
    pledge_id = await promised(treasurer, "70.00")
    first = await received(treasurer)
    second = await received(treasurer, reference="R-2", pledge_id=pledge_id)
    third = await received(api.caller("agency", org=OTHER_AGENCY), agency=OTHER_AGENCY)

    async def found(caller: Caller, **parameters: str) -> list[Json]:
        return (await caller.get("/v1/donations", **parameters)).json()["items"]

    auditor = api.caller("auditor")
    assert await found(auditor) == [first, second, third]
    assert await found(auditor, reference="R-1") == [first, third]
    assert await found(auditor, reference="R-1", agency=OTHER_AGENCY) == [third]
    assert await found(auditor, pledge_id=pledge_id) == [second]
    assert await found(treasurer) == [first, second]


async def test_donations_come_in_pages(treasurer: Caller) -> None:
    donations = [await received(treasurer, reference=f"R-{n}") for n in range(3)]

    first = await treasurer.get("/v1/donations", limit=2)
    second = await treasurer.get("/v1/donations", limit=2, cursor=first.json()["next_cursor"])

    assert first.json()["items"] + second.json()["items"] == donations
    assert first.json()["next_cursor"] in first.headers["link"]
    assert second.json()["next_cursor"] is None
