"""Whatever is wrong is refused with the right problem, and leaves nothing behind."""

from typing import Any, Final

import pytest
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

CODE: Final = "52441900AJC6XAY6DW"
PATH: Final = f"/v1/organisations/{CODE}"
AGENCY: Final = {"code": CODE, "name": "示例甲", "kind": "agency"}

# What is sent in place of what is right, where it is wrong, and how that is called.
MISFITS: Final[list[tuple[dict[str, Any], str, str]]] = [
    ({"code": "52441900AJC6XAY6DX"}, "/code", "credit_code_check"),
    ({"code": "52441900AJC6XAY6D"}, "/code", "credit_code_length"),
    ({"code": "52441900AJC6XAY6IW"}, "/code", "credit_code_character"),
    ({"code": "52441900AJC6XAY6D\u0000"}, "/code", "credit_code_character"),
    ({"code": 5}, "/code", "string_type"),
    ({"name": ""}, "/name", "string_too_short"),
    ({"name": " \t "}, "/name", "string_too_short"),
    ({"name": "\u200b"}, "/name", "text_invisible"),
    ({"name": "示" * 201}, "/name", "string_too_long"),
    ({"name": "示例\u0007甲"}, "/name", "text_control_character"),
    ({"name": "示例\u0000甲"}, "/name", "text_control_character"),
    ({"name": "示例\n甲"}, "/name", "text_control_character"),
    ({"name": "示例\u202e甲"}, "/name", "text_control_character"),
    ({"kind": "bank"}, "/kind", "enum"),
    ({"level": "county"}, "/level", "enum"),
    ({"town": "莞" * 65}, "/town", "string_too_long"),
    ({"registered_on": "2009-02-30"}, "/registered_on", "date_from_datetime_parsing"),
    ({"registered_on": "15.1.2009"}, "/registered_on", "day_not_written_so"),
    ({"registered_on": 0}, "/registered_on", "day_not_written_so"),
    ({"colour": "red"}, "/colour", "extra_forbidden"),
]


@pytest.fixture(scope="module")
def registrar(shared_api: Api) -> Caller:
    return shared_api.caller("finance_officer", org="11441900AHP4983MNR")


@pytest.fixture(scope="module")
async def known(registrar: Caller) -> None:
    """`CODE` is in the register."""
    assert (await registrar.post("/v1/organisations", AGENCY)).is_success


@pytest.mark.parametrize(("wrong", "pointer", "code"), MISFITS)
async def test_a_registration_that_does_not_fit_is_refused_at_its_field(
    wrong: dict[str, Any], pointer: str, code: str, shared_api: Api, registrar: Caller
) -> None:
    async with nothing_written(shared_api.database):
        answer = await registrar.post("/v1/organisations", AGENCY | wrong)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        *(misfit for misfit in MISFITS if "code" not in misfit[0]),
        ({"name": None}, "/name", "name_missing"),
        ({"code": CODE}, "/code", "extra_forbidden"),
        ({"kind": "agency"}, "/kind", "extra_forbidden"),
    ],
)
@pytest.mark.usefixtures("known")
async def test_a_change_that_does_not_fit_is_refused_at_its_field(
    wrong: dict[str, Any], pointer: str, code: str, shared_api: Api, registrar: Caller
) -> None:
    if "kind" in wrong:
        code = "extra_forbidden"
    async with nothing_written(shared_api.database):
        answer = await registrar.patch(PATH, wrong, version=1)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize("missing", ["code", "name", "kind"])
async def test_what_every_organisation_has_must_be_sent(
    missing: str, shared_api: Api, registrar: Caller
) -> None:
    body = {name: value for name, value in AGENCY.items() if name != missing}

    async with nothing_written(shared_api.database):
        answer = await registrar.post("/v1/organisations", body)

    assert refusal(answer) == (422, "invalid_request", {f"/{missing}": "missing"})


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        (AGENCY, 409, "already_registered", "/code"),
        (AGENCY | {"name": "示例乙"}, 409, "name_conflict", "/name"),
        (
            AGENCY | {"code": "52441900DNF0KCB4UQ", "registered_on": "9999-12-31"},
            422,
            "future_date",
            "/registered_on",
        ),
    ],
)
async def test_a_registration_against_the_rules_is_refused(
    body: dict[str, Any],
    status: int,
    code: str,
    pointer: str,
    shared_api: Api,
    registrar: Caller,
) -> None:
    async with nothing_written(shared_api.database):
        answer = await registrar.post("/v1/organisations", body)

    assert refusal(answer) == (status, code, {pointer: code})


@pytest.mark.usefixtures("known")
async def test_a_founding_day_to_come_is_refused_as_a_change_too(
    shared_api: Api, registrar: Caller
) -> None:
    async with nothing_written(shared_api.database):
        answer = await registrar.patch(PATH, {"registered_on": "9999-12-31"}, version=1)

    assert refusal(answer) == (422, "future_date", {"/registered_on": "future_date"})


@pytest.mark.usefixtures("known")
async def test_another_name_is_refused_as_a_change_by_one_person(
    shared_api: Api, registrar: Caller
) -> None:
    async with nothing_written(shared_api.database):
        answer = await registrar.patch(PATH, {"name": "示例乙", "town": "莞城街道"}, version=1)

    assert refusal(answer) == (409, "change_request_needed", {"/name": "change_request_needed"})
    assert f"{PATH}/change-requests" in answer.json()["detail"]


@pytest.mark.usefixtures("known")
async def test_a_change_of_another_version_than_the_one_read_is_refused(
    shared_api: Api, registrar: Caller
) -> None:
    async with nothing_written(shared_api.database):
        answer = await registrar.patch(PATH, {"town": "莞城街道"}, version=2)

    assert refusal(answer) == (412, "version_mismatch", {})
    assert answer.headers["etag"] == '"1"'


@pytest.mark.usefixtures("known")
async def test_a_change_must_say_which_version_was_read(shared_api: Api) -> None:
    headers = shared_api.tokens.headers("admin")

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.patch(PATH, json={"town": "莞城街道"}, headers=headers)

    assert refusal(answer) == (428, "if_match_missing", {})


async def test_an_unknown_organisation_is_not_found(shared_api: Api, registrar: Caller) -> None:
    unknown = "/v1/organisations/52441900MLJE5F680K"

    async with nothing_written(shared_api.database):
        read = await registrar.get(unknown)
        changed = await registrar.patch(unknown, {"town": "莞城街道"}, version=1)

    assert refusal(read) == (404, "organisation_not_found", {})
    assert refusal(changed) == (404, "organisation_not_found", {})


async def test_a_mistyped_code_in_a_path_is_told_from_an_unknown_one(registrar: Caller) -> None:
    answer = await registrar.get("/v1/organisations/52441900AJC6XAY6DX")

    assert refusal(answer) == (422, "invalid_request", {"#path/code": "credit_code_check"})


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"limit": 0}, "#query/limit", "greater_than_equal"),
        ({"limit": 201}, "#query/limit", "less_than_equal"),
        ({"cursor": "!"}, "#query/cursor", "cursor_invalid"),
        ({"cursor": "WzFd"}, "#query/cursor", "cursor_invalid"),
        ({"kind": "bank"}, "#query/kind", "enum"),
        ({"name": ""}, "#query/name", "string_too_short"),
        ({"name": "\u0000"}, "#query/name", "text_control_character"),
    ],
)
async def test_a_list_refuses_what_it_does_not_understand(
    query: dict[str, Any], pointer: str, code: str, registrar: Caller
) -> None:
    answer = await registrar.get("/v1/organisations", **query)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


async def test_a_cursor_cannot_carry_what_the_database_does_not_take(registrar: Caller) -> None:
    # ["\u0000"]: text to JSON, but none to PostgreSQL.
    answer = await registrar.get("/v1/organisations", cursor="WyJcdTAwMDAiXQ")

    assert refusal(answer) == (422, "invalid_request", {"#query/cursor": "cursor_invalid"})


async def test_a_body_too_large_is_refused_unread(shared_api: Api, registrar: Caller) -> None:
    async with nothing_written(shared_api.database):
        answer = await registrar.post("/v1/organisations", AGENCY | {"name": "x" * 1_100_000})

    assert refusal(answer) == (413, "body_too_large", {})


@pytest.mark.usefixtures("known")
async def test_a_key_used_for_another_registration_is_refused(
    shared_api: Api, registrar: Caller
) -> None:
    other = AGENCY | {"code": "52441900247L7L8LDR"}
    assert (await registrar.post("/v1/organisations", other, key="once")).is_success

    async with nothing_written(shared_api.database):
        answer = await registrar.post("/v1/organisations", other | {"name": "乙"}, key="once")

    assert refusal(answer) == (422, "idempotency_key_reused", {})


async def test_a_registration_must_have_a_key(shared_api: Api) -> None:
    headers = shared_api.tokens.headers("admin")

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.post("/v1/organisations", json=AGENCY, headers=headers)

    assert refusal(answer) == (400, "idempotency_key_missing", {})


async def test_what_is_no_json_is_refused(shared_api: Api) -> None:
    headers = shared_api.tokens.headers("admin") | {
        "Idempotency-Key": "k",
        "Content-Type": "application/json",
    }

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.post("/v1/organisations", content="{", headers=headers)

    assert refusal(answer)[:2] == (400, "malformed_json")
