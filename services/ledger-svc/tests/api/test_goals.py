"""Goals over HTTP: limits that nobody changes unseen, where they stand, and when that changes."""

import asyncio
import json
from datetime import timedelta
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

import pytest
from fundmix_events import topics
from fundmix_events.envelope import Actor
from fundmix_events.goals import Basis
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.database import Database
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.domain.goal import Limits
from ledger_svc.goal_commands import GoalCommands

LIMITS: Final[dict[str, Any]] = {
    "government_share_max": "0.85",
    "hhi_max": "0.7",
    "channel_minimums": {
        "foundation": {"amount": {"amount": "100.00", "currency": "CNY"}},
        "enterprise": {"share": "0.05"},
    },
}
GOAL: Final = LIMITS | {"year": 2024}


@pytest.fixture
def officer(api: Api) -> Caller:
    return api.caller("finance_officer", grants=["read:city"])


@pytest.fixture
def commands(clock: FixedClock) -> GoalCommands:
    partitions = {topics.LEDGER_REQUESTS: 6}
    outbox = Outbox(source="/ledger-svc", partitions=partitions, clock=clock)
    return GoalCommands(outbox=outbox, clock=clock)


async def created(caller: Caller, **changes: Any) -> dict[str, Any]:
    answer = await caller.post("/v1/goals", GOAL | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def reading(caller: Caller, goal: dict[str, Any], **parameters: str) -> dict[str, Any]:
    answer = await caller.get(f"/v1/goals/{goal['goal_id']}/reading", **parameters)
    assert answer.is_success, answer.text
    return answer.json()


async def changes_said(api: Api) -> list[tuple[int, str | None, str]]:
    said = [(said, json.loads(said.body)["data"]) for said in await api.events()]
    assert all(event.type == "ledger.goal_status_changed" for event, _ in said)
    return [(event.aggregate_version, data["was"], data["status"]) for event, data in said]


async def test_a_goal_is_set_and_read_again(officer: Caller) -> None:
    goal = await created(officer, reason="市政府工作部署")

    shown = await officer.get(f"/v1/goals/{goal['goal_id']}")

    assert shown.headers["etag"] == '"1"'
    found = shown.json()
    assert (found["year"], found["agency"], found["standing"]) == (2024, None, None)
    assert found["government_share_max"] == "0.850000"
    assert found["channel_minimums"] == {
        "enterprise": {"amount": None, "share": "0.050000"},
        "foundation": {"amount": {"amount": "100.00", "currency": "CNY"}, "share": None},
    }
    assert [version["reason"] for version in found["versions"]] == ["市政府工作部署"]
    assert (await officer.get("/v1/goals")).json()["items"] == [goal]


async def test_asked_again_with_the_same_key_a_goal_is_set_once(officer: Caller) -> None:
    once = await officer.post("/v1/goals", GOAL, key="a-goal")
    again = await officer.post("/v1/goals", GOAL, key="a-goal")

    assert once.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_a_year_has_one_goal_of_the_city_and_one_of_each_agency(officer: Caller) -> None:
    await created(officer)
    await created(officer, agency=AGENCY)
    await created(officer, year=2025)

    for same in (GOAL, GOAL | {"agency": AGENCY}):
        assert refusal(await officer.post("/v1/goals", same))[:2] == (409, "goal_exists")


async def test_a_new_version_keeps_the_old_and_who_set_it(officer: Caller, api: Api) -> None:
    goal = await created(officer)
    path = f"/v1/goals/{goal['goal_id']}/versions"
    other = api.caller("admin", subject="admin-2")

    missing = await other.post(path, {"hhi_max": "0.6"})
    stale = await other.post(path, {"hhi_max": "0.6"}, headers={"If-Match": '"7"'})
    set_anew = await other.post(path, {"hhi_max": "0.6"}, headers={"If-Match": '"1"'})

    assert refusal(missing)[:2] == (428, "if_match_missing")
    assert refusal(stale)[:2] == (412, "version_mismatch")
    assert (set_anew.status_code, set_anew.headers["etag"]) == (201, '"2"')
    found = (await officer.get(f"/v1/goals/{goal['goal_id']}")).json()
    assert (found["version"], found["hhi_max"], found["government_share_max"]) == (
        2,
        "0.600000",
        None,
    )
    assert [v["government_share_max"] for v in found["versions"]] == ["0.850000", None]
    assert found["versions"][1]["set_by"] == "admin-2"


@pytest.mark.parametrize(
    ("limits", "pointer"),
    [
        ({}, ""),
        ({"government_share_max": "1.1"}, "/government_share_max"),
        ({"government_share_max": 0.85}, "/government_share_max"),
        ({"hhi_max": "0.1234567"}, "/hhi_max"),
        ({"procurement_growth_min": "-2"}, "/procurement_growth_min"),
        ({"channel_minimums": {"lottery": {"share": "0.1"}}}, "/channel_minimums/lottery"),
        ({"channel_minimums": {"enterprise": {}}}, "/channel_minimums/enterprise"),
        ({"hhi_max": "0.6", "government": "0.1"}, "/government"),
    ],
)
async def test_a_goal_has_real_limits(
    limits: dict[str, Any], pointer: str, officer: Caller
) -> None:
    found = refusal(await officer.post("/v1/goals", {"year": 2024} | limits))

    assert found.status == 422
    assert any(at.startswith(pointer) for at in found.errors)


async def test_a_goal_that_is_not_there_is_not_found(officer: Caller) -> None:
    for path in ("", "/reading"):
        answer = await officer.get(f"/v1/goals/{UUID(int=9)}{path}")
        assert refusal(answer)[:2] == (404, "goal_not_found")


async def test_a_reading_says_where_each_limit_stands_and_what_it_lacks(
    officer: Caller, inlet: Inlet[Prepared]
) -> None:
    goal = await created(
        officer, audited_income={"amount": "125.00", "currency": "CNY"}, basis="received"
    )
    await inlet.post(samples.instalment_paid("900.00"), samples.donation_received("100.00"))

    found = await reading(officer, goal)

    limits = {(limit["kind"], limit["channel"]): limit for limit in found["limits"]}
    share = limits["government_share_max", None]
    assert (share["limit"], share["measured"], share["status"]) == (0.85, 0.9, "missed")
    assert share["lacking"] == "58.83"  # 900 / 0.85 - 1000, and a fen less is not enough
    hhi = limits["hhi_max", None]
    # (900² + 100² + 87.35²) / 1087.35² is not more than 0.7.
    assert (hhi["status"], hhi["lacking"], hhi["lacking_from"]) == ("missed", "87.35", "enterprise")
    foundation = limits["channel_amount_min", "foundation"]
    assert (foundation["limit"], foundation["measured"]) == ("100.00", "100.00")
    assert (foundation["status"], foundation["lacking"]) == ("met", "0.00")
    enterprise = limits["channel_share_min", "enterprise"]
    assert (enterprise["status"], enterprise["lacking"]) == ("missed", "52.64")
    assert found["status"] == "missed"
    assert (found["goal_version"], found["seq"]) == (1, 2)
    assert found["coverage"]["coverage"] == 0.8


async def test_what_is_pledged_makes_a_limit_that_is_missed_one_at_risk(
    officer: Caller, inlet: Inlet[Prepared]
) -> None:
    goal = await created(officer, channel_minimums={}, hhi_max=None)
    await inlet.post(
        samples.instalment_paid("900.00"),
        samples.donation_received("100.00"),
        samples.pledge_made("100.00"),
    )

    on_a_day = await reading(officer, goal, on="2024-07-01")
    at_the_end = await reading(officer, goal, on="2024-12-31")

    assert [limit["status"] for limit in on_a_day["limits"]] == ["at_risk"]
    assert [limit["status"] for limit in at_the_end["limits"]] == ["missed"]


async def test_without_income_it_cannot_be_told(officer: Caller) -> None:
    goal = await created(officer, channel_minimums={})

    found = await reading(officer, goal)

    assert found["status"] == "unknown"
    assert {limit["measured"] for limit in found["limits"]} == {None}


async def test_the_clock_says_once_that_a_goal_stands_otherwise(
    api: Api,
    officer: Caller,
    commands: GoalCommands,
    database: Database,
    inlet: Inlet[Prepared],
    clock: FixedClock,
) -> None:
    goal = await created(officer, channel_minimums={}, hhi_max=None)

    assert await commands.judge(database) == 1
    await inlet.post(samples.instalment_paid("900.00"))
    assert await commands.judge(database) == 1
    assert await commands.judge(database) == 0
    await inlet.post(samples.donation_received("100.00"))
    assert await commands.judge(database) == 0
    clock.advance(timedelta(days=1))
    await inlet.post(samples.donation_received("500.00"))
    assert await commands.judge(database) == 1

    assert await changes_said(api) == [
        (1, None, "unknown"),
        (2, "unknown", "missed"),
        (3, "missed", "met"),
    ]
    standing = (await officer.get(f"/v1/goals/{goal['goal_id']}")).json()["standing"]
    assert standing == {"status": "met", "since_seq": 3, "since_on": "2025-03-04"}


async def test_two_clocks_say_it_once(
    api: Api, officer: Caller, commands: GoalCommands, database: Database
) -> None:
    for agency in (None, AGENCY, OTHER_AGENCY):
        await created(officer, agency=agency)

    changes = await asyncio.gather(*(commands.judge(database) for _ in range(3)))

    assert sum(changes) == 3
    assert sorted(said.key for said in await api.events()) == sorted(
        {said.key for said in await api.events()}
    )


async def test_a_goal_that_is_set_anew_is_judged_anew(
    api: Api,
    officer: Caller,
    commands: GoalCommands,
    database: Database,
    inlet: Inlet[Prepared],
) -> None:
    goal = await created(officer, agency=AGENCY, channel_minimums={}, hhi_max=None)
    await inlet.post(
        samples.instalment_paid("900.00"),
        samples.donation_received("100.00"),
        samples.donation_received("9000.00", agency=OTHER_AGENCY),
    )
    await commands.judge(database)

    await officer.post(
        f"/v1/goals/{goal['goal_id']}/versions",
        {"government_share_max": "0.95"},
        headers={"If-Match": '"1"'},
    )
    await commands.judge(database)

    assert await changes_said(api) == [(1, None, "missed"), (2, "missed", "met")]


async def test_a_reading_as_of_a_day_has_the_limits_that_were_set_by_then_and_one_on_a_day_todays(
    officer: Caller, commands: GoalCommands, database: Database, clock: FixedClock
) -> None:
    origin = Origin(actor=Actor(subject="officer", role="finance_officer"), correlation_id="c")
    limits = [Limits(basis=Basis.RECEIVED, hhi_max=Fraction(n, 10)) for n in (7, 6)]
    async with database.transaction() as connection:
        first = await commands.create(
            connection, origin, limits[0], agency=None, year=2024, reason=None
        )
    goal_id, days = first.goal.goal_id, [clock.today() - timedelta(days=1), clock.today()]
    clock.advance(timedelta(days=1))
    days.append(clock.today())
    async with database.transaction() as connection:
        await commands.set_version(
            connection, origin, limits[1], goal_id=goal_id, expected_version=1, reason=None
        )

    goal = {"goal_id": goal_id}
    known = [await reading(officer, goal, as_of=day.isoformat()) for day in days]
    now = await reading(officer, goal)
    restated = await reading(officer, goal, on=days[0].isoformat())
    both = await reading(officer, goal, on=days[2].isoformat(), as_of=days[0].isoformat())

    found = [(r["goal_version"], r["limits"][0]["limit"]) for r in (*known, now, restated, both)]
    assert found == [(1, 0.7), (1, 0.7), (2, 0.6), (2, 0.6), (2, 0.6), (1, 0.7)]


async def test_an_agency_sees_its_own_goal_and_not_the_citys(api: Api, officer: Caller) -> None:
    city = await created(officer)
    own = await created(officer, agency=AGENCY)
    treasurer = api.caller("agency", org=AGENCY)

    listed = (await treasurer.get("/v1/goals")).json()["items"]
    foreign = await treasurer.get(f"/v1/goals/{city['goal_id']}")

    assert [goal["goal_id"] for goal in listed] == [own["goal_id"]]
    assert refusal(foreign)[:2] == (403, "foreign_row")
