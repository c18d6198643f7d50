"""The embedded servers, real ones, each in a folder of its own."""

import asyncio
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from asyncpg import exceptions
from fundmix_kit.embedded.databases import ServiceDatabase, ensure_database
from fundmix_kit.embedded.postgres import EmbeddedPostgres, accepts_connections, binaries
from fundmix_kit.embedded.processes import LOOPBACK, Child, free_port
from fundmix_kit.embedded.tansu import tansu
from fundmix_kit.testing.databases import FreshDatabases
from fundmix_kit.testing.plugin import running


def a_server(tmp_path: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(
        folder=tmp_path / "postgres", port=free_port(), password="a/b@c:d%", is_durable=False
    )


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("code", ["57P01", "57P02", "57P03", ""])
async def test_a_server_that_ends_while_it_is_asked_accepts_none(code: str) -> None:
    """Killed, it may still say so (57P01), or only be gone; its supervisor goes on asking."""
    last_words = f"SFATAL\0VFATAL\0C{code}\0Mterminating connection\0\0".encode()

    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        size = int.from_bytes(await reader.readexactly(4))
        if size == 8:  # a wish for TLS
            await reader.readexactly(4)
            writer.write(b"N")
            await reader.read(4)
        if code:
            writer.write(b"E" + (len(last_words) + 4).to_bytes(4) + last_words)
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(end, LOOPBACK, 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert not await accepts_connections(f"postgresql://postgres@{LOOPBACK}:{port}/postgres")


async def test_postgres_keeps_its_data_between_runs(tmp_path: Path) -> None:
    server = a_server(tmp_path)
    await server.prepare(log=tmp_path / "log")
    async with running(server.program(), tmp_path / "log"):
        await execute(server.url, "CREATE TABLE kept (n integer)")

    await server.prepare(log=tmp_path / "log")
    async with running(server.program(), tmp_path / "log"):
        await execute(server.url, "SELECT n FROM kept")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")
async def test_root_runs_postgres_from_below_a_folder_closed_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries().parents[1]
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(package, closed / package.name)
    # The libraries that the binaries are linked with.
    shutil.copytree(package.with_suffix(".libs"), closed / f"{package.name}.libs")
    monkeypatch.setattr(sys, "path", [str(closed), *sys.path])
    server = a_server(closed)

    await server.prepare(log=tmp_path / "log")

    assert binaries().is_relative_to(closed)
    async with running(server.program(), tmp_path / "log"):
        await execute(server.url, "SELECT 1")


async def test_postgres_refuses_a_wrong_password(postgres_server: EmbeddedPostgres) -> None:
    url = postgres_server.url.replace(postgres_server.password, "wrong")

    with pytest.raises(exceptions.PostgresError, match="password authentication failed"):
        await asyncpg.connect(url)


async def test_a_server_left_by_a_killed_run_is_ended(tmp_path: Path) -> None:
    server = a_server(tmp_path)
    await server.prepare(log=tmp_path / "log")
    leftover = await Child.start(server.program(), tmp_path / "log")
    await leftover.wait_ready(server.is_ready, limit_s=30)

    await server.prepare(log=tmp_path / "log")

    await asyncio.wait_for(leftover.process.wait(), 5)
    async with running(server.program(), tmp_path / "log"):
        pass


async def test_a_note_of_a_process_that_is_somebody_else_now_is_removed(tmp_path: Path) -> None:
    server = a_server(tmp_path)
    await server.prepare(log=tmp_path / "log")
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")

    await server.prepare(log=tmp_path / "log")

    async with running(server.program(), tmp_path / "log"):
        pass


async def test_a_killed_postgres_starts_again_on_its_data(tmp_path: Path) -> None:
    server = a_server(tmp_path)
    await server.prepare(log=tmp_path / "log")
    async with running(server.program(), tmp_path / "log") as child:
        child.process.send_signal(signal.SIGKILL)
        await child.process.wait()

    await server.prepare(log=tmp_path / "log")
    async with running(server.program(), tmp_path / "log"):
        pass


async def test_a_service_database_is_closed_to_the_roles_of_others(
    postgres_server: EmbeddedPostgres,
) -> None:
    ours, theirs = (
        ServiceDatabase.on_server(
            postgres_server.url, name, owner_password="o'w%n", service_password="s/v"
        )
        for name in ("ours", "theirs")
    )
    server = await asyncpg.connect(postgres_server.url)
    for database in (ours, theirs, ours):
        await ensure_database(server, database)
    await server.close()

    await execute(ours.owner_url, "CREATE TABLE kept (n integer)")
    with pytest.raises(exceptions.InsufficientPrivilegeError):
        await execute(ours.url, "CREATE TABLE refused (n integer)")
    with pytest.raises(exceptions.InsufficientPrivilegeError):
        await execute(replace(theirs, database="ours").url, "SELECT 1")


async def test_fresh_databases_are_copies_of_a_template_migrated_once(
    databases: FreshDatabases,
) -> None:
    migrated: list[str] = []

    async def migrate(template: ServiceDatabase) -> None:
        migrated.append(template.database)
        await execute(template.owner_url, "CREATE TABLE copied (n integer)")

    async with (
        databases.fresh("copies", migrate=migrate) as first,
        databases.fresh("copies", migrate=migrate) as second,
    ):
        await execute(first.owner_url, "INSERT INTO copied VALUES (1)")
        await execute(second.owner_url, "INSERT INTO copied VALUES (2)")

        assert first.database != second.database
    assert migrated == ["copies_template"]


async def test_the_embedded_broker_is_another_cluster_at_each_start() -> None:
    program = tansu(free_port())

    assert program.command() != program.command()


async def test_the_embedded_broker_answers(broker: str) -> None:
    assert await tansu(int(broker.rpartition(":")[2])).is_ready()


async def test_nobody_answers_on_a_free_port() -> None:
    assert not await tansu(free_port()).is_ready()


@pytest.mark.kafka
async def test_apache_kafka_answers(apache_kafka: str) -> None:
    assert await tansu(int(apache_kafka.rpartition(":")[2])).is_ready()
