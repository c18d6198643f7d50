"""Whether the keys at hand are the right ones, and the change from one key to the next."""

from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection, columns

from donations_svc.domain.contact import SEARCHABLE, ContactField
from donations_svc.storage.contact_tables import DonorContact
from donations_svc.storage.contacts import contact_of, details_of, sealed_values
from donations_svc.storage.sealing import KeyRing, SealBrokenError

# One with a hash where there is one: then both of a key's secrets are tried.
SAMPLES: Final = """
    SELECT DISTINCT ON (key_id) * FROM donor_contact
    WHERE key_id IS NOT NULL
    ORDER BY key_id, num_nonnulls(phone_hash, email_hash, identity_number_hash) DESC, contact_id
"""
WAITING: Final = """
    SELECT * FROM donor_contact
    WHERE key_id <> $1 AND contact_id > $2
    ORDER BY contact_id LIMIT $3
    FOR UPDATE
"""
# What it says stays the same, and so does its version.
RESEAL: Final = """
    UPDATE donor_contact AS c
    SET key_id = u.key_id, name = u.name, phone = u.phone, email = u.email, address = u.address,
        identity_number = u.identity_number, phone_hash = u.phone_hash,
        email_hash = u.email_hash, identity_number_hash = u.identity_number_hash
    FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[],
                $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[])
        AS u (contact_id, key_id, name, phone, email, address, identity_number, phone_hash,
              email_hash, identity_number_hash)
    WHERE c.contact_id = u.contact_id
"""
RESEALED_COLUMNS: Final = 10
COUNTS_BY_KEY: Final = """
    SELECT key_id, count(*) AS contacts FROM donor_contact
    WHERE key_id IS NOT NULL GROUP BY key_id ORDER BY key_id
"""
FIRST_ID: Final = UUID(int=0)


async def wrong_keys(connection: Connection, keys: KeyRing) -> list[str]:
    """What is wrong with the ring, in words for an operator; nothing when it opens every contact.

    One contact of each key is tried.
    """
    return [
        complaint
        for row in await connection.fetch(SAMPLES)
        if (complaint := _complaint(keys, contact_of(row))) is not None
    ]


async def reseal_batch(
    connection: Connection, keys: KeyRing, *, after: UUID, rows_max: int
) -> list[UUID]:
    """Seal with the current key what another has sealed; the ids of those, in their order.

    Raises UnknownKeyError and SealBrokenError.
    """
    rows = await connection.fetch(WAITING, keys.current_id, after, rows_max)
    contacts = [contact_of(row) for row in rows]
    values = [(contact.contact_id, *_resealed(keys, contact)) for contact in contacts]
    if values:
        await connection.execute(RESEAL, *columns(values, RESEALED_COLUMNS))
    return [contact.contact_id for contact in contacts]


async def contacts_by_key(connection: Connection) -> dict[str, int]:
    rows = await connection.fetch(COUNTS_BY_KEY)
    return {row["key_id"]: row["contacts"] for row in rows}


def _resealed(keys: KeyRing, contact: DonorContact) -> list[str | bytes | None]:
    details = details_of(keys, contact)
    return sealed_values(keys, details, contact_id=contact.contact_id, agency=contact.agency)


def _complaint(keys: KeyRing, contact: DonorContact) -> str | None:
    key_id = contact.key_id
    assert key_id is not None, f"{contact.contact_id} is erased"
    if key_id not in keys.key_ids:
        return f"the ring has no key {key_id}, with which contacts are sealed"
    try:
        texts = details_of(keys, contact).by_field()
    except SealBrokenError:
        return f"the key {key_id} of the ring is not the one with which contacts are sealed"
    for field in SEARCHABLE:
        text, kept = texts[field], _hash_of(contact, field)
        if text is not None and kept != keys.hash_of(
            text, agency=contact.agency, field=field, key_id=key_id
        ):
            return f"the hashing key {key_id} of the ring is not the one that contacts are found by"
    return None


def _hash_of(contact: DonorContact, field: ContactField) -> bytes | None:
    match field:
        case ContactField.PHONE:
            return contact.phone_hash
        case ContactField.EMAIL:
            return contact.email_hash
        case ContactField.IDENTITY_NUMBER:
            return contact.identity_number_hash
        case ContactField.NAME | ContactField.ADDRESS:
            return None
