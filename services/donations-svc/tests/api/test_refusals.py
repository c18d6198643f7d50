"""What is refused is named, and leaves nothing behind: no row, no event, no stored answer."""

from dataclasses import dataclass
from typing import Any, Final

import pytest
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"
OTHER_ENTERPRISE: Final = "914419004601L7U6QD"
SOCIAL_GROUP: Final = "51441900MJ12345679"
NOT_REGISTERED: Final = "91441900XTM4953JPR"
NOBODY: Final = "00000000-0000-0000-0000-000000000001"

Json = dict[str, Any]


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def a_pledge(**changes: Any) -> Json:
    return {
        "reference": "new",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": yuan("100.00"),
        "pledged_on": "2025-03-01",
        **changes,
    }


def a_donation(**changes: Any) -> Json:
    return {
        "reference": "new",
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "kind": "cash",
        "amount": yuan("100.00"),
        "received_on": "2025-03-02",
        "bank_reference": "new",
        **changes,
    }


BODIES: Final = {"/v1/pledges": a_pledge, "/v1/donations": a_donation}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pledges:
    """Ids of what was promised before."""

    open: str
    received: str
    foreign: str


@pytest.fixture(scope="module")
def agency(shared_api: Api) -> Caller:
    return shared_api.caller("agency", org=AGENCY)


@pytest.fixture(scope="module")
async def pledges(shared_api: Api, agency: Caller) -> Pledges:
    """The received one was brought by donation "used" under bank reference "used"."""
    other_agency = shared_api.caller("agency", org=OTHER_AGENCY)
    pledges = Pledges(
        open=await made(agency, reference="open"),
        received=await made(agency, reference="received"),
        foreign=await made(other_agency, reference="open", agency=OTHER_AGENCY),
    )
    body = a_donation(reference="used", bank_reference="used", pledge_id=pledges.received)
    answer = await agency.post("/v1/donations", body)
    assert answer.status_code == 201, answer.text
    return pledges


async def made(caller: Caller, **changes: Any) -> str:
    answer = await caller.post("/v1/pledges", a_pledge(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["pledge_id"]


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"agency": "52441900AJC6XAY6DX"}, "/agency", "credit_code_check"),
        (
            {"donor": {"kind": "enterprise", "code": "91441900LX8R25H7G"}},
            "/donor/code",
            "credit_code_length",
        ),
        ({"donor": {"kind": "social_group", "code": SOCIAL_GROUP}}, "/donor/kind", "enum"),
        ({"donor": {"kind": "individual", "name": "某某"}}, "/donor/name", "extra_forbidden"),
        ({"amount": yuan("0.001")}, "/amount", "amount_too_precise"),
        ({"amount": yuan("0.00")}, "/amount", "amount_not_positive"),
        ({"amount": yuan("-1.00")}, "/amount", "amount_not_positive"),
        ({"amount": yuan("100000000000.01")}, "/amount", "amount_too_large"),
        ({"amount": {"amount": 1, "currency": "CNY"}}, "/amount", "amount_not_text"),
        ({"amount": {"amount": "1.00", "currency": "USD"}}, "/amount/currency", "enum"),
        ({"reference": "R\u0000-1"}, "/reference", "text_control_character"),
        ({"reference": " "}, "/reference", "string_too_short"),
        ({"restricted_to": "长" * 65}, "/restricted_to", "string_too_long"),
        ({"restricted_to": "长者\u202e助餐"}, "/restricted_to", "text_control_character"),
        ({"kind": "time"}, "/kind", "enum"),
        ({"is_anonymous": "perhaps"}, "/is_anonymous", "bool_type"),
        ({"is_anonymous": "yes"}, "/is_anonymous", "bool_type"),
        ({"phone": "0769"}, "/phone", "extra_forbidden"),
    ],
)
async def test_a_value_that_does_not_fit_is_named(
    shared_api: Api, agency: Caller, path: str, changes: Json, pointer: str, code: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post(path, BODIES[path](**changes))

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/v1/pledges", "pledged_on"),
        ("/v1/donations", "given_on"),
        ("/v1/donations", "received_on"),
    ],
)
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("2025-02-30", "date_from_datetime_parsing"),
        ("0001-01-01", "day_too_early"),
        ("2025-03-01T00:00:00", "day_not_written_so"),
        (1_740_787_200, "day_not_written_so"),
    ],
)
async def test_a_day_is_a_day_of_the_calendar(
    shared_api: Api, agency: Caller, path: str, day: str, wrong: object, code: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post(path, BODIES[path](**{day: wrong}))

    assert refusal(answer) == (422, "invalid_request", {f"/{day}": code})


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        *(("/v1/pledges", name) for name in a_pledge()),
        *(("/v1/donations", name) for name in a_donation() if name != "bank_reference"),
    ],
)
async def test_what_every_pledge_and_donation_has_must_be_sent(
    shared_api: Api, agency: Caller, path: str, missing: str
) -> None:
    body = BODIES[path]()
    del body[missing]

    async with nothing_written(shared_api.database):
        answer = await agency.post(path, body)

    assert refusal(answer) == (422, "invalid_request", {f"/{missing}": "missing"})


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize(
    ("donor", "pointer", "code"),
    [
        ({"kind": "enterprise", "code": NOT_REGISTERED}, "/donor/code", "unknown_organisation"),
        ({"kind": "foundation", "code": ENTERPRISE}, "/donor/kind", "wrong_party"),
        ({"kind": "foundation", "code": SOCIAL_GROUP}, "/donor/code", "wrong_party"),
        ({"kind": "enterprise", "code": AGENCY}, "/donor/code", "wrong_party"),
        ({"kind": "enterprise"}, "/donor/code", "contradictory_donor"),
        ({"kind": "individual", "code": ENTERPRISE}, "/donor/code", "contradictory_donor"),
    ],
)
async def test_a_donor_is_what_the_register_says(
    shared_api: Api, agency: Caller, path: str, donor: Json, pointer: str, code: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post(path, BODIES[path](donor=donor))

    assert refusal(answer) == (422, code, {pointer: code})


@pytest.mark.parametrize(
    ("agency_code", "code"),
    [(NOT_REGISTERED, "unknown_organisation"), (OTHER_ENTERPRISE, "wrong_party")],
)
async def test_only_a_registered_agency_is_given_anything(
    shared_api: Api, agency_code: str, code: str
) -> None:
    # A token may name an organisation that is no agency; the register knows better.
    treasurer = shared_api.caller("agency", org=agency_code)

    for path, body in BODIES.items():
        async with nothing_written(shared_api.database):
            answer = await treasurer.post(path, body(agency=agency_code))
        assert refusal(answer) == (422, code, {"/agency": code})


@pytest.mark.parametrize(
    ("path", "changes", "status", "pointer", "code"),
    [
        ("/v1/pledges", {"pledged_on": "2999-01-01"}, 422, "/pledged_on", "future_date"),
        ("/v1/pledges", {"reference": "open"}, 409, "/reference", "reference_taken"),
        ("/v1/donations", {"received_on": "2999-01-01"}, 422, "/received_on", "future_date"),
        ("/v1/donations", {"given_on": "2025-03-03"}, 422, "/given_on", "contradictory_terms"),
        (
            "/v1/donations",
            {"bank_reference": None},
            422,
            "/bank_reference",
            "contradictory_terms",
        ),
        ("/v1/donations", {"kind": "in_kind"}, 422, "/bank_reference", "contradictory_terms"),
        ("/v1/donations", {"reference": "used"}, 409, "/reference", "reference_taken"),
        (
            "/v1/donations",
            {"bank_reference": "used"},
            409,
            "/bank_reference",
            "bank_reference_used",
        ),
    ],
)
@pytest.mark.usefixtures("pledges")
async def test_what_is_against_the_rules_is_refused(
    shared_api: Api, agency: Caller, path: str, changes: Json, status: int, pointer: str, code: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post(path, BODIES[path](**changes))

    assert refusal(answer) == (status, code, {pointer: code})


@pytest.mark.parametrize(
    "changes",
    [
        {"donor": {"kind": "individual"}},
        {"donor": {"kind": "enterprise", "code": OTHER_ENTERPRISE}},
        {"restricted_to": "长者助餐"},
        {"kind": "in_kind", "bank_reference": None},
    ],
)
async def test_a_donation_that_was_not_promised_does_not_fulfil(
    shared_api: Api, agency: Caller, pledges: Pledges, changes: Json
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post("/v1/donations", a_donation(pledge_id=pledges.open, **changes))

    assert refusal(answer) == (422, "pledge_mismatch", {"/pledge_id": "pledge_mismatch"})


async def test_nothing_fulfils_a_pledge_that_has_been_received(
    shared_api: Api, agency: Caller, pledges: Pledges
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post("/v1/donations", a_donation(pledge_id=pledges.received))

    assert refusal(answer) == (409, "pledge_not_open", {"/pledge_id": "pledge_not_open"})


async def test_a_donation_fulfils_a_pledge_there_is(shared_api: Api, agency: Caller) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post("/v1/donations", a_donation(pledge_id=NOBODY))

    assert refusal(answer) == (422, "unknown_pledge", {"/pledge_id": "unknown_pledge"})


async def test_a_donation_fulfils_no_pledge_to_another_agency(
    shared_api: Api, agency: Caller, pledges: Pledges
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post("/v1/donations", a_donation(pledge_id=pledges.foreign))

    assert refusal(answer) == (403, "foreign_row", {})


@pytest.mark.parametrize(
    ("role", "org", "path"),
    [
        ("agency", OTHER_AGENCY, "/v1/pledges"),
        ("donor", OTHER_ENTERPRISE, "/v1/pledges"),
        # Neither speaks for the other side.
        ("agency", ENTERPRISE, "/v1/pledges"),
        ("donor", AGENCY, "/v1/pledges"),
        ("agency", OTHER_AGENCY, "/v1/donations"),
        ("agency", ENTERPRISE, "/v1/donations"),
    ],
)
async def test_nobody_speaks_for_others(shared_api: Api, role: str, org: str, path: str) -> None:
    async with nothing_written(shared_api.database):
        answer = await shared_api.caller(role, org=org).post(path, BODIES[path]())

    assert refusal(answer) == (403, "foreign_row", {})


async def test_a_donor_does_not_confirm_what_has_reached_the_agency(shared_api: Api) -> None:
    donor = shared_api.caller("donor", org=ENTERPRISE)

    async with nothing_written(shared_api.database):
        answer = await donor.post("/v1/donations", a_donation())

    assert refusal(answer) == (403, "role_not_allowed", {})


@pytest.mark.parametrize("path", [*BODIES, "/v1/todo"])
@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ({"limit": 0}, "#query/limit", "greater_than_equal"),
        ({"limit": 201}, "#query/limit", "less_than_equal"),
        ({"cursor": "!"}, "#query/cursor", "cursor_invalid"),
        # [1]: no key of these lists.
        ({"cursor": "WzFd"}, "#query/cursor", "cursor_invalid"),
    ],
)
async def test_a_list_refuses_pages_it_does_not_have(
    agency: Caller, path: str, query: Json, pointer: str, code: str
) -> None:
    answer = await agency.get(path, **query)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


@pytest.mark.parametrize(
    ("path", "query", "pointer", "code"),
    [
        ("/v1/pledges", {"agency": "5244"}, "#query/agency", "credit_code_length"),
        ("/v1/pledges", {"reference": "\u0000"}, "#query/reference", "text_control_character"),
        ("/v1/donations", {"agency": "5244"}, "#query/agency", "credit_code_length"),
        ("/v1/donations", {"pledge_id": "1"}, "#query/pledge_id", "uuid_parsing"),
        ("/v1/pledges/1", {}, "#path/pledge_id", "uuid_parsing"),
        ("/v1/donations/1", {}, "#path/donation_id", "uuid_parsing"),
    ],
)
async def test_what_is_asked_for_must_be_readable(
    agency: Caller, path: str, query: Json, pointer: str, code: str
) -> None:
    answer = await agency.get(path, **query)

    assert refusal(answer) == (422, "invalid_request", {pointer: code})


async def test_what_does_not_exist_is_not_found(agency: Caller) -> None:
    pledge = await agency.get(f"/v1/pledges/{NOBODY}")
    donation = await agency.get(f"/v1/donations/{NOBODY}")

    assert refusal(pledge) == (404, "pledge_not_found", {})
    assert refusal(donation) == (404, "donation_not_found", {})


@pytest.mark.parametrize("path", BODIES)
async def test_a_body_too_large_is_refused_unread(
    shared_api: Api, agency: Caller, path: str
) -> None:
    async with nothing_written(shared_api.database):
        answer = await agency.post(path, BODIES[path](reference="R" * 1_100_000))

    assert refusal(answer) == (413, "body_too_large", {})


@pytest.mark.parametrize("path", BODIES)
async def test_what_is_no_json_is_refused(shared_api: Api, path: str) -> None:
    headers = shared_api.tokens.headers("agency", org=AGENCY) | {
        "Idempotency-Key": "k",
        "Content-Type": "application/json",
    }

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.post(path, content="{", headers=headers)

    assert refusal(answer)[:2] == (400, "malformed_json")


@pytest.mark.parametrize("path", BODIES)
async def test_whatever_is_recorded_has_a_key(shared_api: Api, path: str) -> None:
    headers = shared_api.tokens.headers("agency", org=AGENCY)

    async with nothing_written(shared_api.database):
        answer = await shared_api.client.post(path, json=BODIES[path](), headers=headers)

    assert refusal(answer) == (400, "idempotency_key_missing", {})


@pytest.mark.parametrize("path", BODIES)
async def test_a_key_used_for_something_else_is_refused(
    shared_api: Api, agency: Caller, path: str
) -> None:
    once = BODIES[path](reference="once")
    assert (await agency.post(path, once, key="once")).is_success

    async with nothing_written(shared_api.database):
        answer = await agency.post(path, {**once, "amount": yuan("1.00")}, key="once")

    assert refusal(answer) == (422, "idempotency_key_reused", {})
