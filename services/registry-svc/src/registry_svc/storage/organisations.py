"""Organisations in the database."""

from datetime import datetime
from typing import Final

import asyncpg
from fundmix_events.registry import Organisation
from fundmix_kit.database import Connection

from registry_svc.domain.errors import OrganisationNotFoundError
from registry_svc.domain.registration import Registration

# Waits for whoever is registering the same code, and then adds nothing.
INSERT: Final = """
    INSERT INTO organisation
        (code, version, name, kind, level, town, registered_on, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (code) DO NOTHING
    RETURNING true
"""
READ: Final = (
    "SELECT version, code, name, kind, level, town, registered_on FROM organisation WHERE code = $1"
)
LOCK: Final = f"{READ} FOR UPDATE"
SAVE: Final = """
    UPDATE organisation SET version = $2, name = $3, level = $4, town = $5, registered_on = $6
    WHERE code = $1
"""
# Without an index of its own: a city has some thousand organisations, read here by their key.
LIST: Final = """
    SELECT version, code, name, kind, level, town, registered_on
    FROM organisation
    WHERE ($1::text IS NULL OR kind = $1)
      AND ($2::text IS NULL OR town = $2)
      AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0)
      AND code > $4
    ORDER BY code LIMIT $5
"""


async def insert(
    connection: Connection, registration: Registration, *, recorded_at: datetime
) -> bool:
    """False: there is an organisation of that code already."""
    organisation = registration.organisation
    is_new = await connection.fetchval(
        INSERT,
        organisation.code,
        registration.version,
        organisation.name,
        organisation.kind,
        organisation.level,
        organisation.town,
        organisation.registered_on,
        recorded_at,
    )
    return bool(is_new)


async def read(connection: Connection, code: str) -> Registration:
    """Raises OrganisationNotFoundError."""
    return _found(await connection.fetchrow(READ, code), code)


async def load_for_update(connection: Connection, code: str) -> Registration:
    """Raises OrganisationNotFoundError."""
    return _found(await connection.fetchrow(LOCK, code), code)


async def save(connection: Connection, registration: Registration) -> None:
    organisation = registration.organisation
    await connection.execute(
        SAVE,
        organisation.code,
        registration.version,
        organisation.name,
        organisation.level,
        organisation.town,
        organisation.registered_on,
    )


async def list_rows(
    connection: Connection,
    *,
    kind: str | None,
    town: str | None,
    name: str | None,
    after: str,
    rows_max: int,
) -> list[Registration]:
    rows = await connection.fetch(LIST, kind, town, name, after, rows_max)
    return [_registration(row) for row in rows]


def _found(row: asyncpg.Record | None, code: str) -> Registration:
    if row is None:
        raise OrganisationNotFoundError(f"no organisation {code} is in the register")
    return _registration(row)


def _registration(row: asyncpg.Record) -> Registration:
    return Registration(organisation=Organisation.model_validate(dict(row)), version=row["version"])
