"""Whoever has done something elsewhere may wait here until it has arrived."""

import asyncio

import pytest
from fundmix_kit.database import Database
from fundmix_kit.replicas import (
    POSITIONS_MAX,
    Position,
    PositionInvalidError,
    ReplicaLagsError,
    positions_after,
    wait_for_positions,
)
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

TOPIC = "fundmix.registry"
SET_VERSION = """
    INSERT INTO replica (topic, key, version, state) VALUES ($1, $2, $3, '{}')
    ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version
"""


def request(*after: str) -> Request:
    headers = [(b"fundmix-after", value.encode()) for value in after]
    return Request({"type": "http", "method": "POST", "headers": headers})


def organisation(key: str, version: int) -> Position:
    return Position(topic=TOPIC, key=key, version=version)


async def arrive(database: Database, position: Position) -> None:
    async with database.transaction() as connection:
        await connection.execute(SET_VERSION, position.topic, position.key, position.version)


@given(st.text("abcdef.-", min_size=1), st.text("ABC:123", min_size=1), st.integers(0, 10**18 - 1))
def test_a_position_is_read_as_it_was_written(topic: str, key: str, version: int) -> None:
    position = Position(topic=topic, key=key, version=version)

    assert Position.parse(str(position)) == position


@pytest.mark.parametrize(
    "text", ["x", "a:b", "a:b:", "a::3", ":b:3", "a:b:-3", "a:b:3.0", "a:b:³", f"a:b:{10**18}"]
)
def test_what_is_no_position_is_a_bad_request(text: str) -> None:
    with pytest.raises(PositionInvalidError):
        positions_after(request(text), topics={"a"})


def test_positions_come_in_one_header_or_in_several() -> None:
    sent = request("fundmix.registry:A:1, fundmix.registry:B:2,", "fundmix.registry:C:3")

    assert positions_after(sent, topics={TOPIC}) == [
        organisation("A", 1),
        organisation("B", 2),
        organisation("C", 3),
    ]


def test_a_topic_that_is_not_replicated_here_is_not_waited_for() -> None:
    assert positions_after(request("fundmix.contracts:A:1"), topics={TOPIC}) == []


def test_the_number_of_positions_is_bounded() -> None:
    many = ",".join(f"{TOPIC}:A:{n}" for n in range(POSITIONS_MAX + 1))

    with pytest.raises(PositionInvalidError):
        positions_after(request(many), topics={TOPIC})


def test_the_length_of_positions_is_bounded() -> None:
    with pytest.raises(PositionInvalidError):
        positions_after(request(f"{TOPIC}:{'A' * 5_000}:1"), topics={TOPIC})


async def test_what_has_arrived_is_not_waited_for(database: Database) -> None:
    await arrive(database, organisation("A", 3))
    await arrive(database, organisation("B", 1))

    reached = [organisation("A", 2), organisation("A", 3), organisation("B", 1)]
    await wait_for_positions(database, reached, wait_ms_max=1_000)


async def test_a_replica_that_arrives_meanwhile_ends_the_waiting(database: Database) -> None:
    await arrive(database, organisation("A", 1))
    waiting = asyncio.create_task(
        wait_for_positions(
            database, [organisation("A", 2), organisation("B", 1)], wait_ms_max=10_000
        )
    )

    await arrive(database, organisation("B", 7))
    assert not waiting.done()
    await arrive(database, organisation("A", 2))

    async with asyncio.timeout(30):
        await waiting


@pytest.mark.parametrize("missing", [organisation("A", 4), organisation("C", 1)])
async def test_a_replica_that_lags_too_long_is_a_passing_failure(
    missing: Position, database: Database
) -> None:
    await arrive(database, organisation("A", 3))

    with pytest.raises(ReplicaLagsError) as failure:
        await wait_for_positions(database, [organisation("A", 3), missing], wait_ms_max=30)

    assert failure.value.status_code == 503
    assert int((failure.value.headers or {})["Retry-After"]) > 0
