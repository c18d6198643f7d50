"""The register on a real PostgreSQL: its database, and its API in this process."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.process import Process
from fundmix_kit.settings import AuthSettings, DatabaseSettings
from fundmix_kit.testing import FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, Caller, serving
from fundmix_kit.testing.schema import migrated_by
from pydantic import HttpUrl, PostgresDsn
from registry_svc import MIGRATIONS, NAME
from registry_svc.main import build_api
from registry_svc.settings import Settings


@asynccontextmanager
async def a_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async with databases.fresh("registry", migrate=migrated_by(MIGRATIONS)) as database:
        yield database


@asynccontextmanager
async def an_api(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    async with a_database(databases) as database:
        settings = Settings(
            database=DatabaseSettings(url=PostgresDsn(database.url)),
            auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
        )
        process = Process(NAME, settings)
        async with serving(process, build_api(process), tokens) as api:
            yield api


@pytest.fixture(scope="module")
async def service_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async with a_database(databases) as database:
        yield database


@pytest.fixture
async def connection(service_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    """In a transaction of the service's role, which is rolled back."""
    connection = await asyncpg.connect(service_database.url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture
async def api(databases: FreshDatabases, tokens: TokenSigner, jwks_url: str) -> AsyncGenerator[Api]:
    async with an_api(databases, tokens, jwks_url) as api:
        yield api


@pytest.fixture(scope="module")
async def shared_api(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    """For many tests that do not mind what the others have left."""
    async with an_api(databases, tokens, jwks_url) as api:
        yield api


@pytest.fixture
def officer(api: Api) -> Caller:
    return api.caller("finance_officer", org="11441900AHP4983MNR")
