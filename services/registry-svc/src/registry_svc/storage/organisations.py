"""Organisations in the database."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
from fundmix_events.registry import Organisation
from fundmix_kit.database import Connection, columns

from registry_svc.domain.errors import OrganisationNotFoundError
from registry_svc.domain.registration import Registration

COLUMNS: Final = "version, code, name, kind, level, town, registered_on, suspended_on, standing"
# In the order of codes, so that of two who register the same ones neither waits for the other for
# ever. Waits for whoever is registering a code, and then adds nothing.
INSERT: Final = """
    INSERT INTO organisation
        (code, version, name, kind, level, town, registered_on, recorded_at)
    SELECT code, 1, name, kind, level, town, registered_on, $7
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[])
        AS u (code, name, kind, level, town, registered_on)
    ORDER BY code
    ON CONFLICT (code) DO NOTHING
    RETURNING code
"""
READ: Final = f"SELECT {COLUMNS} FROM organisation WHERE code = $1"  # noqa: S608  # our own columns
READ_MANY: Final = f"SELECT {COLUMNS} FROM organisation WHERE code = ANY($1::text[])"  # noqa: S608  # our own columns
LOCK: Final = f"{READ} FOR UPDATE"
SAVE: Final = """
    UPDATE organisation
    SET version = $2, name = $3, kind = $4, level = $5, town = $6, registered_on = $7,
        suspended_on = $8, standing = $9
    WHERE code = $1
"""
# Without an index of its own: a city has some thousand organisations, read here by their key.
LIST: Final = f"""
    SELECT {COLUMNS}
    FROM organisation
    WHERE ($1::text IS NULL OR kind = $1)
      AND ($2::text IS NULL OR town = $2)
      AND ($3::text IS NULL OR strpos(lower(name), lower($3)) > 0)
      AND code > $4
    ORDER BY code LIMIT $5
"""  # noqa: S608  # our own columns


async def insert(
    connection: Connection, registration: Registration, *, recorded_at: datetime
) -> bool:
    """False: there is an organisation of that code already."""
    return bool(await insert_many(connection, [registration.organisation], recorded_at=recorded_at))


async def insert_many(
    connection: Connection, organisations: Sequence[Organisation], *, recorded_at: datetime
) -> set[str]:
    """The codes of those that were not there already."""
    rows = [(o.code, o.name, o.kind, o.level, o.town, o.registered_on) for o in organisations]
    added = await connection.fetch(INSERT, *columns(rows, 6), recorded_at)
    return {row["code"] for row in added}


async def read(connection: Connection, code: str) -> Registration:
    """Raises OrganisationNotFoundError."""
    return _found(await connection.fetchrow(READ, code), code)


async def read_many(connection: Connection, codes: Sequence[str]) -> dict[str, Organisation]:
    rows = await connection.fetch(READ_MANY, codes)
    return {row["code"]: registration_of(row).organisation for row in rows}


async def load_for_update(connection: Connection, code: str) -> Registration:
    """Raises OrganisationNotFoundError."""
    return _found(await connection.fetchrow(LOCK, code), code)


async def save(connection: Connection, registration: Registration) -> None:
    organisation = registration.organisation
    standing = organisation.standing
    await connection.execute(
        SAVE,
        organisation.code,
        registration.version,
        organisation.name,
        organisation.kind,
        organisation.level,
        organisation.town,
        organisation.registered_on,
        organisation.suspended_on,
        None if standing is None else standing.model_dump_json(),
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
    return [registration_of(row) for row in rows]


def registration_of(row: asyncpg.Record) -> Registration:
    values: dict[str, Any] = dict(row)
    if values["standing"] is not None:
        values["standing"] = json.loads(values["standing"])
    return Registration(organisation=Organisation.model_validate(values), version=row["version"])


def _found(row: asyncpg.Record | None, code: str) -> Registration:
    if row is None:
        raise OrganisationNotFoundError(f"no organisation {code} is in the register")
    return registration_of(row)
