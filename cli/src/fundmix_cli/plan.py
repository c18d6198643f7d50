"""Which processes make up an installation, with which settings, in which order. Decides only."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import LOOPBACK, Program

from fundmix_cli.claims import ISSUER
from fundmix_cli.installation import Installation
from fundmix_cli.provisioning import provide_databases
from fundmix_cli.readiness import answers_ok
from fundmix_cli.supervisor import Command, Daemon, Step, Task


class BrokerKind(StrEnum):
    EMBEDDED = "embedded"
    KAFKA = "kafka"
    EXTERNAL = "external"


@dataclass(frozen=True, kw_only=True)
class Service:
    name: str
    parts: Sequence[str]
    port: int
    # Whether it is told where the ledger answers.
    asks_ledger: bool = False

    @property
    def module(self) -> str:
        return f"{self.name}_svc"


@dataclass(frozen=True, kw_only=True)
class Group:
    """Parts of a service that run in one process."""

    name: str
    service: Service
    parts: Sequence[str]
    # The one it gets when nobody else has it.
    port: int


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Database and broker: a program where they are ours to run, only an address where not."""

    database_url: str
    database: Program | None
    bootstrap_servers: str
    broker: Program | None
    broker_kind: BrokerKind


SERVICES: Final = (
    Service(name="registry", parts=("api", "relay"), port=8010),
    Service(name="contracts", parts=("api", "relay", "consumer", "clock"), port=8020),
    Service(
        name="donations",
        parts=("api", "relay", "consumer", "jobs"),
        port=8030,
        asks_ledger=True,
    ),
    Service(name="ledger", parts=("api", "relay", "consumer", "clock"), port=8040),
)
ISSUER_PORT: Final = 8090
BROKER_PORT: Final = 9092
CONTROLLER_PORT: Final = 9093
DATABASE_PORT: Final = 54_320
TANSU_SETTINGS: Final = {
    # It knows no idempotent producers.
    "FUNDMIX_KAFKA__IS_IDEMPOTENT": "false",
    # A consumer waits for half of this before it gets its first partitions.
    "FUNDMIX_KAFKA__SESSION_TIMEOUT_MS": "3000",
    # It does not notice what comes while a question waits: it looks halfway, and at the end. Asked
    # every 10 ms, it and its consumers take a third of two slow cores when nothing happens.
    "FUNDMIX_KAFKA__FETCH_WAIT_MS": "10",
    # It makes topics of its own accord, with as many partitions as it likes.
    "FUNDMIX_KAFKA__MAY_REMAKE_TOPICS": "true",
}
# Where the environment says otherwise, a service would compile its libraries at each start: 2 s.
KEEP_BYTECODE: Final = {"PYTHONDONTWRITEBYTECODE": ""}


def groups_of(services: Sequence[Service], *, is_split: bool) -> list[Group]:
    if not is_split:
        return [Group(name=s.name, service=s, parts=s.parts, port=s.port) for s in services]
    return [
        Group(name=f"{s.name}-{part}", service=s, parts=(part,), port=s.port + number)
        for s in services
        for number, part in enumerate(s.parts)
    ]


def preferred_ports(
    groups: Sequence[Group], broker_kind: BrokerKind, *, has_database: bool
) -> dict[str, int]:
    """The ports to ask for, by the name of what listens there."""
    ports = {group.name: group.port for group in groups} | {"issuer": ISSUER_PORT}
    if has_database:
        ports["postgres"] = DATABASE_PORT
    if broker_kind is not BrokerKind.EXTERNAL:
        ports["broker"] = BROKER_PORT
    if broker_kind is BrokerKind.KAFKA:
        ports["controller"] = CONTROLLER_PORT
    return ports


def plan(
    groups: Sequence[Group], *, servers: Servers, installation: Installation
) -> Sequence[Step]:
    ports = installation.ports
    own_servers = [program for program in (servers.database, servers.broker) if program]
    names = dict.fromkeys(group.service.name for group in groups)
    databases = {name: database_of(name, servers, installation) for name in names}
    provide = Task(
        name="databases",
        after=[program.name for program in own_servers if program is servers.database],
        action=lambda _log: provide_databases(servers.database_url, list(databases.values())),
    )
    migrations = [
        migration(group.service, databases[group.service.name], servers, ports)
        for group in {group.service.name: group for group in groups}.values()
    ]
    return [
        *(Daemon(program=program, port=ports[program.name]) for program in own_servers),
        issuer(installation),
        provide,
        *migrations,
        *(
            Daemon(
                program=service_program(
                    group,
                    databases[group.service.name],
                    servers,
                    ports,
                    installation=installation,
                ),
                after=[migration_name(group.service), *broker_name(servers)],
                port=ports[group.name],
            )
            for group in groups
        ),
    ]


def database_of(name: str, servers: Servers, installation: Installation) -> ServiceDatabase:
    return ServiceDatabase.on_server(
        servers.database_url,
        name,
        owner_password=installation.password(f"{name}_owner"),
        service_password=installation.password(f"{name}_svc"),
    )


def broker_name(servers: Servers) -> list[str]:
    return [servers.broker.name] if servers.broker else []


def migration_name(service: Service) -> str:
    return f"{service.name}-migrate"


def settings(
    service: Service, database: ServiceDatabase, servers: Servers, ports: Mapping[str, int]
) -> dict[str, str]:
    """The settings that all processes of a service share."""
    is_tansu = servers.broker_kind is BrokerKind.EMBEDDED
    return {
        **KEEP_BYTECODE,
        **(TANSU_SETTINGS if is_tansu else {}),
        "FUNDMIX_DATABASE__URL": database.url,
        "FUNDMIX_KAFKA__BOOTSTRAP_SERVERS": servers.bootstrap_servers,
        # A memory broker that starts again is empty; what was said is said again.
        "FUNDMIX_KAFKA__REPUBLISH_ON_NEW_CLUSTER": "true",
        "FUNDMIX_AUTH__ISSUER": ISSUER,
        "FUNDMIX_AUTH__JWKS_URL": f"http://{LOOPBACK}:{ports['issuer']}/.well-known/jwks.json",
        "FUNDMIX_AUTH__IS_DEV_ISSUER_ALLOWED": "true",
        "FUNDMIX_HTTP__HOST": LOOPBACK,
        **({"FUNDMIX_LEDGER__URL": url_of("ledger", ports)} if service.asks_ledger else {}),
    }


def url_of(service: str, ports: Mapping[str, int]) -> str:
    """Of its API, in a process of its own or with the rest."""
    port = ports.get(service) or ports[f"{service}-api"]
    return f"http://{LOOPBACK}:{port}"


def migration(
    service: Service, database: ServiceDatabase, servers: Servers, ports: Mapping[str, int]
) -> Task:
    name = migration_name(service)
    command = Command(
        name=name,
        command=(sys.executable, "-m", service.module, "migrate"),
        environment={
            **settings(service, database, servers, ports),
            "FUNDMIX_DATABASE__OWNER_URL": database.owner_url,
        },
    )
    return Task(name=name, after=["databases"], action=command)


def issuer(installation: Installation) -> Daemon:
    port = installation.ports["issuer"]
    arguments = ("--home", str(installation.home), "--port", str(port))
    program = Program(
        name="issuer",
        command=lambda: (sys.executable, "-m", "fundmix_cli.issuer", *arguments),
        is_ready=partial(answers_ok, port, "/healthz"),
        environment=KEEP_BYTECODE,
    )
    return Daemon(program=program, port=port)


def secrets_of(group: Group, installation: Installation) -> dict[str, str]:
    """What of the installation's secret only these parts of a service are told."""
    if group.service.name != "donations" or "api" not in group.parts:
        return {}
    secrets = [installation.password(f"contacts_{use}") for use in ("encryption", "hashing")]
    return {"FUNDMIX_CONTACTS__KEY_RING": ":".join(("1", *secrets))}


def service_program(
    group: Group,
    database: ServiceDatabase,
    servers: Servers,
    ports: Mapping[str, int],
    *,
    installation: Installation,
) -> Program:
    port = ports[group.name]
    return Program(
        name=group.name,
        command=lambda: (sys.executable, "-m", group.service.module, "run", *group.parts),
        is_ready=partial(answers_ok, port, "/readyz"),
        environment={
            **settings(group.service, database, servers, ports),
            **secrets_of(group, installation),
            "FUNDMIX_HTTP__PORT": str(port),
        },
    )


def urls(groups: Sequence[Group], ports: Mapping[str, int]) -> dict[str, str]:
    """Where people and programs go: the APIs and the issuer."""
    named = {group.service.name: ports[group.name] for group in groups if "api" in group.parts}
    named["issuer"] = ports["issuer"]
    return {name: f"http://{LOOPBACK}:{port}" for name, port in named.items()}
