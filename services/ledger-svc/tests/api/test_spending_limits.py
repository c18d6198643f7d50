"""Limits of charities on their spending over HTTP: warnings beside what is asked for."""

from datetime import date
from typing import Any

import pytest
from fundmix_events.registry import Charity, CharityStatus
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY
from ledger_svc.testing import Books, a_leg, an_expenditure, an_income, an_opening_balance
from ledger_svc.testing.reasons import hold_figures


async def found_to_be(books: Books, status: CharityStatus) -> None:
    charity = Charity(status=status, since_on=date(2019, 5, 20), source=samples.a_source())
    standing = samples.a_standing(charity=charity)
    await books.inlet.post(samples.organisation_changed(standing=standing))


async def read(books: Books, year: int) -> dict[str, Any]:
    return (await books.auditor().get("/v1/spending-limits", agency=AGENCY, year=year)).json()


def codes(answer: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in answer["warnings"]]


def managing(amount: str, **changes: Any) -> dict[str, Any]:
    return an_expenditure(amount, code="expenses:management", **changes)


@pytest.mark.parametrize("status", [None, CharityStatus.NONE])
async def test_who_is_no_charity_is_not_warned(books: Books, status: CharityStatus | None) -> None:
    if status is not None:
        await found_to_be(books, status)
    await books.enter("/v1/income", an_income("400000.00"))

    prepared = await books.accountant().post("/v1/expenditures", managing("300000.00"))

    assert codes(prepared.json()) == []
    answer = await read(books, 2024)
    assert (answer["is_limited"], answer["warnings"]) == (False, [])
    assert (answer["programme_floor"], answer["management_cap"]) == (None, None)


async def test_the_use_that_passes_a_cap_is_warned_of_itself(books: Books) -> None:
    await found_to_be(books, CharityStatus.PUBLIC_FUNDRAISING)
    await books.enter("/v1/income", an_income("4000000.00"))
    await books.enter("/v1/expenditures", an_expenditure("2000000.00"))

    within = await books.accountant().post("/v1/expenditures", managing("298850.57"))
    above = await books.accountant().post("/v1/expenditures", managing("298850.58"))
    withdrawn = await books.accountant().post(
        f"/v1/requests/{above.json()['request_id']}/withdraw", None
    )
    approved = await books.decide("/v1/expenditures", managing("299000.00"))

    assert codes(within.json()) == []
    assert codes(above.json()) == ["management_cap"]
    assert codes(withdrawn.json()) == []
    assert codes(approved.json()) == ["management_cap"]
    assert (await read(books, 2024))["management"] == "0.00"
    await books.post_decided()
    answer = await read(books, 2024)
    assert (answer["management"], answer["management_cap"]) == ("299000.00", 0.13)
    assert codes(answer) == ["management_cap"]


async def test_a_floor_is_warned_of_when_the_year_is_over(books: Books) -> None:
    await found_to_be(books, CharityStatus.PUBLIC_FUNDRAISING)
    await books.enter("/v1/income", an_income("1000.00", received_on="2023-06-03"))
    await books.enter("/v1/expenditures", an_expenditure("699.99", spent_on="2024-06-30"))

    short = await read(books, 2024)
    last = await books.enter("/v1/expenditures", an_expenditure("0.01", spent_on="2024-12-31"))
    enough = await read(books, 2024)
    running = await read(books, 2025)

    assert (codes(short), short["programme_floor"]) == (["programme_floor"], "700.00")
    assert "699.99" in short["warnings"][0]["detail"]
    assert (last["warnings"], codes(enough)) == ([], [])
    assert codes(running) == []


async def test_other_charities_are_measured_by_what_they_owned(books: Books) -> None:
    await found_to_be(books, CharityStatus.CHARITABLE_ORGANISATION)
    legs = (
        a_leg("assets:bank", "5000000.00", channel="other"),
        a_leg("net_assets:unrestricted", "-5000000.00", channel="other"),
    )
    await books.enter("/v1/opening-balances", an_opening_balance(*legs))
    await books.enter("/v1/income", an_income("900.00", received_on="2024-06-03"))

    answer = await read(books, 2024)

    # What the books begin with was there when the year before ended.
    assert answer["net_assets_last_year"] == "5000000.00"
    assert (answer["programme_floor"], answer["management_cap"]) == ("350000.00", 0.14)
    later = await read(books, 2025)
    assert later["net_assets_last_year"] == "5000900.00"
    assert await hold_figures(books.auditor(), [answer, later]) == 2 * 5


async def test_a_batch_is_warned_of_as_a_whole(books: Books) -> None:
    await found_to_be(books, CharityStatus.PUBLIC_FUNDRAISING)
    await books.enter("/v1/income", an_income("900000.00"))
    accountant = books.accountant()
    mapping = {"agency": AGENCY, "accounts": {"管理费用": "expenses:management"}}
    await accountant.put("/v1/import-mappings", mapping)
    rows = ("凭证号,日期,科目,借方金额", *(f"记-{n},2024-06-05,管理费用,100000" for n in (1, 2)))
    path, file = f"/v1/imports?agency={AGENCY}", "\n".join(rows).encode()
    one_alone = await accountant.upload(f"{path}&dry_run=true", "\n".join(rows[:2]).encode())
    told = await accountant.upload(f"{path}&dry_run=true", file)
    imported = await accountant.upload(path, file)
    again = await accountant.upload(path, file)

    approved = await books.reviewer().post(
        f"/v1/batches/{imported.json()['batch_id']}/approve", None
    )

    # Each alone has no cap yet; together they have.
    assert codes(one_alone.json()) == []
    assert codes(told.json()) == ["management_cap"]
    assert codes(imported.json()) == ["management_cap"]
    assert codes(again.json()) == []
    assert codes(approved.json()) == ["management_cap"]
