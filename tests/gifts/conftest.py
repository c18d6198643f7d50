"""donations-svc and ledger-svc on real PostgreSQL, the one asking the other over HTTP."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import donations_svc
import donations_svc.main
import donations_svc.settings
import httpx2
import ledger_svc
import ledger_svc.main
import ledger_svc.settings
import pytest
from donations_svc.consumer import state_of
from donations_svc.domain.contact_keys import ContactKey
from donations_svc.ledger import Ledger
from donations_svc.storage.sealing import KeyRing
from fundmix_events import topics
from fundmix_events.registry import Organisation, OrganisationKind, OrganisationRegistered
from fundmix_events.testing import samples
from fundmix_kit import replica
from fundmix_kit.clock import SystemClock
from fundmix_kit.database import Database
from fundmix_kit.process import Process
from fundmix_kit.replica import State
from fundmix_kit.settings import AuthSettings, DatabaseSettings
from fundmix_kit.testing import FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, serving
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.schema import migrated_by
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC
from ledger_svc.testing import Books
from pydantic import HttpUrl, PostgresDsn

from tests.gifts.site import AGENCY, ENTERPRISE, OTHER_AGENCY, Site, Wire

KEYS: Final = KeyRing([ContactKey(key_id="1", encryption=b"e" * 32, hashing=b"h" * 32)])
KIND_BY_CODE: Final = {
    AGENCY: OrganisationKind.AGENCY,
    OTHER_AGENCY: OrganisationKind.AGENCY,
    ENTERPRISE: OrganisationKind.ENTERPRISE,
}


@asynccontextmanager
async def a_site(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Site]:
    auth = AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url))
    async with (
        databases.fresh("ledger", migrate=migrated_by(ledger_svc.MIGRATIONS)) as of_ledger,
        databases.fresh("donations", migrate=migrated_by(donations_svc.MIGRATIONS)) as of_gifts,
    ):
        ledger_settings = ledger_svc.settings.Settings(
            database=DatabaseSettings(url=PostgresDsn(of_ledger.url)), auth=auth
        )
        ledger_process = Process(ledger_svc.NAME, ledger_settings)
        ledger_app = ledger_svc.main.build_api(ledger_process)
        gift_settings = donations_svc.settings.Settings(
            database=DatabaseSettings(url=PostgresDsn(of_gifts.url)), auth=auth
        )
        gift_process = Process(donations_svc.NAME, gift_settings)
        wire = Wire(ledger_app)
        async with (
            serving(ledger_process, ledger_app, tokens) as ledger_api,
            httpx2.AsyncClient(transport=wire, base_url="http://ledger") as client,
            serving(
                gift_process,
                donations_svc.main.build_api(gift_process, gift_settings, Ledger(client), KEYS),
                tokens,
            ) as gift_api,
        ):
            await know_the_parties(gift_api.database)
            yield Site(donations=gift_api, books=await books_of(ledger_api), wire=wire)


async def books_of(api: Api) -> Books:
    clock = SystemClock()
    inlet = Inlet(api.database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    await inlet.post(
        samples.organisation_registered(), samples.organisation_registered(code=OTHER_AGENCY)
    )
    return Books(api=api, inlet=inlet)


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


@pytest.fixture
async def site(
    databases: FreshDatabases, tokens: TokenSigner, jwks_url: str
) -> AsyncGenerator[Site]:
    async with a_site(databases, tokens, jwks_url) as site:
        yield site
