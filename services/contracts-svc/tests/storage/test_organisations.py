"""The replica of the register, as the commands read it."""

import asyncpg
from contracts_svc.consumer import state_of
from contracts_svc.storage import organisations
from fundmix_events import topics
from fundmix_events.registry import (
    Organisation,
    OrganisationChanged,
    OrganisationEvent,
    OrganisationKind,
    OrganisationRegistered,
)
from fundmix_kit import replica
from fundmix_kit.replica import State

CODE = "52441900AJC6XAY6DW"


def an_organisation(name: str) -> Organisation:
    return Organisation(code=CODE, name=name, kind=OrganisationKind.AGENCY)


async def keep(connection: asyncpg.Connection, *events: OrganisationEvent) -> None:
    states = [State(e.key, e.aggregate_version, state_of(e)) for e in events]
    await replica.save(connection, topics.REGISTRY, states)


async def test_an_organisation_is_known_as_its_last_event_says(
    connection: asyncpg.Connection,
) -> None:
    first = OrganisationRegistered(aggregate_version=1, organisation=an_organisation("甲"))
    second = OrganisationChanged(aggregate_version=2, organisation=an_organisation("乙"))

    await keep(connection, first, second)
    await keep(connection, first)

    parties, scheme_version = await organisations.read_for_signing(connection, [CODE])

    assert (parties, scheme_version) == ({CODE: an_organisation("乙")}, 1)


async def test_who_is_not_in_the_register_is_not_known(connection: asyncpg.Connection) -> None:
    parties, _ = await organisations.read_for_signing(connection, [CODE])

    assert parties == {}
