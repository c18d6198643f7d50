"""Donations that come at once: a pledge is fulfilled once, a bank reference counts once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import httpx2
import pytest
from fundmix_events.money import Money
from fundmix_kit.database import Database
from fundmix_kit.testing.api import Api, Caller, refusal

AGENCY: Final = "52441900AJC6XAY6DW"
ENTERPRISE: Final = "91441900LX8R25H7GP"
LIMIT_S: Final = 60.0

LOCK: Final = "SELECT FROM pledge WHERE pledge_id = $1 FOR UPDATE"
WAITING: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
PARTS: Final = """
    SELECT p.fulfilled_minor, p.version, count(d), coalesce(sum(d.fulfils_minor), 0)
    FROM pledge p LEFT JOIN donation d USING (pledge_id)
    WHERE p.pledge_id = $1
    GROUP BY p.pledge_id
"""

Json = dict[str, Any]


def a_donation(number: int, **changes: Any) -> Json:
    return {
        "reference": f"R-{number}",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": {"amount": "10.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        "bank_reference": f"B-{number}",
        **changes,
    }


@pytest.fixture
async def pledge_id(treasurer: Caller) -> UUID:
    """Of 100.00."""
    body = {
        "reference": "R",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "pledged_on": "2025-03-01",
    }
    answer = await treasurer.post("/v1/pledges", body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["pledge_id"])


async def at_once(
    api: Api, treasurer: Caller, pledge_id: UUID, amounts: Sequence[str]
) -> list[httpx2.Response]:
    """The answers to donations of these amounts that all wait for the same pledge."""
    bodies = [
        a_donation(n, amount={"amount": amount, "currency": "CNY"}, pledge_id=str(pledge_id))
        for n, amount in enumerate(amounts)
    ]
    async with asyncio.TaskGroup() as group, api.database.transaction() as connection:
        await connection.execute(LOCK, pledge_id)
        racing = [group.create_task(treasurer.post("/v1/donations", body)) for body in bodies]
        await until_waiting(api.database, len(bodies))
    return [task.result() for task in racing]


async def until_waiting(database: Database, count: int) -> None:
    async with asyncio.timeout(LIMIT_S), database.session() as connection:
        while await connection.fetchval(WAITING) < count:  # noqa: ASYNC110  # the condition is in the server
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("amounts", "parts"),
    [
        (["70.00", "70.00"], ["70.00", "30.00"]),
        (["100.00", "100.00"], ["100.00"]),
        (["40.00", "30.00", "30.00"], ["40.00", "30.00", "30.00"]),
        (["15.00"] * 8, [*["15.00"] * 6, "10.00"]),
    ],
)
async def test_donations_at_once_fulfil_a_pledge_once(
    api: Api, treasurer: Caller, pledge_id: UUID, amounts: list[str], parts: list[str]
) -> None:
    answers = await at_once(api, treasurer, pledge_id, amounts)

    accepted = [answer for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    fulfils = Counter(answer.json()["fulfils"]["amount"] for answer in accepted)
    assert fulfils == Counter(parts)
    assert {refusal(answer)[:2] for answer in refused} <= {(409, "pledge_not_open")}
    total = sum(Money.parse(part).amount_minor for part in parts)
    async with api.database.session() as connection:
        found = tuple(await connection.fetchrow(PARTS, pledge_id) or ())
    assert found == (total, 1 + len(parts), len(parts), total)
    # One event for each donation that was accepted, beside the promise's own.
    assert len(await api.events()) == 1 + len(parts)


async def test_one_transfer_is_received_once(api: Api, treasurer: Caller) -> None:
    answers = await asyncio.gather(
        *(treasurer.post("/v1/donations", a_donation(n, bank_reference="B")) for n in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert {refusal(a).code for a in answers if a.is_error} == {"bank_reference_used"}
    assert len(await api.events()) == 1


async def test_a_request_that_is_sent_twice_at_once_is_carried_out_once(
    api: Api, treasurer: Caller, pledge_id: UUID
) -> None:
    body = a_donation(1, pledge_id=str(pledge_id))

    answers = await asyncio.gather(
        *(treasurer.post("/v1/donations", body, key="k-1") for _ in range(5))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len(await api.events()) == 2
