"""docker-compose.yml, checked as far as that goes without an engine to run it."""

import json
import re
import tomllib
from importlib import import_module
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from donations_svc.domain.contact_keys import parse_key_ring
from fundmix_kit.routes import OPERATIONAL_PATHS
from fundmix_kit.settings_variables import variables_of
from pydantic_settings import BaseSettings

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "docker-compose.yml"
EXAMPLE: Final = ROOT / ".env.example"
DOCKERFILE: Final = ROOT / "deploy" / "images" / "Dockerfile"
IMAGE_HOST: Final = "0.0.0.0"

SERVICES: Final = sorted(p.name.removesuffix("-svc") for p in (ROOT / "services").glob("*-svc"))
PARTS: Final = {name: import_module(f"{name}_svc").PARTS for name in SERVICES}
RUNNING: Final = [f"{name}-{part}" for name in SERVICES for part in PARTS[name]]
MIGRATIONS: Final = [f"{name}-migrate" for name in SERVICES]
OURS: Final = [*RUNNING, *MIGRATIONS]
SERVERS: Final = ["kafka", "keycloak", "postgres"]

# The pool, and the sessions beside it: one waits to be woken, one holds the relay's lock.
SESSIONS_BESIDE_POOL: Final = 2
RESERVED_FOR_SUPERUSER: Final = 3
PROCESS_MEMORY_MB_MAX: Final = 150


def service_of(container: str) -> str:
    return container.partition("-")[0]


def settings_class_of(container: str) -> type[BaseSettings]:
    return import_module(f"{service_of(container)}_svc.settings").Settings


def default_of(container: str, variable: str) -> str | None:
    return {v.name: v.default for v in variables_of(settings_class_of(container))}[variable]


def megabytes(text: str) -> int:
    match = re.fullmatch(r"(\d+)([MG])", text)
    assert match, f"{text} is no amount of memory"
    return int(match[1]) * {"M": 1, "G": 1024}[match[2]]


def image_environment(container: str, compose: dict[str, Any]) -> dict[str, str]:
    """What the image sets for every container of a service."""
    arguments = compose["services"][f"{service_of(container)}-migrate"]["build"]["args"]
    (block,) = re.findall(r"^ENV (PATH=(?:.|\\\n)*?[^\\])$", DOCKERFILE.read_text(), re.MULTILINE)
    variables = dict(pair.split("=", maxsplit=1) for pair in block.replace("\\\n", " ").split())
    return {
        name: re.sub(r"\$\{(\w+)\}", lambda found: str(arguments.get(found[1], "")), value)
        for name, value in variables.items()
    }


def environment_of(container: str, compose: dict[str, Any]) -> dict[str, str]:
    stated = compose["services"][container]["environment"]
    return image_environment(container, compose) | {n: str(value) for n, value in stated.items()}


def read_settings(
    container: str, compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Any:  # Any: the four classes have no common one
    """What the service in a container makes of its environment, and of nothing else's."""
    for variable in variables_of(settings_class_of(container)):
        monkeypatch.delenv(variable.name, raising=False)
    for name, value in environment_of(container, compose).items():
        if name.startswith("FUNDMIX_"):
            monkeypatch.setenv(name, value)
    return settings_class_of(container)()


def test_the_file_is_what_the_compose_specification_asks_for(compose: dict[str, Any]) -> None:
    (schema,) = Path(str(files("check_jsonschema"))).rglob("compose-spec.json")

    jsonschema.validate(compose, json.loads(schema.read_text()))


def test_every_part_of_every_service_runs_in_a_container_of_its_own(
    compose: dict[str, Any],
) -> None:
    assert sorted(compose["services"]) == sorted([*OURS, *SERVERS])
    commands = {name: compose["services"][name]["command"] for name in OURS}
    assert commands == {
        **{f"{name}-{part}": ["run", part] for name in SERVICES for part in PARTS[name]},
        **{name: ["migrate"] for name in MIGRATIONS},
    }


@pytest.mark.parametrize("container", OURS)
def test_a_container_has_only_settings_that_its_service_knows(
    container: str, compose: dict[str, Any]
) -> None:
    known = {variable.name for variable in variables_of(settings_class_of(container))}
    given = {name for name in environment_of(container, compose) if name.startswith("FUNDMIX_")}

    assert given - known == set()


@pytest.mark.parametrize("container", RUNNING)
def test_a_running_service_gets_the_settings_of_production(
    container: str, compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings(container, compose, monkeypatch)

    assert settings.http.host == IMAGE_HOST
    assert str(settings.http.port) == default_of(container, "FUNDMIX_HTTP__PORT")
    assert settings.database.owner_url is None, "the owner's password is for migrations only"
    assert not settings.auth.is_dev_issuer_allowed
    assert settings.kafka.is_idempotent
    assert not settings.kafka.republish_on_new_cluster


@pytest.mark.parametrize("container", OURS)
def test_a_service_works_with_its_own_database_and_role(
    container: str,
    compose: dict[str, Any],
    compose_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = service_of(container)
    database = read_settings(container, compose, monkeypatch).database
    urls = {"svc": database.url} | ({"owner": database.owner_url} if database.owner_url else {})

    for kind, url in urls.items():
        (host,) = url.hosts()
        assert host == {
            "username": f"{service}_{kind}",
            "password": compose_environment[f"{service}_{kind}_PASSWORD".upper()],
            "host": "postgres",
            "port": 5432,
        }
        assert url.path == f"/{service}"
    assert ("owner" in urls) == (container in MIGRATIONS)


def test_only_the_api_of_donations_has_the_keys_of_contacts(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "FUNDMIX_CONTACTS__KEY_RING"
    given = {c for c in OURS if name in compose["services"][c]["environment"]}

    ring = read_settings("donations-api", compose, monkeypatch).contacts.key_ring
    assert given == {"donations-api"}
    assert len(parse_key_ring(ring.get_secret_value())) == 1


def test_the_server_of_the_services_is_the_broker_of_the_file(compose: dict[str, Any]) -> None:
    broker = compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    named = {
        compose["services"][name]["environment"]["FUNDMIX_KAFKA__BOOTSTRAP_SERVERS"]
        for name in OURS
    }
    assert {f"PLAINTEXT://{servers}" for servers in named} == {broker}


def test_topics_are_made_by_the_relays_only(compose: dict[str, Any]) -> None:
    assert compose["services"]["kafka"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_the_example_of_env_holds_what_the_file_asks_for_and_no_secret() -> None:
    stated = dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE.read_text(), re.MULTILINE))
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", COMPOSE.read_text()))

    assert set(stated) == asked
    assert {
        name for name in stated if name.endswith(("_PASSWORD", "_KEY_RING")) and stated[name]
    } == set()
    for container in RUNNING:
        known = {variable.name for variable in variables_of(settings_class_of(container))}
        assert {name for name in stated if name.startswith("FUNDMIX_")} - known == set()


def test_no_password_has_a_default() -> None:
    uses = re.findall(r"\$\{\w+_PASSWORD([^}]*)\}", COMPOSE.read_text())

    assert uses
    assert [use for use in uses if not use.startswith(":?")] == []


def test_only_the_apis_and_the_issuer_have_ports_and_only_on_this_machine(
    compose: dict[str, Any],
) -> None:
    published = {
        name: container["ports"]
        for name, container in compose["services"].items()
        if "ports" in container
    }
    ports = {name: default_of(name, "FUNDMIX_HTTP__PORT") for name in SERVICES}
    assert published == {
        **{f"{name}-api": [f"127.0.0.1:{port}:{port}"] for name, port in ports.items()},
        "keycloak": ["127.0.0.1:8090:8080"],
    }


def test_databases_and_broker_are_reached_from_the_inside_only(compose: dict[str, Any]) -> None:
    assert compose["networks"]["servers"]["internal"] is True
    networks = {name: set(container["networks"]) for name, container in compose["services"].items()}
    outside = {f"{name}-api" for name in SERVICES} | {"keycloak"}

    assert {name for name, joined in networks.items() if "edge" in joined} == outside
    assert {name for name, joined in networks.items() if "servers" not in joined} == {"keycloak"}


@pytest.mark.parametrize("container", RUNNING)
def test_a_service_is_asked_whether_it_is_ready_where_it_answers(
    container: str, compose: dict[str, Any]
) -> None:
    check = compose["services"][container]["healthcheck"]["test"]

    assert check == ["CMD", "python", "-I", "-S", "/opt/fundmix/probe.py", "/readyz"]
    assert check[-1] in OPERATIONAL_PATHS
    # The port that the probe asks is the one that the service listens on: the same variable.
    port = environment_of(container, compose)["FUNDMIX_HTTP__PORT"]
    assert port == default_of(container, "FUNDMIX_HTTP__PORT")


@pytest.mark.parametrize("container", RUNNING)
def test_a_service_starts_when_what_it_needs_is_there(
    container: str, compose: dict[str, Any]
) -> None:
    needed = compose["services"][container]["depends_on"]
    migrated = {f"{service_of(container)}-migrate": {"condition": "service_completed_successfully"}}
    is_alone = container.endswith(("-api", "-clock", "-jobs"))
    broker = {} if is_alone else {"kafka": {"condition": "service_healthy"}}

    assert needed == migrated | broker


@pytest.mark.parametrize("container", MIGRATIONS)
def test_a_migration_waits_for_the_database_and_ends(
    container: str, compose: dict[str, Any]
) -> None:
    assert compose["services"][container]["depends_on"] == {
        "postgres": {"condition": "service_healthy"}
    }
    assert not compose["services"][container]["restart"].startswith(("always", "unless"))


@pytest.mark.parametrize("container", [*OURS, *SERVERS])
def test_a_container_has_no_rights_and_a_limit_for_everything(
    container: str, compose: dict[str, Any]
) -> None:
    described = compose["services"][container]

    assert described["cap_drop"] == ["ALL"]
    assert "cap_add" not in described
    assert "privileged" not in described
    assert described["security_opt"] == ["no-new-privileges:true"]
    assert set(described["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert set(described["logging"]["options"]) == {"max-size", "max-file"}
    assert described["restart"]
    assert "healthcheck" in described


@pytest.mark.parametrize("container", OURS)
def test_our_containers_are_read_only_and_nobodys_root(
    container: str, compose: dict[str, Any]
) -> None:
    described = compose["services"][container]
    (user,) = re.findall(r"^USER (\d+:\d+)$", DOCKERFILE.read_text(), re.MULTILINE)

    assert described["read_only"] is True
    assert described["user"] == user
    assert not user.startswith("0:")
    limit = megabytes(described["deploy"]["resources"]["limits"]["memory"])
    assert PROCESS_MEMORY_MB_MAX * 1.2 < limit < PROCESS_MEMORY_MB_MAX * 2


@pytest.mark.parametrize("container", [*OURS, *SERVERS])
def test_an_image_is_named_with_a_version(container: str, compose: dict[str, Any]) -> None:
    name, _, tag = compose["services"][container]["image"].partition(":")

    assert "." not in name, "images come from where the engine looks by itself"
    assert re.match(r"\d", tag), f"{name} has no version"


@pytest.mark.parametrize("container", OURS)
def test_our_images_are_built_here_and_never_fetched(
    container: str, compose: dict[str, Any]
) -> None:
    service = service_of(container)
    described = compose["services"][container]
    project = tomllib.loads((ROOT / "services" / f"{service}-svc" / "pyproject.toml").read_text())

    assert described["image"] == f"fundmix/{service}-svc:{project['project']['version']}"
    assert described["pull_policy"] == ("build" if container in MIGRATIONS else "never")
    assert ("build" in described) == (container in MIGRATIONS)
    if "build" in described:
        build = described["build"]
        assert ROOT / build["context"] / build["dockerfile"] == DOCKERFILE
        assert build["args"] == {
            "SERVICE": service,
            "PORT": int(default_of(container, "FUNDMIX_HTTP__PORT") or ""),
        }


def test_what_is_mounted_is_there_and_cannot_be_written(compose: dict[str, Any]) -> None:
    mounts = [
        (mount["source"], mount["read_only"])
        for container in compose["services"].values()
        for mount in container.get("volumes", [])
        if not isinstance(mount, str)
    ]
    assert mounts
    assert [source for source, _ in mounts if not (ROOT / source).is_file()] == []
    assert [source for source, is_read_only in mounts if not is_read_only] == []


def test_data_are_kept_in_named_volumes(compose: dict[str, Any]) -> None:
    kept = {
        name: [mount for mount in container.get("volumes", []) if isinstance(mount, str)]
        for name, container in compose["services"].items()
    }
    assert {name: mounts for name, mounts in kept.items() if mounts} == {
        # Not .../data: the image of version 18 refuses that.
        "postgres": ["postgres:/var/lib/postgresql"],
        "kafka": ["kafka:/var/lib/kafka/data"],
        "keycloak": ["keycloak:/opt/keycloak/data"],
    }
    assert set(compose["volumes"]) == {"postgres", "kafka", "keycloak"}


def test_the_database_takes_as_many_sessions_as_the_services_may_open(
    compose: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (allowed,) = [
        int(argument.removeprefix("max_connections="))
        for argument in compose["services"]["postgres"]["command"]
        if argument.startswith("max_connections=")
    ]
    opened = sum(
        read_settings(name, compose, monkeypatch).database.connections_max + SESSIONS_BESIDE_POOL
        for name in RUNNING
    )
    assert opened + RESERVED_FOR_SUPERUSER <= allowed


def test_the_issuer_of_the_profile_is_the_one_that_the_example_of_env_names(
    compose: dict[str, Any], compose_environment: dict[str, str]
) -> None:
    realm = json.loads((ROOT / "deploy" / "keycloak" / "fundmix-realm.json").read_text())["realm"]
    keycloak = compose["services"]["keycloak"]
    hostname = keycloak["environment"]["KC_HOSTNAME"]

    assert keycloak["profiles"] == ["issuer"]
    assert keycloak["ports"] == [f"{hostname.removeprefix('http://')}:8080"]
    assert ip_address(hostname.removeprefix("http://").partition(":")[0]).is_loopback
    assert compose_environment["FUNDMIX_AUTH__ISSUER"] == f"{hostname}/realms/{realm}"
    assert compose_environment["FUNDMIX_AUTH__JWKS_URL"] == (
        f"http://keycloak:8080/realms/{realm}/protocol/openid-connect/certs"
    )
