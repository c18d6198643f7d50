"""The image of the services: deploy/images/Dockerfile, and what goes into it."""

import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Final

import pytest
from fundmix_kit.embedded.processes import LOOPBACK, free_port
from fundmix_kit.routes import OPERATIONAL_PATHS

ROOT: Final = Path(__file__).parents[2]
PROBE: Final = ROOT / "deploy" / "images" / "probe.py"
SERVICES: Final = sorted(p.name.removesuffix("-svc") for p in (ROOT / "services").glob("*-svc"))
# Without comments, and with its continued lines joined.
DOCKERFILE: Final = re.sub(
    r"\s*\\\n\s*",
    " ",
    re.sub(
        r"^#.*\n", "", (ROOT / "deploy" / "images" / "Dockerfile").read_text(), flags=re.MULTILINE
    ),
)
ADDRESS: Final = re.compile(r"://|--(extra-)?index|--find-links|--trusted-host")


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def copied(service: str) -> list[str]:
    """What the image of a service takes from the repository."""
    return [
        source.replace("${SERVICE}", service)
        for copy in instructions("COPY")
        if not copy.startswith("--from")
        for source in copy.split()[:-1]
    ]


def is_let_through(path: str) -> bool:
    """By .dockerignore, whose last pattern that fits decides. Ours have no other forms."""
    is_out = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        is_kept, pattern = line.startswith("!"), line.removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        if pattern == "*":
            fits = True
        elif pattern.startswith("**/"):
            fits = pattern.removeprefix("**/") in path.split("/")
        else:
            assert "*" not in pattern, f"{pattern} is of a form that this test cannot judge"
            fits = f"{path}/".startswith(f"{pattern}/")
        is_out = not is_kept if fits else is_out
    return not is_out


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_copied_is_there_and_reaches_the_builder(service: str) -> None:
    assert copied(service)
    assert [source for source in copied(service) if not (ROOT / source).exists()] == []
    assert [source for source in copied(service) if not is_let_through(source)] == []


def test_nothing_private_reaches_the_builder() -> None:
    private = [".env", ".git", ".run/issuer/key.json", "samples", "libs/kit/tests/conftest.py"]

    assert [path for path in private if is_let_through(path)] == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_image_starts_a_module_of_the_service(service: str) -> None:
    (environment,) = [e for e in instructions("ENV") if "MODULE=" in e]
    (module,) = re.findall(r"MODULE=(\S+)", environment)

    assert find_spec(module.replace("${SERVICE}", service)) is not None
    assert instructions("ENTRYPOINT") == [
        r'["sh", "-c", "exec python -m \"${MODULE}\" \"$@\"", "--"]'
    ]


def test_packages_are_installed_by_hash_and_ours_without_any_other() -> None:
    installs = [
        command
        for run in instructions("RUN")
        for command in run.split(" && ")
        if re.search(r"\bpip\b.* (install|wheel) ", command)
    ]
    by_hash = [i for i in installs if "--require-hashes" in i and "--only-binary :all:" in i]
    ours = [i for i in installs if "--no-deps" in i]

    assert sorted(by_hash + ours) == sorted(installs)
    named = {lock for i in by_hash for lock in re.findall(r"--requirement (\S+)", i)}
    assert named == {"requirements/build.txt", "requirements/services.txt"}
    assert all("--no-build-isolation" in i or "--no-index" in i for i in ours)


def test_no_address_is_named() -> None:
    paths = [
        ROOT / "deploy" / "images" / "Dockerfile",
        ROOT / ".dockerignore",
        *(ROOT / "requirements").iterdir(),
    ]
    found = [
        f"{path.relative_to(ROOT)}: {line}"
        for path in paths
        for line in path.read_text().splitlines()
        if ADDRESS.search(line.replace("--no-index", ""))
    ]
    assert found == []


def test_the_base_has_a_version_and_the_user_no_name() -> None:
    (base,) = re.findall(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)

    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    assert {stage.split()[0] for stage in instructions("FROM")} == {"${BASE}"}
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", instructions("USER")[-1])


def test_the_image_is_asked_whether_it_lives_where_it_answers() -> None:
    (check,) = instructions("HEALTHCHECK")
    (path,) = re.findall(r'CMD \["python", "-I", "-S", "/opt/fundmix/probe.py", "(.+)"\]', check)

    assert path == "/healthz"
    assert path in OPERATIONAL_PATHS
    assert "deploy/images/probe.py LICENSE /opt/fundmix/" in instructions("COPY")


@contextmanager
def answering(status: HTTPStatus) -> Generator[int]:
    """The port of a server that gives every question the same answer."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(f"asked for {self.path}".encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
            pass

    with HTTPServer((LOOPBACK, 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def probe(port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", PROBE, "/readyz"],
        env={"FUNDMIX_HTTP__PORT": str(port)},
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_the_probe_is_content_with_200_and_says_what_it_was_told() -> None:
    with answering(HTTPStatus.OK) as port:
        probed = probe(port)

    assert (probed.returncode, probed.stdout) == (0, "/readyz: 200 asked for /readyz\n")


def test_the_probe_fails_on_any_other_answer() -> None:
    with answering(HTTPStatus.SERVICE_UNAVAILABLE) as port:
        probed = probe(port)

    assert (probed.returncode, probed.stdout) == (1, "/readyz: 503 asked for /readyz\n")


def test_the_probe_fails_without_a_server() -> None:
    probed = probe(free_port())

    assert probed.returncode == 1
    assert probed.stderr.startswith("/readyz: ")
    assert "Traceback" not in probed.stderr
