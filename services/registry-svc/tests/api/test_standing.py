"""Suspension, standing and history over HTTP."""

import json
from typing import Any, Final

import httpx2
import pytest
from fundmix_kit.clock import SystemClock
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

CODE: Final = "52441900AJC6XAY6DW"
PATH: Final = f"/v1/organisations/{CODE}"
SOURCE: Final = {"document": "东民社〔2024〕1号", "issued_on": "2024-06-30"}
LISTING: Final = {"listed_on": "2024-07-01", "reason": "未报年报", "source": SOURCE}
TAX_YEARS: Final[dict[str, Any]] = {
    "kind": "donation_deduction",
    "years": [2024, 2025],
    "source": SOURCE,
}
# What is asked for, and how it is refused.
IMPOSSIBLE: Final[list[tuple[str, dict[str, Any], int, str]]] = [
    ("suspend", {"reason": "x", "from_on": "9999-12-31"}, 422, "future_date"),
    ("suspend", {"reason": "x", "from_on": "2009-01-14"}, 422, "day_order"),
    ("abnormal-listings", LISTING | {"listed_on": "9999-12-31"}, 422, "future_date"),
    (
        "abnormal-listings/remove",
        {"removed_on": "2024-08-01", "source": SOURCE},
        409,
        "not_listed",
    ),
    ("tax-qualifications", TAX_YEARS | {"years": []}, 422, "invalid_request"),
    ("tax-qualifications", TAX_YEARS | {"years": [24]}, 422, "invalid_request"),
    (
        "tax-qualifications",
        TAX_YEARS | {"source": SOURCE | {"issued_on": "9999-12-31"}},
        422,
        "future_date",
    ),
]


@pytest.fixture
async def known(officer: Caller) -> None:
    body = {"code": CODE, "name": "甲", "kind": "agency", "registered_on": "2009-01-15"}
    assert (await officer.post("/v1/organisations", body)).is_success


async def record(officer: Caller, what: str, **body: Any) -> httpx2.Response:
    return await officer.post(f"{PATH}/{what}", body)


@pytest.mark.usefixtures("known")
async def test_a_suspension_is_answered_said_and_ended(api: Api, officer: Caller) -> None:
    suspended = await record(officer, "suspend", reason="年检不合格", from_on="2024-01-02")
    again = await record(officer, "suspend", reason="年检不合格", from_on="2024-01-02")
    reinstated = await record(officer, "reinstate", reason="整改完成")
    twice = await record(officer, "reinstate", reason="整改完成")

    assert suspended.status_code == 200
    assert suspended.json()["suspended_on"] == "2024-01-02"
    assert suspended.headers["fundmix-position"] == f"fundmix.registry:{CODE}:2"
    assert refusal(again)[:2] == (409, "already_suspended")
    assert reinstated.json()["suspended_on"] is None
    assert refusal(twice)[:2] == (409, "not_suspended")
    said = [json.loads(event.body)["data"]["organisation"] for event in await api.events()]
    assert [o["suspended_on"] for o in said] == [None, "2024-01-02", None]


@pytest.mark.usefixtures("known")
async def test_standing_is_answered_and_said_whole(api: Api, officer: Caller) -> None:
    await record(officer, "abnormal-listings", **LISTING)
    await record(officer, "abnormal-listings/remove", removed_on="2024-08-01", source=SOURCE)
    await record(
        officer,
        "charity-status",
        status="public_fundraising",
        since_on="2020-01-01",
        source=SOURCE,
    )
    await record(officer, "tax-qualifications", **TAX_YEARS)
    answer = await record(officer, "tax-qualifications/withdraw", **TAX_YEARS | {"years": [2025]})

    standing = answer.json()["standing"]
    [listing] = standing["abnormal_listings"]
    assert (listing["listed_on"], listing["removed_on"]) == ("2024-07-01", "2024-08-01")
    assert listing["source"] | SOURCE == listing["source"]
    assert listing["source"]["recorded_by"] == "tester"
    assert standing["charity"]["status"] == "public_fundraising"
    assert [(q["kind"], q["year"]) for q in standing["tax_qualifications"]] == [
        ("donation_deduction", 2024)
    ]
    events = await api.events()
    assert json.loads(events[-1].body)["data"]["organisation"]["standing"] == standing
    assert (await officer.get(PATH)).json() == answer.json()
    assert len(events) == 6


@pytest.mark.usefixtures("known")
async def test_what_was_found_before_is_no_change(api: Api, officer: Caller) -> None:
    first = await record(officer, "tax-qualifications", **TAX_YEARS)
    second = await record(officer, "tax-qualifications", **TAX_YEARS)

    assert second.json() == first.json()
    assert len(await api.events()) == 2


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(("what", "body", "status", "code"), IMPOSSIBLE)
async def test_what_cannot_be_is_not_recorded(
    what: str, body: dict[str, Any], status: int, code: str, api: Api, officer: Caller
) -> None:
    async with nothing_written(api.database):
        answer = await record(officer, what, **body)

    assert refusal(answer)[:2] == (status, code)


@pytest.mark.usefixtures("known")
async def test_an_unread_version_is_not_suspended(officer: Caller) -> None:
    answer = await officer.post(
        f"{PATH}/suspend",
        {"reason": "x", "from_on": "2024-01-02"},
        headers={"If-Match": '"7"'},
    )

    assert refusal(answer)[:2] == (412, "version_mismatch")


@pytest.mark.usefixtures("known")
async def test_the_history_tells_who_changed_what_from_what_and_why(
    api: Api, officer: Caller
) -> None:
    agency = api.caller("agency", org=CODE, subject="treasurer")
    await agency.patch(PATH, {"town": "莞城街道", "level": "town"}, version=1)
    await record(officer, "suspend", reason="年检不合格", from_on="2024-01-02")
    asked = await agency.post(
        f"{PATH}/change-requests",
        {
            "changes": {"name": "乙"},
            "reason": "更名",
            "evidence": [{"name": "批复", "sha256": "0" * 64}],
        },
    )
    request_id = asked.json()["request_id"]
    approved = await officer.post(f"/v1/change-requests/{request_id}/approve", {})

    changes: list[dict[str, Any]] = []
    path = f"{PATH}/history?limit=3"
    while path:
        page = await officer.get(path)
        changes += page.json()["items"]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert [(c["version"], c["field"], c["before"], c["after"]) for c in changes] == [
        (4, "name", "甲", "乙"),
        (3, "suspended_on", None, "2024-01-02"),
        (2, "town", None, "莞城街道"),
        (2, "level", None, "town"),
        (1, "registered_on", None, "2009-01-15"),
        (1, "name", None, "甲"),
        (1, "kind", None, "agency"),
    ]
    assert [c["by"]["subject"] for c in changes[:3]] == ["tester", "tester", "treasurer"]
    assert changes[1]["reason"] == "年检不合格"
    assert (changes[0]["reason"], changes[0]["change_request_id"]) == ("更名", request_id)
    assert changes[0]["request_id"] == approved.headers["x-request-id"]


async def test_an_unknown_organisation_has_no_history(officer: Caller) -> None:
    assert refusal(await officer.get(f"{PATH}/history"))[:2] == (404, "organisation_not_found")


@pytest.mark.usefixtures("known")
async def test_it_is_shown_as_of_a_day_that_it_was_in_the_register(officer: Caller) -> None:
    today = SystemClock().today().isoformat()

    now = await officer.get(PATH, as_of=today)
    before = await officer.get(PATH, as_of="2024-01-01")
    later = await officer.get(PATH, as_of="9999-12-31")

    assert now.json() == (await officer.get(PATH)).json()
    assert refusal(before)[:2] == (404, "organisation_not_found")
    assert refusal(later) == (422, "future_date", {"#query/as_of": "future_date"})
