"""Contacts over HTTP: only their agency reads them, and nothing else ever has a word of them."""

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.storage import contacts
from fundmix_kit.ids import uuid7
from fundmix_kit.testing.api import Api, Caller, Response, refusal

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"

NAME: Final = "欧阳娜娜示例"
PHONE: Final = "13912345678"
EMAIL: Final = "ouyang.nana@example.org"
ADDRESS: Final = "莞城区和平路八百八十八号"
IDENTITY_NUMBER: Final = "11010519491231002X"
NEXT_NAME: Final = "上官婉儿示例"
SEEDED: Final = (NAME, PHONE, EMAIL, ADDRESS, IDENTITY_NUMBER, NEXT_NAME)

# Every column that could hold a word of somebody, whatever its type: as text and as bytes.
COLUMNS: Final = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public'
"""

Json = dict[str, Any]


def a_contact(**changes: Any) -> Json:
    usual = {
        "agency": AGENCY,
        "name": NAME,
        "phone": PHONE,
        "email": EMAIL,
        "address": ADDRESS,
        "identity_number": IDENTITY_NUMBER,
    }
    return {**usual, **changes}


def a_donation(**changes: Any) -> Json:
    usual = {
        "reference": str(uuid7()),
        "donor": {"kind": "individual"},
        "agency": AGENCY,
        "kind": "cash",
        "amount": {"amount": "100.00", "currency": "CNY"},
        "received_on": "2025-03-02",
        "bank_reference": str(uuid7()),
        "is_anonymous": True,
    }
    return {**usual, **changes}


async def recorded(treasurer: Caller, **changes: Any) -> str:
    answer = await treasurer.post("/v1/donor-contacts", a_contact(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["contact_id"]


async def donated(treasurer: Caller, **changes: Any) -> str:
    answer = await treasurer.post("/v1/donations", a_donation(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()["donation_id"]


async def changed(api: Api, contact_id: str, body: Json) -> Response:
    headers = {**api.tokens.headers("agency", org=AGENCY), "If-Match": "*"}
    return await api.client.put(f"/v1/donor-contacts/{contact_id}", json=body, headers=headers)


async def acts(caller: Caller, contact_id: str) -> list[str]:
    answer = await caller.get("/v1/contact-accesses", contact_id=contact_id)
    return [item["act"] for item in answer.json()["items"]]


async def everything_kept(api: Api) -> bytes:
    """Each value of each table: as its text, and where it has bytes, as these."""
    kept: list[bytes] = []
    async with api.database.reading() as connection:
        for table, column, data_type in await connection.fetch(COLUMNS):
            rows = await connection.fetch(f'SELECT "{column}" AS v, "{column}"::text FROM {table}')
            for value, text in rows:
                kept.append(str(text).encode())
                kept.append(bytes(value) if data_type == "bytea" and value else b"")
    return b"\n".join(kept)


async def test_a_contact_is_read_as_it_was_recorded(treasurer: Caller) -> None:
    contact_id = await recorded(treasurer)

    answer = await treasurer.get(f"/v1/donor-contacts/{contact_id}")

    assert answer.json()["person"] == {k: v for k, v in a_contact().items() if k != "agency"}
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["cache-control"] == "no-store"
    assert await acts(treasurer, contact_id) == ["recorded", "read"]


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("phone", "+86 139-1234-5678"),
        ("email", "Ouyang.NANA@example.org"),
        ("identity_number", "11010519491231002x"),
    ],
)
async def test_a_contact_is_found_by_what_is_unique_to_it(
    treasurer: Caller, field: str, written: str
) -> None:
    contact_id = await recorded(treasurer)
    await recorded(treasurer, phone="13800000000", email=None, identity_number=None)

    answer = await treasurer.post("/v1/donor-contacts/search", {"agency": AGENCY, field: written})

    assert [item["contact_id"] for item in answer.json()["items"]] == [contact_id]
    assert NAME not in answer.text
    assert await acts(treasurer, contact_id) == ["recorded", "found"]


async def test_another_agency_does_not_find_it(api: Api, treasurer: Caller) -> None:
    await recorded(treasurer)
    stranger = api.caller("agency", org=OTHER_AGENCY)

    answer = await stranger.post(
        "/v1/donor-contacts/search", {"agency": OTHER_AGENCY, "phone": PHONE}
    )

    assert answer.json() == {"items": []}


@pytest.mark.parametrize("wanted", [{}, {"phone": PHONE, "email": EMAIL}])
async def test_one_thing_is_looked_for(treasurer: Caller, wanted: Json) -> None:
    answer = await treasurer.post("/v1/donor-contacts/search", {"agency": AGENCY, **wanted})

    assert refusal(answer).status == 422


@pytest.mark.parametrize(
    ("role", "grants", "code"),
    [
        ("agency", ["read:city"], "foreign_row"),
        ("auditor", ["read:city"], "role_not_allowed"),
        ("admin", ["read:city"], "role_not_allowed"),
        ("finance_officer", ["read:city"], "role_not_allowed"),
    ],
)
async def test_no_grant_opens_a_contact(
    api: Api, treasurer: Caller, role: str, grants: list[str], code: str
) -> None:
    contact_id = await recorded(treasurer)
    reader = api.caller(role, org=OTHER_AGENCY, grants=grants)

    answer = await reader.get(f"/v1/donor-contacts/{contact_id}")

    assert refusal(answer).code == code
    assert await acts(treasurer, contact_id) == ["recorded"]


async def test_an_auditor_sees_who_has_read_it_and_not_what(api: Api, treasurer: Caller) -> None:
    contact_id = await recorded(treasurer)
    await treasurer.get(f"/v1/donor-contacts/{contact_id}")

    answer = await api.caller("auditor").get("/v1/contact-accesses", contact_id=contact_id)

    assert [(i["act"], i["subject"], i["role"]) for i in answer.json()["items"]] == [
        ("recorded", "tester", "agency"),
        ("read", "tester", "agency"),
    ]
    assert not any(word in answer.text for word in SEEDED)


async def test_a_change_replaces_all_of_it(api: Api, treasurer: Caller) -> None:
    contact_id = await recorded(treasurer)

    answer = await changed(api, contact_id, {"name": NEXT_NAME, "phone": "0769-22334455"})

    person = (await treasurer.get(f"/v1/donor-contacts/{contact_id}")).json()["person"]
    assert answer.json()["version"] == 2
    assert person == {
        "name": NEXT_NAME,
        "phone": "0769-22334455",
        "email": None,
        "address": None,
        "identity_number": None,
    }
    search = await treasurer.post("/v1/donor-contacts/search", {"agency": AGENCY, "phone": PHONE})
    assert search.json() == {"items": []}


async def test_a_change_says_what_it_has_seen(treasurer: Caller) -> None:
    contact_id = await recorded(treasurer)

    answer = await treasurer.put(f"/v1/donor-contacts/{contact_id}", {"name": NEXT_NAME})

    assert refusal(answer).code == "if_match_missing"


async def test_a_contact_is_linked_to_what_was_given(treasurer: Caller) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)

    answer = await treasurer.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})

    assert answer.json() == {"donation_id": donation_id, "contact_id": contact_id}
    assert await acts(treasurer, contact_id) == ["recorded", "linked"]


@pytest.mark.parametrize(
    ("organisation", "donor"),
    [
        (ENTERPRISE, {"kind": "individual"}),
        (None, {"kind": "enterprise", "code": ENTERPRISE}),
        (ENTERPRISE, {"kind": "enterprise", "code": "914419004601L7U6QD"}),
    ],
)
async def test_nobody_speaks_for_another_donor(
    treasurer: Caller, organisation: str | None, donor: Json
) -> None:
    contact_id = await recorded(treasurer, organisation=organisation)
    donation_id = await donated(treasurer, donor=donor, is_anonymous=False)

    answer = await treasurer.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})

    assert refusal(answer) == (422, "contact_mismatch", {"/contact_id": "contact_mismatch"})


async def test_a_contact_is_found_from_its_donation_and_that_is_noted(treasurer: Caller) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)
    path = f"/v1/donations/{donation_id}/contact"
    before = await treasurer.get(path)
    await treasurer.put(path, {"contact_id": contact_id})

    answer = await treasurer.get(path)

    assert refusal(before).code == "contact_not_found"
    assert (answer.json()["contact_id"], answer.headers["etag"]) == (contact_id, '"1"')
    assert answer.json()["person"] == {k: v for k, v in a_contact().items() if k != "agency"}
    assert await acts(treasurer, contact_id) == ["recorded", "linked", "read"]


async def test_from_its_donation_an_erased_contact_says_nothing(treasurer: Caller) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)
    path = f"/v1/donations/{donation_id}/contact"
    await treasurer.put(path, {"contact_id": contact_id})
    await treasurer.post(f"/v1/donor-contacts/{contact_id}/erase", {"reason": "asked_by_person"})

    answer = await treasurer.get(path)

    assert answer.json()["person"] is None
    assert not any(word in answer.text for word in SEEDED)


@pytest.mark.parametrize(
    ("role", "code"),
    [
        ("agency", "foreign_row"),
        ("auditor", "role_not_allowed"),
        ("admin", "role_not_allowed"),
        ("donor", "role_not_allowed"),
    ],
)
async def test_no_grant_finds_a_contact_from_its_donation(
    api: Api, treasurer: Caller, role: str, code: str
) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)
    path = f"/v1/donations/{donation_id}/contact"
    await treasurer.put(path, {"contact_id": contact_id})

    answer = await api.caller(role, org=OTHER_AGENCY, grants=["read:city"]).get(path)

    assert refusal(answer).code == code
    assert await acts(treasurer, contact_id) == ["recorded", "linked"]


async def test_who_is_asked_about_donations_does_not_change_sides(
    api: Api, treasurer: Caller
) -> None:
    donor = {"kind": "enterprise", "code": ENTERPRISE}
    contact_id = await recorded(treasurer, organisation=ENTERPRISE)
    donation_id = await donated(treasurer, donor=donor, is_anonymous=False)
    await treasurer.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})

    refused = await changed(api, contact_id, {"name": NEXT_NAME})
    accepted = await changed(api, contact_id, {"name": NEXT_NAME, "organisation": ENTERPRISE})

    assert refusal(refused) == (422, "contact_mismatch", {"/organisation": "contact_mismatch"})
    assert accepted.json()["version"] == 2


async def test_who_is_asked_about_nothing_may_speak_for_somebody_else(
    api: Api, treasurer: Caller
) -> None:
    contact_id = await recorded(treasurer)

    answer = await changed(api, contact_id, {"name": NEXT_NAME, "organisation": ENTERPRISE})

    assert answer.json()["organisation"] == ENTERPRISE


async def test_an_erasure_keeps_what_was_given_and_says_so(api: Api, treasurer: Caller) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)
    await treasurer.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})
    drafted = await treasurer.post("/v1/receipts", {"donation_id": donation_id})
    await treasurer.post(f"/v1/receipts/{drafted.json()['receipt_id']}/issue", {})

    answer = await treasurer.post(
        f"/v1/donor-contacts/{contact_id}/erase", {"reason": "asked_by_person"}
    )

    assert {kept["what"]: kept["count"] for kept in answer.json()["kept"]} == {
        "donations": 1,
        "receipts": 1,
        "accesses": 3,
    }
    shown = (await treasurer.get(f"/v1/donor-contacts/{contact_id}")).json()
    assert (shown["person"], shown["erasure_reason"]) == (None, "asked_by_person")
    donation = (await treasurer.get(f"/v1/donations/{donation_id}")).json()
    assert donation["amount"] == {"amount": "100.00", "currency": "CNY"}
    search = await treasurer.post("/v1/donor-contacts/search", {"agency": AGENCY, "phone": PHONE})
    assert search.json() == {"items": []}
    async with api.database.reading() as connection:
        assert await contacts.count_donations(connection, UUID(contact_id)) == 1


async def test_of_an_erased_contact_nothing_more_can_be_done(api: Api, treasurer: Caller) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)
    path = f"/v1/donor-contacts/{contact_id}"
    erasure = {"reason": "recorded_in_error"}
    await treasurer.post(f"{path}/erase", erasure)

    again = await treasurer.post(f"{path}/erase", erasure)
    replaced = await changed(api, contact_id, {"name": NEXT_NAME})
    linked = await treasurer.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})

    assert {refusal(answer).code for answer in (again, replaced, linked)} == {"contact_erased"}


async def test_the_same_request_is_answered_the_same_without_a_name(treasurer: Caller) -> None:
    first, second = [
        await treasurer.post("/v1/donor-contacts", a_contact(), key="once") for _ in range(2)
    ]
    other = await treasurer.post("/v1/donor-contacts", a_contact(name=NEXT_NAME), key="once")

    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    assert refusal(other).code == "idempotency_key_reused"
    assert not any(word in first.text for word in SEEDED)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"phone": f"{PHONE}{NAME}"}, "/phone"),
        ({"email": NAME}, "/email"),
        ({"identity_number": "110105194912310021"}, "/identity_number"),
        ({"name": f"{NAME}\u202e"}, "/name"),
        ({"address": ADDRESS * 100}, "/address"),
        ({"organisation": NAME}, "/organisation"),
    ],
)
async def test_a_refusal_repeats_nothing_of_what_was_sent(
    treasurer: Caller, changes: Json, pointer: str
) -> None:
    answer = await treasurer.post("/v1/donor-contacts", a_contact(**changes))

    assert set(refusal(answer).errors) == {pointer}
    assert not any(word in answer.text for word in (*SEEDED, *map(str, changes.values())))


async def test_nothing_that_is_kept_or_counted_has_a_word_of_a_contact(
    api: Api, treasurer: Caller
) -> None:
    contact_id, donation_id = await recorded(treasurer), await donated(treasurer)
    path = f"/v1/donor-contacts/{contact_id}"
    await treasurer.get(path)
    await treasurer.put(f"/v1/donations/{donation_id}/contact", {"contact_id": contact_id})
    for wanted in ({"phone": PHONE}, {"email": EMAIL}, {"identity_number": IDENTITY_NUMBER}):
        await treasurer.post("/v1/donor-contacts/search", {"agency": AGENCY, **wanted})
    await changed(api, contact_id, {"name": NEXT_NAME, "address": ADDRESS})
    await treasurer.post("/v1/donor-contacts", a_contact(phone=NAME))
    kept_sealed = await everything_kept(api)
    await treasurer.post(f"{path}/erase", {"reason": "asked_by_person"})
    kept_erased = await everything_kept(api)
    metrics = (await api.client.get("/metrics")).text

    assert contact_id.encode() in kept_sealed
    for word in SEEDED:
        for form in (word, word.encode().hex(), ascii(word)[1:-1]):
            assert form not in metrics
            assert form.encode() not in kept_sealed
            assert form.encode() not in kept_erased


async def test_a_request_cannot_be_guessed_from_what_is_kept_of_it(
    api: Api, treasurer: Caller
) -> None:
    # Whoever reads the table could otherwise try all phones there are.
    body = a_contact(phone=PHONE, email=None, address=None, identity_number=None)
    answer = await treasurer.post("/v1/donor-contacts", body, key="same")
    sent = answer.request
    async with api.database.reading() as connection:
        [kept] = [
            row[0]
            for row in await connection.fetch(
                "SELECT fingerprint FROM idempotency_key WHERE key = 'same'"
            )
        ]

    assert kept not in _plain_fingerprints(sent.url.raw_path, sent.content)


def _plain_fingerprints(path: bytes, body: bytes) -> set[bytes]:
    digest = sha256()
    for part in (b"POST", path, b"", b"", body):
        digest.update(len(part).to_bytes(8))
        digest.update(part)
    return {digest.digest(), sha256(body).digest()}
