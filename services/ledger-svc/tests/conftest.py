"""The ledger on a real PostgreSQL: its books, and its API in this process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from fundmix_events.testing import samples
from fundmix_events.testing.samples import OTHER_AGENCY
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.process import Process
from fundmix_kit.settings import AuthSettings, DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, serving
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.schema import migrated_by
from ledger_svc import MIGRATIONS, NAME
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.main import build_api
from ledger_svc.settings import Settings
from ledger_svc.testing import Books
from pydantic import HttpUrl, PostgresDsn


@asynccontextmanager
async def an_api(
    database: ServiceDatabase, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    settings = Settings(
        database=DatabaseSettings(url=PostgresDsn(database.url)),
        auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
    )
    process = Process(NAME, settings)
    async with serving(process, build_api(process), tokens) as api:
        yield api


@pytest.fixture
async def service_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as database:
        yield database


@pytest.fixture
async def database(service_database: ServiceDatabase) -> AsyncGenerator[Database]:
    """As the running service reaches it."""
    settings = DatabaseSettings(url=PostgresDsn(service_database.url))
    database = Database(settings, application="test")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def owner(service_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(service_database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
def inlet(database: Database, clock: FixedClock) -> Inlet[Prepared]:
    """The way in for events, without a broker."""
    return Inlet(database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)


@pytest.fixture
async def api(
    service_database: ServiceDatabase, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    async with an_api(service_database, tokens, jwks_url) as api:
        yield api


@pytest.fixture(scope="module")
async def shared_api(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    """For many tests that do not mind what the others have left."""
    async with (
        databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as database,
        an_api(database, tokens, jwks_url) as api,
    ):
        yield api


@pytest.fixture
async def books(api: Api, inlet: Inlet[Prepared]) -> Books:
    """Of two agencies that are in the register."""
    await inlet.post(
        samples.organisation_registered(), samples.organisation_registered(code=OTHER_AGENCY)
    )
    return Books(api=api, inlet=inlet)
