"""Fresh databases: each one a copy of a template that was migrated once per test session."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from fundmix_kit.embedded.databases import ServiceDatabase, drop_database, ensure_database

Migrate = Callable[[ServiceDatabase], Awaitable[None]]

PASSWORD = "only-for-tests"  # noqa: S105  # the server lives in a temporary folder, on loopback


class FreshDatabases:
    """Makes databases on one server; a template's name is the service's name."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._templates: set[str] = set()
        self._numbers = count(1)

    @asynccontextmanager
    async def fresh(
        self, name: str, *, migrate: Migrate | None = None
    ) -> AsyncGenerator[ServiceDatabase]:
        """A database for the roles `<name>_owner` and `<name>_svc`, dropped at the end.

        The first call for a name has `migrate` prepare the template, as a service's own migration
        would: it gets the database and uses its `owner_url`.
        """
        server = await asyncpg.connect(self._server_url)
        try:
            template = self._database(name, f"{name}_template")
            if name not in self._templates:
                await ensure_database(server, template)
                if migrate is not None:
                    await migrate(template)
                self._templates.add(name)
            wanted = self._database(name, f"{name}_{next(self._numbers)}")
            await ensure_database(server, wanted, template=template.database)
            try:
                yield wanted
            finally:
                await drop_database(server, wanted.database)
        finally:
            await server.close()

    def _database(self, name: str, database: str) -> ServiceDatabase:
        return ServiceDatabase.on_server(
            self._server_url,
            name,
            database=database,
            owner_password=PASSWORD,
            service_password=PASSWORD,
        )
