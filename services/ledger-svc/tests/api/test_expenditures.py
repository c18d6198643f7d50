"""The use of money: two persons, oldest money first, and never more than there is."""

import asyncio
from typing import Any, Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.testing.api import refusal
from ledger_svc.testing import Books, an_expenditure, cny
from ledger_svc.testing.reasons import hold_figures

CONTRACT: Final = "contract:DG-2024-0001"
PURPOSE: Final = "purpose:长者助餐"


def a_gift(amount: str, received_on: str, **changes: Any) -> Any:
    return samples.donation_received(
        amount,
        given_on=received_on,
        received_on=received_on,
        reference=f"DN-{received_on}",
        **changes,
    )


async def lots(books: Books, fund_code: str = "general") -> list[tuple[str, str, str, str]]:
    """Document, received, used and held of each lot, in the order in which they are drawn."""
    answer = await books.auditor().get("/v1/lots", agency=AGENCY, fund_code=fund_code)
    return [
        (i["document"], *(i[k]["amount"] for k in ("received", "used", "held")))
        for i in answer.json()["items"]
    ]


async def balances(books: Books) -> dict[tuple[str, str, str], str]:
    found = (await books.auditor().get("/v1/balances", agency=AGENCY, limit=200)).json()["items"]
    return {
        (b["code"], b["fund_code"], b["channel"]): b["amount"]["amount"]
        for b in found
        if b["amount"]["amount"] != "0.00"
    }


async def test_the_oldest_money_is_used_first_and_each_channel_apart(books: Books) -> None:
    await books.inlet.post(
        a_gift("100.00", "2024-03-01", channel=Channel.ENTERPRISE, donor={"kind": "individual"}),
        a_gift("200.00", "2024-02-01"),
    )

    request = await books.enter("/v1/expenditures", an_expenditure("250.00"))

    assert await lots(books) == [
        ("DN-2024-02-01", "200.00", "200.00", "0.00"),
        ("DN-2024-03-01", "100.00", "50.00", "0.00"),
    ]
    assert await balances(books) == {
        ("assets:bank", "general", "enterprise"): "50.00",
        ("income:donation", "general", "enterprise"): "-100.00",
        ("income:donation", "general", "foundation"): "-200.00",
        ("expenses:programme", "general", "enterprise"): "50.00",
        ("expenses:programme", "general", "foundation"): "200.00",
    }
    shown = (await books.auditor().get(f"/v1/requests/{request['request_id']}")).json()
    assert (shown["state"], shown["entry_seq"]) == ("approved", 3)
    entry = (await books.auditor().get("/v1/entries/3")).json()
    assert [d["amount"]["amount"] for d in entry["draws"]] == ["200.00", "50.00"]


async def test_what_is_approved_is_held_until_it_is_posted(books: Books) -> None:
    await books.inlet.post(a_gift("100.00", "2024-02-01"))

    await books.decide("/v1/expenditures", an_expenditure("60.00"))
    too_much = await books.decide("/v1/expenditures", an_expenditure("41.00"))
    enough = await books.decide("/v1/expenditures", an_expenditure("40.00"))

    assert refusal(too_much) == (409, "insufficient_funds", {"/amount": "insufficient_funds"})
    assert enough.status_code == 200
    assert await lots(books) == [("DN-2024-02-01", "100.00", "0.00", "100.00")]
    await books.post_decided()
    assert await lots(books) == [("DN-2024-02-01", "100.00", "100.00", "0.00")]


async def test_money_for_a_purpose_is_released_when_it_is_used_for_it(books: Books) -> None:
    await books.inlet.post(a_gift("100.00", "2024-02-01", restricted_to="长者助餐"))

    await books.enter("/v1/expenditures", an_expenditure("30.00", fund_code=PURPOSE))

    found = await balances(books)
    assert found["net_assets:restricted", PURPOSE, "foundation"] == "-70.00"
    assert found["net_assets:unrestricted", PURPOSE, "foundation"] == "70.00"
    assert found["assets:bank", PURPOSE, "foundation"] == "70.00"


async def test_a_gift_is_not_used_before_it_came(books: Books) -> None:
    await books.inlet.post(a_gift("100.00", "2024-02-01"), a_gift("100.00", "2024-03-01"))

    await books.enter("/v1/expenditures", an_expenditure("150.00", spent_on="2024-03-02"))
    early = await books.decide("/v1/expenditures", an_expenditure("60.00", spent_on="2024-02-10"))
    fitting = await books.decide("/v1/expenditures", an_expenditure("50.00", spent_on="2024-02-10"))

    assert refusal(early)[:2] == (409, "insufficient_funds")
    assert fitting.status_code == 200


async def test_a_contract_is_spent_before_it_is_paid_and_no_further_than_its_ceiling(
    books: Books,
) -> None:
    await books.inlet.post(
        samples.contract_signed("1000.00"), samples.instalment_paid("400.00", paid_on="2024-03-10")
    )

    request = await books.enter(
        "/v1/expenditures", an_expenditure("700.00", fund_code=CONTRACT, spent_on="2024-03-05")
    )
    beyond = await books.decide("/v1/expenditures", an_expenditure("300.01", fund_code=CONTRACT))
    rest = await books.decide("/v1/expenditures", an_expenditure("300.00", fund_code=CONTRACT))

    assert request["state"] == "approved"
    assert refusal(beyond)[:2] == (409, "insufficient_funds")
    assert rest.status_code == 200
    (open_then,) = (await books.auditor().get("/v1/advances", on="2024-03-07")).json()["items"]
    assert await hold_figures(books.auditor(), open_then) == 2
    del open_then["why"]
    assert open_then == {
        "agency": AGENCY,
        "fund_code": CONTRACT,
        "advance": cny("700.00"),
        "since_on": "2024-03-05",
        "days_outstanding": 3,
        "largest": cny("700.00"),
        "largest_on": "2024-03-05",
        "days": 3,
    }
    (later,) = (await books.auditor().get("/v1/advances", on="2024-03-20")).json()["items"]
    assert (later["advance"], later["days_outstanding"]) == (cny("300.00"), 16)
    assert await hold_figures(books.auditor(), later) == 2
    assert (await books.auditor().get("/v1/advances", on="2024-03-04")).json()["items"] == []


async def test_nobody_reviews_what_he_prepared(books: Books) -> None:
    await books.inlet.post(a_gift("100.00", "2024-02-01"))
    prepared = await books.accountant().post("/v1/expenditures", an_expenditure("10.00"))
    path = f"/v1/requests/{prepared.json()['request_id']}"

    own = await books.accountant().post(f"{path}/approve", None)
    withdrawn_by_other = await books.reviewer().post(f"{path}/withdraw", None)
    foreign = await books.reviewer(OTHER_AGENCY).post(f"{path}/approve", None)
    rejected = await books.reviewer().post(f"{path}/reject", {"reason": "缺少发票"})
    again = await books.reviewer().post(f"{path}/approve", None)

    assert refusal(own)[:2] == (403, "same_person")
    assert refusal(withdrawn_by_other)[:2] == (403, "same_person")
    assert refusal(foreign)[:2] == (403, "foreign_row")
    assert (rejected.json()["state"], rejected.json()["reason"]) == ("rejected", "缺少发票")
    assert refusal(again)[:2] == (409, "request_state")
    assert await lots(books) == [("DN-2024-02-01", "100.00", "0.00", "0.00")]


async def test_a_reference_is_used_once_and_free_again_when_it_was_rejected(books: Books) -> None:
    accountant = books.accountant()
    first = await accountant.post("/v1/expenditures", an_expenditure("10.00"))
    twice = await accountant.post("/v1/expenditures", an_expenditure("10.00"))
    await accountant.post(f"/v1/requests/{first.json()['request_id']}/withdraw", None)
    again = await accountant.post("/v1/expenditures", an_expenditure("10.00"))

    assert refusal(twice) == (409, "reference_taken", {"/reference": "reference_taken"})
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"spent_on": "2199-03-04"}, (422, "future_date", {"/spent_on": "future_date"})),
        ({"spent_on": "0001-01-01"}, (422, "invalid_request", {"/spent_on": "day_too_early"})),
        (
            {"agency": "52441900MLJE5F680K"},
            (422, "unknown_organisation", {"/agency": "unknown_organisation"}),
        ),
        ({"fund_code": "purpose:没有"}, (422, "unknown_fund", {"/fund_code": "unknown_fund"})),
        ({"code": "income:service"}, (422, "invalid_request", {"/code": "account_not_fitting"})),
        (
            {"fund_code": "elsewhere"},
            (422, "invalid_request", {"/fund_code": "string_pattern_mismatch"}),
        ),
        ({"amount": cny("0.00")}, (422, "invalid_request", {"/amount": "amount_not_positive"})),
        ({"more": 1}, (422, "invalid_request", {"/more": "extra_forbidden"})),
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused_by_its_field(
    books: Books, changes: dict[str, Any], refused: tuple[Any, ...]
) -> None:
    terms = an_expenditure("10.00") | changes

    answer = await books.accountant(terms["agency"]).post("/v1/expenditures", terms)

    assert refusal(answer) == refused
    assert (await books.auditor().get("/v1/requests")).json()["items"] == []


async def test_thirty_approvals_at_once_never_overdraw_a_fund(books: Books) -> None:
    await books.inlet.post(a_gift("100.00", "2024-02-01"), a_gift("100.00", "2024-03-01"))
    prepared = [
        await books.accountant().post(
            "/v1/expenditures", an_expenditure("15.00", reference=f"EX-{n}")
        )
        for n in range(30)
    ]

    answers = await asyncio.gather(
        *(
            books.reviewer().post(f"/v1/requests/{p.json()['request_id']}/approve", None)
            for p in prepared
        )
    )

    # Thirteen times fifteen are 195 of 200.
    assert sorted(a.status_code for a in answers) == [200] * 13 + [409] * 17
    await books.post_decided()
    assert await lots(books) == [
        ("DN-2024-02-01", "100.00", "100.00", "0.00"),
        ("DN-2024-03-01", "100.00", "95.00", "0.00"),
    ]


async def test_who_reviews_finds_what_waits(books: Books) -> None:
    await books.accountant().post("/v1/expenditures", an_expenditure("10.00"))

    (waiting,) = (await books.reviewer().get("/v1/todo")).json()["items"]
    own = (await books.accountant().get("/v1/todo")).json()["items"]
    foreign = (await books.reviewer(OTHER_AGENCY).get("/v1/todo")).json()["items"]

    assert (waiting["action"], waiting["reference"]) == ("review", "EX-10.00")
    assert own == foreign == []
