"""What a lost session looks like from inside: a passing failure, wherever it is lost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final

import pytest
from fundmix_kit.database import Connection, Database, DatabaseUnavailableError
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.settings import DatabaseSettings
from pydantic import PostgresDsn

# The end of a session comes in over several turns of the loop; each of them is a moment to ask.
TURNS: Final = range(0, 16, 2)


@pytest.fixture
async def database(postgres_server: EmbeddedPostgres) -> AsyncGenerator[Database]:
    settings = DatabaseSettings(url=PostgresDsn(postgres_server.url), connections_max=2)
    database = Database(settings, application="test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def killer(postgres_server: EmbeddedPostgres) -> AsyncGenerator[Database]:
    settings = DatabaseSettings(url=PostgresDsn(postgres_server.url), connections_max=1)
    database = Database(settings, application="killer")
    await database.open()
    yield database
    await database.close()


async def end_session(connection: Connection, killer: Database, *, turns: int) -> None:
    pid = connection.get_server_pid()
    async with killer.session() as session:
        await session.execute("SELECT pg_terminate_backend($1)", pid)
    for _ in range(turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize("turns", TURNS)
async def test_a_statement_in_a_lost_session_finds_the_database_away(
    database: Database, killer: Database, turns: int
) -> None:
    async def ask() -> None:
        async with database.session() as connection:
            await end_session(connection, killer, turns=turns)
            await connection.execute("SELECT 1")

    with pytest.raises(DatabaseUnavailableError):
        await ask()


@pytest.mark.parametrize("turns", TURNS)
async def test_a_transaction_in_a_lost_session_finds_the_database_away(
    database: Database, killer: Database, turns: int
) -> None:
    with pytest.raises(DatabaseUnavailableError):
        async with database.transaction() as connection:
            await end_session(connection, killer, turns=turns)


@pytest.mark.parametrize("turns", TURNS)
async def test_what_cannot_be_undone_in_a_lost_session_finds_the_database_away(
    database: Database, killer: Database, turns: int
) -> None:
    async def copy() -> None:
        async with database.transaction() as connection:
            await connection.execute("CREATE TEMPORARY TABLE tick (count integer)")
            await connection.copy_records_to_table("tick", records=[(1,)], columns=["count"])
            await end_session(connection, killer, turns=turns)
            await connection.copy_records_to_table("tick", records=[(2,)], columns=["count"])

    with pytest.raises(DatabaseUnavailableError):
        await copy()


@pytest.mark.parametrize("turns", TURNS)
async def test_what_was_done_stands_when_its_session_is_lost_behind_it(
    database: Database, killer: Database, turns: int
) -> None:
    async with database.session() as connection:
        done = await connection.fetchval("SELECT 1")
        await end_session(connection, killer, turns=turns)

    assert done == 1


async def test_lost_sessions_leave_their_places_in_the_pool(
    database: Database, killer: Database
) -> None:
    for turns in TURNS:
        async with database.session() as connection:
            await end_session(connection, killer, turns=turns)

    async def takes_all_places() -> bool:
        with suppress(DatabaseUnavailableError):  # one whose loss has yet to be noticed
            async with database.session() as one, database.session() as another:
                return await one.fetchval("SELECT 1") == await another.fetchval("SELECT 1")
        return False

    assert True in [await takes_all_places() for _ in range(3)]
