"""What the commands about donations share: who asks, and how it is sent."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

from fundmix_events.roles import Role

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims
from fundmix_cli.commands.acting import OFFICER
from fundmix_cli.commands.asking import ask

READING_GRANT: Final = "read:city"
TREASURER: Final = "cli-treasurer"
GIVER: Final = "cli-giver"

Actor = Callable[[Item], Claims]
"""Who acts on what was found."""


def agency(code: str | None, by: str | None) -> Claims:
    return Claims(role=Role.AGENCY, org=code, subject=by or TREASURER)


def giver(code: str | None, by: str | None) -> Claims:
    return Claims(role=Role.DONOR, org=code, subject=by or GIVER)


def receiver(code: str | None, by: str | None, *, because: str | None) -> Claims:
    """Who says what has arrived: the agency, or an officer who says why."""
    if because is None:
        return agency(code, by)
    return Claims(role=Role.FINANCE_OFFICER, subject=by or OFFICER)


def its_agency(by: str | None) -> Actor:
    return lambda found: agency(found["agency"], by)


def its_giver(by: str | None) -> Actor:
    return lambda found: giver(found["donor"]["code"], by)


def importer(code: str | None, by: str | None) -> Claims:
    """The agency itself; without one, an officer of the city."""
    if code is not None:
        return agency(code, by)
    return Claims(role=Role.FINANCE_OFFICER, subject=by or OFFICER, grants=(READING_GRANT,))


def posted(home: Path, path: str, body: Item | None, claims: Claims) -> Item:
    """The answer; a refusal ends the command."""

    async def send(client: ServiceClient) -> Item:
        answer = await client.post(
            ServiceName.DONATIONS, path, claims=claims, body=body, key=str(uuid4())
        )
        return answer.body

    return ask(home, send)


def posted_about(home: Path, path: str, step: str, body: Item | None, *, who: Actor) -> Item:
    """A step of something that is there."""

    async def send(client: ServiceClient) -> Item:
        found = await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)
        answer = await client.post(
            ServiceName.DONATIONS,
            f"{path}/{step}",
            claims=who(found),
            body=body,
            key=str(uuid4()),
        )
        return answer.body

    return ask(home, send)


def put_in_place(
    home: Path, path: str, body: Item, claims: Claims, *, version: int | None = None
) -> Item:
    async def send(client: ServiceClient) -> Item:
        return await client.put(
            ServiceName.DONATIONS, path, claims=claims, body=body, version=version
        )

    return ask(home, send)


def put_about(home: Path, path: str, part: str, body: Item, *, who: Actor) -> Item:
    """A part of something that is there, as it was read."""

    async def send(client: ServiceClient) -> Item:
        found = await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)
        return await client.put(
            ServiceName.DONATIONS,
            f"{path}/{part}",
            claims=who(found),
            body=body,
            version=found["version"],
        )

    return ask(home, send)


def posted_for(home: Path, donation: str, path: str, body: Item, *, by: str) -> Item:
    """What is asked about a donation, by the agency that has received it."""

    async def send(client: ServiceClient) -> Item:
        found = await client.get(ServiceName.DONATIONS, f"/v1/donations/{donation}", claims=AUDITOR)
        answer = await client.post(
            ServiceName.DONATIONS,
            path,
            claims=agency(found["agency"], by),
            body=body,
            key=str(uuid4()),
        )
        return answer.body

    return ask(home, send)


def listed(
    home: Path,
    path: str,
    query: Mapping[str, object | None],
    *,
    claims: Claims = AUDITOR,
    service: ServiceName = ServiceName.DONATIONS,
) -> list[Item]:
    params = {name: str(value) for name, value in query.items() if value is not None}

    async def read(client: ServiceClient) -> list[Item]:
        return [item async for item in client.list(service, path, claims=claims, params=params)]

    return ask(home, read)


def read_one(
    home: Path, path: str, query: Mapping[str, object | None], *, claims: Claims = AUDITOR
) -> Item:
    params = {name: str(value) for name, value in query.items() if value is not None}

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.DONATIONS, path, claims=claims, params=params)

    return ask(home, read)
