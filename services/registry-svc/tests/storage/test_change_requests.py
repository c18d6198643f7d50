"""The database's own rules about changes: two persons, one open request, history once."""

from typing import Final

import asyncpg
import pytest

ORGANISATION: Final = """
    INSERT INTO organisation (code, version, name, kind, recorded_at)
    VALUES ('52441900AJC6XAY6DW', 1, '甲', 'agency', now())
"""
REQUEST: Final = """
    INSERT INTO change_request
        (change_request_id, code, state, name, reason, evidence, requested_by, requested_role,
         requested_at)
    VALUES (gen_random_uuid(), '52441900AJC6XAY6DW', $1, $2, 'x', '[]', 'one', 'admin', now())
"""
CHANGE: Final = """
    INSERT INTO organisation_change
        (code, version, field, before, after, subject, role, recorded_at, request_id)
    VALUES ('52441900AJC6XAY6DW', 1, 'name', $1, $2, 'x', 'admin', now(), 'r')
"""


@pytest.fixture(autouse=True)
async def organisation(connection: asyncpg.Connection) -> None:
    await connection.execute(ORGANISATION)


async def test_one_request_for_a_field_is_open(connection: asyncpg.Connection) -> None:
    await connection.execute(REQUEST, "open", "乙")

    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute(REQUEST, "open", "丙")


@pytest.mark.parametrize(("state", "name"), [("lost", "乙"), ("approved", "乙"), ("open", None)])
async def test_a_request_wants_something_and_is_closed_by_a_person(
    state: str, name: str | None, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(REQUEST, state, name)


async def test_who_asks_does_not_decide(connection: asyncpg.Connection) -> None:
    await connection.execute(REQUEST, "open", "乙")

    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("UPDATE change_request SET state = 'approved', decided_by = 'one'")


@pytest.mark.parametrize(("before", "after"), [('"甲"', '"甲"'), (None, None)])
async def test_what_stays_the_same_is_no_change(
    before: str | None, after: str | None, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(CHANGE, before, after)
