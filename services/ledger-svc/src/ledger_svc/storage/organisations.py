"""What ledger-svc knows of the register: a replica of its organisations."""

from collections.abc import Sequence

from fundmix_events import topics
from fundmix_events.registry import Organisation
from fundmix_kit import replica
from fundmix_kit.database import Connection


async def read(connection: Connection, codes: Sequence[str]) -> dict[str, Organisation]:
    states = await replica.read(connection, topics.REGISTRY, codes)
    return {code: Organisation.model_validate_json(state.state) for code, state in states.items()}
