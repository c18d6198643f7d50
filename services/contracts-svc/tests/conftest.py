"""contracts-svc on a real PostgreSQL that knows a part of the register."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import pytest
from contracts_svc import MIGRATIONS, NAME
from contracts_svc.consumer import state_of
from contracts_svc.main import build_api
from contracts_svc.settings import Settings
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
from pydantic import HttpUrl, PostgresDsn

KIND_BY_CODE: Final = {
    "11441900AHP4983MNR": OrganisationKind.BUYER,
    "114419008G9QC57CBT": OrganisationKind.BUYER,
    "12441900481D776AHE": OrganisationKind.UNIVERSITY,
    "52441900AJC6XAY6DW": OrganisationKind.AGENCY,
    "52441900DNF0KCB4UQ": OrganisationKind.AGENCY,
    "91441900LX8R25H7GP": OrganisationKind.ENTERPRISE,
}
BUYER: Final = "11441900AHP4983MNR"


@asynccontextmanager
async def a_database(databases: FreshDatabases) -> AsyncGenerator[ServiceDatabase]:
    async with databases.fresh("contracts", migrate=migrated_by(MIGRATIONS)) as database:
        yield database


@asynccontextmanager
async def an_api(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    async with a_database(databases) as database:
        settings = Settings(
            database=DatabaseSettings(url=PostgresDsn(database.url)),
            auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
            http=HttpSettings(port=8020, replica_wait_ms_max=200),
        )
        process = Process(NAME, settings)
        async with serving(process, build_api(process, settings), tokens) as api:
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


@asynccontextmanager
async def rolled_back(url: str) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


@pytest.fixture
async def connection(service_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    """In a transaction of the service's role, which is rolled back."""
    async with rolled_back(service_database.url) as connection:
        yield connection


@pytest.fixture
async def owner(service_database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    """The same in the role of the owner, for what a service may not do itself."""
    async with rolled_back(service_database.owner_url) as connection:
        yield connection


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
    """Signs and approves for the buyer."""
    return api.caller("finance_officer", subject="li.na", org=BUYER)


@pytest.fixture
def payer(api: Api) -> Caller:
    """Pays for the buyer."""
    return api.caller("finance_officer", subject="wang.wei", org=BUYER)


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture(scope="session")
def terms() -> dict[str, Any]:
    """The body that signs a contract of 1,000.00 yuan in two instalments."""
    return {
        "number": "DG-2024-0001",
        "title": "社区综合服务岗位购买服务",
        "buyer": BUYER,
        "agency": "52441900AJC6XAY6DW",
        "purchase_mode": "post",
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": "town",
        "posts": 9,
        "signed_on": "2024-02-21",
        "published_on": "2024-02-22",
        "filed_on": "2024-02-25",
        "starts_on": "2024-03-02",
        "ends_on": "2024-12-20",
        "ceiling": yuan("1000.00"),
        "instalments": [
            {
                "number": 1,
                "due_on": "2024-03-12",
                "amount": yuan("600.00"),
                "condition": "signing",
            },
            {"number": 2, "due_on": "2024-12-10", "amount": yuan("400.00"), "condition": "signing"},
        ],
    }
