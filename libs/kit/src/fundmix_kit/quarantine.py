"""The quarantine: messages that can never work as they are, kept until a person decides."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fundmix_kit.database import Connection, columns
from fundmix_kit.tables import Quarantine

ADD: Final = """
    INSERT INTO quarantine
        (fingerprint, topic, partition, kafka_offset, number, key, headers, value, reason, detail,
         quarantined_at)
    SELECT * FROM unnest(
        $1::bytea[], $2::text[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bytea[],
        $7::json[], $8::bytea[], $9::text[], $10::text[], $11::timestamptz[]
    )
    ON CONFLICT (fingerprint) DO NOTHING
"""
COUNT_OPEN: Final = "SELECT count(*) FROM quarantine WHERE state = 'open'"
READ: Final = "SELECT * FROM quarantine WHERE id = $1"
READ_FOR_UPDATE: Final = "SELECT * FROM quarantine WHERE id = $1 FOR UPDATE"
LIST: Final = """
    SELECT * FROM quarantine
    WHERE ($1::text IS NULL OR state = $1) AND id > $2 ORDER BY id LIMIT $3
"""
DECIDE: Final = """
    UPDATE quarantine SET state = $2, decided_by = $3, decided_at = $4, decision = $5 WHERE id = $1
"""
DETAIL_LENGTH_MAX: Final = 2_000


class PoisonError(Exception):
    """A message that can never work: it goes to quarantine, and the topic goes on."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        # It may quote the message, and PostgreSQL has no text with this character.
        self.detail = detail[:DETAIL_LENGTH_MAX].replace("\0", "\ufffd")


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """A message as it came from the broker, or out of quarantine, byte for byte."""

    topic: str
    partition: int
    offset: int
    number: int | None
    key: bytes | None
    headers: Sequence[tuple[str, bytes]]
    value: bytes


def fingerprint_of(message: Incoming) -> bytes:
    """The same for a message delivered again, wherever it then stands in the log."""
    digest = hashlib.sha256()
    place = f"{message.topic}/{message.partition}/{message.number}".encode()
    headers = [part for name, value in message.headers for part in (name.encode(), value)]
    for part in (place, message.key or b"", message.value, *headers):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


async def add(
    connection: Connection, poison: Sequence[tuple[Incoming, PoisonError]], *, now: datetime
) -> None:
    rows = [
        (
            fingerprint_of(message),
            message.topic,
            message.partition,
            message.offset,
            message.number,
            message.key,
            # Header values are bytes of any kind: latin-1 keeps each byte as one character.
            json.dumps([(name, value.decode("latin-1")) for name, value in message.headers]),
            message.value,
            error.reason,
            error.detail,
            now,
        )
        for message, error in poison
    ]
    await connection.execute(ADD, *columns(rows, 11))


async def count_open(connection: Connection) -> int:
    return int(await connection.fetchval(COUNT_OPEN))


async def read(connection: Connection, quarantine_id: int) -> Quarantine | None:
    row = await connection.fetchrow(READ, quarantine_id)
    return None if row is None else Quarantine(**dict(row))


async def read_for_update(connection: Connection, quarantine_id: int) -> Quarantine | None:
    row = await connection.fetchrow(READ_FOR_UPDATE, quarantine_id)
    return None if row is None else Quarantine(**dict(row))


async def list_rows(
    connection: Connection, *, state: str | None, after_id: int, rows_max: int
) -> list[Quarantine]:
    rows = await connection.fetch(LIST, state, after_id, rows_max)
    return [Quarantine(**dict(row)) for row in rows]


def incoming_of(row: Quarantine) -> Incoming:
    return Incoming(
        topic=row.topic,
        partition=row.partition,
        offset=row.kafka_offset,
        number=row.number,
        key=row.key,
        headers=[(name, value.encode("latin-1")) for name, value in json.loads(row.headers)],
        value=row.value,
    )


async def decide(
    connection: Connection, quarantine_id: int, *, state: str, by: str, at: datetime, decision: str
) -> None:
    await connection.execute(DECIDE, quarantine_id, state, by, at, decision)
