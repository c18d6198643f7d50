"""Receipts are issued one by one and by the month, and what issues them is killed in the midst."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import pytest
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.connecting import connected
from fundmix_cli.claims import Claims
from fundmix_cli.plan import BrokerKind
from fundmix_events.roles import Role

from tests.faults.books import fetch
from tests.faults.city import City, part_of
from tests.faults.trial import Trials
from tests.faults.waiting import until

pytestmark = pytest.mark.timeout(900)

AGENCY: Final = "52441900WY21RB6H5R"
TREASURER: Final = Claims(role=Role.AGENCY, org=AGENCY, subject="fault-tests")
# A job also issues the drafts of its month: what is issued one by one is of another.
DRAFTED_ON: Final = "2025-05-12"
RECEIVED_ON: Final = "2025-06-12"
MONTH: Final = 202506
ONE_BY_ONE: Final = 50
ISSUED_BEFORE: Final = 5
RECEIPTS: Final = "/v1/receipts"

# Else all would be issued before a kill could fall in their midst.
SLOW_DOWN: Final = """
    CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_sleep(0.1); RETURN NEW; END';
    CREATE TRIGGER slowly BEFORE UPDATE ON receipt_series
        FOR EACH ROW EXECUTE FUNCTION slowly()
"""
OF_DRAFTS: Final = """
    SELECT count(*) FROM receipt WHERE state = 'issued' AND receipt_id = ANY($1::uuid[])
"""
OF_JOBS: Final = """
    SELECT count(*) FROM receipt WHERE state = 'issued' AND receipt_id <> ALL($1::uuid[])
"""
STANDING: Final = """
    SELECT d.donation_id, count(r.receipt_id) AS receipts
    FROM donation d LEFT JOIN receipt r ON r.donation_id = d.donation_id AND r.state = 'issued'
    GROUP BY d.donation_id
"""
SERIES: Final = "SELECT year, sequence FROM receipt WHERE agency = $1 ORDER BY sequence"

Json = dict[str, Any]


def gifts_of_two_days(city: City) -> City:
    """All that one agency was given in money, as if it had come on these days."""
    given = [
        row
        for row in city.donations
        if row["agency_uscc"] == AGENCY and row["kind"] == "cash" and row["received_on"]
    ]
    days = [DRAFTED_ON] * ONE_BY_ONE + [RECEIVED_ON] * (len(given) - ONE_BY_ONE)
    rows = [
        {**row, "pledged_on": "", "received_on": day} for row, day in zip(given, days, strict=True)
    ]
    return part_of(city, (), rows)


@pytest.mark.parametrize("trials", [BrokerKind.EMBEDDED], indirect=True)
async def test_who_issues_receipts_may_be_killed_and_every_donation_has_one(
    trials: Trials, city: City
) -> None:
    gifts = gifts_of_two_days(city)
    trial = await trials.new([gifts])
    installed = trial.installed
    async with trial.loading():
        pass

    async with installed.databases["donations"].transaction() as connection:
        await connection.execute(SLOW_DOWN)

    async def issued(query: str) -> int:
        return int(await installed.fetchval("donations", query, drafts))

    async def is_job_under_way() -> bool:
        return await issued(OF_JOBS) > 0

    async def is_in_the_midst() -> bool:
        return await issued(OF_DRAFTS) >= ISSUED_BEFORE

    async with connected(installed.home, connections_max=ONE_BY_ONE) as client:
        drafts = await drafted(client)
        job = await post(client, f"{RECEIPTS}/bulk", {"agency": AGENCY, "month": MONTH})
        await until(is_job_under_way, "the job has issued one")
        issuing = [asyncio.create_task(issue(client, draft)) for draft in drafts]
        await until(is_in_the_midst, "some are issued one by one")
        installed.kill("donations-api", "donations-jobs")
        killed_at = [await issued(OF_DRAFTS), await issued(OF_JOBS)]

        first = await asyncio.gather(*issuing)
        again = await asyncio.gather(*(issue(client, draft) for draft in drafts))

        async def is_finished() -> bool:
            path = f"/v1/jobs/{job['job_id']}"
            found = await client.get(ServiceName.DONATIONS, path, claims=TREASURER)
            return found["state"] == "finished"

        await until(is_finished, "the job has gone on by itself")

    assert killed_at[0] < ONE_BY_ONE
    assert killed_at[1] < len(gifts.donations) - ONE_BY_ONE
    assert [receipt["number"] for receipt in again] == [receipt["number"] for receipt in first]
    standing = await fetch(installed, "donations", STANDING)
    assert [row["receipts"] for row in standing] == [1] * len(gifts.donations)
    series = await fetch(installed, "donations", SERIES, AGENCY)
    assert [row["sequence"] for row in series] == list(range(1, len(gifts.donations) + 1))
    await installed.run("receipts", "gaps", AGENCY, str(series[0]["year"]))
    assert "none is missing, none is double" in (installed.home / "receipts.log").read_text()
    await trial.assert_books()


async def drafted(client: ServiceClient) -> Sequence[str]:
    listed = client.list(ServiceName.DONATIONS, "/v1/donations", claims=TREASURER)
    bodies: list[Json] = [
        {"donation_id": item["donation_id"]}
        async for item in listed
        if item["received_on"] == DRAFTED_ON
    ]
    drafts = await asyncio.gather(*(post(client, RECEIPTS, body) for body in bodies))
    return [draft["receipt_id"] for draft in drafts]


async def issue(client: ServiceClient, draft: str) -> Json:
    """Under the same key however often: the path says what is to be done."""
    return await post(client, f"{RECEIPTS}/{draft}/issue", {})


async def post(client: ServiceClient, path: str, body: Json) -> Json:
    answer = await client.post(ServiceName.DONATIONS, path, claims=TREASURER, body=body)
    return answer.body
