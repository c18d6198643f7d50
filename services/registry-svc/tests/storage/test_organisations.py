"""Organisations as PostgreSQL keeps them."""

from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
import pytest
from fundmix_events.credit_code import ALPHABET, check_character
from fundmix_events.registry import Organisation
from registry_svc.domain.errors import OrganisationNotFoundError
from registry_svc.domain.registration import Registration
from registry_svc.storage import organisations

NOW: Final = datetime(2025, 3, 3, tzinfo=UTC)
INSERT_CODE: Final = """
    INSERT INTO organisation (code, version, name, kind, recorded_at)
    VALUES ('{code}', 1, 'x', 'agency', now())
"""


def a_code(number: int) -> str:
    first_seventeen = f"52441900AJC6XAY{ALPHABET[number // 31]}{ALPHABET[number % 31]}"
    return first_seventeen + check_character(first_seventeen)


def a_registration(number: int = 0, *, version: int = 1, **values: Any) -> Registration:
    usual = {"code": a_code(number), "name": f"示例{number}", "kind": "agency"}
    organisation = Organisation.model_validate(usual | values)
    return Registration(organisation=organisation, version=version)


async def insert(connection: asyncpg.Connection, *registrations: Registration) -> None:
    for registration in registrations:
        assert await organisations.insert(connection, registration, recorded_at=NOW)


async def listed(
    connection: asyncpg.Connection,
    *,
    kind: str | None = None,
    town: str | None = None,
    name: str | None = None,
    after: str = "",
    rows_max: int = 100,
) -> list[str]:
    rows = await organisations.list_rows(
        connection, kind=kind, town=town, name=name, after=after, rows_max=rows_max
    )
    return [row.organisation.code for row in rows]


@pytest.mark.parametrize(
    "values", [{}, {"level": "town", "town": "莞城街道", "registered_on": "2009-01-15"}]
)
async def test_an_organisation_is_read_as_it_was_inserted(
    values: dict[str, Any], connection: asyncpg.Connection
) -> None:
    registration = a_registration(**values)
    await insert(connection, registration)

    code = registration.organisation.code
    assert await organisations.read(connection, code) == registration
    assert await organisations.load_for_update(connection, code) == registration


async def test_a_code_that_is_there_is_left_as_it_is(connection: asyncpg.Connection) -> None:
    first, second = a_registration(name="甲"), a_registration(name="乙")
    await insert(connection, first)

    assert not await organisations.insert(connection, second, recorded_at=NOW)
    assert await organisations.read(connection, first.organisation.code) == first


async def test_a_saved_change_is_read_and_others_stay(connection: asyncpg.Connection) -> None:
    other = a_registration(1)
    await insert(connection, a_registration(level="town", town="莞城街道"), other)
    changed = a_registration(version=2, name="改名", level="city", registered_on="2009-01-15")

    await organisations.save(connection, changed)

    assert await organisations.read(connection, a_code(0)) == changed
    assert await organisations.read(connection, a_code(1)) == other


async def test_an_unknown_code_is_not_found(connection: asyncpg.Connection) -> None:
    with pytest.raises(OrganisationNotFoundError):
        await organisations.read(connection, a_code(0))
    with pytest.raises(OrganisationNotFoundError):
        await organisations.load_for_update(connection, a_code(0))


async def test_a_list_goes_by_code_from_where_the_last_page_ended(
    connection: asyncpg.Connection,
) -> None:
    await insert(connection, *(a_registration(number) for number in (2, 0, 3, 1)))

    assert await listed(connection) == [a_code(number) for number in range(4)]
    assert await listed(connection, after=a_code(0), rows_max=2) == [a_code(1), a_code(2)]
    assert await listed(connection, after=a_code(3)) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kind": "agency"}, [0, 1]),
        ({"town": "莞城街道"}, [1, 2]),
        ({"kind": "agency", "town": "莞城街道"}, [1]),
        ({"name": "社工"}, [0, 1]),
        ({"name": "HOPE"}, [2]),
        ({"name": "100%"}, [2]),
        ({"name": "%"}, [2]),
        ({"name": "_"}, []),
    ],
)
async def test_a_list_is_narrowed_by_kind_town_and_any_part_of_the_name(
    wanted: dict[str, Any], found: list[int], connection: asyncpg.Connection
) -> None:
    await insert(
        connection,
        a_registration(0, name="南城社工"),
        a_registration(1, name="东城社工站", town="莞城街道"),
        a_registration(2, name="100% Hope", town="莞城街道", kind="university"),
    )

    assert await listed(connection, **wanted) == [a_code(number) for number in found]


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE organisation SET version = 0",
        INSERT_CODE.format(code="I" * 18),
        INSERT_CODE.format(code="52"),
    ],
)
async def test_the_database_has_rules_of_its_own(
    broken: str, connection: asyncpg.Connection
) -> None:
    await insert(connection, a_registration())

    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute(broken)
