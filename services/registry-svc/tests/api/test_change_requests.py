"""A name is changed by two persons: asked for with evidence, decided by somebody else."""

import asyncio
import json
from typing import Any, Final

import httpx2
import pytest
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

CODE: Final = "52441900AJC6XAY6DW"
OTHER: Final = "52441900DNF0KCB4UQ"
PATH: Final = f"/v1/organisations/{CODE}"
EVIDENCE: Final[dict[str, Any]] = {
    "name": "更名批复",
    "sha256": "ab" * 32,
    "issued_by": "东莞市民政局",
    "issued_on": "2025-02-28",
}
ASKED: Final[dict[str, Any]] = {
    "changes": {"name": "新名"},
    "reason": "经民政局核准更名",
    "evidence": [EVIDENCE],
}


@pytest.fixture
async def agency(api: Api, officer: Caller) -> Caller:
    """The treasurer of an agency that is in the register."""
    registered = await officer.post(
        "/v1/organisations", {"code": CODE, "name": "甲", "kind": "agency"}
    )
    assert registered.is_success
    return api.caller("agency", org=CODE, subject="treasurer")


async def ask(caller: Caller, **changes: Any) -> httpx2.Response:
    body = ASKED | ({"changes": changes} if changes else {})
    return await caller.post(f"{PATH}/change-requests", body)


async def request_of(caller: Caller, **changes: Any) -> str:
    return (await ask(caller, **changes)).json()["request_id"]


async def test_a_request_is_answered_in_full_and_changes_nothing_yet(
    api: Api, officer: Caller, agency: Caller
) -> None:
    answer = await ask(agency)

    request = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/change-requests/{request['request_id']}"
    assert answer.headers["etag"] == '"1"'
    assert request["state"] == "open"
    assert request["changes"] == {"name": "新名", "kind": None}
    assert request["before"] == {"name": "甲", "kind": None}
    assert request["evidence"] == [EVIDENCE]
    assert request["requested_by"] == {"subject": "treasurer", "role": "agency", "org": CODE}
    assert (await officer.get(PATH)).json()["name"] == "甲"
    assert len(await api.events()) == 1


async def test_an_approved_change_is_made_and_said(
    api: Api, officer: Caller, agency: Caller
) -> None:
    request_id = await request_of(agency, name=" 新名 ", kind="social_group")

    answer = await officer.post(f"/v1/change-requests/{request_id}/approve", {})

    approved = answer.json()
    assert answer.status_code == 200
    assert approved["state"] == "approved"
    assert approved["decided_by"]["subject"] == "tester"
    assert approved["organisation"]["name"] == "新名"
    assert [w["code"] for w in approved["organisation"]["warnings"]] == ["implausible_kind"]
    assert answer.headers["fundmix-position"] == f"fundmix.registry:{CODE}:2"
    said = (await api.events())[1]
    assert (said.type, said.aggregate_version) == ("registry.organisation_changed", 2)
    organisation = json.loads(said.body)["data"]["organisation"]
    assert (organisation["name"], organisation["kind"]) == ("新名", "social_group")


async def test_a_change_meanwhile_of_something_else_stays(officer: Caller, agency: Caller) -> None:
    request_id = await request_of(agency)
    await agency.patch(PATH, {"town": "莞城街道"}, version=1)

    await officer.post(f"/v1/change-requests/{request_id}/approve", {})

    found = (await officer.get(PATH)).json()
    assert (found["name"], found["town"], found["version"]) == ("新名", "莞城街道", 3)


async def test_a_rejected_change_is_not_made(api: Api, officer: Caller, agency: Caller) -> None:
    request_id = await request_of(agency)

    answer = await officer.post(
        f"/v1/change-requests/{request_id}/reject", {"reason": "证明材料不全"}
    )

    assert answer.json()["state"] == "rejected"
    assert answer.json()["decision_reason"] == "证明材料不全"
    assert (await officer.get(PATH)).json()["name"] == "甲"
    assert len(await api.events()) == 1
    assert (await ask(agency)).status_code == 201


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_who_asks_does_not_decide(decision: str, api: Api, agency: Caller) -> None:
    officer = api.caller("finance_officer", subject="treasurer")
    request_id = await request_of(agency)

    async with nothing_written(api.database):
        answer = await officer.post(
            f"/v1/change-requests/{request_id}/{decision}", {"reason": "自己"}
        )

    assert refusal(answer)[:2] == (409, "same_person")


async def test_of_one_field_one_change_waits_at_a_time(
    api: Api, officer: Caller, agency: Caller
) -> None:
    await request_of(agency)

    async with nothing_written(api.database):
        refused = await ask(officer, name="又名")
        both = await ask(officer, name="又名", kind="social_group")
    other_field = await ask(officer, kind="social_group")

    assert refusal(refused) == (
        409,
        "change_request_open",
        {"/changes/name": "change_request_open"},
    )
    assert refusal(both)[:2] == (409, "change_request_open")
    assert other_field.status_code == 201


async def test_of_many_who_ask_at_once_one_is_heard(agency: Caller) -> None:
    answers = await asyncio.gather(*(ask(agency, name=f"新名{n}") for n in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


async def test_of_many_who_decide_at_once_one_is_heard(
    api: Api, officer: Caller, agency: Caller
) -> None:
    path = f"/v1/change-requests/{await request_of(agency)}"

    answers = await asyncio.gather(
        *(officer.post(f"{path}/approve", {}) for _ in range(4)),
        *(officer.post(f"{path}/reject", {"reason": "不"}) for _ in range(4)),
        *(ask(agency, name=f"又名{n}") for n in range(4)),
    )

    decided = [answer for answer in answers[:8] if answer.is_success]
    refused = {refusal(answer).code for answer in answers[:8] if not answer.is_success}
    assert len(decided) == 1
    assert refused == {"change_request_decided"}
    assert all(answer.status_code in {201, 409} for answer in answers[8:])
    assert len(await api.events()) == 1 + (decided[0].json()["state"] == "approved")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"changes": {"town": "x"}}, "/changes/town", "extra_forbidden"),
        ({"changes": {"name": "\u200b"}}, "/changes/name", "text_invisible"),
        ({"evidence": []}, "/evidence", "too_short"),
        ({"evidence": [EVIDENCE] * 21}, "/evidence", "too_long"),
        (
            {"evidence": [EVIDENCE | {"sha256": "AB" * 32}]},
            "/evidence/0/sha256",
            "string_pattern_mismatch",
        ),
        ({"reason": " "}, "/reason", "string_too_short"),
    ],
)
async def test_a_request_that_does_not_fit_is_refused_at_its_field(
    body: dict[str, Any], pointer: str, code: str, agency: Caller
) -> None:
    answer = await agency.post(f"{PATH}/change-requests", ASKED | body)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize("changes", [{}, {"name": "甲"}, {"kind": "agency"}])
async def test_what_is_so_already_is_not_asked_for(changes: dict[str, str], agency: Caller) -> None:
    answer = await agency.post(f"{PATH}/change-requests", ASKED | {"changes": changes})

    assert refusal(answer) == (409, "no_change", {"/changes": "no_change"})


async def test_an_unknown_request_or_organisation_is_not_found(
    officer: Caller, agency: Caller
) -> None:
    unknown = "/v1/change-requests/0190a3c5-0000-7000-8000-000000000000"
    of_nobody = await officer.post(f"/v1/organisations/{OTHER}/change-requests", ASKED)

    assert refusal(await agency.get(unknown))[:2] == (404, "change_request_not_found")
    assert refusal(await officer.post(f"{unknown}/approve", {}))[:2] == (
        404,
        "change_request_not_found",
    )
    assert refusal(of_nobody)[:2] == (404, "organisation_not_found")


async def test_a_decision_on_another_version_than_the_one_read_is_refused(
    officer: Caller, agency: Caller
) -> None:
    request_id = await request_of(agency)
    approve = f"/v1/change-requests/{request_id}/approve"

    assert refusal(await officer.post(approve, {}, headers={"If-Match": '"2"'}))[0] == 412
    assert (await officer.post(approve, {}, headers={"If-Match": '"1"'})).status_code == 200


async def test_requests_are_listed_by_state_and_by_whose_they_are(
    api: Api, officer: Caller, agency: Caller
) -> None:
    other = {"code": OTHER, "name": "乙", "kind": "agency"}
    assert (await officer.post("/v1/organisations", other)).is_success
    first = await request_of(agency)
    await officer.post(f"/v1/change-requests/{first}/reject", {"reason": "不"})
    second = await request_of(agency)
    third = (await officer.post(f"/v1/organisations/{OTHER}/change-requests", ASKED)).json()

    async def listed(caller: Caller, **wanted: str) -> list[str]:
        page = await caller.get("/v1/change-requests", **wanted)
        return [item["request_id"] for item in page.json()["items"]]

    assert await listed(officer) == [first, second, third["request_id"]]
    assert await listed(officer, state="open") == [second, third["request_id"]]
    assert await listed(officer, code=OTHER) == [third["request_id"]]
    assert await listed(agency) == [first, second]
    assert refusal(await agency.get("/v1/change-requests", code=OTHER)).code == "foreign_row"
    shown = f"/v1/change-requests/{third['request_id']}"
    assert refusal(await agency.get(shown)).code == "foreign_row"
    assert (await api.caller("auditor").get(shown)).json() == third


async def test_what_waits_for_me_is_what_others_have_asked_for(
    api: Api, officer: Caller, agency: Caller
) -> None:
    by_agency = await request_of(agency)
    by_officer = await request_of(officer, kind="social_group")

    async def waiting(caller: Caller) -> list[str]:
        page = await caller.get("/v1/todo")
        return [item["request_id"] for item in page.json()["items"]]

    assert await waiting(officer) == [by_agency]
    assert await waiting(api.caller("admin", subject="chief")) == [by_agency, by_officer]
    await officer.post(f"/v1/change-requests/{by_agency}/approve", {})
    assert await waiting(officer) == []
