"""What the services have already of the rows in the files, and where it differs from them."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fundmix_cli.calling.client import Json, ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.city.checks import City
from fundmix_cli.city.rows import Fault, Row

Reference = tuple[str, str]
"""An agency and its own number for a gift."""


@dataclass(kw_only=True, slots=True)
class Existing:
    organisations: dict[str, Json] = field(default_factory=dict[str, Json])
    contracts: dict[str, Json] = field(default_factory=dict[str, Json])
    pledges: dict[Reference, Json] = field(default_factory=dict[Reference, Json])
    donations: dict[Reference, Json] = field(default_factory=dict[Reference, Json])


async def read_existing(client: ServiceClient, city: City) -> Existing:
    """Raises a group of CallErrors."""
    existing = Existing()
    codes = {line.row.code for line in city.organisations}
    numbers = {lines.contract.row.number for lines in city.contracts}
    references = {(line.row.agency, line.row.reference) for line in city.donations}

    async def read_organisations() -> None:
        async for item in client.list(ServiceName.REGISTRY, "/v1/organisations", claims=AUDITOR):
            # Of what others have in the system nothing is kept.
            if item["code"] in codes:
                existing.organisations[item["code"]] = item

    async def read_contracts() -> None:
        async for item in client.list(ServiceName.CONTRACTS, "/v1/contracts", claims=AUDITOR):
            if item["number"] in numbers:
                existing.contracts[item["number"]] = item

    async def read_gifts(path: str, gifts: dict[Reference, Json]) -> None:
        async for item in client.list(ServiceName.DONATIONS, path, claims=AUDITOR):
            reference = (item["agency"], item["reference"])
            if reference in references:
                gifts[reference] = item

    async with asyncio.TaskGroup() as group:
        group.create_task(read_organisations())
        group.create_task(read_contracts())
        group.create_task(read_gifts("/v1/pledges", existing.pledges))
        group.create_task(read_gifts("/v1/donations", existing.donations))
    return existing


def differences(wanted: Json, there: Mapping[str, object], row_type: type[Row]) -> Iterator[Fault]:
    """The columns in which what is there is not what the file wants."""
    for name, value in wanted.items():
        if there.get(name) != value:
            reason = f"the file has {shown(value)}, the system {shown(there.get(name))}"
            yield row_type.column_of(name), reason


def shown(value: Any) -> str:
    """A value of JSON as a person writes it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case {"amount": amount, "currency": currency}:
            return f"{amount} {currency}"
        case {"kind": kind, "code": code}:
            return f"{kind} {code or 'without code'}"
        case _:
            return str(value)
