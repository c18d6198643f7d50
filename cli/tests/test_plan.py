"""Which processes there are, with which settings: decided without starting any."""

from pathlib import Path
from typing import Final

import pytest
from donations_svc.domain.contact_keys import parse_key_ring
from fundmix_cli.installation import Installation
from fundmix_cli.plan import (
    SERVICES,
    BrokerKind,
    Servers,
    groups_of,
    plan,
    preferred_ports,
    urls,
)
from fundmix_cli.supervisor import Command, Daemon, Step, Task
from fundmix_kit.embedded.processes import Program
from fundmix_kit.embedded.tansu import tansu

KEY_RING: Final = "FUNDMIX_CONTACTS__KEY_RING"


async def never() -> bool:
    return False


def the_servers(kind: BrokerKind = BrokerKind.EMBEDDED) -> Servers:
    return Servers(
        database_url="postgresql://postgres:secret@127.0.0.1:5555/postgres",
        database=Program(name="postgres", command=lambda: ("postgres",), is_ready=never),
        bootstrap_servers="127.0.0.1:9999",
        broker=None if kind is BrokerKind.EXTERNAL else tansu(9999),
        broker_kind=kind,
    )


def planned(
    home: Path, *, is_split: bool = False, servers: Servers | None = None
) -> dict[str, Step]:
    servers = servers or the_servers()
    groups = groups_of(SERVICES, is_split=is_split)
    installation = Installation.open(home)
    installation.ports |= preferred_ports(groups, servers.broker_kind, has_database=True)
    steps = plan(groups, servers=servers, installation=installation)
    return {step.name: step for step in steps}


def daemon(step: Step) -> Daemon:
    assert isinstance(step, Daemon)
    return step


def test_by_default_a_service_is_one_process_with_all_its_parts(tmp_path: Path) -> None:
    steps = planned(tmp_path)

    command = daemon(steps["contracts"]).program.command()
    assert list(command[1:]) == ["-m", "contracts_svc", "run", "api", "relay", "consumer", "clock"]
    assert steps.keys() >= {"postgres", "broker", "issuer", "databases", "ledger-migrate"}


def test_split_gives_every_part_a_process_and_a_port(tmp_path: Path) -> None:
    steps = planned(tmp_path, is_split=True)

    parts = {name: step.port for name, step in steps.items() if isinstance(step, Daemon)}
    assert parts["ledger-api"] == 8040
    assert parts["ledger-relay"] == 8041
    assert parts["ledger-consumer"] == 8042
    assert "registry-consumer" not in parts
    assert len(set(parts.values())) == len(parts)
    assert list(daemon(steps["ledger-relay"]).program.command()[-2:]) == ["run", "relay"]


def test_a_service_waits_for_its_migration_and_the_broker(tmp_path: Path) -> None:
    steps = planned(tmp_path)

    assert steps["contracts"].after == ["contracts-migrate", "broker"]
    assert steps["contracts-migrate"].after == ["databases"]
    assert steps["databases"].after == ["postgres"]


def test_only_a_migration_knows_the_owners_password(tmp_path: Path) -> None:
    steps = planned(tmp_path)

    service = daemon(steps["contracts"]).program.environment
    migration = steps["contracts-migrate"]
    assert isinstance(migration, Task)
    assert isinstance(migration.action, Command)
    assert "FUNDMIX_DATABASE__OWNER_URL" not in service
    owner_url = migration.action.environment["FUNDMIX_DATABASE__OWNER_URL"]
    assert owner_url.startswith("postgresql://contracts_owner:")
    assert owner_url.endswith("@127.0.0.1:5555/contracts")
    assert service["FUNDMIX_DATABASE__URL"].startswith("postgresql://contracts_svc:")
    assert Installation.open(tmp_path).password("contracts_owner") in owner_url


def test_only_the_api_of_donations_has_the_keys_of_contacts(tmp_path: Path) -> None:
    steps = planned(tmp_path, is_split=True)

    environments = {
        name: step.program.environment for name, step in steps.items() if isinstance(step, Daemon)
    }
    migration = steps["donations-migrate"]
    assert isinstance(migration, Task)
    assert isinstance(migration.action, Command)
    assert [name for name, known in environments.items() if KEY_RING in known] == ["donations-api"]
    assert KEY_RING not in migration.action.environment
    again = daemon(planned(tmp_path)["donations"]).program.environment
    ring = environments["donations-api"][KEY_RING]
    assert again[KEY_RING] == ring
    assert [key.key_id for key in parse_key_ring(ring)] == ["1"]


@pytest.mark.parametrize(
    ("kind", "is_idempotent"),
    [(BrokerKind.EMBEDDED, "false"), (BrokerKind.KAFKA, "true"), (BrokerKind.EXTERNAL, "true")],
)
def test_only_the_embedded_broker_goes_without_idempotent_producers(
    tmp_path: Path, kind: BrokerKind, is_idempotent: str
) -> None:
    environment = daemon(planned(tmp_path, servers=the_servers(kind))["ledger"]).program.environment

    assert environment.get("FUNDMIX_KAFKA__IS_IDEMPOTENT", "true") == is_idempotent
    assert environment["FUNDMIX_KAFKA__BOOTSTRAP_SERVERS"] == "127.0.0.1:9999"
    assert environment["FUNDMIX_KAFKA__REPUBLISH_ON_NEW_CLUSTER"] == "true"


def test_a_broker_of_others_is_neither_run_nor_waited_for(tmp_path: Path) -> None:
    steps = planned(tmp_path, servers=the_servers(BrokerKind.EXTERNAL))

    assert "broker" not in steps
    assert steps["ledger"].after == ["ledger-migrate"]


def test_urls_name_each_service_once() -> None:
    groups = groups_of(SERVICES, is_split=True)
    ports = preferred_ports(groups, BrokerKind.EMBEDDED, has_database=True)

    assert urls(groups, ports)["donations"] == "http://127.0.0.1:8030"
    assert urls(groups, ports).keys() == {"registry", "contracts", "donations", "ledger", "issuer"}
