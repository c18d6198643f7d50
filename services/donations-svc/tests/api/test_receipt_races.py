"""Receipts issued at once, and processes killed in the middle: no number is left out or double."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from donations_svc.storage import receipts
from donations_svc.testing.donations import AGENCY, insert_donation
from fundmix_kit.clock import SystemClock
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing.api import Api, Caller, Response, refusal
from pydantic import PostgresDsn

AT_ONCE: Final = 50
KILLS: Final = 4
LIMIT_S: Final = 60.0
YEAR: Final = SystemClock().today().year


async def drafts(api: Api, treasurer: Caller, count: int) -> list[str]:
    """The paths of that many drafts, each of a donation of its own."""
    async with api.database.transaction() as connection:
        donation_ids = [await insert_donation(connection) for _ in range(count)]
    answers = [await treasurer.post("/v1/receipts", {"donation_id": str(d)}) for d in donation_ids]
    return [f"/v1/receipts/{answer.json()['receipt_id']}" for answer in answers]


async def test_fifty_at_once_get_the_numbers_one_to_fifty(api: Api, treasurer: Caller) -> None:
    paths = await drafts(api, treasurer, AT_ONCE)

    answers = await asyncio.gather(*(treasurer.post(f"{path}/issue", {}) for path in paths))

    numbers = sorted(answer.json()["number"] for answer in answers)
    assert numbers == [f"{AGENCY}-{YEAR}-{n:06d}" for n in range(1, AT_ONCE + 1)]
    report = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    assert (report.json()["taken"], report.json()["is_whole"]) == (AT_ONCE, True)


async def test_a_refusal_in_between_leaves_no_gap(api: Api, treasurer: Caller) -> None:
    paths = await drafts(api, treasurer, 20)
    async with api.database.transaction() as connection:
        await connection.execute(
            """
            UPDATE donation SET refunded_minor = amount_minor
            WHERE donation_id IN (SELECT donation_id FROM receipt ORDER BY receipt_id LIMIT 7)
            """
        )

    answers = await asyncio.gather(*(treasurer.post(f"{path}/issue", {}) for path in paths))

    assert sum(answer.status_code == 200 for answer in answers) == 13
    report = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    assert (report.json()["taken"], report.json()["is_whole"]) == (13, True)


async def test_one_donation_gets_one_of_many_at_once(api: Api, treasurer: Caller) -> None:
    async with api.database.transaction() as connection:
        donation_id = await insert_donation(connection)

    async def draft_and_issue() -> Response:
        drafted = await treasurer.post("/v1/receipts", {"donation_id": str(donation_id)})
        if drafted.is_error:
            return drafted
        return await treasurer.post(f"/v1/receipts/{drafted.json()['receipt_id']}/issue", {})

    answers = await asyncio.gather(*(draft_and_issue() for _ in range(10)))

    assert sum(answer.status_code == 200 for answer in answers) == 1
    assert {refusal(a).code for a in answers if a.is_error} == {"receipt_exists"}


async def test_issue_and_withdrawal_at_once_end_in_one_state(api: Api, treasurer: Caller) -> None:
    paths = await drafts(api, treasurer, 10)

    answers = await asyncio.gather(
        *(treasurer.post(f"{path}/issue", {}) for path in paths),
        *(treasurer.post(f"{path}/withdraw", {"reason": "wrong"}) for path in paths),
    )

    assert all(answer.status_code in {200, 409} for answer in answers)
    report = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    assert report.json()["is_whole"]


@pytest.fixture
async def database(service_database: ServiceDatabase) -> AsyncGenerator[Database]:
    database = Database(DatabaseSettings(url=PostgresDsn(service_database.url)), application="test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def known_agency(service_database: ServiceDatabase) -> None:
    """A register with one agency, whose donors are people."""
    connection = await asyncpg.connect(service_database.url)
    await connection.execute(
        """
        INSERT INTO replica (topic, key, version, state)
        VALUES ('fundmix.registry', $1, 1, $2)
        """,
        AGENCY,
        f'{{"code": "{AGENCY}", "name": "示例", "kind": "agency"}}',
    )
    await connection.close()


@pytest.mark.usefixtures("known_agency")
async def test_who_is_killed_in_the_middle_leaves_no_gap(
    service_database: ServiceDatabase, database: Database
) -> None:
    person: dict[str, Any] = {"donor_kind": "individual", "donor_code": None}
    async with database.transaction() as connection:
        donation_ids = [await insert_donation(connection, **person) for _ in range(2_000)]
    told: set[str] = set()

    for _ in range(KILLS):
        told |= await killed_while_issuing(service_database.url, await without(database))

    async with database.reading() as connection:
        report = await receipts.report_series(connection, AGENCY, year=YEAR)
        kept = {row["number"] for row in await connection.fetch("SELECT number FROM receipt")}
    assert report.is_whole
    assert report.issued == report.taken == len(kept)
    # Whatever was told was committed; at most what was under way is more than that.
    assert told <= kept
    assert KILLS * 10 < len(kept) < len(donation_ids)


async def without(database: Database) -> list[UUID]:
    async with database.reading() as connection:
        rows = await connection.fetch(
            "SELECT donation_id FROM donation WHERE donation_id NOT IN"
            " (SELECT donation_id FROM receipt) ORDER BY donation_id"
        )
    return [row["donation_id"] for row in rows]


async def killed_while_issuing(url: str, donation_ids: list[UUID]) -> set[str]:
    """The numbers that a process has told before it was killed, in the midst of more."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "donations_svc.testing.issuing", url, *map(str, donation_ids)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told: list[bytes] = []
    async with asyncio.timeout(LIMIT_S):
        while len(told) < 15:
            told.append(await process.stdout.readline())
        process.kill()
        told += (await process.stdout.read()).splitlines()
        assert await process.wait() == -signal.SIGKILL
    return {line.decode().strip() for line in told}
