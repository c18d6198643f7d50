"""Organisations over HTTP: registered, changed, found."""

import asyncio
import json
from typing import Any, Final

import httpx2
import pytest
from fundmix_events.credit_code import ALPHABET, check_character
from fundmix_kit.testing.api import Api, Caller, refusal

CODE: Final = "52441900AJC6XAY6DW"
NAME: Final = "东莞市示例甲社会工作服务中心"
AGENCY: Final = {
    "code": CODE,
    "name": NAME,
    "kind": "agency",
    "level": "city",
    "town": None,
    "registered_on": "2009-01-15",
}
# What an event says besides, and what an answer says besides that.
SAID: Final = AGENCY | {"suspended_on": None, "standing": None}
SHOWN: Final[dict[str, Any]] = SAID | {"warnings": []}


async def register(officer: Caller, **values: Any) -> httpx2.Response:
    return await officer.post("/v1/organisations", AGENCY | values)


def a_code(number: int) -> str:
    first_seventeen = f"52441900AJC6XAY{ALPHABET[number // 31]}{ALPHABET[number % 31]}"
    return first_seventeen + check_character(first_seventeen)


async def test_a_registered_organisation_is_answered_and_said_in_full(
    api: Api, officer: Caller
) -> None:
    answer = await register(officer)

    assert answer.status_code == 201
    assert answer.json() == SHOWN | {"version": 1}
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["location"] == f"/v1/organisations/{CODE}"
    assert answer.headers["fundmix-position"] == f"fundmix.registry:{CODE}:1"
    [said] = await api.events()
    assert (said.type, said.key, said.aggregate_version) == (
        "registry.organisation_registered",
        CODE,
        1,
    )
    assert json.loads(said.body)["data"] == {"aggregate_version": 1, "organisation": SAID}


async def test_the_event_names_who_registered_in_which_request(api: Api, officer: Caller) -> None:
    answer = await register(officer)

    [said] = await api.events()
    body = json.loads(said.body)
    assert body["actor"] == {
        "subject": "tester",
        "role": "finance_officer",
        "org": "11441900AHP4983MNR",
    }
    assert body["correlation_id"] == answer.headers["x-request-id"]


async def test_what_was_registered_is_shown_with_its_version(officer: Caller) -> None:
    await register(officer)

    answer = await officer.get(f"/v1/organisations/{CODE}")

    assert answer.json() == SHOWN | {"version": 1}
    assert answer.headers["etag"] == '"1"'


@pytest.mark.parametrize(
    "typed",
    ["52441900ajc6xay6dw", " 5244 1900-AJC6 XAY6DW ", "５２４４１９００ＡＪＣ６ＸＡＹ６ＤＷ"],
)
async def test_a_code_is_one_however_it_is_typed(typed: str, officer: Caller) -> None:
    assert (await register(officer, code=typed)).json()["code"] == CODE
    assert (await officer.get(f"/v1/organisations/{typed}")).json()["code"] == CODE
    assert refusal(await register(officer)).code == "already_registered"


async def test_a_name_is_one_however_its_characters_are_composed(officer: Caller) -> None:
    composed, decomposed = "Caf\u00e9 社工", "Cafe\u0301 社工"
    assert (await register(officer, name=f"  {decomposed} ")).json()["name"] == composed
    assert refusal(await register(officer, name=composed)).code == "already_registered"
    found = await officer.get("/v1/organisations", name="fe\u0301 ")
    assert [item["code"] for item in found.json()["items"]] == [CODE]


async def test_the_same_request_is_carried_out_once(api: Api, officer: Caller) -> None:
    first = await officer.post("/v1/organisations", AGENCY, key="k")
    second = await officer.post("/v1/organisations", AGENCY, key="k")

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["idempotency-replayed"] == "true"
    assert len(await api.events()) == 1


async def test_of_two_who_register_a_code_at_once_one_is_refused(api: Api, officer: Caller) -> None:
    answers = await asyncio.gather(*(register(officer, name=f"中心{n}") for n in range(8)))

    accepted = [answer for answer in answers if answer.status_code == 201]
    refused = [refusal(answer) for answer in answers if answer.status_code != 201]
    assert len(accepted) == 1
    assert {(r.status, r.code) for r in refused} == {(409, "name_conflict")}
    assert len(await api.events()) == 1


async def test_a_change_is_answered_and_said_in_full(api: Api, officer: Caller) -> None:
    await register(officer)

    answer = await officer.patch(
        f"/v1/organisations/{CODE}", {"level": None, "town": "莞城街道"}, version=1
    )

    changed = {"level": None, "town": "莞城街道"}
    assert answer.status_code == 200
    assert answer.json() == SHOWN | changed | {"version": 2}
    assert answer.headers["etag"] == '"2"'
    assert answer.headers["fundmix-position"] == f"fundmix.registry:{CODE}:2"
    said = (await api.events())[1]
    assert (said.type, said.aggregate_version) == ("registry.organisation_changed", 2)
    assert json.loads(said.body)["data"]["organisation"] == SAID | changed


@pytest.mark.parametrize("body", [{}, {"name": NAME}, {"name": f" {NAME} ", "level": "city"}])
async def test_a_change_to_what_already_is_leaves_the_version_and_says_nothing(
    body: dict[str, str], api: Api, officer: Caller
) -> None:
    await register(officer)

    answer = await officer.patch(f"/v1/organisations/{CODE}", body, version=1)

    assert answer.status_code == 200
    assert answer.json() == SHOWN | {"version": 1}
    assert answer.headers["etag"] == '"1"'
    assert len(await api.events()) == 1


async def test_of_two_who_change_the_same_version_one_is_refused(api: Api, officer: Caller) -> None:
    await register(officer)

    answers = await asyncio.gather(
        *(
            officer.patch(f"/v1/organisations/{CODE}", {"town": f"镇{n}"}, version=1)
            for n in range(8)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    assert len(await api.events()) == 2


async def test_a_kind_that_seldom_has_such_a_code_is_registered_with_a_warning(
    officer: Caller,
) -> None:
    answer = await register(officer, kind="enterprise")

    assert answer.status_code == 201
    [warning] = answer.json()["warnings"]
    assert (warning["pointer"], warning["code"]) == ("/kind", "implausible_kind")
    assert (await officer.get(f"/v1/organisations/{CODE}")).json()["warnings"] == [warning]


async def test_an_agency_changes_its_own_entry(api: Api, officer: Caller) -> None:
    await register(officer)

    answer = await api.caller("agency", org=CODE).patch(
        f"/v1/organisations/{CODE.lower()}", {"town": "莞城街道"}, version=1
    )

    assert answer.json()["version"] == 2


async def test_a_list_is_read_page_by_page_and_misses_nothing(officer: Caller) -> None:
    codes = sorted(a_code(number) for number in range(7))
    for code in reversed(codes):
        await register(officer, code=code)

    read: list[str] = []
    path = "/v1/organisations?kind=agency&limit=3"
    for _ in range(3):
        page = await officer.get(path)
        read += [item["code"] for item in page.json()["items"]]
        path = page.headers.get("link", "").partition(">")[0].removeprefix("<")

    assert read == codes
    assert path == ""


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, 3),
        ({"kind": "university"}, 1),
        ({"town": "莞城街道"}, 1),
        ({"name": "中心"}, 2),
        ({"name": "中心", "kind": "university"}, 0),
    ],
)
async def test_a_list_is_narrowed_by_kind_town_and_name(
    wanted: dict[str, str], found: int, officer: Caller
) -> None:
    await register(officer, code=a_code(0))
    await register(officer, code=a_code(1), town="莞城街道")
    await register(officer, code="12441900481D776AHE", kind="university", name="东莞示例学院")

    answer = await officer.get("/v1/organisations", **wanted)

    assert len(answer.json()["items"]) == found


async def test_progress_counts_what_is_not_yet_sent(api: Api, officer: Caller) -> None:
    await register(officer)

    progress = await api.caller("auditor").get("/v1/progress")

    assert progress.json() == {"published": {}, "waiting": 1, "consumed": {}, "quarantined": 0}
