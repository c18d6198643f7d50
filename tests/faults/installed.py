"""An installation for the fault tests: real processes, to be killed and paused."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx2
from fundmix_cli import run_state
from fundmix_cli.installation import Installation
from fundmix_cli.plan import SERVICES, BrokerKind, Group, Servers, database_of, service_program
from fundmix_cli.run_state import ProcessStatus, RunState
from fundmix_kit.database import Database
from fundmix_kit.embedded.postgres import SUPERUSER, EmbeddedPostgres
from fundmix_kit.embedded.processes import LOOPBACK, Child, free_port, tail
from fundmix_kit.settings import DatabaseSettings, KafkaSettings
from pydantic import PostgresDsn

from tests.faults.waiting import until

START_S_MAX: Final = 240.0
COMMAND_S_MAX: Final = 180.0
# Shorter than in production, so that a paused process is past them soon.
IDLE_IN_TRANSACTION_MS: Final = 3_000
SESSION_MS: Final = {BrokerKind.EMBEDDED: 3_000, BrokerKind.KAFKA: 6_000}


class Installed:
    """`fundmix up --split` in a home of its own, and a superuser's sessions in its databases."""

    def __init__(self, home: Path, kind: BrokerKind) -> None:
        self.home = home
        self.kind = kind
        self.databases: dict[str, Database] = {}
        # How often each process has ended as it should, by a kill of ours.
        self.ends = Counter[str]()
        self._supervisor: asyncio.subprocess.Process | None = None
        self._sessions = AsyncExitStack()
        self._numbers = count(1)

    async def start(self) -> None:
        """Returns when all is ready."""
        self.home.mkdir(exist_ok=True)
        self.ends.clear()
        log = self.home / "up.log"
        supervisor = await self.begin("up", "--split", f"--broker={self.kind}", log=log)
        self._supervisor = supervisor

        async def is_ready_or_ended() -> bool:
            state = run_state.read(self.home)
            is_its_own = state is not None and state.supervisor_pid == supervisor.pid
            return supervisor.returncode is not None or (is_its_own and self.state.is_ready)

        await until(is_ready_or_ended, "fundmix up is ready", limit_s=START_S_MAX)
        assert supervisor.returncode is None, f"fundmix up has ended:\n{tail(log)}"
        if not self.databases:
            await self._open_databases()

    def assert_up(self) -> None:
        """Whatever is killed, `fundmix up` itself goes on."""
        assert self._supervisor is not None, "it was started"
        log = self.home / "up.log"
        assert self._supervisor.returncode is None, f"fundmix up has ended:\n{tail(log)}"

    async def stop(self) -> int:
        """The exit code of `fundmix up`."""
        assert self._supervisor is not None, "it was started"
        await self.run("down")
        return await self._supervisor.wait()

    async def close(self) -> None:
        """Stop it for good, whatever state it is in."""
        await self._sessions.aclose()
        if self._supervisor is not None and self._supervisor.returncode is None:
            self._supervisor.terminate()
            await self._supervisor.wait()

    async def _open_databases(self) -> None:
        for service in SERVICES:
            url = PostgresDsn(f"{self._postgres.url.removesuffix('/postgres')}/{service.name}")
            database = Database(
                DatabaseSettings(url=url, connections_max=2), application="fault tests"
            )
            await database.open()
            self._sessions.push_async_callback(database.close)
            self.databases[service.name] = database

    @property
    def _postgres(self) -> EmbeddedPostgres:
        installation = Installation.open(self.home)
        return EmbeddedPostgres(
            folder=self.home / "postgres",
            port=installation.ports["postgres"],
            password=installation.password(SUPERUSER),
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """Limits for all processes, where those of an installation are not shorter still."""
        return {
            "FUNDMIX_DATABASE__IDLE_IN_TRANSACTION_TIMEOUT_MS": str(IDLE_IN_TRANSACTION_MS),
            "FUNDMIX_KAFKA__SESSION_TIMEOUT_MS": str(SESSION_MS[self.kind]),
        }

    @property
    def kafka(self) -> KafkaSettings:
        return KafkaSettings(
            bootstrap_servers=self.state.bootstrap_servers,
            is_idempotent=self.kind is not BrokerKind.EMBEDDED,
        )

    @property
    def state(self) -> RunState:
        state = run_state.read(self.home)
        assert state is not None, f"nothing runs in {self.home}"
        return state

    @property
    def process_names(self) -> Sequence[str]:
        """Every process on the way from a request to the mix."""
        parts = [f"{service.name}-{part}" for service in SERVICES for part in service.parts]
        return [*parts, "broker", "postgres"]

    def process(self, name: str) -> ProcessStatus:
        return next(process for process in self.state.processes if process.name == name)

    def kill(self, *names: str) -> None:
        """As a crash does it: nothing is finished, nothing is said."""
        for pid in self._pids(names):
            os.kill(pid, signal.SIGKILL)
        self.ends.update(names)

    @contextmanager
    def paused(self, *names: str) -> Generator[None]:
        """The processes stand still, and go on as if nothing had been."""
        pids = self._pids(names)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _pids(self, names: Sequence[str]) -> Sequence[int]:
        pids = {name: self.process(name).pid for name in names}
        assert None not in pids.values(), f"one of them does not run: {pids}"
        return [pid for pid in pids.values() if pid is not None]

    async def until_ready(self) -> None:
        async def is_ready() -> bool:
            return self.state.is_ready

        await until(is_ready, f"all is ready: {self.state}")

    async def readiness(self, port: int | None) -> tuple[int, Mapping[str, Any]]:
        """What the process at this port says of itself: a status of HTTP, and its checks."""
        async with httpx2.AsyncClient(trust_env=False) as http:
            response = await http.get(f"http://{LOOPBACK}:{port}/readyz")
        return response.status_code, response.json()["checks"]

    def log_lines(self, name: str) -> Sequence[Mapping[str, Any]]:
        """What a process has logged."""
        text = Installation.open(self.home).log(name).read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    async def fetchval(self, service: str, query: str, *arguments: object) -> Any:
        """Raises DatabaseUnavailableError."""
        async with self.databases[service].session() as connection:
            return await connection.fetchval(query, *arguments)

    def new_folder(self) -> Path:
        return self.home / f"folder-{next(self._numbers)}"

    async def begin(self, *arguments: str, log: Path) -> asyncio.subprocess.Process:
        """A command of `fundmix` on this installation."""
        with log.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "fundmix_cli.main",
                *arguments,
                f"--home={self.home}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.environment},  # noqa: TID251  # passed on, not read
            )

    async def run(self, *arguments: str) -> None:
        """A command of `fundmix` that does its work."""
        log = self.home / f"{arguments[0]}.log"
        process = await self.begin(*arguments, log=log)
        async with asyncio.timeout(COMMAND_S_MAX):
            assert await process.wait() == 0, tail(log)

    @asynccontextmanager
    async def second(self, service_name: str, part: str) -> AsyncGenerator[int]:
        """A process more of a part that runs already; its port."""
        installation = Installation.open(self.home)
        service = next(service for service in SERVICES if service.name == service_name)
        name, port = f"{service_name}-{part}-2", free_port()
        servers = Servers(
            database_url=self._postgres.url,
            database=None,
            bootstrap_servers=self.state.bootstrap_servers,
            broker=None,
            broker_kind=self.kind,
        )
        program = service_program(
            Group(name=name, service=service, parts=(part,), port=port),
            database_of(service_name, servers, installation),
            servers,
            {**installation.ports, name: port},
            installation=installation,
        )
        program = replace(program, environment={**self.environment, **program.environment})
        child = await Child.start(program, installation.log(name))
        try:
            await child.wait_ready(program.is_ready, limit_s=START_S_MAX)
            yield port
        finally:
            await child.stop()
