"""A search for any part of a name finds what has that part, and nothing else."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Final

import asyncpg
import pytest
from fundmix_events.credit_code import check_character
from fundmix_events.registry import Organisation, OrganisationKind
from registry_svc.storage import organisations, public_organisations
from registry_svc.storage.public_organisations import Sort

NAMES: Final = ["".join(letters) for letters in product("aB中", repeat=3)] + ["a", "Ba", "中%_'\\"]
PARTS: Final = [
    "".join(letters) for length in (1, 2, 3) for letters in product("Ab中", repeat=length)
]


def a_code(number: int) -> str:
    first_seventeen = f"52441900{number:09d}"
    return first_seventeen + check_character(first_seventeen)


@pytest.mark.parametrize("sort", Sort)
async def test_a_part_of_a_name_finds_all_that_have_it(
    sort: Sort, connection: asyncpg.Connection
) -> None:
    register = [
        Organisation(code=a_code(number), name=name, kind=OrganisationKind.AGENCY)
        for number, name in enumerate(NAMES)
    ]
    await organisations.insert_many(
        connection, register, recorded_at=datetime(2025, 3, 3, tzinfo=UTC)
    )

    for part in (*PARTS, "%", "_", "'", "\\", "中%_"):
        rows = await public_organisations.list_rows(
            connection,
            kinds=["agency"],
            town=None,
            name=part,
            is_suspended=None,
            today=date(2025, 3, 3),
            sort=sort,
            after=None,
            rows_max=100,
        )
        found = [row.organisation.name for row in rows]
        assert sorted(found) == sorted(n for n in NAMES if part.lower() in n.lower()), part
