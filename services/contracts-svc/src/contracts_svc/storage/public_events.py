"""What was said of contracts, read from the outbox, the log of record."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fundmix_events import topics
from fundmix_events.codec import Codec
from fundmix_events.envelope import Envelope
from fundmix_kit.database import Connection

from contracts_svc.domain.errors import ContractNotFoundError
from contracts_svc.domain.open_contracting import DISCLOSED, Recorded

CODEC: Final = Codec(DISCLOSED)
TYPES: Final = [event_class.type for event_class in DISCLOSED]

IDS: Final = "SELECT contract_id FROM contract WHERE contract_id > $1 ORDER BY contract_id LIMIT $2"
ID_OF_NUMBER: Final = "SELECT contract_id FROM contract WHERE number = $1"
EVENTS: Final = """
    SELECT event_id, key, source, type, version, recorded_at, position, body FROM outbox
    WHERE key = ANY($1::text[]) AND topic = $2 AND type = ANY($3::text[])
    ORDER BY key, position
"""
NAMES: Final = "SELECT key, state ->> 'name' AS name FROM replica WHERE topic = $1"


async def next_ids(connection: Connection, *, after: UUID, rows_max: int) -> list[UUID]:
    """In the order of signing, as ids are given."""
    return [row["contract_id"] for row in await connection.fetch(IDS, after, rows_max)]


async def id_of(connection: Connection, contract_number: str) -> UUID:
    """Raises ContractNotFoundError."""
    found: UUID | None = await connection.fetchval(ID_OF_NUMBER, contract_number)
    if found is None:
        raise ContractNotFoundError(f"there is no contract {contract_number}")
    return found


async def histories(
    connection: Connection, contract_ids: Sequence[UUID]
) -> dict[UUID, list[Recorded]]:
    """What the public is told of each contract, in its order."""
    found: dict[UUID, list[Recorded]] = {contract_id: [] for contract_id in contract_ids}
    keys = [str(contract_id) for contract_id in contract_ids]
    for row in await connection.fetch(EVENTS, keys, topics.CONTRACTS, TYPES):
        envelope = Envelope(
            id=row["event_id"],
            source=row["source"],
            type=row["type"],
            version=row["version"],
            time=row["recorded_at"],
            number=row["position"],
        )
        message = CODEC.decode(envelope, row["body"])
        found[UUID(row["key"])].append(
            Recorded(event_id=message.id, recorded_at=envelope.time, event=message.event)
        )
    return found


async def names(connection: Connection) -> dict[str, str]:
    """Of all organisations of the register, as they are called now."""
    return {row["key"]: row["name"] for row in await connection.fetch(NAMES, topics.REGISTRY)}
