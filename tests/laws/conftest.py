"""contracts-svc and ledger-svc on a real PostgreSQL, with nothing between them."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Final

import contracts_svc
import ledger_svc
import pytest
from contracts_svc.consumer import state_of
from contracts_svc.main import build_api
from contracts_svc.settings import Settings
from fundmix_events import topics
from fundmix_events.registry import Organisation, OrganisationKind, OrganisationRegistered
from fundmix_kit import replica
from fundmix_kit.database import Database
from fundmix_kit.process import Process
from fundmix_kit.replica import State
from fundmix_kit.settings import AuthSettings, DatabaseSettings, HttpSettings
from fundmix_kit.testing import FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, serving
from fundmix_kit.testing.schema import migrated_by
from pydantic import HttpUrl, PostgresDsn

from tests.laws.ledger import Ledger
from tests.laws.steps import AGENCY, BUYER

KIND_BY_CODE: Final = {BUYER: OrganisationKind.BUYER, AGENCY: OrganisationKind.AGENCY}


@pytest.fixture(scope="module")
async def contracts_api(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Api]:
    migrate = migrated_by(contracts_svc.MIGRATIONS)
    async with databases.fresh("contracts", migrate=migrate) as database:
        settings = Settings(
            database=DatabaseSettings(url=PostgresDsn(database.url)),
            auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
            http=HttpSettings(port=8020),
        )
        process = Process(contracts_svc.NAME, settings)
        async with serving(process, build_api(process, settings), tokens) as api:
            await know_the_parties(api.database)
            yield api


async def know_the_parties(database: Database) -> None:
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
async def ledger(databases: FreshDatabases, contracts_api: Api) -> AsyncGenerator[Ledger]:
    migrate = migrated_by(Path(ledger_svc.MIGRATIONS))
    async with databases.fresh("ledger", migrate=migrate) as service:
        database = Database(DatabaseSettings(url=PostgresDsn(service.url)), application="laws")
        await database.open()
        yield Ledger(source=contracts_api.database, database=database)
        await database.close()
