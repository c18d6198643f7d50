"""The public list: found by kind, town, any part of the name and suspension, sorted two ways."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final

from fundmix_kit.database import Connection

from registry_svc.domain.registration import Registration
from registry_svc.storage.organisations import COLUMNS, registration_of


class Sort(StrEnum):
    NAME = "name"
    CODE = "code"


# Only conditions that are asked for are in a statement: then its plan can use their index.
OF_KINDS: Final = "kind = ANY({}::text[])"
OF_TOWN: Final = "town = {}"
# The first half is the index (of one and two characters in a row), the second is the truth.
OF_NAME: Final = "name_grams(name) @> name_grams({0}) AND strpos(lower(name), lower({0})) > 0"
SUSPENDED: Final = "suspended_on <= {}"
NOT_SUSPENDED: Final = "(suspended_on <= {}) IS NOT TRUE"
AFTER: Final = {Sort.NAME: "(name, code) > ({}, {})", Sort.CODE: "code > {}"}
ORDER: Final = {Sort.NAME: "name, code", Sort.CODE: "code"}


async def list_rows(
    connection: Connection,
    *,
    kinds: Sequence[str],
    town: str | None,
    name: str | None,
    is_suspended: bool | None,
    today: date,
    sort: Sort,
    after: tuple[str, str] | None,
    rows_max: int,
) -> list[Registration]:
    """`after` is the name and the code of the last row seen."""
    arguments: list[object] = []

    def given(*values: object) -> list[str]:
        arguments.extend(values)
        return [f"${len(arguments) - len(values) + place + 1}" for place in range(len(values))]

    conditions = [OF_KINDS.format(*given(kinds))]
    if town is not None:
        conditions.append(OF_TOWN.format(*given(town)))
    if name is not None:
        conditions.append(OF_NAME.format(*given(name)))
    if is_suspended is not None:
        conditions.append((SUSPENDED if is_suspended else NOT_SUSPENDED).format(*given(today)))
    if after is not None:
        last = after if sort is Sort.NAME else after[1:]
        conditions.append(AFTER[sort].format(*given(*last)))
    limit = given(rows_max)[0]
    statement = f"""
        SELECT {COLUMNS} FROM organisation WHERE {" AND ".join(conditions)}
        ORDER BY {ORDER[sort]} LIMIT {limit}
    """  # noqa: S608  # our own conditions; values are arguments
    return [registration_of(row) for row in await connection.fetch(statement, *arguments)]
