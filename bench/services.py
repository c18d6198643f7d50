"""Real processes of services, started as `fundmix up` starts them, and tokens they accept."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fundmix_cli import plan
from fundmix_cli.claims import Claims
from fundmix_cli.installation import Installation
from fundmix_cli.issuer_key import IssuerKey
from fundmix_cli.plan import BrokerKind, Group, Servers, Service
from fundmix_events.roles import Role
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import LOOPBACK, Child, Program, free_port
from fundmix_kit.embedded.tansu import tansu

from bench.servers import Postgres, running


@dataclass(frozen=True, kw_only=True)
class Site:
    """An issuer and a broker, and where the database is: all that a service's process needs."""

    folder: Path
    postgres: Postgres
    bootstrap_servers: str
    installation: Installation

    def token(self, role: Role, *, org: str | None = None) -> str:
        return IssuerKey.open(self.installation.home).token(Claims(role=role, org=org))

    def program(self, service: Service, database: ServiceDatabase) -> Program:
        """Some parts of a service in one process, on a port of their own."""
        group = Group(name=service.name, service=service, parts=service.parts, port=service.port)
        servers = Servers(
            database_url=self.postgres.url,
            database=None,
            bootstrap_servers=self.bootstrap_servers,
            broker=None,
            broker_kind=BrokerKind.EMBEDDED,
        )
        ports = {**self.installation.ports, service.name: service.port}
        return plan.service_program(group, database, servers, ports, installation=self.installation)

    def running(
        self, service: Service, database: ServiceDatabase
    ) -> AbstractAsyncContextManager[Child]:
        return running(self.program(service, database), self.folder)


@asynccontextmanager
async def site(folder: Path, postgres: Postgres) -> AsyncGenerator[Site]:
    installation = Installation.open(folder / "home")
    installation.ports["issuer"] = free_port()
    broker_port = free_port()
    async with (
        running(plan.issuer(installation).program, folder),
        running(tansu(broker_port), folder),
    ):
        yield Site(
            folder=folder,
            postgres=postgres,
            bootstrap_servers=f"{LOOPBACK}:{broker_port}",
            installation=installation,
        )


def some_parts(name: str, parts: Sequence[str]) -> Service:
    return Service(name=name, parts=parts, port=free_port())
