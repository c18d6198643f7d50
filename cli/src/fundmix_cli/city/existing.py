"""What the services have already of the rows in the files, and where it differs from them."""

import asyncio
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fundmix_cli.calling.client import Json, ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.city.checks import City
from fundmix_cli.city.rows import Fault, Row

Key = TypeVar("Key", bound=Hashable)
Reference = tuple[str, str]
"""An agency and its own number for a gift."""
Several = dict[Reference, list[Json]]
AcceptanceNumber = tuple[str, int]
"""A contract's number, and which of its acceptances."""
Listed = tuple[ServiceName, str, Mapping[str, str]]

# The files have no deliveries: what is loaded is one line, delivered and accepted as a whole.
ONLY_ACCEPTANCE: Final = 1
STANDING: Final = ("prepared", "approved")
REVERSED: Final = "reversed"
ORGANISATIONS: Final[Listed] = (ServiceName.REGISTRY, "/v1/organisations", {})
CONTRACTS: Final[Listed] = (ServiceName.CONTRACTS, "/v1/contracts", {})
UNPUBLISHED: Final[Listed] = (
    ServiceName.CONTRACTS,
    "/v1/obligations",
    {"kind": "publish_acceptance", "state": "open"},
)
PLEDGES: Final[Listed] = (ServiceName.DONATIONS, "/v1/pledges", {})
EXPENDITURES: Final[Listed] = (ServiceName.LEDGER, "/v1/requests", {"kind": "expenditure"})
DONATIONS: Final[Listed] = (ServiceName.DONATIONS, "/v1/donations", {})


@dataclass(kw_only=True, slots=True)
class Existing:
    organisations: dict[str, Json] = field(default_factory=dict[str, Json])
    contracts: dict[str, Json] = field(default_factory=dict[str, Json])
    pledges: dict[Reference, Json] = field(default_factory=dict[Reference, Json])
    donations: dict[Reference, Json] = field(default_factory=dict[Reference, Json])
    # Those that were neither rejected nor withdrawn.
    expenditures: dict[Reference, Json] = field(default_factory=dict[Reference, Json])
    # What was reversed: its reference is free again, and may have been taken again.
    reversed_pledges: Several = field(default_factory=dict[Reference, list[Json]])
    reversed_donations: Several = field(default_factory=dict[Reference, list[Json]])
    reversed_expenditures: Several = field(default_factory=dict[Reference, list[Json]])
    # By contract and acceptance: what nobody has published yet.
    unpublished: dict[AcceptanceNumber, Json] = field(default_factory=dict[AcceptanceNumber, Json])


async def read_existing(client: ServiceClient, city: City) -> Existing:
    """Raises a group of CallErrors."""
    existing = Existing()
    codes = {line.row.code for line in city.organisations}
    numbers = {lines.contract.row.number for lines in city.contracts}
    references = {(line.row.agency, line.row.reference) for line in city.donations}
    used = {
        (lines.agency, line.row.reference) for lines in city.funds for line in lines.expenditures
    }
    acceptances = {(number, ONLY_ACCEPTANCE) for number in numbers}

    async def read(
        listed: Listed,
        wanted: Container[Key],
        found: dict[Key, Json],
        key: Callable[[Json], Key | None],
        undone: dict[Key, list[Json]] | None = None,
    ) -> None:
        service, path, params = listed
        async for item in client.list(service, path, claims=AUDITOR, params=params):
            # Of what others have in the system nothing is kept.
            if (its_key := key(item)) is None or its_key not in wanted:
                continue
            if undone is not None and _is_reversed(item):
                undone.setdefault(its_key, []).append(item)
            else:
                found[its_key] = item

    async with asyncio.TaskGroup() as group:
        for reading in (
            read(ORGANISATIONS, codes, existing.organisations, lambda item: item["code"]),
            read(CONTRACTS, numbers, existing.contracts, lambda item: item["number"]),
            read(UNPUBLISHED, acceptances, existing.unpublished, _acceptance),
            read(PLEDGES, references, existing.pledges, _reference, existing.reversed_pledges),
            read(
                DONATIONS, references, existing.donations, _reference, existing.reversed_donations
            ),
            read(
                EXPENDITURES,
                used,
                existing.expenditures,
                _booked_reference,
                existing.reversed_expenditures,
            ),
        ):
            group.create_task(reading)
    return existing


async def read_evaluations(client: ServiceClient, contract_id: str) -> dict[str, Json]:
    """By stage, the last version that was published. Raises RefusedError and ServiceAwayError."""
    path = f"/v1/contracts/{contract_id}/evaluations"
    published: dict[str, Json] = {}
    # They come in the order of their versions.
    async for item in client.list(ServiceName.CONTRACTS, path, claims=AUDITOR):
        if item["state"] != "open":
            published[item["stage"]] = item
    return published


def differences(wanted: Json, there: Mapping[str, object], row_type: type[Row]) -> Iterator[Fault]:
    """The columns in which what is there is not what the file wants."""
    for name, value in wanted.items():
        if there.get(name) != value:
            reason = f"the file has {shown(value)}, the system {shown(there.get(name))}"
            yield row_type.column_of(name), reason


def is_among(wanted: Json, undone: Iterable[Mapping[str, object]], row_type: type[Row]) -> bool:
    """Whether just this was there, and was reversed."""
    return any(not list(differences(wanted, there, row_type)) for there in undone)


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


def _reference(gift: Json) -> Reference:
    return gift["agency"], gift["reference"]


def _booked_reference(request: Json) -> Reference | None:
    """None for a request that has come to nothing: its reference is free again."""
    return _reference(request) if request["state"] in (*STANDING, REVERSED) else None


def _is_reversed(item: Json) -> bool:
    """Of a gift or a request."""
    return item.get("reversed_on") is not None or item.get("state") == REVERSED


def _acceptance(obligation: Json) -> AcceptanceNumber:
    return obligation["contract_number"], obligation["reference"]
