"""The kit's tables in PostgreSQL, reached as a running service reaches them."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.settings import DatabaseSettings
from pydantic import PostgresDsn


@pytest.fixture
async def database(kit_database: ServiceDatabase) -> AsyncGenerator[Database]:
    settings = DatabaseSettings(url=PostgresDsn(kit_database.url), connections_max=20)
    database = Database(settings, application="test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def owner(kit_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    """The owner's connection, for what a service may not do itself."""
    connection = await asyncpg.connect(kit_database.owner_url)
    yield connection
    await connection.close()
