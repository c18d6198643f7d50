"""The sample's donations as one batch: booked, undone as one with receipts, and booked again."""

import csv
import io
from itertools import product
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from donations_svc.consumer import state_of
from donations_svc.ledger import HOLDS_MAX
from fundmix_events import topics
from fundmix_events.money import minor_from_text, text_from_minor
from fundmix_events.registry import OrganisationRegistered
from fundmix_kit import replica
from fundmix_kit.replica import State
from fundmix_kit.testing.api import Caller, refusal
from fundmix_kit.testing.contents import nothing_written
from ledger_svc.testing import an_expenditure

from tests.gifts.site import AGENCY, ENTERPRISE, Site, a_refund

pytestmark = pytest.mark.timeout(900)

Json = dict[str, Any]
IMPORTS: Final = "/v1/donation-imports"
OWN_COLUMNS: Final = ("donation_ref", "bank_reference")
COUNTED_BY_ENTRY: Final = ("seq", "why", "agencies")


@pytest.fixture
def sample(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.rootpath / "samples" / "dongguan"


async def know_the_city(site: Site, sample: Path) -> None:
    with (sample / "organisations.csv").open() as opened:
        events = [
            OrganisationRegistered.model_validate(
                {
                    "aggregate_version": 1,
                    "organisation": {
                        "code": line["uscc"],
                        "name": line["name"],
                        "kind": line["kind"],
                    },
                }
            )
            for line in csv.DictReader(opened)
        ]
    async with site.donations.database.transaction() as connection:
        await replica.save(
            connection, topics.REGISTRY, [State(e.key, 2, state_of(e)) for e in events]
        )
    await site.books.inlet.post(*events)


def officer_of(site: Site) -> Caller:
    return site.donations.caller("finance_officer", org="11441900AHP4983MNR", sub="officer")


async def import_sample(site: Site, sample: Path) -> Json:
    return await import_file(site, (sample / "donations.csv").read_bytes(), rows=1_008)


async def import_copies(site: Site, sample: Path, *, copies: int) -> Json:
    """The sample's donations so many times over, each a donation of its own."""
    with (sample / "donations.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    for copy, row in product(range(copies), rows):
        own = {name: row[name] and f"{row[name]}-{copy}" for name in OWN_COLUMNS}
        # Of the same amount it would be suspected.
        amount = text_from_minor(minor_from_text(row["amount"]) + copy)
        writer.writerow(row | own | {"amount": amount})
    return await import_file(site, text.getvalue().encode(), rows=copies * len(rows))


async def import_file(site: Site, content: bytes, *, rows: int) -> Json:
    query = urlencode({"delegation": "年度补录", "control_count": rows})
    answer = await officer_of(site).upload(f"{IMPORTS}?{query}", content)
    assert answer.is_success, answer.text
    await site.follow()
    return answer.json()


async def figures(site: Site) -> list[Json]:
    """Of both years, without what only counts entries; in the middle and at the end of each."""
    shown: list[Json] = []
    for year in (2024, 2025):
        answer = await site.books.auditor().get("/v1/mix", year=year)
        shown.append({k: v for k, v in answer.json().items() if k not in COUNTED_BY_ENTRY})
        for day in (f"{year}-06-30", f"{year}-12-31"):
            reading = await site.books.auditor().get("/v1/reading", year=year, on=day)
            assert reading.is_success, reading.text
            projection = reading.json()["projection"]
            shown.append({k: v for k, v in projection.items() if not k.startswith("why")})
    return shown


async def test_an_import_is_undone_as_one_and_comes_in_again(site: Site, sample: Path) -> None:
    await know_the_city(site, sample)
    before = await figures(site)
    batch = await import_sample(site, sample)
    imported = await figures(site)
    page = await site.donations.caller("auditor").get("/v1/donations", limit=200)
    given = [one for one in page.json()["items"] if one["kind"] == "cash"][::40]
    issued = [await issued_receipt(site, donation) for donation in given]

    path = f"{IMPORTS}/{batch['batch_id']}/reverse"
    undone = await officer_of(site).post(path, {"reason": "文件有误"})
    await site.follow()

    assert undone.json() == {"batch_id": batch["batch_id"], "donations": 984, "pledges": 340}
    assert imported != before
    assert await figures(site) == before
    assert await open_pledges(site) == 0
    assert len(issued) > 2
    for receipt_id in issued:
        receipt = (await site.donations.caller("auditor").get(f"/v1/receipts/{receipt_id}")).json()
        assert (receipt["state"], receipt["withdrawal_reason"]) == ("withdrawn", "reversal")
    again = await officer_of(site).post(path, {"reason": "again"})
    assert refusal(again)[:2] == (404, "batch_not_found")

    second = await import_sample(site, sample)

    assert counts_of(second) == counts_of(batch) == (984, 340, 0)
    assert second["batch_id"] != batch["batch_id"]
    assert await figures(site) == imported


def counts_of(batch: Json) -> tuple[int, int, int]:
    return batch["donations"], batch["pledges"], batch["duplicates"]


async def open_pledges(site: Site) -> int:
    async with site.donations.database.reading() as connection:
        return await connection.fetchval(
            "SELECT count(*) FROM pledge"
            " WHERE cancelled_on IS NULL AND fulfilled_minor < amount_minor"
        )


PROMISED: Final = (
    "donation_ref,donor_uscc,donor_kind,agency_uscc,kind,amount,pledged_on,received_on,"
    "bank_reference\n"
    f"P-1,{ENTERPRISE},enterprise,{AGENCY},cash,100.00,2025-02-01,,\n"
    f"P-2,{ENTERPRISE},enterprise,{AGENCY},cash,50.00,2025-02-02,,\n"
)


async def test_a_batch_of_promises_alone_is_undone_and_comes_in_again(site: Site) -> None:
    batch = await import_file(site, PROMISED.encode(), rows=2)
    promised = await figures(site)

    path = f"{IMPORTS}/{batch['batch_id']}/reverse"
    undone = await officer_of(site).post(path, {"reason": "文件有误"})
    await site.follow()
    gone = await figures(site)
    shown = (await officer_of(site).get(f"{IMPORTS}/{batch['batch_id']}")).json()
    second = await import_file(site, PROMISED.encode(), rows=2)

    assert undone.json() == {"batch_id": batch["batch_id"], "donations": 0, "pledges": 2}
    assert (shown["standing"], shown["standing_pledges"]) == (0, 0)
    assert gone != promised
    assert counts_of(second) == (0, 2, 0)
    assert await figures(site) == promised
    pledges = (await site.treasurer.get("/v1/pledges", reference="P-1")).json()["items"]
    assert [(p["state"], p["cancellation_reason"], p["cancelled_on"]) for p in pledges] == [
        ("cancelled", "recorded_in_error", "2025-02-01"),
        ("promised", None, None),
    ]
    assert pledges[0]["reversed_on"] is not None


async def test_a_promise_that_others_have_kept_keeps_its_batch(site: Site) -> None:
    """Nor does what a person has cancelled before stand in the way."""
    batch = await import_file(site, PROMISED.encode(), rows=2)
    kept, left = (await site.treasurer.get("/v1/pledges")).json()["items"]
    donation = await site.give("40.00", pledge_id=kept["pledge_id"])
    await site.treasurer.post(f"/v1/pledges/{left['pledge_id']}/cancel", {"reason": "agreed"})
    path = f"{IMPORTS}/{batch['batch_id']}/reverse"

    async with nothing_written(site.donations.database):
        refused = await officer_of(site).post(path, {"reason": "文件有误"})
    await site.treasurer.post(
        f"/v1/donations/{donation['donation_id']}/reverse", {"reason": "录入有误"}
    )
    undone = await officer_of(site).post(path, {"reason": "文件有误"})

    assert refusal(refused)[:2] == (409, "not_reversible")
    assert "P-1" in refused.json()["detail"]
    assert undone.json()["pledges"] == 2
    shown = (await site.treasurer.get(f"/v1/pledges/{left['pledge_id']}")).json()
    assert (shown["cancellation_reason"], shown["reversed_on"] is None) == ("agreed", False)


async def test_a_promise_from_before_an_import_is_open_again(site: Site) -> None:
    await import_file(site, PROMISED.encode(), rows=2)
    arrived = PROMISED.replace(",2025-02-01,,", ",2025-02-01,2025-03-01,B-1")
    batch = await import_file(site, arrived.encode(), rows=2)

    undone = await officer_of(site).post(
        f"{IMPORTS}/{batch['batch_id']}/reverse", {"reason": "文件有误"}
    )

    assert undone.json() == {"batch_id": batch["batch_id"], "donations": 1, "pledges": 0}
    pledges = (await site.treasurer.get("/v1/pledges")).json()["items"]
    assert [pledge["state"] for pledge in pledges] == ["promised", "promised"]


async def test_an_import_of_which_something_is_used_stays_whole(site: Site, sample: Path) -> None:
    await know_the_city(site, sample)
    batch = await import_sample(site, sample)
    funds = (await site.books.auditor().get("/v1/funds", limit=1)).json()["items"]
    fund = funds[0]
    spent = await site.books.decide(
        "/v1/expenditures",
        an_expenditure(
            "0.01", agency=fund["agency"], fund_code=fund["fund_code"], spent_on="2026-01-02"
        ),
    )
    assert spent.is_success, spent.text
    imported = await figures(site)

    async with nothing_written(site.donations.database):
        refused = await officer_of(site).post(
            f"{IMPORTS}/{batch['batch_id']}/reverse", {"reason": "文件有误"}
        )
    await site.follow()

    assert refusal(refused)[:2] == (409, "more_than_left")
    assert await figures(site) == imported
    # What was held for the others meanwhile has been given back.
    held = (await site.books.auditor().get("/v1/funds", limit=200)).json()["items"]
    assert {f["held"]["amount"] for f in held} == {"0.00"}


async def issued_receipt(site: Site, donation: Json) -> str:
    agency = site.donations.caller("agency", org=donation["agency"], sub="treasurer")
    drafted = await agency.post("/v1/receipts", {"donation_id": donation["donation_id"]})
    receipt_id: str = drafted.json()["receipt_id"]
    issued = await agency.post(f"/v1/receipts/{receipt_id}/issue", None)
    assert issued.is_success, issued.text
    return receipt_id


async def test_a_large_import_is_undone_by_pages_and_wholly_or_not(
    site: Site, sample: Path
) -> None:
    await know_the_city(site, sample)
    before = await figures(site)
    batch = await import_copies(site, sample, copies=3)
    path = f"{IMPORTS}/{batch['batch_id']}/reverse"
    last = await last_gift(site)
    treasurer = site.donations.caller("agency", org=last["agency"], sub="treasurer")
    refund = await treasurer.post("/v1/refunds", a_refund(last, "0.01"))
    assert refund.is_success, refund.text

    async with nothing_written(site.donations.database):
        refused = await officer_of(site).post(path, {"reason": "文件有误"})
    held = (await site.books.auditor().get("/v1/funds", limit=200)).json()["items"]
    cancelled = f"/v1/refunds/{refund.json()['refund_id']}/cancel"
    assert (await treasurer.post(cancelled, None)).is_success
    undone = await officer_of(site).post(path, {"reason": "文件有误"})
    await site.follow()

    assert refusal(refused)[:2] == (409, "not_reversible")
    assert sum(float(fund["held"]["amount"]) for fund in held) == 0.01
    assert undone.json() == {
        "batch_id": batch["batch_id"],
        "donations": batch["donations"],
        "pledges": batch["pledges"],
    }
    assert batch["donations"] > 2 * HOLDS_MAX
    assert await figures(site) == before


async def last_gift(site: Site) -> Json:
    """The one of all donations that is undone last."""
    async with site.donations.database.reading() as connection:
        donation_id = await connection.fetchval(
            "SELECT donation_id FROM donation WHERE kind = 'cash' ORDER BY donation_id DESC LIMIT 1"
        )
    return (await site.donations.caller("auditor").get(f"/v1/donations/{donation_id}")).json()
