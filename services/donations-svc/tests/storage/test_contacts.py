"""Sealed contacts in the database: they open where they were sealed, and nowhere else."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import asyncpg
import pytest
from donations_svc.domain.contact import (
    ContactDetails,
    ContactField,
    ErasureReason,
)
from donations_svc.domain.contact_keys import ContactKey
from donations_svc.storage import contact_rotation, contacts
from donations_svc.storage.contact_tables import DonorContact
from donations_svc.storage.sealing import KeyRing, SealBrokenError, UnknownKeyError
from fundmix_kit.ids import uuid7
from hypothesis import given
from hypothesis import strategies as st

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
NOW: Final = datetime(2025, 3, 1, tzinfo=UTC)
FIRST: Final = ContactKey(key_id="2025", encryption=b"1" * 32, hashing=b"2" * 32)
SECOND: Final = ContactKey(key_id="2026", encryption=b"3" * 32, hashing=b"4" * 32)
OLD: Final = KeyRing([FIRST])
BOTH: Final = KeyRing([SECOND, FIRST])
NEW: Final = KeyRing([SECOND])
ZHANG: Final = ContactDetails(
    name="张三丰",
    phone="13800138000",
    email="zhang@example.org",
    address="莞城区和平路一号",
    identity_number="11010519491231002X",
)
DONATION: Final = """
    INSERT INTO donation (donation_id, version, reference, donor_kind, donor_code, agency, channel,
                          kind, amount_minor, currency, bank_reference, given_on, received_on,
                          is_anonymous, line, is_sponsorship, refunded_minor, recorded_by,
                          recorded_at)
    VALUES ($1, 1, 'R-1', $3, $4, $2, $3, 'cash', 100, 'CNY', 'B-1',
            '2025-03-02', '2025-03-02', true, 1, false, 0, 'treasurer-1', now())
"""
MOVE_TO_OTHER_ROW: Final = """
    UPDATE donor_contact AS a SET name = b.name FROM donor_contact AS b
    WHERE a.contact_id = $1 AND b.contact_id = $2
"""


@pytest.fixture
async def zhang(connection: asyncpg.Connection) -> DonorContact:
    return await kept(connection, OLD, ZHANG)


async def kept(
    connection: asyncpg.Connection,
    keys: KeyRing,
    details: ContactDetails,
    *,
    organisation: str | None = None,
) -> DonorContact:
    return await contacts.insert(
        connection,
        keys,
        details,
        contact_id=uuid7(),
        agency=AGENCY,
        organisation=organisation,
        recorded_by="treasurer",
        recorded_at=NOW,
    )


async def found(connection: asyncpg.Connection, keys: KeyRing, agency: str = AGENCY) -> list[UUID]:
    rows = await contacts.find(
        connection, keys, agency=agency, field=ContactField.PHONE, text="+86 138-0013-8000"
    )
    return [row.contact_id for row in rows]


@given(text=st.text(max_size=200), row_id=st.uuids(), field=st.sampled_from(ContactField))
def test_what_is_sealed_opens_again(text: str, row_id: UUID, field: ContactField) -> None:
    sealed = OLD.seal(text, row_id=row_id, field=field)

    assert OLD.open(sealed, key_id="2025", row_id=row_id, field=field) == text
    assert sealed != OLD.seal(text, row_id=row_id, field=field)


def test_a_changed_byte_breaks_the_seal() -> None:
    row_id = uuid7()
    sealed = bytearray(OLD.seal("张三丰", row_id=row_id, field=ContactField.NAME))
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBrokenError):
            OLD.open(bytes(changed), key_id="2025", row_id=row_id, field=ContactField.NAME)


@pytest.mark.parametrize("length", [0, 11, 12, 27])
def test_a_stump_breaks_the_seal(length: int) -> None:
    with pytest.raises(SealBrokenError):
        OLD.open(b"x" * length, key_id="2025", row_id=uuid7(), field=ContactField.NAME)


async def test_a_contact_is_read_as_it_was_kept(zhang: DonorContact) -> None:
    assert contacts.details_of(OLD, zhang) == ZHANG


async def test_a_name_moved_to_another_row_does_not_open(
    connection: asyncpg.Connection, zhang: DonorContact
) -> None:
    li = await kept(connection, OLD, ContactDetails(name="李四光"))
    await connection.execute(MOVE_TO_OTHER_ROW, li.contact_id, zhang.contact_id)

    moved = await contacts.read(connection, li.contact_id)

    with pytest.raises(SealBrokenError):
        contacts.details_of(OLD, moved)


async def test_a_field_moved_to_another_field_does_not_open(
    connection: asyncpg.Connection, zhang: DonorContact
) -> None:
    await connection.execute(
        "UPDATE donor_contact SET name = address WHERE contact_id = $1", zhang.contact_id
    )

    moved = await contacts.read(connection, zhang.contact_id)

    with pytest.raises(SealBrokenError):
        contacts.details_of(OLD, moved)


async def test_a_contact_is_found_by_its_own_agency_only(
    connection: asyncpg.Connection, zhang: DonorContact
) -> None:
    assert await found(connection, OLD) == [zhang.contact_id]
    assert await found(connection, OLD, OTHER_AGENCY) == []


async def test_the_same_phone_has_another_hash_at_another_agency() -> None:
    phone = ContactField.PHONE
    hashes = {
        keys.hash_of("13800138000", agency=agency, field=phone, key_id=keys.current_id)
        for agency in (AGENCY, OTHER_AGENCY)
        for keys in (OLD, NEW)
    }

    assert len(hashes) == 4


async def test_a_rotation_seals_everything_with_the_current_key(
    connection: asyncpg.Connection, zhang: DonorContact
) -> None:
    li = await kept(connection, OLD, ContactDetails(name="李四光"))
    wang = await kept(connection, BOTH, ContactDetails(name="王五常"))

    first = await contact_rotation.reseal_batch(
        connection, BOTH, after=contact_rotation.FIRST_ID, rows_max=1
    )
    # Between two batches both are found.
    assert await found(connection, BOTH) == [zhang.contact_id]
    second = await contact_rotation.reseal_batch(connection, BOTH, after=first[-1], rows_max=10)
    third = await contact_rotation.reseal_batch(connection, BOTH, after=second[-1], rows_max=10)

    assert (first, second, third) == ([zhang.contact_id], [li.contact_id], [])
    assert await contact_rotation.contacts_by_key(connection) == {"2026": 3}
    assert await found(connection, NEW) == [zhang.contact_id]
    for contact_id, details in ((zhang.contact_id, ZHANG), (wang.contact_id, None)):
        read = await contacts.read(connection, contact_id)
        assert read.version == 1
        assert details in (None, contacts.details_of(NEW, read))


async def test_after_a_rotation_the_old_key_opens_nothing(
    connection: asyncpg.Connection, zhang: DonorContact
) -> None:
    await contact_rotation.reseal_batch(
        connection, BOTH, after=contact_rotation.FIRST_ID, rows_max=10
    )
    read = await contacts.read(connection, zhang.contact_id)

    with pytest.raises(UnknownKeyError):
        contacts.details_of(OLD, read)
    assert await found(connection, OLD) == []


@pytest.mark.parametrize(
    ("ring", "complaint"),
    [
        ([FIRST], None),
        ([SECOND, FIRST], None),
        ([SECOND], "no key 2025"),
        (
            [ContactKey(key_id="2025", encryption=b"x" * 32, hashing=b"2" * 32)],
            "the key 2025 of the ring is not the one",
        ),
        (
            [ContactKey(key_id="2025", encryption=b"1" * 32, hashing=b"x" * 32)],
            "the hashing key 2025 of the ring is not the one",
        ),
    ],
)
async def test_a_wrong_ring_is_known_by_what_was_sealed(
    connection: asyncpg.Connection, ring: list[ContactKey], complaint: str | None
) -> None:
    await kept(connection, OLD, ContactDetails(name="李四光"))
    await kept(connection, OLD, ZHANG)

    complaints = await contact_rotation.wrong_keys(connection, KeyRing(ring))

    if complaint is None:
        assert complaints == []
    else:
        assert len(complaints) == 1
        assert complaint in complaints[0]


async def test_of_an_erased_contact_only_its_row_is_left(
    connection: asyncpg.Connection, zhang: DonorContact
) -> None:
    erased = await contacts.erase(
        connection, zhang, reason=ErasureReason.ASKED_BY_PERSON, erased_at=NOW
    )

    left = {name for name, value in erased.model_dump().items() if value is not None}
    assert left == {
        "contact_id",
        "version",
        "agency",
        "recorded_by",
        "recorded_at",
        "erased_at",
        "erasure_reason",
    }
    assert await found(connection, OLD) == []
    assert await contact_rotation.wrong_keys(connection, NEW) == []


@pytest.mark.parametrize(
    "changes",
    [
        "key_id = NULL",
        "name = NULL",
        "phone = NULL",
        "phone_hash = NULL",
        "email_hash = NULL",
        "identity_number_hash = NULL",
        "erased_at = now()",
        "erased_at = now(), erasure_reason = 'asked_by_person'",
        "erased_at = now(), erasure_reason = 'asked_by_person', key_id = NULL, name = NULL",
    ],
)
async def test_a_contact_that_cannot_be_is_not_kept(
    connection: asyncpg.Connection, zhang: DonorContact, changes: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(
            f"UPDATE donor_contact SET {changes} WHERE contact_id = $1", zhang.contact_id
        )
