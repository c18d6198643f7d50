"""What makes the servers of docker-compose.yml ours, run for real where that needs no engine."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import asyncpg
import pytest
from asyncpg import exceptions
from fundmix_events.roles import Role
from fundmix_kit.auth import Claims
from fundmix_kit.embedded.kafka import resolve_jars
from fundmix_kit.embedded.postgres import SUPERUSER, EmbeddedPostgres, binaries
from fundmix_kit.embedded.processes import LOOPBACK, free_port
from fundmix_kit.settings import AuthSettings
from fundmix_kit.testing.plugin import running

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
SERVICES: Final = sorted(p.name.removesuffix("-svc") for p in (ROOT / "services").glob("*-svc"))
TOOLS: Final = "/usr/bin:/bin"


@pytest.fixture(scope="session")
async def city_server(
    tmp_path_factory: pytest.TempPathFactory, compose: dict[str, Any]
) -> AsyncGenerator[EmbeddedPostgres]:
    """A new server after the script that the image postgres runs on an empty data folder."""
    folder = tmp_path_factory.mktemp("city-server")
    log = folder / "log"
    server = EmbeddedPostgres(
        folder=folder / "server", port=free_port(), password=token_hex(), is_durable=False
    )
    await server.prepare(log=log)
    async with running(server.program(), log):
        script = await asyncio.create_subprocess_exec(
            DEPLOY / "postgres" / "create-databases.sh",
            env={
                **compose["services"]["postgres"]["environment"],
                "PATH": f"{binaries()}:{TOOLS}",
                "PGHOST": LOOPBACK,
                "PGPORT": str(server.port),
                "PGPASSWORD": server.password,
                "POSTGRES_USER": SUPERUSER,
            },
        )
        assert await script.wait() == 0
        yield server


def environment_of(
    container: str, compose: dict[str, Any], server: EmbeddedPostgres
) -> dict[str, str]:
    """What a container is given, with the address of our server for that of the file's."""
    return {
        name: str(value).replace("@postgres:5432/", f"@{LOOPBACK}:{server.port}/")
        for name, value in compose["services"][container]["environment"].items()
    }


def service_url(name: str, compose: dict[str, Any], server: EmbeddedPostgres) -> str:
    return environment_of(f"{name}-api", compose, server)["FUNDMIX_DATABASE__URL"]


@pytest.mark.parametrize("name", SERVICES)
async def test_a_migration_has_all_the_rights_it_needs(
    name: str, compose: dict[str, Any], city_server: EmbeddedPostgres
) -> None:
    migration = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"{name}_svc",
        *compose["services"][f"{name}-migrate"]["command"],
        env=environment_of(f"{name}-migrate", compose, city_server),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await migration.communicate()
    assert migration.returncode == 0, output.decode()

    service = await asyncpg.connect(service_url(name, compose, city_server))
    try:
        assert await service.fetchval("SELECT count(*) FROM outbox_head") == 0
        with pytest.raises(exceptions.InsufficientPrivilegeError):
            await service.execute("CREATE TABLE stray (id integer)")
    finally:
        await service.close()


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_enters_no_database_but_its_own(
    name: str, compose: dict[str, Any], city_server: EmbeddedPostgres
) -> None:
    own = service_url(name, compose, city_server)

    for database in {*SERVICES, "postgres", "template1"} - {name}:
        with pytest.raises(exceptions.InsufficientPrivilegeError):
            await asyncpg.connect(own.removesuffix(f"/{name}") + f"/{database}")


async def test_no_role_of_a_service_rules_the_server(
    city_server: EmbeddedPostgres,
) -> None:
    server = await asyncpg.connect(city_server.url)
    try:
        roles = await server.fetch(
            "SELECT rolname, rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication AS rules"
            " FROM pg_roles WHERE rolcanlogin AND rolname <> $1",
            SUPERUSER,
        )
    finally:
        await server.close()
    wanted = {f"{name}_{kind}": False for name in SERVICES for kind in ("owner", "svc")}
    assert {role["rolname"]: role["rules"] for role in roles} == wanted


def cluster_id_in(folder: Path) -> str:
    """What a broker with its data in this folder is told to be."""
    return subprocess.run(
        ["sh", DEPLOY / "kafka" / "with-cluster-id.sh", "sh", "-c", 'printf %s "$CLUSTER_ID"'],
        env={"PATH": TOOLS, "KAFKA_LOG_DIRS": str(folder)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_every_new_broker_is_another_cluster(tmp_path: Path) -> None:
    first, second = cluster_id_in(tmp_path), cluster_id_in(tmp_path)

    assert first != second
    assert re.fullmatch(r"[A-Za-z0-9]{22}", first)


def test_a_broker_stays_the_cluster_that_its_data_are_of(tmp_path: Path) -> None:
    (tmp_path / "meta.properties").write_text("version=1\ncluster.id=NWsNlGP5pVL08zVsyuJElA\n")

    assert cluster_id_in(tmp_path) == "NWsNlGP5pVL08zVsyuJElA"


def test_kafka_is_the_version_that_the_tests_run(compose: dict[str, Any]) -> None:
    (version,) = re.findall(
        r"<kafka.version>(.+)</kafka.version>", (DEPLOY / "kafka" / "pom.xml").read_text()
    )
    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{version}"


@pytest.mark.kafka
async def test_kafka_formats_its_storage_with_the_settings_of_the_file(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    jars = await resolve_jars(DEPLOY / "kafka" / "pom.xml", ROOT / ".cache" / "kafka")
    for name in ("defaults", "mounted", "final"):
        (tmp_path / name).mkdir()
    for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
        (tmp_path / "defaults" / name).touch()

    # As the image starts it: the class that makes the broker's configuration of its environment.
    completed = await wrapped_kafka(
        jars, tmp_path, environment=compose["services"]["kafka"]["environment"]
    )

    assert completed == 0
    stored = (tmp_path / "data" / "meta.properties").read_text()
    assert "node.id=1" in stored
    written = (tmp_path / "final" / "server.properties").read_text().splitlines()
    assert "advertised.listeners=PLAINTEXT://kafka:9092" in written
    assert "auto.create.topics.enable=false" in written


async def wrapped_kafka(jars: Path, folder: Path, *, environment: Mapping[str, object]) -> int:
    java = shutil.which("java")
    assert java is not None
    wrapper = await asyncio.create_subprocess_exec(
        "sh",
        DEPLOY / "kafka" / "with-cluster-id.sh",
        *(java, "-cp", f"{jars}/*", "kafka.docker.KafkaDockerWrapper", "setup"),
        f"--default-configs-dir={folder / 'defaults'}",
        f"--mounted-configs-dir={folder / 'mounted'}",
        f"--final-configs-dir={folder / 'final'}",
        env={
            **{name: str(value) for name, value in environment.items()},
            "KAFKA_LOG_DIRS": str(folder / "data"),
            "PATH": TOOLS,
        },
    )
    return await wrapper.wait()


@pytest.fixture(scope="module")
def realm() -> dict[str, Any]:
    return json.loads((DEPLOY / "keycloak" / "fundmix-realm.json").read_text())


@pytest.fixture(scope="module")
def attributes(realm: dict[str, Any]) -> dict[str, Any]:
    """What is known of a person, by name."""
    (provider,) = realm["components"]["org.keycloak.userprofile.UserProfileProvider"]
    (profile,) = provider["config"]["kc.user.profile.config"]
    return {attribute["name"]: attribute for attribute in json.loads(profile)["attributes"]}


def test_the_issuer_states_the_claims_that_the_services_read(realm: dict[str, Any]) -> None:
    (client,) = realm["clients"]
    mappers = {mapper["name"]: mapper for mapper in client["protocolMappers"]}
    audience = mappers.pop("audience")["config"]["included.custom.audience"]

    assert audience == AuthSettings.model_fields["audience"].default
    assert {name: m["config"]["claim.name"] for name, m in mappers.items()} == {
        name: name for name in ("role", "org", "level", "grants")
    }
    assert set(mappers) < set(Claims.model_fields)
    lists = {name for name, m in mappers.items() if m["config"]["multivalued"] == "true"}
    assert lists == {"grants"}, "the other claims are one word each"


def test_only_an_administrator_says_what_somebody_may_do(attributes: dict[str, Any]) -> None:
    for name in ("username", "role", "org", "level", "grants"):
        assert attributes[name]["permissions"]["edit"] == ["admin"], name
    assert attributes["role"]["required"] == {"roles": ["admin"]}


def test_the_issuer_knows_the_roles_of_the_services(attributes: dict[str, Any]) -> None:
    assert set(attributes["role"]["validations"]["options"]["options"]) == set(Role)


def test_the_issuer_takes_credit_codes_only(attributes: dict[str, Any]) -> None:
    pattern = re.compile(attributes["org"]["validations"]["pattern"]["pattern"])

    assert pattern.fullmatch("52441900MJ1234567X")
    assert not pattern.fullmatch("52441900MI1234567X"), "credit codes have no I"
    assert not pattern.fullmatch("52441900")


def test_the_realm_holds_no_person_and_no_secret(realm: dict[str, Any]) -> None:
    (client,) = realm["clients"]

    assert "users" not in realm
    assert "secret" not in client
    assert client["publicClient"] is True
    # A browser asks for the password; no program of ours ever sees it.
    assert client["directAccessGrantsEnabled"] is False
    assert client["attributes"] == {"oauth2.device.authorization.grant.enabled": "true"}
    assert realm["registrationAllowed"] is False
