"""Brings an installation up and keeps it running until it is told to stop."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fundmix_kit.embedded.kafka import ApacheKafka, resolve_jars
from fundmix_kit.embedded.postgres import SUPERUSER, EmbeddedPostgres
from fundmix_kit.embedded.processes import LOOPBACK, Program
from fundmix_kit.embedded.tansu import tansu

from fundmix_cli import run_state
from fundmix_cli.installation import Installation
from fundmix_cli.plan import (
    BrokerKind,
    Servers,
    Service,
    groups_of,
    plan,
    preferred_ports,
    urls,
)
from fundmix_cli.ports import PortClaims
from fundmix_cli.run_state import ProcessStatus, RunState
from fundmix_cli.supervisor import Step, Supervisor

REPOSITORY: Final = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class Options:
    """How an installation is to run; servers of others are given by their address."""

    services: Sequence[Service]
    is_split: bool = False
    broker_kind: BrokerKind = BrokerKind.EMBEDDED
    bootstrap_servers: str | None = None
    database_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """Where news of the run goes."""

    on_note: Callable[[str], None]
    on_change: Callable[[ProcessStatus], None]
    on_ready: Callable[[RunState], None]


async def run(installation: Installation, options: Options, report: Report) -> None:
    """Returns after SIGTERM or SIGINT, with everything stopped.

    Raises AlreadyRunningError, StartFailedError and what the embedded servers raise.
    """
    installation.logs.mkdir(exist_ok=True)
    # The ports are held to the end: nobody takes one while its process restarts.
    with run_state.only_supervisor(installation.home), PortClaims() as claims:
        # First of all, as they hold ports.
        await _end_leftovers(installation.home, report)
        groups = groups_of(options.services, is_split=options.is_split)
        wanted = preferred_ports(
            groups, options.broker_kind, has_database=options.database_url is None
        )
        installation.ports |= claims.claim_all(wanted, kept=installation.ports)
        installation.save()
        state = run_state.of_this_process(
            broker_kind=options.broker_kind,
            bootstrap_servers=bootstrap_servers(installation, options),
            urls=urls(groups, installation.ports),
        )
        run_state.write(installation.home, state)
        servers = await _prepare_servers(installation, options, report)
        steps = plan(groups, servers=servers, installation=installation)
        await _supervise(installation, steps, state, report)
        # Only after a clean stop: otherwise the next start looks here for what is left over.
        run_state.remove(installation.home)


def bootstrap_servers(installation: Installation, options: Options) -> str:
    return options.bootstrap_servers or f"{LOOPBACK}:{installation.ports['broker']}"


async def _end_leftovers(home: Path, report: Report) -> None:
    if last := run_state.read(home):
        for name in await run_state.end_leftovers(last):
            report.on_note(f"ended {name}, left over from a run that was killed")


async def _prepare_servers(installation: Installation, options: Options, report: Report) -> Servers:
    database_url = options.database_url
    database: Program | None = None
    if database_url is None:
        postgres = EmbeddedPostgres(
            folder=installation.home / "postgres",
            port=installation.ports["postgres"],
            password=installation.password(SUPERUSER),
        )
        await postgres.prepare(log=installation.log("postgres"))
        database, database_url = postgres.program(), postgres.url
    return Servers(
        database_url=database_url,
        database=database,
        bootstrap_servers=bootstrap_servers(installation, options),
        broker=await _broker(installation, options.broker_kind, report),
        broker_kind=options.broker_kind,
    )


async def _broker(installation: Installation, kind: BrokerKind, report: Report) -> Program | None:
    match kind:
        case BrokerKind.EMBEDDED:
            return tansu(installation.ports["broker"])
        case BrokerKind.KAFKA:
            report.on_note("Apache Kafka: Maven fetches its jars, if they are not here yet")
            kafka = ApacheKafka(
                folder=installation.home / "kafka",
                jars=await resolve_jars(
                    REPOSITORY / "deploy" / "kafka" / "pom.xml", REPOSITORY / ".cache" / "kafka"
                ),
                port=installation.ports["broker"],
                controller_port=installation.ports["controller"],
            )
            await kafka.prepare(log=installation.log("broker"))
            return kafka.program()
        case BrokerKind.EXTERNAL:
            return None


async def _supervise(
    installation: Installation, steps: Sequence[Step], state: RunState, report: Report
) -> None:
    was_ready = False

    def on_change(status: ProcessStatus) -> None:
        nonlocal was_ready
        run_state.write(installation.home, state)
        report.on_change(status)
        if state.is_ready and not was_ready:
            was_ready = True
            report.on_ready(state)

    supervisor = Supervisor(steps, logs=installation.logs, on_change=on_change)
    state.processes = list(supervisor.statuses.values())
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(signal_number, supervisor.stop)
    await supervisor.run()
