"""donations-svc on a real PostgreSQL, with a part of the register known to it."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import asyncpg
import httpx2
import ledger_svc
import pytest
from donations_svc import MIGRATIONS, NAME
from donations_svc.consumer import state_of
from donations_svc.domain.contact_keys import ContactKey
from donations_svc.ledger import Ledger
from donations_svc.main import build_api, ledger_client
from donations_svc.settings import LedgerSettings, Settings
from donations_svc.storage.sealing import KeyRing
from fundmix_events import topics
from fundmix_events.registry import Organisation, OrganisationKind, OrganisationRegistered
from fundmix_kit import replica
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.process import Process
from fundmix_kit.replica import State
from fundmix_kit.settings import AuthSettings, DatabaseSettings, HttpSettings
from fundmix_kit.testing import FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, Caller, serving
from fundmix_kit.testing.schema import migrated_by
from ledger_svc import main as ledger_main
from ledger_svc import settings as ledger_settings
from pydantic import HttpUrl, PostgresDsn

KEYS: Final = KeyRing([ContactKey(key_id="1", encryption=b"e" * 32, hashing=b"h" * 32)])
KIND_BY_CODE: Final = {
    "52441900AJC6XAY6DW": OrganisationKind.AGENCY,
    "52441900DNF0KCB4UQ": OrganisationKind.AGENCY,
    "91441900LX8R25H7GP": OrganisationKind.ENTERPRISE,
    "914419004601L7U6QD": OrganisationKind.ENTERPRISE,
    "534419000CW4RBU5CW": OrganisationKind.FOUNDATION,
    "12441900481D776AHE": OrganisationKind.UNIVERSITY,
    "11441900AHP4983MNR": OrganisationKind.BUYER,
    "51441900MJ12345679": OrganisationKind.SOCIAL_GROUP,
}


@asynccontextmanager
async def a_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async with databases.fresh("donations", migrate=migrated_by(MIGRATIONS)) as database:
        yield database


@asynccontextmanager
async def no_ledger() -> AsyncGenerator[httpx2.AsyncClient]:
    """Nobody listens there: what asks the ledger is tested with a real one, in tests/gifts."""
    async with ledger_client(LedgerSettings(url=HttpUrl("http://127.0.0.1:9"))) as client:
        yield client


@asynccontextmanager
async def a_ledger(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[httpx2.AsyncClient]:
    """The other service, as far as its API: nothing is posted there."""
    migrate = migrated_by(ledger_svc.MIGRATIONS)
    async with databases.fresh("ledger", migrate=migrate) as database:
        settings = ledger_settings.Settings(
            database=DatabaseSettings(url=PostgresDsn(database.url)),
            auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
        )
        process = Process(ledger_svc.NAME, settings)
        async with serving(process, ledger_main.build_api(process), tokens) as api:
            yield api.client


@asynccontextmanager
async def an_api(
    databases: FreshDatabases,
    tokens: TokenSigner,
    jwks_url: str,
    ledger: AbstractAsyncContextManager[httpx2.AsyncClient],
) -> AsyncGenerator[Api]:
    async with a_database(databases) as database, ledger as client:
        settings = Settings(
            database=DatabaseSettings(url=PostgresDsn(database.url)),
            auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
            http=HttpSettings(port=8030, replica_wait_ms_max=100),
        )
        process = Process(NAME, settings)
        app = build_api(process, settings, Ledger(client), KEYS)
        async with serving(process, app, tokens) as api:
            await know_the_register(api.database)
            yield api


async def know_the_register(database: Database) -> None:
    events = [
        OrganisationRegistered(
            aggregate_version=1, organisation=Organisation(code=code, name="示例", kind=kind)
        )
        for code, kind in KIND_BY_CODE.items()
    ]
    async with database.transaction() as connection:
        await replica.save(
            connection, topics.REGISTRY, [State(e.key, 1, state_of(e)) for e in events]
        )


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
    async with an_api(databases, tokens, jwks_url, no_ledger()) as api:
        yield api


@pytest.fixture(scope="module")
async def shared_api(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    """For many tests that do not mind what the others have left."""
    ledger = a_ledger(databases, tokens, jwks_url)
    async with an_api(databases, tokens, jwks_url, ledger) as api:
        yield api


@pytest.fixture
def treasurer(api: Api) -> Caller:
    """Of the first agency: most tests are about what it records."""
    return api.caller("agency", org="52441900AJC6XAY6DW")
