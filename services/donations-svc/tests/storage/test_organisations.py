"""The register as donations-svc knows it: the last that registry-svc has said."""

from typing import Final

from donations_svc.consumer import state_of
from donations_svc.storage import organisations
from fundmix_events import topics
from fundmix_events.registry import (
    Organisation,
    OrganisationChanged,
    OrganisationEvent,
    OrganisationKind,
    OrganisationRegistered,
)
from fundmix_kit import replica
from fundmix_kit.database import Connection
from fundmix_kit.replica import State

ENTERPRISE: Final = "91441900LX8R25H7GP"
NOT_REGISTERED: Final = "914419004601L7U6QD"


async def test_the_last_word_of_the_register_counts(connection: Connection) -> None:
    before = Organisation(code=ENTERPRISE, name="旧名", kind=OrganisationKind.ENTERPRISE)
    after = before.model_copy(update={"name": "新名"})
    registered = OrganisationRegistered(aggregate_version=1, organisation=before)
    changed = OrganisationChanged(aggregate_version=2, organisation=after)

    for event in (registered, changed, registered):
        await keep(connection, event)

    found = await organisations.read(connection, [ENTERPRISE, NOT_REGISTERED])
    assert found == {ENTERPRISE: after}


async def keep(connection: Connection, event: OrganisationEvent) -> None:
    state = State(event.key, event.aggregate_version, state_of(event))
    await replica.save(connection, topics.REGISTRY, [state])
