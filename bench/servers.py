"""The servers that are measured against and with: embedded, on loopback, and durable."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Final

import asyncpg
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.embedded.processes import Child, Program, free_port
from fundmix_kit.migrate import migrate
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FreshDatabases
from pydantic import PostgresDsn

READY_TIME_S_MAX: Final = 60.0
# So that a commit's own instant can be read afterwards, instead of guessed by asking often.
COMMIT_INSTANTS: Final = "--track_commit_timestamp=on"


@asynccontextmanager
async def running(program: Program, folder: Path) -> AsyncGenerator[Child]:
    """The program as a ready child process, stopped at the end."""
    child = await Child.start(program, folder / f"{program.name}.log")
    try:
        await child.wait_ready(program.is_ready, limit_s=READY_TIME_S_MAX)
        yield child
    finally:
        await child.stop()


@dataclass(frozen=True, kw_only=True)
class Postgres:
    url: str
    databases: FreshDatabases

    @asynccontextmanager
    async def fresh(self, name: str, *, migrations: Path) -> AsyncGenerator[ServiceDatabase]:
        """An empty database of a service, migrated, with everything before it on the disk."""

        async def bring_up(database: ServiceDatabase) -> None:
            await migrate(
                DatabaseSettings(
                    url=PostgresDsn(database.url), owner_url=PostgresDsn(database.owner_url)
                ),
                location=migrations,
            )

        async with self.databases.fresh(name, migrate=bring_up) as database:
            await self.checkpoint()
            yield database

    async def checkpoint(self) -> None:
        """Else the writing of one measurement would disturb the next."""
        server = await asyncpg.connect(self.url)
        try:
            await server.execute("CHECKPOINT")
        finally:
            await server.close()


@asynccontextmanager
async def postgres(folder: Path) -> AsyncGenerator[Postgres]:
    server = EmbeddedPostgres(folder=folder / "postgres", port=free_port(), password=token_hex())
    await server.prepare(log=folder / "initdb.log")
    program = server.program()
    instrumented = replace(program, command=lambda: (*program.command(), COMMIT_INSTANTS))
    async with running(instrumented, folder):
        yield Postgres(url=server.url, databases=FreshDatabases(server.url))


@asynccontextmanager
async def opened(service: ServiceDatabase) -> AsyncGenerator[Database]:
    database = Database(DatabaseSettings(url=PostgresDsn(service.url)), application="bench")
    await database.open()
    try:
        yield database
    finally:
        await database.close()
