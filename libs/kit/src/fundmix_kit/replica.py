"""Replicas: the last state of each aggregate of a topic whose events carry the whole state."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from fundmix_kit.database import Connection, columns

SAVE: Final = """
    INSERT INTO replica (topic, key, version, state)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::jsonb[])
    ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version, state = excluded.state
    WHERE replica.version < excluded.version
"""
READ: Final = "SELECT key, version, state FROM replica WHERE topic = $1 AND key = ANY($2::text[])"


class State(NamedTuple):
    key: str
    version: int
    state: str
    """JSON text of the whole state."""


async def save(connection: Connection, topic: str, states: Sequence[State]) -> None:
    """Keep the highest version of each key."""
    last = {state.key: state for state in sorted(states, key=lambda s: s.version)}
    rows = [(topic, *last[key]) for key in sorted(last)]
    await connection.execute(SAVE, *columns(rows, 4))


async def read(connection: Connection, topic: str, keys: Sequence[str]) -> dict[str, State]:
    rows = await connection.fetch(READ, topic, keys)
    return {row["key"]: State(row["key"], row["version"], row["state"]) for row in rows}
