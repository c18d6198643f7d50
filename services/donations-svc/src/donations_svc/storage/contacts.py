"""Contacts of donors in the database: sealed on the way in, opened on the way out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_kit.database import Connection

from donations_svc.domain.contact import (
    SEARCHABLE,
    ContactDetails,
    ContactField,
    ErasureReason,
)
from donations_svc.domain.errors import ContactNotFoundError, DonationNotFoundError
from donations_svc.storage.contact_tables import DonorContact
from donations_svc.storage.sealing import KeyRing

FOUND_MAX: Final = 50
FIELDS: Final = tuple(ContactField)

INSERT: Final = """
    INSERT INTO donor_contact
        (contact_id, version, agency, organisation, recorded_by, recorded_at, key_id, name, phone,
         email, address, identity_number, phone_hash, email_hash, identity_number_hash)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
READ: Final = "SELECT * FROM donor_contact WHERE contact_id = $1"
LOCK: Final = "SELECT * FROM donor_contact WHERE contact_id = $1 FOR UPDATE"
SAVE: Final = """
    UPDATE donor_contact
    SET version = $2, organisation = $3, key_id = $4, name = $5, phone = $6, email = $7,
        address = $8, identity_number = $9, phone_hash = $10, email_hash = $11,
        identity_number_hash = $12
    WHERE contact_id = $1
"""
ERASE: Final = """
    UPDATE donor_contact
    SET version = $2, erased_at = $3, erasure_reason = $4, key_id = NULL, name = NULL,
        phone = NULL, email = NULL, address = NULL, identity_number = NULL, phone_hash = NULL,
        email_hash = NULL, identity_number_hash = NULL
    WHERE contact_id = $1
"""
FIND: Final = """
    SELECT * FROM donor_contact
    WHERE agency = $1
      AND (phone_hash = ANY($2::bytea[]) OR email_hash = ANY($3::bytea[])
           OR identity_number_hash = ANY($4::bytea[]))
    ORDER BY contact_id LIMIT $5
"""
LINK: Final = """
    INSERT INTO donation_contact (donation_id, contact_id, linked_by, linked_at)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (donation_id) DO UPDATE
    SET contact_id = excluded.contact_id, linked_by = excluded.linked_by,
        linked_at = excluded.linked_at
"""
DONOR: Final = "SELECT agency, donor_code FROM donation WHERE donation_id = $1"
DONATIONS: Final = "SELECT count(*) FROM donation_contact WHERE contact_id = $1"
RECEIPTS: Final = """
    SELECT count(*) FROM receipt JOIN donation_contact USING (donation_id)
    WHERE contact_id = $1 AND number IS NOT NULL
"""
OF_DONATION: Final = """
    SELECT c.* FROM donation_contact AS l JOIN donor_contact AS c USING (contact_id)
    WHERE l.donation_id = $1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class GiverOf:
    """Who has received a donation, and the code of who gave it: None of a person."""

    agency: str
    donor_code: str | None


async def insert(
    connection: Connection,
    keys: KeyRing,
    details: ContactDetails,
    *,
    contact_id: UUID,
    agency: str,
    organisation: str | None,
    recorded_by: str,
    recorded_at: datetime,
) -> DonorContact:
    """Raises ContactDetailsError."""
    sealed = sealed_values(keys, details, contact_id=contact_id, agency=agency)
    fixed = (contact_id, 1, agency, organisation, recorded_by, recorded_at)
    await connection.execute(INSERT, *fixed, *sealed)
    return await read(connection, contact_id)


async def read(
    connection: Connection, contact_id: UUID, *, is_locked: bool = False
) -> DonorContact:
    """Raises ContactNotFoundError."""
    row = await connection.fetchrow(LOCK if is_locked else READ, contact_id)
    if row is None:
        raise ContactNotFoundError(f"there is no contact {contact_id}")
    return contact_of(row)


async def save(
    connection: Connection,
    keys: KeyRing,
    contact: DonorContact,
    details: ContactDetails,
    *,
    organisation: str | None,
) -> DonorContact:
    """In place of what it said, sealed with the current key. Raises ContactDetailsError."""
    sealed = sealed_values(keys, details, contact_id=contact.contact_id, agency=contact.agency)
    changed = (contact.contact_id, contact.version + 1, organisation)
    await connection.execute(SAVE, *changed, *sealed)
    return await read(connection, contact.contact_id)


async def erase(
    connection: Connection,
    contact: DonorContact,
    *,
    reason: ErasureReason,
    erased_at: datetime,
) -> DonorContact:
    changed = (contact.contact_id, contact.version + 1)
    await connection.execute(ERASE, *changed, erased_at, reason)
    return await read(connection, contact.contact_id)


async def find(
    connection: Connection, keys: KeyRing, *, agency: str, field: ContactField, text: str
) -> list[DonorContact]:
    """Those of the agency, at most `FOUND_MAX`. Raises ContactDetailsError."""
    hashes = keys.hashes_of(text, agency=agency, field=field)
    wanted = [hashes if searched is field else [] for searched in SEARCHABLE]
    rows = await connection.fetch(FIND, agency, *wanted, FOUND_MAX)
    return [contact_of(row) for row in rows]


async def giver_of(connection: Connection, donation_id: UUID) -> GiverOf:
    """Raises DonationNotFoundError."""
    row = await connection.fetchrow(DONOR, donation_id)
    if row is None:
        raise DonationNotFoundError(f"there is no donation {donation_id}")
    return GiverOf(agency=row["agency"], donor_code=row["donor_code"])


async def link(
    connection: Connection,
    donation_id: UUID,
    contact_id: UUID,
    *,
    linked_by: str,
    linked_at: datetime,
) -> None:
    await connection.execute(LINK, donation_id, contact_id, linked_by, linked_at)


async def count_donations(connection: Connection, contact_id: UUID) -> int:
    return await connection.fetchval(DONATIONS, contact_id)


async def count_receipts(connection: Connection, contact_id: UUID) -> int:
    """Those that have a number, withdrawn ones too."""
    return await connection.fetchval(RECEIPTS, contact_id)


async def of_donation(connection: Connection, donation_id: UUID) -> DonorContact:
    """Raises ContactNotFoundError."""
    row = await connection.fetchrow(OF_DONATION, donation_id)
    if row is None:
        raise ContactNotFoundError(f"donation {donation_id} has no contact")
    return contact_of(row)


def contact_of(row: asyncpg.Record) -> DonorContact:
    return DonorContact(**dict(row))


def details_of(keys: KeyRing, contact: DonorContact) -> ContactDetails:
    """Of one that is not erased. Raises UnknownKeyError and SealBrokenError."""
    key_id = contact.key_id
    assert key_id is not None, f"{contact.contact_id} is erased"
    opened = {
        field: None
        if (sealed := sealed_of(contact, field)) is None
        else keys.open(sealed, key_id=key_id, row_id=contact.contact_id, field=field)
        for field in FIELDS
    }
    name = opened[ContactField.NAME]
    assert name is not None, f"{contact.contact_id} has no name"
    return ContactDetails(
        name=name,
        phone=opened[ContactField.PHONE],
        email=opened[ContactField.EMAIL],
        address=opened[ContactField.ADDRESS],
        identity_number=opened[ContactField.IDENTITY_NUMBER],
    )


def sealed_of(contact: DonorContact, field: ContactField) -> bytes | None:
    match field:
        case ContactField.NAME:
            return contact.name
        case ContactField.PHONE:
            return contact.phone
        case ContactField.EMAIL:
            return contact.email
        case ContactField.ADDRESS:
            return contact.address
        case ContactField.IDENTITY_NUMBER:
            return contact.identity_number


def sealed_values(
    keys: KeyRing, details: ContactDetails, *, contact_id: UUID, agency: str
) -> list[str | bytes | None]:
    """The key's id, the sealed fields and the hashes, in the order of the columns.

    Raises ContactDetailsError.
    """
    texts = details.by_field()
    sealed = [
        None if (text := texts[field]) is None else keys.seal(text, row_id=contact_id, field=field)
        for field in FIELDS
    ]
    hashes = [
        None
        if (text := texts[field]) is None
        else keys.hash_of(text, agency=agency, field=field, key_id=keys.current_id)
        for field in SEARCHABLE
    ]
    return [keys.current_id, *sealed, *hashes]
