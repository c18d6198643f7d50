"""A month of receipts as a job: what it does, how far it is, and that a restart goes on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final

from donations_svc.receipt_commands import ReceiptCommands
from donations_svc.receipt_jobs import step, turn, work
from donations_svc.storage import receipt_jobs
from donations_svc.testing.donations import (
    AGENCY,
    GOODS,
    PROVED_GOODS,
    SERVICE,
    insert_donation,
)
from fundmix_events.roles import Role
from fundmix_kit.clock import SystemClock
from fundmix_kit.testing.api import Api, Caller, refusal

CLOCK: Final = SystemClock()
COMMANDS: Final = ReceiptCommands(clock=CLOCK, public_url="http://127.0.0.1:8030")
YEAR: Final = CLOCK.today().year
LIMIT_S: Final = 60.0
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"


async def insert(api: Api, count: int, **columns: Any) -> None:
    async with api.database.transaction() as connection:
        for _ in range(count):
            await insert_donation(connection, **columns)


async def order(treasurer: Caller, agency: str = AGENCY) -> str:
    """The path of a new job for March."""
    body = {"agency": agency, "month": 202503, "handler": "王芳"}
    answer = await treasurer.post("/v1/receipts/bulk", body)
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "waiting"
    return answer.headers["location"]


async def turns(api: Api, count: int) -> None:
    for _ in range(count):
        assert await turn(api.database, COMMANDS, CLOCK)


@asynccontextmanager
async def working(api: Api, workers: int = 1) -> AsyncGenerator[None]:
    async with asyncio.TaskGroup() as group:
        loops = [group.create_task(work(api.database, COMMANDS, CLOCK)) for _ in range(workers)]
        yield
        for loop in loops:
            loop.cancel()


async def finished(caller: Caller, path: str) -> dict[str, Any]:
    async with asyncio.timeout(LIMIT_S):
        while True:
            job: dict[str, Any] = (await caller.get(path)).json()
            if job["state"] == "finished":
                return job
            await asyncio.sleep(0.02)


async def test_a_month_is_issued_and_what_cannot_be_is_counted(api: Api, treasurer: Caller) -> None:
    await insert(api, 5)
    await insert(api, 2, **PROVED_GOODS)
    await insert(api, 3, **GOODS)
    await insert(api, 1, **SERVICE)
    await insert(api, 1, received_on=date(2025, 4, 1))
    await insert(api, 1, given_on=date(2025, 2, 28), received_on=date(2025, 2, 28))
    await insert(api, 1, agency=OTHER_AGENCY)
    path = await order(treasurer)

    async with working(api):
        job = await finished(treasurer, path)

    assert (job["total"], job["done"], job["issued"]) == (11, 11, 7)
    assert job["refused"] == {"no_receipt_without_proof": 3, "no_receipt_for_service": 1}
    listed = (await treasurer.get("/v1/receipts")).json()["items"]
    assert [r["number"][-6:] for r in listed] == [f"{n:06d}" for n in range(1, 8)]
    assert {r["shown"]["handler"] for r in listed} == {"王芳"}


async def test_a_second_job_issues_nothing_twice(api: Api, treasurer: Caller) -> None:
    await insert(api, 3)
    first, second = await order(treasurer), await order(treasurer)

    async with working(api):
        jobs = [await finished(treasurer, first), await finished(treasurer, second)]

    assert sum(job["issued"] for job in jobs) == 3


async def test_a_draft_is_issued_as_it_was_drafted(api: Api, treasurer: Caller) -> None:
    async with api.database.transaction() as connection:
        donation_id = await insert_donation(connection)
    body = {"donation_id": str(donation_id), "handler": "李强"}
    drafted = (await treasurer.post("/v1/receipts", body)).json()
    path = await order(treasurer)

    async with working(api):
        await finished(treasurer, path)

    issued = (await treasurer.get(f"/v1/receipts/{drafted['receipt_id']}")).json()
    assert (issued["state"], issued["shown"]["handler"]) == ("issued", "李强")


async def test_a_job_goes_on_where_a_killed_process_has_left_it(
    api: Api, treasurer: Caller
) -> None:
    await insert(api, 6)
    path = await order(treasurer)
    await turns(api, 2)
    # The third step is lost with its process, after it has issued.
    async with api.database.session() as connection:
        lost = connection.transaction()
        await lost.start()
        job = await receipt_jobs.take(connection)
        assert job is not None
        await step(connection, job, COMMANDS, CLOCK)
        await lost.rollback()
    halfway = (await treasurer.get(path)).json()

    async with working(api):
        job = await finished(treasurer, path)

    assert (halfway["state"], halfway["done"], halfway["total"]) == ("running", 2, 6)
    assert job["issued"] == 6
    report = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    assert (report.json()["taken"], report.json()["is_whole"]) == (6, True)


async def test_many_workers_do_each_donation_once(api: Api, treasurer: Caller) -> None:
    await insert(api, 30)
    paths = [await order(treasurer) for _ in range(3)]

    async with working(api, workers=3):
        jobs = [await finished(treasurer, path) for path in paths]

    assert sum(job["issued"] for job in jobs) == 30
    report = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    assert (report.json()["taken"], report.json()["is_whole"]) == (30, True)


async def test_a_job_waits_for_who_holds_a_donation(api: Api, treasurer: Caller) -> None:
    await insert(api, 2)
    path = await order(treasurer)

    async with working(api):
        async with api.database.transaction() as connection:
            await connection.execute("SELECT FROM donation FOR UPDATE")
            during = (await treasurer.get(path)).json()
        job = await finished(treasurer, path)

    assert during["issued"] == 0
    assert job["issued"] == 2


async def test_jobs_take_turns(api: Api, treasurer: Caller) -> None:
    await insert(api, 2)
    await insert(api, 1, agency=OTHER_AGENCY)
    long = await order(treasurer)
    short = await order(api.caller(Role.AGENCY, org=OTHER_AGENCY), agency=OTHER_AGENCY)

    # Each its first donation, and then the next of the one and the end of the other.
    await turns(api, 4)

    assert (await treasurer.get(long)).json()["state"] == "running"
    assert (await api.caller(Role.AUDITOR).get(short)).json()["state"] == "finished"


async def test_a_job_that_cannot_go_on_holds_up_no_other(api: Api, treasurer: Caller) -> None:
    await insert(api, 1)
    await insert(api, 1, agency=OTHER_AGENCY)
    held = await order(treasurer)
    free = await order(api.caller(Role.AGENCY, org=OTHER_AGENCY), agency=OTHER_AGENCY)

    async with working(api), api.database.transaction() as connection:
        await connection.execute("SELECT FROM donation WHERE agency = $1 FOR UPDATE", AGENCY)
        assert (await finished(api.caller(Role.AUDITOR), free))["issued"] == 1
        during = (await treasurer.get(held)).json()

    assert during["issued"] == 0


async def test_without_a_job_there_is_nothing_to_do(api: Api) -> None:
    assert not await turn(api.database, COMMANDS, CLOCK)


async def test_a_job_is_seen_by_its_agency_and_auditors(api: Api, treasurer: Caller) -> None:
    path = await order(treasurer)
    other = api.caller(Role.AGENCY, org=OTHER_AGENCY)

    assert (await api.caller(Role.AUDITOR).get(path)).status_code == 200
    assert refusal(await other.get(path))[:2] == (403, "foreign_row")
    missing = await treasurer.get("/v1/jobs/00000000-0000-0000-0000-000000000009")
    assert refusal(missing)[:2] == (404, "job_not_found")


async def test_jobs_are_listed_for_whoever_has_lost_sight_of_one(
    api: Api, treasurer: Caller
) -> None:
    paths = [await order(treasurer) for _ in range(3)]

    first = (await treasurer.get("/v1/jobs", limit=2)).json()
    rest = (await treasurer.get("/v1/jobs", limit=2, cursor=first["next_cursor"])).json()
    seen = (await api.caller(Role.AUDITOR).get("/v1/jobs", agency=AGENCY)).json()["items"]
    others = (await api.caller(Role.AGENCY, org=OTHER_AGENCY).get("/v1/jobs")).json()["items"]

    found = [*first["items"], *rest["items"]]
    assert [f"/v1/jobs/{job['job_id']}" for job in found] == paths
    assert seen == found
    assert {job["state"] for job in found} == {"waiting"}
    assert others == []


async def test_a_month_is_written_as_one(treasurer: Caller) -> None:
    for month in (202513, 202500, 25, "2025-03"):
        answer = await treasurer.post("/v1/receipts/bulk", {"agency": AGENCY, "month": month})
        assert refusal(answer)[:2] == (422, "invalid_request")
