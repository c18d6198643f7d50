"""Other income, entries leg by leg, opening balances, and the reversal of each of them."""

from typing import Any, Final

import pytest
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, FOUNDATION, OTHER_AGENCY
from fundmix_kit.testing.api import refusal
from ledger_svc.testing import (
    Books,
    Json,
    a_leg,
    a_manual_entry,
    a_reversal,
    an_expenditure,
    an_income,
    an_opening_balance,
    cny,
)

PURPOSE: Final = "purpose:长者助餐"
FEN: Final = {"amount_minor": -100, "currency": "CNY"}


async def balances(books: Books) -> dict[tuple[str, str], str]:
    found = (await books.auditor().get("/v1/balances", agency=AGENCY, limit=200)).json()["items"]
    return {
        (b["code"], b["fund_code"]): b["amount"]["amount"]
        for b in found
        if b["amount"]["amount"] != "0.00"
    }


async def left(books: Books, fund_code: str = "general") -> list[str]:
    answer = await books.auditor().get("/v1/lots", agency=AGENCY, fund_code=fund_code)
    return [lot["left"]["amount"] for lot in answer.json()["items"]]


async def test_other_income_is_money_of_its_channel_and_counts_in_the_mix(books: Books) -> None:
    await books.enter("/v1/income", an_income("800.00"))

    mix = (await books.auditor().get("/v1/mix", year=2024)).json()
    assert mix["received_by_channel"] == {"own": "800.00"}
    assert await balances(books) == {
        ("assets:bank", "general"): "800.00",
        ("income:service", "general"): "-800.00",
    }
    assert await left(books) == ["800.00"]


async def test_a_subsidy_for_a_purpose_is_restricted_until_it_is_used(books: Books) -> None:
    subsidy = an_income(
        "500.00", code="income:subsidy", channel="government", fund_code=PURPOSE, payer=None
    )

    await books.enter("/v1/income", subsidy)
    await books.enter("/v1/expenditures", an_expenditure("200.00", fund_code=PURPOSE))

    assert (await balances(books))["net_assets:restricted", PURPOSE] == "-300.00"
    assert await left(books, PURPOSE) == ["300.00"]


async def test_what_government_buys_is_no_income_that_an_agency_declares(books: Books) -> None:
    bought = an_income("800.00", channel="government")

    answer = await books.accountant().post("/v1/income", bought)
    granted = await books.accountant().post("/v1/income", bought | {"code": "income:subsidy"})

    assert refusal(answer) == (422, "contradictory_terms", {"/code": "contradictory_terms"})
    assert granted.is_success
    assert len((await books.auditor().get("/v1/requests")).json()["items"]) == 1


async def test_an_entry_leg_by_leg_brings_lots_and_draws_from_them(books: Books) -> None:
    loan = a_manual_entry(
        a_leg("assets:bank", "100.00"), a_leg("liabilities:borrowing", "-100.00"), reference="ME-1"
    )
    repaid = a_manual_entry(
        a_leg("liabilities:borrowing", "60.00"), a_leg("assets:bank", "-60.00"), reference="ME-2"
    )
    too_much = a_manual_entry(
        a_leg("liabilities:borrowing", "41.00"), a_leg("assets:bank", "-41.00"), reference="ME-3"
    )

    await books.enter("/v1/manual-entries", loan)
    await books.enter("/v1/manual-entries", repaid)
    answer = await books.decide("/v1/manual-entries", too_much)

    assert refusal(answer) == (
        409,
        "insufficient_funds",
        {"/legs/1/amount": "insufficient_funds"},
    )
    assert await left(books) == ["40.00"]
    assert (await balances(books))["assets:bank", "general"] == "40.00"


@pytest.mark.parametrize(
    ("legs", "errors"),
    [
        ([a_leg("assets:fixed", "1.00")], {"/legs": "too_short"}),
        ([a_leg("assets:fixed", "1.00"), a_leg("income:other", "-2.00")], {"": "sum_mismatch"}),
        (
            [a_leg("commitments:contract", "1.00"), a_leg("income:other", "-1.00")],
            {"/legs/0/code": "account_not_fitting"},
        ),
        (
            [a_leg("net_assets:restricted", "1.00"), a_leg("income:other", "-1.00")],
            {"/legs/0/fund_code": "contradictory_terms"},
        ),
        (
            [a_leg("assets:fixed", "0.00"), a_leg("income:other", "0.00")],
            {"/legs/0": "amount_nothing", "/legs/1": "amount_nothing"},
        ),
        (
            [a_leg("assets:fixed", "1.00"), a_leg("income:other", "-1.00") | {"amount": FEN}],
            {"/legs/1/amount": "amount_missing"},
        ),
    ],
    ids=["one leg", "not zero", "a promise", "restricted without purpose", "nothing", "in fen"],
)
async def test_legs_that_are_no_entry_are_refused(
    books: Books, legs: list[Json], errors: dict[str, str]
) -> None:
    terms = a_manual_entry(*legs)

    answer = await books.accountant().post("/v1/manual-entries", terms)

    # Where a leg is wrong, Pydantic misses it among the two as well.
    assert errors.items() <= refusal(answer).errors.items()


async def test_books_are_opened_once(books: Books) -> None:
    await books.enter("/v1/opening-balances", an_opening_balance())
    again = await books.accountant().post(
        "/v1/opening-balances", an_opening_balance(reference="OB-2")
    )
    other = await books.accountant(OTHER_AGENCY).post(
        "/v1/opening-balances", an_opening_balance(agency=OTHER_AGENCY)
    )

    assert refusal(again) == (
        409,
        "opening_balance_taken",
        {"/agency": "opening_balance_taken"},
    )
    assert other.status_code == 201
    assert await left(books) == ["9000.00"]


@pytest.mark.parametrize(
    ("path", "terms"),
    [
        ("/v1/income", an_income("800.00")),
        ("/v1/manual-entries", a_manual_entry()),
        ("/v1/opening-balances", an_opening_balance()),
        ("/v1/expenditures", an_expenditure("30.00")),
    ],
    ids=["income", "manual entry", "opening balance", "expenditure"],
)
async def test_a_reversal_leaves_the_books_as_they_were(
    books: Books, path: str, terms: Json
) -> None:
    await books.inlet.post(samples.donation_received("100.00", received_on="2024-01-05"))
    before, lots_before = await balances(books), await left(books)
    request = await books.enter(path, terms)

    await books.enter("/v1/reversals", a_reversal(2))

    assert await balances(books) == before
    assert [amount for amount in await left(books) if amount != "0.00"] == lots_before
    original, reversal = (await books.auditor().get("/v1/entries", after=1)).json()["items"]
    assert reversal["corrects"] == original["event_id"]
    assert reversal["value_on"] == original["value_on"]
    shown = (await books.auditor().get(f"/v1/requests/{request['request_id']}")).json()
    assert shown["state"] == "reversed"
    again = await books.enter(path, terms)
    assert again["state"] == "approved"


async def test_an_entry_is_reversed_once(books: Books) -> None:
    await books.enter("/v1/manual-entries", a_manual_entry())
    await books.accountant().post("/v1/reversals", a_reversal(1))

    asked_twice = await books.accountant().post("/v1/reversals", a_reversal(1, reference="RV-B"))
    waiting = (await books.reviewer().get("/v1/todo")).json()["items"]
    await books.reviewer().post(f"/v1/requests/{waiting[0]['request_id']}/approve", None)
    await books.post_decided()
    afterwards = await books.accountant().post("/v1/reversals", a_reversal(1, reference="RV-C"))
    of_the_reversal = await books.accountant().post("/v1/reversals", a_reversal(2))

    for answer in (asked_twice, afterwards, of_the_reversal):
        assert refusal(answer) == (409, "not_reversible", {"/seq": "not_reversible"})


async def test_income_that_is_spent_cannot_be_undone(books: Books) -> None:
    await books.enter("/v1/income", an_income("800.00"))
    await books.enter("/v1/expenditures", an_expenditure("700.00"))
    await books.enter("/v1/income", an_income("900.00"))

    answer = await books.decide("/v1/reversals", a_reversal(1))

    assert refusal(answer)[:2] == (409, "insufficient_funds")


@pytest.mark.parametrize(
    ("seq", "refused"),
    [
        (99, (404, "entry_not_found", {"/seq": "entry_not_found"})),
        (1, (409, "not_reversible", {"/seq": "not_reversible"})),
    ],
    ids=["not there", "of another service"],
)
async def test_only_what_the_ledger_was_asked_for_is_reversed_here(
    books: Books, seq: int, refused: tuple[Any, ...]
) -> None:
    await books.inlet.post(samples.donation_received("100.00"))

    answer = await books.accountant().post("/v1/reversals", a_reversal(seq))

    assert refusal(answer) == refused


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"code": "income:donation"}, {"/code": "account_not_fitting"}),
        ({"fund_code": "contract:DG-1"}, {"/fund_code": "contradictory_terms"}),
        ({"fund_code": PURPOSE}, {"/fund_code": "contradictory_terms"}),
        ({"payer": FOUNDATION}, {"/payer": "unknown_organisation"}),
        ({"amount": cny("-1.00")}, {"/amount": "amount_not_positive"}),
    ],
    ids=str,
)
async def test_income_that_belongs_elsewhere_is_refused(
    books: Books, changes: Json, errors: dict[str, str]
) -> None:
    answer = await books.accountant().post("/v1/income", an_income("1.00") | changes)

    assert refusal(answer).errors == errors


async def test_income_that_was_undone_is_in_no_mix(books: Books) -> None:
    await books.enter("/v1/income", an_income("800.00"))
    await books.enter("/v1/income", an_income("200.00"))

    await books.enter("/v1/reversals", a_reversal(1))

    mix = (await books.auditor().get("/v1/mix", year=2024)).json()
    assert mix["received_by_channel"] == {"own": "200.00"}


async def test_who_paid_income_that_was_undone_is_no_funder(books: Books) -> None:
    await books.inlet.post(samples.organisation_registered(code=FOUNDATION))
    await books.enter("/v1/income", an_income("800.00", payer=FOUNDATION))
    paid = (await books.auditor().get("/v1/reading", year=2024)).json()

    await books.enter("/v1/reversals", a_reversal(1))

    undone = (await books.auditor().get("/v1/reading", year=2024)).json()
    assert paid["payers"]["largest_funder"]["payer"] == FOUNDATION
    assert undone["payers"]["largest_funder"] is None
