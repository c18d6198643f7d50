"""Who has done what with which contact, and when."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7

from donations_svc.domain.contact import ContactAct
from donations_svc.storage.contact_tables import ContactAccess, DonorContact

INSERT: Final = """
    INSERT INTO contact_access (access_id, contact_id, agency, act, subject, role, accessed_at)
    SELECT u.access_id, u.contact_id, u.agency, $4, $5, $6, $7
    FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS u (access_id, contact_id, agency)
"""
LIST: Final = """
    SELECT * FROM contact_access
    WHERE ($1::text IS NULL OR agency = $1)
      AND ($2::uuid IS NULL OR contact_id = $2)
      AND access_id > $3
    ORDER BY access_id LIMIT $4
"""
COUNT: Final = "SELECT count(*) FROM contact_access WHERE contact_id = $1"


async def insert(
    connection: Connection,
    contacts: Sequence[DonorContact],
    act: ContactAct,
    *,
    subject: str,
    role: str,
    accessed_at: datetime,
) -> None:
    if contacts:
        await connection.execute(
            INSERT,
            [uuid7() for _ in contacts],
            [contact.contact_id for contact in contacts],
            [contact.agency for contact in contacts],
            act,
            subject,
            role,
            accessed_at,
        )


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    contact_id: UUID | None,
    after: UUID,
    rows_max: int,
) -> list[ContactAccess]:
    """In the order in which they happened."""
    rows = await connection.fetch(LIST, org, contact_id, after, rows_max)
    return [ContactAccess(**dict(row)) for row in rows]


async def count(connection: Connection, contact_id: UUID) -> int:
    return await connection.fetchval(COUNT, contact_id)
