"""Promises over HTTP: made, read and followed."""

from typing import Any, Final

import pytest
from fundmix_events import topics
from fundmix_events.channel import Channel
from fundmix_events.codec import Body
from fundmix_events.donations import (
    DonationKind,
    Donor,
    DonorKind,
    PledgeCancelled,
    PledgeMade,
)
from fundmix_events.money import Money
from fundmix_kit import replica
from fundmix_kit.replica import State
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"
NOT_REGISTERED: Final = "91441900XTM4953JPR"

Json = dict[str, Any]


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def a_pledge(**changes: Any) -> Json:
    return {
        "reference": "R-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": yuan("100.00"),
        "restricted_to": "长者助餐",
        "pledged_on": "2025-03-01",
        **changes,
    }


def a_donation_for(pledge: Json, *, amount: str) -> Json:
    taken = ("donor", "agency", "kind", "restricted_to", "pledge_id")
    same = {name: pledge[name] for name in taken}
    number = f"{pledge['reference']}-{amount}"
    return {
        **same,
        "reference": number,
        "amount": yuan(amount),
        "received_on": "2025-03-02",
        "bank_reference": number,
    }


@pytest.fixture
def donor(api: Api) -> Caller:
    return api.caller("donor", org=ENTERPRISE)


async def made(caller: Caller, **changes: Any) -> Json:
    answer = await caller.post("/v1/pledges", a_pledge(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_pledge_is_kept_and_said(api: Api, donor: Caller) -> None:
    answer = await donor.post("/v1/pledges", a_pledge(is_anonymous=True))

    assert answer.status_code == 201
    pledge = answer.json()
    pledge_id = pledge["pledge_id"]
    assert pledge == {
        "pledge_id": pledge_id,
        "version": 1,
        "reference": "R-1",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "channel": "enterprise",
        "kind": "cash",
        "state": "promised",
        "amount": yuan("100.00"),
        "fulfilled": yuan("0.00"),
        "outstanding": yuan("100.00"),
        "restricted_to": "长者助餐",
        "pledged_on": "2025-03-01",
        "is_anonymous": True,
        "schedule": [],
        "next_due_on": None,
        "overdue": yuan("0.00"),
        "cancelled_on": None,
        "cancellation_reason": None,
        "cancellation_remark": None,
        "batch_id": None,
        "reversed_on": None,
    }
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/pledges/{pledge_id}"
    assert answer.headers["fundmix-position"] == f"{topics.DONATIONS}:{pledge_id}:1"
    [said] = await api.events()
    body = Body[PledgeMade].model_validate_json(said.body)
    assert (body.actor.role, body.actor.org) == ("donor", ENTERPRISE)
    assert (said.type, said.key, said.aggregate_version) == (PledgeMade.type, pledge_id, 1)
    assert body.data == PledgeMade(
        aggregate_version=1,
        pledge_id=pledge_id,
        reference="R-1",
        donor=Donor(kind=DonorKind.ENTERPRISE, code=ENTERPRISE),
        agency=AGENCY,
        channel=Channel.ENTERPRISE,
        kind=DonationKind.CASH,
        amount=Money.parse("100.00"),
        restricted_to="长者助餐",
        pledged_on=body.data.pledged_on,
        is_anonymous=True,
    )


async def test_an_agency_records_what_a_person_has_promised(api: Api, treasurer: Caller) -> None:
    pledge = await made(treasurer, donor={"kind": "individual"})

    assert pledge["donor"] == {"kind": "individual", "code": None}
    assert pledge["channel"] == "individual"
    assert len(await api.events()) == 1


async def test_the_same_key_makes_one_pledge(api: Api, treasurer: Caller) -> None:
    first = await treasurer.post("/v1/pledges", a_pledge(), key="k-1")
    async with nothing_written(api.database):
        again = await treasurer.post("/v1/pledges", a_pledge(), key="k-1")
        other = await treasurer.post("/v1/pledges", a_pledge(reference="R-2"), key="k-1")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert refusal(other) == (422, "idempotency_key_reused", {})


async def test_two_agencies_may_have_the_same_reference(api: Api, treasurer: Caller) -> None:
    await made(treasurer)
    await made(api.caller("agency", org=OTHER_AGENCY), agency=OTHER_AGENCY)

    assert len(await api.events()) == 2


async def test_both_sides_see_a_pledge_and_its_version(
    api: Api, treasurer: Caller, donor: Caller
) -> None:
    pledge = await made(treasurer)
    path = f"/v1/pledges/{pledge['pledge_id']}"

    for caller in (treasurer, donor, api.caller("auditor"), api.caller("admin")):
        answer = await caller.get(path)
        assert (answer.json(), answer.headers["etag"]) == (pledge, '"1"')


async def test_pledges_are_found_by_reference_and_by_agency(api: Api, treasurer: Caller) -> None:
    first, second = await made(treasurer), await made(treasurer, reference="R-2")
    other_agency = api.caller("agency", org=OTHER_AGENCY)
    third = await made(other_agency, agency=OTHER_AGENCY)

    async def found(caller: Caller, **parameters: str) -> list[Json]:
        return (await caller.get("/v1/pledges", **parameters)).json()["items"]

    auditor = api.caller("auditor")
    assert await found(auditor) == [first, second, third]
    assert await found(auditor, reference="R-1") == [first, third]
    assert await found(auditor, reference="R-1", agency=OTHER_AGENCY) == [third]
    assert await found(treasurer) == [first, second]
    assert await found(treasurer, agency=OTHER_AGENCY) == []


async def test_pledges_come_in_pages(treasurer: Caller) -> None:
    pledges = [await made(treasurer, reference=f"R-{n}") for n in range(3)]

    first = await treasurer.get("/v1/pledges", limit=2)
    second = await treasurer.get("/v1/pledges", limit=2, cursor=first.json()["next_cursor"])

    assert first.json()["items"] + second.json()["items"] == pledges
    assert first.json()["next_cursor"] in first.headers["link"]
    assert second.json()["next_cursor"] is None


async def test_what_is_still_to_come_waits_oldest_first(treasurer: Caller, donor: Caller) -> None:
    late = await made(treasurer, reference="late", pledged_on="2025-02-02")
    early = await made(treasurer, reference="early", pledged_on="2025-02-01")
    whole = await made(treasurer, reference="whole", pledged_on="2025-01-01")
    for pledge, amount in ((early, "40.00"), (whole, "100.00")):
        answer = await treasurer.post("/v1/donations", a_donation_for(pledge, amount=amount))
        assert answer.status_code == 201, answer.text

    for caller, action in ((treasurer, "receive"), (donor, "give")):
        items = (await caller.get("/v1/todo")).json()["items"]
        assert [(i["action"], i["id"], i["amount"]) for i in items] == [
            (action, early["pledge_id"], yuan("60.00")),
            (action, late["pledge_id"], yuan("100.00")),
        ]


async def test_what_waits_comes_in_pages(treasurer: Caller) -> None:
    pledges = [await made(treasurer, reference=f"R-{n}") for n in range(3)]

    first = (await treasurer.get("/v1/todo", limit=2)).json()
    second = (await treasurer.get("/v1/todo", cursor=first["next_cursor"])).json()

    seen = [item["id"] for item in first["items"] + second["items"]]
    assert seen == [pledge["pledge_id"] for pledge in pledges]


async def test_a_command_does_not_overtake_the_register(api: Api, treasurer: Caller) -> None:
    body = a_pledge(donor={"kind": "enterprise", "code": NOT_REGISTERED})
    after = {"Fundmix-After": f"{topics.REGISTRY}:{NOT_REGISTERED}:1"}
    async with nothing_written(api.database):
        early = await treasurer.post("/v1/pledges", body, key="k-1", headers=after)
    assert refusal(early) == (503, "replica_lags", {})
    assert int(early.headers["retry-after"]) > 0

    state = f'{{"code": "{NOT_REGISTERED}", "name": "新企业", "kind": "enterprise"}}'
    async with api.database.transaction() as connection:
        await replica.save(connection, topics.REGISTRY, [State(NOT_REGISTERED, 1, state)])

    again = await treasurer.post("/v1/pledges", body, key="k-1", headers=after)
    assert again.status_code == 201


def parts(*due: tuple[str, str]) -> list[Json]:
    return [{"due_on": day, "amount": yuan(amount)} for day, amount in due]


async def test_a_pledge_says_what_should_have_come_by_now(treasurer: Caller) -> None:
    schedule = parts(("2025-04-01", "30.00"), ("2025-05-01", "30.00"), ("2099-01-01", "40.00"))
    pledge = await made(treasurer, schedule=schedule)

    assert (pledge["state"], pledge["overdue"]) == ("overdue", yuan("60.00"))
    assert pledge["next_due_on"] == "2025-04-01"
    await treasurer.post("/v1/donations", a_donation_for(pledge, amount="45.00"))
    path = f"/v1/pledges/{pledge['pledge_id']}"
    later = (await treasurer.get(path)).json()
    assert (later["state"], later["overdue"]) == ("overdue", yuan("15.00"))
    assert later["next_due_on"] == "2025-05-01"
    [item] = (await treasurer.get("/v1/todo")).json()["items"]
    assert (item["due_on"], item["is_overdue"]) == ("2025-05-01", True)
    await treasurer.post("/v1/donations", a_donation_for(pledge, amount="15.00"))
    in_time = (await treasurer.get(path)).json()
    assert (in_time["state"], in_time["next_due_on"]) == ("part_received", "2099-01-01")


@pytest.mark.parametrize(
    ("schedule", "pointer"),
    [
        (parts(("2025-04-01", "99.99")), "/schedule"),
        (parts(("2025-02-28", "100.00")), "/schedule/0/due_on"),
        (parts(("2025-04-01", "50.00"), ("2025-04-01", "50.00")), "/schedule/1/due_on"),
    ],
)
async def test_a_schedule_sums_to_its_pledge_in_the_order_of_days(
    api: Api, treasurer: Caller, schedule: list[Json], pointer: str
) -> None:
    async with nothing_written(api.database):
        answer = await treasurer.post("/v1/pledges", a_pledge(schedule=schedule))

    assert refusal(answer) == (422, "contradictory_schedule", {pointer: "contradictory_schedule"})


async def test_what_was_still_to_come_is_cancelled_once(
    api: Api, treasurer: Caller, donor: Caller
) -> None:
    pledge = await made(treasurer)
    await treasurer.post("/v1/donations", a_donation_for(pledge, amount="40.00"))
    path = f"/v1/pledges/{pledge['pledge_id']}/cancel"
    body = {"reason": "donor_in_hardship", "cancelled_on": "2025-04-01", "remark": "经营困难"}

    early = await donor.post(path, {**body, "cancelled_on": "2025-02-28"})
    cancelled = await donor.post(path, body)
    again = await treasurer.post(path, body)
    late = await treasurer.post("/v1/donations", a_donation_for(pledge, amount="60.00"))
    stranger = await api.caller("agency", org=OTHER_AGENCY).post(path, body)

    assert refusal(early)[:2] == (422, "future_date")
    assert cancelled.json()["state"] == "cancelled"
    assert cancelled.json()["fulfilled"] == yuan("40.00")
    assert cancelled.json()["outstanding"] == yuan("0.00")
    assert refusal(again)[:2] == (409, "pledge_closed")
    assert refusal(late)[:2] == (409, "pledge_not_open")
    assert refusal(stranger)[:2] == (403, "foreign_row")
    said = (await api.events())[-1]
    assert said.type == "donations.pledge_cancelled"
    assert Body[PledgeCancelled].model_validate_json(said.body).data.amount == Money.parse("60.00")
    assert (await donor.get("/v1/todo")).json()["items"] == []


async def test_pledges_are_found_by_their_state(api: Api, treasurer: Caller) -> None:
    parts = [
        {"due_on": "2025-04-01", "amount": yuan("60.00")},
        {"due_on": "2099-01-01", "amount": yuan("40.00")},
    ]
    there = {
        "promised": await made(treasurer, reference="P-1", schedule=[]),
        "part_received": await made(treasurer, reference="P-2", schedule=parts),
        "overdue": await made(treasurer, reference="P-3", schedule=parts),
        "received": await made(treasurer, reference="P-4", schedule=parts),
        "cancelled": await made(treasurer, reference="P-5", schedule=parts),
    }
    for state, amount in (("part_received", "60.00"), ("overdue", "59.99"), ("received", "100.00")):
        given = await treasurer.post("/v1/donations", a_donation_for(there[state], amount=amount))
        assert given.is_success, given.text
    path = f"/v1/pledges/{there['cancelled']['pledge_id']}/cancel"
    await treasurer.post(path, {"reason": "agreed"})
    officer = api.caller("finance_officer", org="11441900AHP4983MNR", grants=["read:city"])

    for caller in (treasurer, officer, api.caller("auditor")):
        for state, pledge in there.items():
            found = (await caller.get("/v1/pledges", state=state)).json()["items"]
            assert [(p["pledge_id"], p["state"]) for p in found] == [(pledge["pledge_id"], state)]
    other = api.caller("agency", org=OTHER_AGENCY)
    assert (await other.get("/v1/pledges", state="overdue")).json()["items"] == []
    assert refusal(await treasurer.get("/v1/pledges", state="late"))[:2] == (422, "invalid_request")
