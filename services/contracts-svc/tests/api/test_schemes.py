"""Schemes over HTTP: the first comes with the service, the next are adopted, none is changed."""

import asyncio
from typing import Any, Final

import pytest
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

SCHEME: Final[dict[str, Any]] = {
    "weights": {"professional": 2500, "buyer": 1500, "self": 500, "recipients": 5500},
    "bands": {"excellent": "92.5", "good": "80", "pass": "60"},
    "deduction_bps": {"pass": 1000, "fail": 6000},
    "objection_working_days": 15,
}


@pytest.fixture
def admin(api: Api) -> Caller:
    return api.caller("admin")


async def test_the_first_scheme_comes_with_the_service(api: Api) -> None:
    answer = await api.caller("donor").get("/v1/schemes/1")

    assert answer.json() == {
        "version": 1,
        "weights": {"professional": 3000, "buyer": 2000, "self": 1000, "recipients": 4000},
        "bands": {"excellent": "90.00", "good": "80.00", "pass": "60.00"},
        "deduction_bps": {"fail": 5000},
        "objection_working_days": 10,
    }


async def test_a_scheme_is_adopted_as_the_next_version(admin: Caller) -> None:
    answer = await admin.post("/v1/schemes", SCHEME)

    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == "/v1/schemes/2"
    bands = {"excellent": "92.50", "good": "80.00", "pass": "60.00"}
    assert answer.json() == SCHEME | {"version": 2, "bands": bands}
    assert (await admin.get("/v1/schemes/2")).json() == answer.json()
    versions = (await admin.get("/v1/schemes")).json()["items"]
    assert [scheme["version"] for scheme in versions] == [1, 2]


async def test_schemes_adopted_at_once_are_numbered_without_a_gap(admin: Caller) -> None:
    answers = await asyncio.gather(*(admin.post("/v1/schemes", SCHEME) for _ in range(5)))

    assert sorted(answer.json()["version"] for answer in answers) == [2, 3, 4, 5, 6]


async def test_an_unknown_scheme_is_not_found(admin: Caller) -> None:
    assert refusal(await admin.get("/v1/schemes/2")) == (404, "scheme_not_found", {})


@pytest.mark.parametrize(
    ("values", "code", "pointer"),
    [
        ({"weights": {"recipients": 9_999}}, "contradictory_scheme", "/weights"),
        (
            {"weights": {"professional": 6_001, "recipients": 3_999}},
            "contradictory_scheme",
            "/weights/recipients",
        ),
        (
            {"bands": {"excellent": "80", "good": "90", "pass": "60"}},
            "contradictory_scheme",
            "/bands/good",
        ),
        ({"deduction_bps": {"pass": 1}}, "contradictory_scheme", "/deduction_bps/pass"),
        ({"bands": {"excellent": "90", "good": "80"}}, "invalid_request", "/bands/pass"),
        ({"deduction_bps": {"fail": 10_001}}, "invalid_request", "/deduction_bps/fail"),
        ({"objection_working_days": 0}, "invalid_request", "/objection_working_days"),
    ],
)
async def test_a_scheme_that_contradicts_itself_is_refused(
    values: dict[str, Any], code: str, pointer: str, api: Api, admin: Caller
) -> None:
    async with nothing_written(api.database):
        answer = await admin.post("/v1/schemes", SCHEME | values)

    found = refusal(answer)
    assert (found.status, found.code, set(found.errors)) == (422, code, {pointer})


async def test_an_unknown_dimension_is_refused(api: Api, admin: Caller) -> None:
    weights = {"neighbours": 1000, "professional": 5000, "recipients": 4000}
    async with nothing_written(api.database):
        answer = await admin.post("/v1/schemes", SCHEME | {"weights": weights})

    assert refusal(answer).code == "invalid_request"
