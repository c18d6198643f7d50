"""The way in over topics: the register's organisations are kept as a replica."""

from typing import Final

from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.codec import Codec
from fundmix_events.registry import OrganisationChanged, OrganisationEvent, OrganisationRegistered

PARTITIONS: Final = {topics.REGISTRY: topics.PARTITIONS[topics.REGISTRY]}
CODEC: Final = Codec([OrganisationRegistered, OrganisationChanged])


def state_of(event: FundingEvent) -> str:
    assert isinstance(event, OrganisationEvent), f"{event.type} is not an event of the register"
    return event.organisation.model_dump_json()
