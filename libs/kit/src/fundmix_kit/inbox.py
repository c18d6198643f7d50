"""What has been consumed, and what is due: moved in the transaction that applies it."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection, columns
from fundmix_kit.numbering import PartitionProgress

Place = tuple[str, int]
"""A topic and one of its partitions."""
InboxRow = tuple[str, int, int, UUID]
"""The topic, partition and number of an event, and its id."""

READ_POSITIONS: Final = """
    SELECT topic, partition, next_number, offset_hint, cluster_id FROM consumer_position
"""
ADD_POSITIONS: Final = """
    INSERT INTO consumer_position (topic, partition, next_number, offset_hint)
    SELECT topic, partition, 1, 0 FROM unnest($1::text[], $2::smallint[]) AS u (topic, partition)
    ON CONFLICT DO NOTHING
"""
# Both in one question. The inbox waits for the positions: another consumer of the same events is
# met there, and nowhere else.
TAKE: Final = """
    WITH moved AS (
        UPDATE consumer_position p
        SET next_number = u.after, offset_hint = u.offset_hint, cluster_id = $6
        FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[])
            AS u (topic, partition, before, after, offset_hint)
        WHERE p.topic = u.topic AND p.partition = u.partition AND p.next_number = u.before
        RETURNING 1
    ), recorded AS (
        INSERT INTO inbox (topic, partition, number, event_id)
        SELECT * FROM unnest($7::text[], $8::smallint[], $9::bigint[], $10::uuid[])
        WHERE (SELECT count(*) FROM moved) = cardinality($1::text[])
        ON CONFLICT (event_id) DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM recorded) AS recorded
"""
KNOWN_IDS: Final = "SELECT event_id FROM inbox WHERE event_id = ANY($1::uuid[])"
IDS_OF_NUMBERS: Final = """
    SELECT i.topic, i.partition, i.number, i.event_id
    FROM inbox i
    JOIN unnest($1::text[], $2::smallint[], $3::bigint[]) AS u (topic, partition, number)
        USING (topic, partition, number)
"""
RECORD: Final = """
    INSERT INTO inbox (topic, partition, number, event_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (event_id) DO NOTHING
"""


class StalePositionError(Exception):
    """Another consumer has moved on from where this one stands; it must look again."""

    code = "stale_position"


async def read_positions(
    connection: Connection, *, cluster_id: str | None
) -> dict[Place, PartitionProgress]:
    """What is due in each partition. A hint from another cluster's log is worth nothing."""
    rows = await connection.fetch(READ_POSITIONS)
    return {
        (row["topic"], row["partition"]): PartitionProgress(
            next_number=row["next_number"],
            offset_hint=row["offset_hint"] if row["cluster_id"] == cluster_id else 0,
        )
        for row in rows
    }


async def take(
    connection: Connection,
    rows: Sequence[InboxRow],
    *,
    before: Mapping[Place, int],
    after: Mapping[Place, PartitionProgress],
    cluster_id: str,
) -> Sequence[bool]:
    """Compare-and-set the numbers due, for all partitions or none, and note the events.

    For each (topic, partition, number, id) the answer says whether its event was not consumed
    before: the numbers are new, the same event may come again under another one. Two consumers that
    disagree about several partitions may deadlock here; that passes, too.
    Raises StalePositionError when one partition is not where `before` says.
    """
    places = sorted(before)
    if new := [place for place in places if before[place] == 1]:
        await connection.execute(ADD_POSITIONS, *columns(new, 2))
    moves = [
        (*place, before[place], after[place].next_number, after[place].offset_hint)
        for place in places
    ]
    taken = await connection.fetchrow(TAKE, *columns(moves, 5), cluster_id, *columns(rows, 4))
    assert taken is not None, "counts are one row"
    if taken["moved"] != len(places):
        raise StalePositionError(
            f"{taken['moved']} of {len(places)}: {places} are not where they were"
        )
    if taken["recorded"] == len(rows):
        return [True] * len(rows)
    recorded = await ids_of_numbers(connection, [row[:3] for row in rows])
    return [row[:3] in recorded for row in rows]


async def known_ids(connection: Connection, event_ids: Sequence[UUID]) -> set[UUID]:
    return {row["event_id"] for row in await connection.fetch(KNOWN_IDS, event_ids)}


async def ids_of_numbers(
    connection: Connection, numbers: Sequence[tuple[str, int, int]]
) -> dict[tuple[str, int, int], UUID]:
    """The event that each (topic, partition, number) was when it was applied."""
    rows = await connection.fetch(IDS_OF_NUMBERS, *columns(numbers, 3))
    return {(r["topic"], r["partition"], r["number"]): r["event_id"] for r in rows}


async def record(connection: Connection, row: InboxRow) -> bool:
    """Note one event with its (topic, partition, number); whether it was not consumed before."""
    return await connection.execute(RECORD, *row) == "INSERT 0 1"
