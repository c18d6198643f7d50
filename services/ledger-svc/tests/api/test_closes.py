"""Closing months: totals are kept, and what comes late is posted in the first open month."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from fundmix_events.testing import samples
from fundmix_events.testing.samples import BUYER
from fundmix_kit.testing.api import Caller, refusal
from fundmix_kit.testing.inlet import incoming
from ledger_svc.testing import Books, an_income


def an_officer(books: Books, subject: str = "officer") -> Caller:
    return books.api.caller("finance_officer", org=BUYER, sub=subject)


async def periods(books: Books) -> list[tuple[int, str | None, int]]:
    entries = (await books.auditor().get("/v1/entries")).json()["items"]
    return [(e["seq"], e["value_on"], e["period"]) for e in entries]


async def test_what_comes_late_is_posted_in_the_first_open_month(books: Books) -> None:
    await books.inlet.post(samples.donation_received("10.00", received_on="2024-01-15"))
    await books.close(202402)
    await books.inlet.post(
        samples.donation_received("20.00", received_on="2024-02-10"),
        samples.donation_received("40.00", received_on="2024-05-10"),
    )

    assert await periods(books) == [
        (1, "2024-01-15", 202401),
        (2, None, 202402),
        (3, "2024-02-10", 202403),
        (4, "2024-05-10", 202405),
    ]
    mix = (await books.auditor().get("/v1/mix", year=2024)).json()
    assert mix["received_total"] == "70.00"


async def test_what_was_booked_more_than_ten_years_before_is_in_the_openings(
    books: Books, owner: asyncpg.Connection
) -> None:
    await books.enter("/v1/income", an_income("20.00", received_on="1951-05-01"))
    await books.inlet.post(samples.donation_received("10.00", received_on="2024-01-15"))

    await books.close(202403)

    kept = await owner.fetch(
        """
        SELECT period, sum(opening_minor)::bigint, sum(closing_minor)::bigint
        FROM period_total JOIN account a USING (account_id)
        WHERE code = 'assets:bank' GROUP BY period ORDER BY period
        """
    )
    assert [tuple(row) for row in (kept[0], *kept[-3:])] == [
        (201404, 20_00, 20_00),
        (202401, 20_00, 30_00),
        (202402, 30_00, 30_00),
        (202403, 30_00, 30_00),
    ]
    assert len(kept) == 120
    for year, opening, debit in ((1951, "0.00", "20.00"), (1980, "20.00", "0.00")):
        span = {"from": year * 100 + 1, "to": year * 100 + 12}
        trial = (await books.auditor().get("/v1/trial-balance", **span)).json()
        bank = next(line for line in trial["lines"] if line["code"] == "assets:bank")
        assert (bank["opening"]["amount"], bank["debit"]["amount"]) == (opening, debit)


async def test_a_close_is_found_where_its_answer_says(books: Books) -> None:
    asked = await an_officer(books).post("/v1/closes", {"through": 202401})

    shown = await an_officer(books, "other").get(asked.headers["location"])
    foreign = await books.reviewer().get(asked.headers["location"])

    assert (shown.status_code, shown.json()["kind"]) == (200, "close")
    assert refusal(foreign)[:2] == (403, "foreign_row")


async def test_an_administrator_sees_messages_and_closes_that_wait(books: Books) -> None:
    for month in (202401, 202402):
        await an_officer(books).post("/v1/closes", {"through": month})
    admin = books.api.caller("admin", sub="admin")
    await admin.post("/v1/closes", {"through": 202403})
    donation = samples.donation_received("10.00")
    broken = [replace(incoming(donation, number=n), value=b"{") for n in (1, 2)]
    await books.inlet.deliver(broken)

    found: list[dict[str, Any]] = []
    path = "/v1/todo?limit=1"
    while path:
        page = await admin.get(path)
        found += page.json()["items"]
        path = page.links.get("next", {}).get("url", "")

    assert [(row["action"], row.get("reference")) for row in found] == [
        ("decide_quarantined", None),
        ("decide_quarantined", None),
        ("review", "202401"),
        ("review", "202402"),
    ]


async def test_a_closed_month_has_totals_of_every_account(
    books: Books, owner: asyncpg.Connection
) -> None:
    await books.inlet.post(samples.donation_received("10.00", received_on="2024-01-15"))
    await books.enter("/v1/income", an_income("5.00", received_on="2024-03-01"))

    await books.close(202403)

    rows = await owner.fetch(
        """
        SELECT t.period, a.code, t.opening_minor, t.debit_minor, t.credit_minor, t.closing_minor
        FROM period_total t JOIN account a USING (account_id)
        WHERE a.code = 'assets:bank' AND a.channel = 'foundation' ORDER BY t.period
        """
    )
    assert [tuple(row) for row in rows] == [
        (202401, "assets:bank", 0, 10_00, 0, 10_00),
        (202402, "assets:bank", 10_00, 0, 0, 10_00),
        (202403, "assets:bank", 10_00, 0, 0, 10_00),
    ]
    count = await owner.fetchval("SELECT count(*) FROM period_total WHERE period = 202402")
    assert count == await owner.fetchval("SELECT count(*) FROM account")


async def test_a_barrier_stands_in_the_journal(books: Books) -> None:
    await books.inlet.post(samples.donation_received("10.00", received_on="2024-01-15"))
    await books.close(202401)

    _, barrier = (await books.auditor().get("/v1/entries")).json()["items"]

    assert (barrier["seq"], barrier["closes"], barrier["postings"]) == (2, 202401, [])
    assert barrier["agency"] is None
    own = (await books.accountant().get("/v1/entries")).json()["items"]
    assert [e["seq"] for e in own] == [1]


async def test_a_month_is_closed_by_two_officers_once_it_is_over(books: Books) -> None:
    officer = an_officer(books)
    await books.close(202401)

    again = await officer.post("/v1/closes", {"through": 202401})
    to_come = await officer.post("/v1/closes", {"through": 219901})
    no_month = await officer.post("/v1/closes", {"through": 202413})
    prepared = await officer.post("/v1/closes", {"through": 202403})
    alone = await officer.post(f"/v1/closes/{prepared.json()['request_id']}/approve", None)
    agency = await books.accountant().post("/v1/closes", {"through": 202403})

    assert refusal(again) == (409, "period_closed", {"/through": "period_closed"})
    assert refusal(to_come) == (422, "period_not_over", {"/through": "period_not_over"})
    assert refusal(no_month) == (422, "invalid_request", {"/through": "not_a_month"})
    assert refusal(alone)[:2] == (403, "same_person")
    assert refusal(agency)[:2] == (403, "role_not_allowed")


async def test_a_close_is_no_request_of_an_agency(books: Books) -> None:
    prepared = await an_officer(books).post("/v1/closes", {"through": 202403})

    answer = await books.reviewer().post(
        f"/v1/requests/{prepared.json()['request_id']}/approve", None
    )

    assert refusal(answer)[:2] == (404, "request_not_found")


async def test_another_officer_finds_the_close_that_waits(books: Books) -> None:
    await an_officer(books).post("/v1/closes", {"through": 202403})

    (waiting,) = (await an_officer(books, "other").get("/v1/todo")).json()["items"]

    assert (waiting["kind"], waiting["reference"]) == ("close", "202403")
    assert (await an_officer(books).get("/v1/todo")).json()["items"] == []
    assert (await books.reviewer().get("/v1/todo")).json()["items"] == []


async def test_no_month_is_closed_while_events_wait_for_a_decision(books: Books) -> None:
    poison = incoming(samples.donation_received("10.00"), number=1)
    await books.inlet.deliver([_with_value(poison, b"{")])

    answer = await an_officer(books).post("/v1/closes", {"through": 202401})

    assert refusal(answer) == (409, "quarantine_open", {"/through": "quarantine_open"})


@pytest.mark.parametrize("table", ["period_total", "period_close", "lot_movement"])
async def test_what_was_closed_is_never_changed(owner: asyncpg.Connection, table: str) -> None:
    with pytest.raises(asyncpg.PostgresError, match="never changed"):
        await owner.execute(f"DELETE FROM {table}")


def _with_value(message: Any, value: bytes) -> Any:
    return type(message)(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        number=message.number,
        key=message.key,
        headers=message.headers,
        value=value,
    )
