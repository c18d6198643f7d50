"""The database of a service and its two roles, on any server that a superuser can reach.

The owner changes the schema, the service works with the rows: a running service cannot alter or
drop a table, and nobody else can connect.
"""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, urlsplit

import asyncpg


@dataclass(frozen=True, kw_only=True)
class ServiceDatabase:
    """Where a service's database is, and the secrets of its two roles."""

    # Of the roles; also of the database, unless `database` says otherwise.
    name: str
    database: str
    # Host and port of the server.
    address: str
    owner_password: str = field(repr=False)
    service_password: str = field(repr=False)

    @classmethod
    def on_server(
        cls,
        server_url: str,
        name: str,
        *,
        owner_password: str,
        service_password: str,
        database: str | None = None,
    ) -> Self:
        return cls(
            name=name,
            database=database or name,
            address=urlsplit(server_url).netloc.rpartition("@")[2],
            owner_password=owner_password,
            service_password=service_password,
        )

    @property
    def owner(self) -> str:
        return f"{self.name}_owner"

    @property
    def service(self) -> str:
        return f"{self.name}_svc"

    @property
    def owner_url(self) -> str:
        return self._url(self.owner, self.owner_password)

    @property
    def url(self) -> str:
        """For the running service."""
        return self._url(self.service, self.service_password)

    def _url(self, role: str, password: str) -> str:
        return f"postgresql://{role}:{quote(password, safe='')}@{self.address}/{self.database}"


async def ensure_database(
    server: asyncpg.Connection, wanted: ServiceDatabase, *, template: str = "template1"
) -> None:
    """Create the roles and the database where missing; set the passwords and rights anew."""
    await _ensure_role(server, wanted.owner, wanted.owner_password)
    await _ensure_role(server, wanted.service, wanted.service_password)
    exists = await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", wanted.database)
    if not exists:
        await _execute(
            server,
            "CREATE DATABASE %I OWNER %I TEMPLATE %I",
            wanted.database,
            wanted.owner,
            template,
        )
    await _execute(server, "REVOKE ALL ON DATABASE %I FROM PUBLIC", wanted.database)
    await _execute(server, "GRANT CONNECT ON DATABASE %I TO %I", wanted.database, wanted.service)


async def drop_database(server: asyncpg.Connection, database: str) -> None:
    await _execute(server, "DROP DATABASE IF EXISTS %I WITH (FORCE)", database)


async def _ensure_role(server: asyncpg.Connection, role: str, password: str) -> None:
    exists = await server.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
    statement = "ALTER ROLE %I" if exists else "CREATE ROLE %I"
    await _execute(server, f"{statement} WITH LOGIN PASSWORD %L", role, password)


async def _execute(server: asyncpg.Connection, pattern: str, *values: str) -> None:
    """Run a statement about roles and databases, which take no parameters; the server quotes."""
    statement = await server.fetchval("SELECT format($1, VARIADIC $2::text[])", pattern, values)
    await server.execute(statement)
