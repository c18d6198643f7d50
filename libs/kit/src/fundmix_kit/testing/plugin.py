"""Fixtures for the tests of every member; the conftest.py at the root names this plugin.

Servers live as long as the test session; with pytest-xdist each worker has its own.
"""

import json
import os
import shutil
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_hex
from threading import Thread
from typing import Final

import pytest

from fundmix_kit.embedded.kafka import ApacheKafka, missing_tools, resolve_jars
from fundmix_kit.embedded.postgres import EmbeddedPostgres
from fundmix_kit.embedded.processes import LOOPBACK, Child, Program, free_port
from fundmix_kit.embedded.tansu import tansu
from fundmix_kit.testing.clock import FixedClock
from fundmix_kit.testing.databases import FreshDatabases
from fundmix_kit.testing.tokens import TokenSigner

READY_TIME_S_MAX: Final = 60.0


@asynccontextmanager
async def running(program: Program, log: Path) -> AsyncGenerator[Child]:
    """The program as a ready child process, stopped at the end."""
    child = await Child.start(program, log)
    try:
        await child.wait_ready(program.is_ready, limit_s=READY_TIME_S_MAX)
        yield child
    finally:
        await child.stop()


@pytest.fixture(scope="session")
async def postgres_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[EmbeddedPostgres]:
    """An empty PostgreSQL; `.url` is the superuser's. Most tests want `databases` instead."""
    folder = tmp_path_factory.mktemp("postgres")
    log = folder / "log"
    server = EmbeddedPostgres(
        folder=folder / "server", port=free_port(), password=token_hex(), is_durable=False
    )
    await server.prepare(log=log)
    async with running(server.program(), log):
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: EmbeddedPostgres) -> FreshDatabases:
    """Makes fresh databases: `async with databases.fresh("contracts", migrate=...)`."""
    return FreshDatabases(postgres_server.url)


@pytest.fixture(scope="session")
async def broker(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[str]:
    """The bootstrap servers of the embedded broker (Tansu: no idempotent producers)."""
    port = free_port()
    async with running(tansu(port), tmp_path_factory.mktemp("tansu") / "log"):
        yield f"{LOOPBACK}:{port}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a program that is not here, as its mark says; in CI that is a failure."""
    reason = ""
    if item.get_closest_marker("kafka") and (missing := missing_tools()):
        reason = f"Apache Kafka needs {' and '.join(missing)}"
    if item.get_closest_marker("verapdf") and (missing := missing_tools()):
        reason = f"veraPDF needs {' and '.join(missing)}: it checks PDF files"
    if item.get_closest_marker("hledger") and shutil.which("hledger") is None:
        reason = "hledger is not installed: it checks exports of the books"
    if standard := item.get_closest_marker("standard"):
        [name] = standard.args
        if not (item.config.rootpath.parent / "shared" / "standards" / name).is_dir():
            reason = f"the schemas of {name} are not beside the project"
    if reason:
        if os.environ.get("CI"):  # noqa: TID251  # the test runner's own surroundings
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
async def apache_kafka(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> AsyncGenerator[str]:
    """The bootstrap servers of a real Apache Kafka; a test that uses it is marked `kafka`."""
    folder = tmp_path_factory.mktemp("kafka")
    log = folder / "log"
    root = pytestconfig.rootpath
    kafka = ApacheKafka(
        folder=folder / "broker",
        jars=await resolve_jars(root / "deploy" / "kafka" / "pom.xml", root / ".cache" / "kafka"),
        port=free_port(),
        controller_port=free_port(),
    )
    await kafka.prepare(log=log)
    async with running(kafka.program(), log):
        yield f"{LOOPBACK}:{kafka.port}"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture(scope="session")
def tokens() -> TokenSigner:
    return TokenSigner()


@pytest.fixture(scope="session")
def jwks_url(tokens: TokenSigner) -> Iterator[str]:
    """Where a service under test finds the key of `tokens`."""
    body = json.dumps(tokens.jwks).encode()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}/jwks.json"
        server.shutdown()
