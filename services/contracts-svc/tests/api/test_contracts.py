"""A contract's life over HTTP: signed, approved, paid, and found again."""

import asyncio
import json
from typing import Any, Final

import httpx2
import pytest
from fundmix_events import topics
from fundmix_events.registry import Organisation, OrganisationKind
from fundmix_kit import replica
from fundmix_kit.replica import State
from fundmix_kit.testing.api import Api, Caller, refusal

BUYER: Final = "11441900AHP4983MNR"
AGENCY: Final = "52441900AJC6XAY6DW"
NEW_AGENCY: Final = "52441900MLJE5F680K"


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def payment(amount: str, reference: str = "BK-1") -> dict[str, Any]:
    return {"amount": yuan(amount), "paid_on": "2024-03-18", "bank_reference": reference}


async def sign(officer: Caller, terms: dict[str, Any], **values: Any) -> str:
    """The path of a newly signed contract."""
    answer = await officer.post("/v1/contracts", terms | values)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def approve(officer: Caller, contract: str, number: int = 1, **body: Any) -> httpx2.Response:
    return await officer.post(f"{contract}/instalments/{number}/approve", body)


async def pay(payer: Caller, contract: str, body: Any, number: int = 1) -> httpx2.Response:
    return await payer.post(f"{contract}/instalments/{number}/pay", body)


async def test_many_who_sign_at_once_are_each_answered_for_themselves(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    await sign(officer, terms, number="DG-7")
    numbers = [f"DG-{number}" for number in range(20)]
    bodies = [terms | {"number": number} for number in numbers]
    bodies[3] |= {"agency": "52441900MA4UTA5T5T"}
    bodies[5] |= {"title": "另一份", "number": "DG-6"}

    answers = await asyncio.gather(*(officer.post("/v1/contracts", body) for body in bodies))

    statuses = [answer.status_code for answer in answers]
    assert statuses[3] == 422
    assert statuses[7] == 409
    assert sorted(statuses[5:7]) == [201, 409]
    assert statuses.count(201) == 17
    assert refusal(answers[7]) == (
        409,
        "contract_number_taken",
        {"/number": "contract_number_taken"},
    )
    signed = {
        answer.json()["contract_id"]: answer.json()["number"]
        for answer in answers
        if answer.is_success
    }
    said = await api.events()
    assert {event.key for event in said} >= signed.keys()
    assert len(said) == 18
    for contract_id, number in signed.items():
        shown = await officer.get(f"/v1/contracts/{contract_id}")
        assert shown.json()["number"] == number
        assert len(shown.json()["instalments"]) == len(terms["instalments"])


async def test_a_signed_contract_is_answered_and_said(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    answer = await officer.post("/v1/contracts", terms)

    contract = answer.json()
    contract_id = contract["contract_id"]
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/contracts/{contract_id}"
    assert answer.headers["fundmix-position"] == f"fundmix.contracts:{contract_id}:1"
    assert (contract["state"], contract["channel"]) == ("active", "government")
    assert (contract["ceiling"], contract["paid"]) == (yuan("1000.00"), yuan("0.00"))
    [said] = await api.events()
    assert (said.type, said.key) == ("contracts.contract_signed", contract_id)
    data = json.loads(said.body)["data"]
    assert data["aggregate_version"] == said.aggregate_version == 1
    assert data["instalments"] == terms["instalments"]


async def test_a_contract_is_paid_off_by_two_people(
    api: Api, officer: Caller, payer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)

    approved = await approve(officer, contract, 1, payable=yuan("600.00"))
    await pay(payer, contract, payment("600.00", "BK-1"), 1)
    await approve(officer, contract, 2)
    paid = await pay(payer, contract, payment("400.00", "BK-2"), 2)

    assert approved.status_code == paid.status_code == 200
    assert approved.json()["instalments"][0] | {"approved_on": None} == {
        "number": 1,
        "due_on": "2024-03-12",
        "amount": yuan("600.00"),
        "condition": "signing",
        "state": "approved",
        "deduction": yuan("0.00"),
        "payable": yuan("600.00"),
        "invoice_number": None,
        "invoiced_on": None,
        "pay_by": None,
        "approved_on": None,
        "paid_on": None,
        "bank_reference": None,
        "arrived_on": None,
    }
    assert (paid.json()["state"], paid.json()["paid"]) == ("completed", yuan("1000.00"))
    assert paid.headers["etag"] == '"5"'
    said = await api.events()
    assert [(s.type.removeprefix("contracts."), s.aggregate_version) for s in said] == [
        ("contract_signed", 1),
        ("instalment_approved", 2),
        ("instalment_paid", 3),
        ("instalment_approved", 4),
        ("instalment_paid", 5),
    ]
    data = json.loads(said[2].body)["data"]
    assert (data["scheduled"], data["deduction"], data["payable"]) == (
        yuan("600.00"),
        yuan("0.00"),
        yuan("600.00"),
    )
    assert (data["paid_on"], data["bank_reference"]) == ("2024-03-18", "BK-1")


async def test_a_contract_is_shown_with_everything_that_was_signed(
    officer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)

    answer = await officer.get(contract)

    shown = answer.json()
    texts = terms.keys() - {"instalments"}
    assert {name: shown[name] for name in texts} == {name: terms[name] for name in texts}
    assert answer.headers["etag"] == '"1"'


async def test_what_a_reader_has_already_is_not_sent_again(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)
    headers = api.tokens.headers("auditor") | {"If-None-Match": '"1"'}

    assert (await api.client.get(contract, headers=headers)).status_code == 304
    await approve(officer, contract)
    assert (await api.client.get(contract, headers=headers)).status_code == 200


async def test_the_same_request_is_carried_out_once(
    api: Api, officer: Caller, payer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)
    await approve(officer, contract)
    path, body = f"{contract}/instalments/1/pay", payment("600.00")

    first = await payer.post(path, body, key="k")
    second = await payer.post(path, body, key="k")

    assert (second.status_code, second.json()) == (200, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await api.events()) == 3


async def test_of_many_who_approve_an_instalment_at_once_one_does(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)

    answers = await asyncio.gather(*(approve(officer, contract) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await api.events()) == 2


async def test_of_many_payments_with_one_bank_reference_one_is_kept(
    api: Api, officer: Caller, payer: Caller, terms: dict[str, Any]
) -> None:
    contracts = [await sign(officer, terms, number=f"DG-{n}") for n in range(4)]
    for contract in contracts:
        await approve(officer, contract)

    answers = await asyncio.gather(
        *(pay(payer, contract, payment("600.00")) for contract in contracts)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    refused = [refusal(answer) for answer in answers if answer.is_error]
    assert {r.code for r in refused} == {"bank_reference_used"}
    paid = [said for said in await api.events() if said.type == "contracts.instalment_paid"]
    assert len(paid) == 1


async def test_an_approval_may_say_which_version_was_read(
    officer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)

    answer = await officer.post(
        f"{contract}/instalments/1/approve", {}, headers={"If-Match": '"1"'}
    )

    assert answer.headers["etag"] == '"2"'


async def test_signing_waits_for_an_agency_that_was_registered_just_now(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    body = terms | {"agency": NEW_AGENCY}
    after = {"Fundmix-After": f"fundmix.registry:{NEW_AGENCY}:1"}
    organisation = Organisation(code=NEW_AGENCY, name="示例丙", kind=OrganisationKind.AGENCY)
    state = State(NEW_AGENCY, 1, organisation.model_dump_json())

    async def arrive() -> None:
        async with api.database.transaction() as connection:
            await replica.save(connection, topics.REGISTRY, [state])

    signed, _ = await asyncio.gather(officer.post("/v1/contracts", body, headers=after), arrive())

    assert signed.status_code == 201


async def test_signing_does_not_wait_for_ever(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    after = {"Fundmix-After": f"fundmix.registry:{NEW_AGENCY}:1"}

    answer = await officer.post("/v1/contracts", terms, headers=after)

    assert refusal(answer) == (503, "replica_lags", {})
    assert int(answer.headers["retry-after"]) > 0
    assert await api.events() == []


async def test_a_list_is_read_page_by_page_and_misses_nothing(
    officer: Caller, terms: dict[str, Any]
) -> None:
    signed = [await sign(officer, terms, number=f"DG-{n}") for n in range(5)]

    read: list[str] = []
    path = f"/v1/contracts?buyer={BUYER}&limit=2"
    for _ in range(3):
        page = await officer.get(path)
        read += [item["contract_id"] for item in page.json()["items"]]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert [f"/v1/contracts/{contract_id}" for contract_id in read] == signed
    assert path == ""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"number": "DG-1"}, ["DG-1"]),
        ({"agency": AGENCY}, ["DG-0", "DG-2"]),
        ({"buyer": BUYER, "agency": "52441900DNF0KCB4UQ"}, ["DG-1"]),
        ({"buyer": "114419008G9QC57CBT"}, []),
    ],
)
async def test_a_list_is_narrowed_by_party_and_number(
    wanted: dict[str, str], found: list[str], officer: Caller, terms: dict[str, Any]
) -> None:
    await sign(officer, terms, number="DG-0")
    await sign(officer, terms, number="DG-1", agency="52441900DNF0KCB4UQ")
    await sign(officer, terms, number="DG-2")

    answer = await officer.get("/v1/contracts", **wanted)

    assert [item["number"] for item in answer.json()["items"]] == found


async def test_what_waits_moves_from_who_approves_to_who_pays(
    officer: Caller, payer: Caller, terms: dict[str, Any]
) -> None:
    contract = await sign(officer, terms)

    async def waiting(caller: Caller) -> list[tuple[str, int, dict[str, str]]]:
        items = (await caller.get("/v1/todo")).json()["items"]
        return [(i["action"], i["number"], i["amount"]) for i in items]

    assert await waiting(payer) == [
        ("approve", 1, yuan("600.00")),
        ("approve", 2, yuan("400.00")),
    ]
    await approve(officer, contract)
    second = ("approve", 2, yuan("400.00"))
    assert await waiting(officer) == [second]
    assert await waiting(payer) == [("pay", 1, yuan("600.00")), second]
    await pay(payer, contract, payment("600.00"))
    assert await waiting(payer) == [second]


async def test_an_enterprise_buys_too_and_its_money_has_its_own_channel(
    api: Api, terms: dict[str, Any]
) -> None:
    enterprise = "91441900LX8R25H7GP"
    officer = api.caller("finance_officer", org=enterprise)

    answer = await officer.post("/v1/contracts", terms | {"buyer": enterprise})

    assert answer.json()["channel"] == "enterprise"


async def test_progress_counts_what_is_not_yet_sent(
    api: Api, officer: Caller, terms: dict[str, Any]
) -> None:
    await sign(officer, terms)

    progress = await api.caller("auditor").get("/v1/progress")

    assert progress.json() == {"published": {}, "waiting": 1, "consumed": {}, "quarantined": 0}
