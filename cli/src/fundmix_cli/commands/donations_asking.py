"""What the commands about donations share: who asks, and how it is sent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

from fundmix_events.roles import Role

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims
from fundmix_cli.commands.asking import ask

READING_GRANT: Final = "read:city"


def agency(code: str, by: str) -> Claims:
    return Claims(role=Role.AGENCY, org=code, subject=by)


def importer(code: str | None, by: str) -> Claims:
    """The agency itself; without one, an officer of the city."""
    if code is not None:
        return agency(code, by)
    return Claims(role=Role.FINANCE_OFFICER, subject=by, grants=(READING_GRANT,))


def posted(home: Path, path: str, body: Item | None, claims: Claims) -> Item:
    """The answer; a refusal ends the command."""

    async def send(client: ServiceClient) -> Item:
        answer = await client.post(
            ServiceName.DONATIONS, path, claims=claims, body=body, key=str(uuid4())
        )
        return answer.body

    return ask(home, send)


def posted_about(home: Path, path: str, step: str, body: Item | None, *, by: str) -> Item:
    """A step of something, by the agency that it is of."""

    async def send(client: ServiceClient) -> Item:
        found = await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)
        answer = await client.post(
            ServiceName.DONATIONS,
            f"{path}/{step}",
            claims=agency(found["agency"], by),
            body=body,
            key=str(uuid4()),
        )
        return answer.body

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


def read_one(home: Path, path: str, query: Mapping[str, object]) -> Item:
    params = {name: str(value) for name, value in query.items()}

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.DONATIONS, path, claims=AUDITOR, params=params)

    return ask(home, read)
