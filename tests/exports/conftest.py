"""The ledger's API on books of their own, with no broker."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ledger_svc
import pytest
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_kit.process import Process
from fundmix_kit.settings import AuthSettings, DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases, TokenSigner
from fundmix_kit.testing.api import Api, serving
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.schema import migrated_by
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.domain.account_names import AccountParts
from ledger_svc.main import build_api
from ledger_svc.settings import Settings
from pydantic import HttpUrl, PostgresDsn

BALANCES: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, sum(p.amount_minor)::bigint AS amount_minor
    FROM posting p JOIN account a USING (account_id) JOIN journal_entry e USING (seq)
    WHERE e.period <= $1 AND ($2::text IS NULL OR a.agency = $2)
    GROUP BY a.account_id HAVING sum(p.amount_minor) <> 0
"""


@dataclass(frozen=True, kw_only=True)
class Books:
    api: Api
    inlet: Inlet[Prepared]
    folder: Path

    async def export(self, wanted_format: str, **query: str | int) -> Path:
        answer = await self.api.caller("auditor").get(f"/v1/exports/{wanted_format}", **query)
        assert answer.status_code == 200, answer.text
        path = self.folder / f"books.{wanted_format}"
        path.write_bytes(answer.content)
        return path

    async def quarantined(self) -> int:
        async with self.api.database.reading() as connection:
            return await connection.fetchval("SELECT count(*) FROM quarantine")

    async def balances(
        self, *, last: int = 219912, agency: str | None = None
    ) -> dict[AccountParts, int]:
        """In fen, at the end of a posting period, out of the postings themselves."""
        async with self.api.database.reading() as connection:
            rows = await connection.fetch(BALANCES, last, agency)
        return {
            AccountParts(
                row["agency"], AccountCode(row["code"]), row["fund_code"], Channel(row["channel"])
            ): row["amount_minor"]
            for row in rows
        }


BooksMaker = Callable[[], AbstractAsyncContextManager[Books]]


@pytest.fixture(scope="session")
def fresh_books(
    databases: FreshDatabases,
    tokens: TokenSigner,
    jwks_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> BooksMaker:
    @asynccontextmanager
    async def make() -> AsyncGenerator[Books]:
        migrate = migrated_by(Path(ledger_svc.MIGRATIONS))
        async with databases.fresh("ledger", migrate=migrate) as fresh:
            settings = Settings(
                database=DatabaseSettings(url=PostgresDsn(fresh.url)),
                auth=AuthSettings(issuer=tokens.issuer, jwks_url=HttpUrl(jwks_url)),
            )
            process = Process(ledger_svc.NAME, settings)
            async with serving(process, build_api(process), tokens) as api:
                clock = FixedClock()
                handler = LedgerHandler(clock=clock)
                inlet = Inlet(api.database, codec=CODEC, handler=handler, clock=clock)
                yield Books(api=api, inlet=inlet, folder=tmp_path_factory.mktemp("exports"))

    return make
