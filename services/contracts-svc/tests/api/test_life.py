"""What is done to a contract after signing, and before: over HTTP, by who may."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest
from fundmix_kit.ids import uuid7
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

AGENCY = "52441900AJC6XAY6DW"
BUYER = "11441900AHP4983MNR"
LATER = "2024-06-28"


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture
def treasurer(api: Api) -> Caller:
    return api.caller("agency", subject="treasurer", org=AGENCY)


@pytest.fixture
async def contract(officer: Caller, terms: dict[str, Any]) -> str:
    answer = await officer.post("/v1/contracts", terms)
    return answer.headers["location"]


async def said(api: Api) -> list[str]:
    return [event.type.removeprefix("contracts.") for event in await api.events()][1:]


async def settled(
    officer: Caller, payer: Caller, contract: str, number: int = 1
) -> httpx2.Response:
    approved = await officer.post(f"{contract}/instalments/{number}/approve", {})
    payable = approved.json()["instalments"][number - 1]["payable"]
    return await payer.post(
        f"{contract}/instalments/{number}/pay",
        {"amount": payable, "paid_on": "2024-03-18", "bank_reference": f"BK-{number}"},
    )


def a_delivery(quantity: int = 9) -> dict[str, Any]:
    return {
        "line_number": 1,
        "quantity": quantity,
        "delivered_on": LATER,
        "place": "厚街镇社区服务中心",
        "attendance": 40,
    }


def an_acceptance(quantity: int = 9) -> dict[str, Any]:
    return {
        "line_number": 1,
        "quantity": quantity,
        "accepted_on": LATER,
        "recipients_invited": 80,
        "sample_size": 60,
        "responses": 54,
    }


async def test_what_the_agency_delivers_the_buyer_accepts(
    api: Api, officer: Caller, treasurer: Caller, contract: str
) -> None:
    delivered = await treasurer.post(f"{contract}/deliveries", a_delivery(9))
    accepted = await officer.post(f"{contract}/acceptances", an_acceptance(3))

    [line] = delivered.json()["lines"]
    assert (line["quantity"], line["delivered"], line["unit"]) == (9, 9, "岗位")
    # A third of 1,000.00 yuan, rounded down to a fen.
    assert accepted.json()["recognised"] == accepted.json()["receivable"] == yuan("333.33")
    [listed] = (await officer.get(f"{contract}/acceptances")).json()["items"]
    assert (listed["responses"], listed["response_rate_bps"]) == (54, 9_000)
    [listed] = (await treasurer.get(f"{contract}/deliveries")).json()["items"]
    assert listed["attendance"] == 40
    assert await said(api) == ["delivery_reported", "delivery_accepted"]


async def test_what_waits_is_told_to_who_can_do_it(
    officer: Caller, payer: Caller, treasurer: Caller, contract: str
) -> None:
    async def waiting(caller: Caller) -> set[tuple[str, int | None]]:
        items = (await caller.get("/v1/todo")).json()["items"]
        return {(i["action"], i["number"]) for i in items}

    await settled(officer, payer, contract)
    await treasurer.post(f"{contract}/deliveries", a_delivery(9))
    assert await waiting(officer) == {("approve", 2), ("accept_delivery", 1)}
    assert await waiting(treasurer) == {("confirm", 1)}

    await officer.post(f"{contract}/acceptances", an_acceptance(9))
    await treasurer.post(f"{contract}/instalments/1/confirm", {"arrived_on": "2024-03-20"})
    assert await waiting(officer) == {("approve", 2), ("publish_acceptance", 1)}
    assert await waiting(treasurer) == set()


async def test_the_buyer_does_not_deliver_and_the_agency_does_not_accept(
    officer: Caller, treasurer: Caller, contract: str
) -> None:
    delivered = await officer.post(f"{contract}/deliveries", a_delivery())
    accepted = await treasurer.post(f"{contract}/acceptances", an_acceptance())

    assert delivered.status_code == accepted.status_code == 403


async def test_a_payment_is_invoiced_confirmed_or_reversed(
    api: Api, officer: Caller, payer: Caller, treasurer: Caller, contract: str
) -> None:
    instalment = f"{contract}/instalments/1"
    invoice = {"invoice_number": "24442000000012345678", "invoiced_on": "2024-03-05"}

    invoiced = await treasurer.post(f"{instalment}/invoice", invoice)
    await settled(officer, payer, contract)
    reversal = await officer.post(f"{instalment}/reverse", {"reason": "记错合同"})
    again = await payer.post(
        f"{instalment}/pay",
        {"amount": yuan("600.00"), "paid_on": "2024-03-19", "bank_reference": "BK-1"},
    )
    arrived = await treasurer.post(f"{instalment}/confirm", {"arrived_on": "2024-03-20"})

    assert invoiced.json()["instalments"][0]["pay_by"] == "2024-04-04"
    assert reversal.json()["instalments"][0]["state"] == "approved"
    assert reversal.json()["paid"] == yuan("0.00")
    # The same bank reference pays after all: what was reversed never was.
    assert again.status_code == 200
    assert arrived.json()["instalments"][0]["arrived_on"] == "2024-03-20"
    [shown] = (await officer.get(contract)).json()["reversals"]
    assert (shown["bank_reference"], shown["reason"]) == ("BK-1", "记错合同")
    assert await said(api) == [
        "invoice_recorded",
        "instalment_approved",
        "instalment_paid",
        "payment_reversed",
        "instalment_paid",
        "payment_confirmed",
    ]


async def test_an_amendment_after_payment_is_paid_back(
    api: Api, officer: Caller, payer: Caller, contract: str
) -> None:
    await settled(officer, payer, contract)
    amendment = {
        "reason": "人数减少",
        "amended_on": LATER,
        "delta": yuan("-100.00"),
        "recovery": {"amount": yuan("100.00"), "due_on": "2024-07-31"},
    }

    amended = await officer.post(f"{contract}/amendments", amendment)
    received = await officer.post(
        f"{contract}/recoveries/1/receive",
        {"amount": yuan("100.00"), "received_on": "2024-07-01", "bank_reference": "BK-9"},
    )

    assert (amended.json()["ceiling"], amended.json()["committed"]) == (
        yuan("900.00"),
        yuan("500.00"),
    )
    assert received.json()["paid"] == yuan("500.00")
    [shown] = (await officer.get(contract)).json()["amendments"]
    assert (shown["delta"], shown["reason"]) == (yuan("-100.00"), "人数减少")
    assert (await said(api))[-2:] == ["contract_amended", "recovery_received"]


async def test_nothing_is_accepted_before_it_was_delivered(
    api: Api, officer: Caller, treasurer: Caller, contract: str
) -> None:
    await treasurer.post(f"{contract}/deliveries", a_delivery(9))

    async with nothing_written(api.database):
        answer = await officer.post(
            f"{contract}/acceptances", an_acceptance(9) | {"accepted_on": "2024-06-27"}
        )

    assert refusal(answer) == (422, "delivery", {"/accepted_on": "delivery"})


async def test_what_an_amendment_adds_is_written_in_yuan(
    api: Api, officer: Caller, contract: str
) -> None:
    delta = {"amount_minor": 100, "currency": "CNY"}
    amendment = {"reason": "增加", "amended_on": LATER, "delta": delta}

    async with nothing_written(api.database):
        answer = await officer.post(f"{contract}/amendments", amendment)

    assert refusal(answer) == (422, "invalid_request", {"/delta": "amount_missing"})


async def test_an_amendment_changes_something(api: Api, officer: Caller, contract: str) -> None:
    same = {
        "reason": "重申",
        "amended_on": LATER,
        "instalments": [{"number": 2, "amount": yuan("400.00")}],
    }

    async with nothing_written(api.database):
        answers = [
            await officer.post(f"{contract}/amendments", body)
            for body in (same, {"reason": "重申", "amended_on": LATER})
        ]

    assert {refusal(answer).code for answer in answers} == {"nothing_changed"}


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"terminated_on": "2024-06-27"}, "/terminated_on"),
        ({"settlement": {"amount": yuan("5.00"), "due_on": "2024-06-27"}}, "/settlement/due_on"),
        (
            {
                "settlement": {"amount": yuan("5.00"), "due_on": LATER},
                "recovery": {"amount": yuan("5.00"), "due_on": LATER},
            },
            "/recovery",
        ),
    ],
)
async def test_a_termination_does_not_contradict_what_was_done(
    api: Api,
    officer: Caller,
    payer: Caller,
    treasurer: Caller,
    contract: str,
    *,
    values: dict[str, Any],
    pointer: str,
) -> None:
    await settled(officer, payer, contract)
    await treasurer.post(f"{contract}/deliveries", a_delivery(9))
    body = {"reason": "停止服务", "terminated_on": LATER} | values

    async with nothing_written(api.database):
        answer = await officer.post(f"{contract}/terminate", body)

    assert refusal(answer) == (422, "contradictory_terms", {pointer: "contradictory_terms"})


async def test_supplements_pass_a_tenth_never(api: Api, officer: Caller, contract: str) -> None:
    amendment = {
        "reason": "新增社区",
        "amended_on": LATER,
        "delta": yuan("100.01"),
        "supplement": {"amount": yuan("100.01"), "due_on": "2024-07-31"},
    }

    async with nothing_written(api.database):
        answer = await officer.post(f"{contract}/amendments", amendment)

    assert refusal(answer) == (422, "supplement_limit", {"/delta/amount": "supplement_limit"})


async def test_a_termination_settles_what_is_open(
    api: Api, officer: Caller, payer: Caller, contract: str
) -> None:
    await settled(officer, payer, contract)

    answer = await officer.post(
        f"{contract}/terminate",
        {
            "reason": "机构停止服务",
            "terminated_on": LATER,
            "settlement": {"amount": yuan("150.00"), "due_on": "2024-07-31"},
        },
    )

    over = answer.json()
    assert (over["state"], over["ceiling"]) == ("terminated", yuan("750.00"))
    assert [i["state"] for i in over["instalments"]] == ["paid", "cancelled", "scheduled"]
    assert (await settled(officer, payer, contract, 3)).json()["paid"] == yuan("750.00")
    assert "contract_terminated" in await said(api)


async def test_what_was_published_and_filed_is_no_longer_open(
    officer: Caller, terms: dict[str, Any]
) -> None:
    late = {"published_on": None, "filed_on": None}
    contract = (await officer.post("/v1/contracts", terms | late)).headers["location"]

    async def shown(state: str) -> list[tuple[str, str, bool]]:
        items = (await officer.get("/v1/obligations", state=state)).json()["items"]
        return [(i["kind"], i["due_on"], i["is_late"]) for i in items]

    assert await shown("overdue") == [
        ("publish_contract", "2024-02-23", False),
        ("file_contract", "2024-03-01", False),
    ]
    met = {"kind": "publish_contract", "met_on": "2024-02-26"}
    assert (await officer.post(f"{contract}/publications", met)).status_code == 200
    assert await shown("late") == [("publish_contract", "2024-02-23", True)]
    assert len(await shown("overdue")) == 1
    again = await officer.post(f"{contract}/publications", met)
    assert refusal(again).code == "obligation_met"


def without_signature(terms: Mapping[str, Any]) -> dict[str, Any]:
    dates = ("signed_on", "published_on", "filed_on")
    return {name: value for name, value in terms.items() if name not in dates}


async def test_a_draft_is_changed_until_it_is_signed(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    begun = await officer.post("/v1/drafts", without_signature(terms) | {"ceiling": yuan("999.00")})
    draft = begun.headers["location"]
    signature = {"signed_on": "2024-02-21"}

    too_early = await officer.post(f"{draft}/sign", signature)
    changed = await api.client.put(
        draft,
        json=without_signature(terms),
        headers=api.tokens.headers("finance_officer", subject="li.na", org=BUYER)
        | {"If-Match": '"1"', "Idempotency-Key": str(uuid7())},
    )
    signed = await officer.post(f"{draft}/sign", signature)

    assert refusal(too_early) == (
        422,
        "contradictory_terms",
        {"/instalments": "contradictory_terms"},
    )
    assert changed.status_code == 200
    assert signed.status_code == 201
    assert signed.json()["contract_id"] == begun.json()["draft_id"]
    assert (await officer.get(draft)).json()["state"] == "signed"
    assert (await officer.get("/v1/drafts")).json()["items"] == []
    assert refusal(await officer.post(f"{draft}/sign", signature)).code == "draft_state"
    assert [event.type for event in await api.events()] == ["contracts.contract_signed"]


async def test_a_discarded_draft_is_kept_and_binds_nobody(
    officer: Caller, terms: dict[str, Any]
) -> None:
    draft = (await officer.post("/v1/drafts", without_signature(terms))).headers["location"]

    discarded = await officer.post(f"{draft}/discard", None)

    assert discarded.json()["state"] == "discarded"
    assert (await officer.get(draft)).json()["contract"]["number"] == terms["number"]
    answer = await officer.post(f"{draft}/sign", {"signed_on": "2024-02-21"})
    assert refusal(answer).code == "draft_state"


async def test_twenty_people_at_once_overdraw_nothing(
    api: Api, officer: Caller, payer: Caller, terms: dict[str, Any]
) -> None:
    """Ten instalments, each approved and paid by two people at the same time."""
    amounts = [
        {"number": n, "due_on": "2024-03-12", "amount": yuan("100.00"), "condition": "signing"}
        for n in range(1, 11)
    ]
    signed = await officer.post("/v1/contracts", terms | {"instalments": amounts})
    contract = signed.headers["location"]

    async def both(number: int, caller: Caller) -> list[int]:
        path = f"{contract}/instalments/{number}"
        approved = await caller.post(f"{path}/approve", {})
        paying = {
            "amount": yuan("100.00"),
            "paid_on": "2024-03-18",
            "bank_reference": f"BK-{number}",
        }
        paid = [await other.post(f"{path}/pay", paying) for other in (payer, officer)]
        return [approved.status_code, *(answer.status_code for answer in paid)]

    answered = await asyncio.gather(
        *(both(number, caller) for number in range(1, 11) for caller in (officer, payer))
    )

    assert {status for statuses in answered for status in statuses} == {200, 409}
    after = (await officer.get(contract)).json()
    assert after["paid"] == after["committed"] == after["ceiling"] == yuan("1000.00")
    events = [json.loads(event.body)["data"] for event in await api.events()]
    assert [event["aggregate_version"] for event in events] == list(range(1, 22))
