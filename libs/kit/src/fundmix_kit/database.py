"""The pool of PostgreSQL connections, and the two ways to use one: to change and to read."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, Final

import asyncpg
from asyncpg import Connection, exceptions

from fundmix_kit.settings import DatabaseSettings

__all__ = ["Connection", "Database", "DatabaseSettings", "DatabaseUnavailableError", "columns"]

CONNECT_TIME_S_MAX: Final = 5.0

CANNOT_CONNECT: Final = (
    OSError,
    TimeoutError,
    exceptions.InterfaceError,
    exceptions.PostgresConnectionError,
    exceptions.CannotConnectNowError,
    exceptions.AdminShutdownError,
    exceptions.CrashShutdownError,
    exceptions.TooManyConnectionsError,
)
SESSION_ENDED: Final = (
    exceptions.PostgresConnectionError,
    exceptions.AdminShutdownError,
    exceptions.CrashShutdownError,
    exceptions.IdleInTransactionSessionTimeoutError,
    exceptions.IdleSessionTimeoutError,
    # The server's last words have been read, and the end of the connection has not.
    exceptions.InternalClientError,
)
# What a statement may fail with then; the first three also where we make a mistake.
IN_A_LOST_SESSION: Final = (
    OSError,
    exceptions.InterfaceError,
    exceptions.PostgresError,
    exceptions.InternalClientError,
)


class DatabaseUnavailableError(Exception):
    """The database cannot be reached for now; the same call may work later."""

    code = "database_unavailable"


class Database:
    """One service's database: changes go through `transaction`, reads through `reading`."""

    def __init__(self, settings: DatabaseSettings, *, application: str) -> None:
        self._settings = settings
        self._server_settings = {**settings.session_limits, "application_name": application}
        self._pool: asyncpg.Pool | None = None
        self._commit_callbacks: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Raises DatabaseUnavailableError."""
        try:
            self._pool = await asyncpg.create_pool(
                str(self._settings.url),
                min_size=1,
                max_size=self._settings.connections_max,
                timeout=CONNECT_TIME_S_MAX,
                server_settings=self._server_settings,
                reset=_leave_as_it_is,
            )
        except CANNOT_CONNECT as error:
            raise DatabaseUnavailableError(str(error)) from error

    async def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), CONNECT_TIME_S_MAX)
        except TimeoutError:
            pool.terminate()

    @asynccontextmanager
    async def dedicated(self, *, idle_time_ms_max: int) -> AsyncGenerator[Connection]:
        """A connection outside the pool, for what keeps one: advisory locks and LISTEN.

        The server ends it when it is silent for longer, as when its process is paused.
        Raises DatabaseUnavailableError, also when the session is lost inside the block.
        """
        limits = {**self._server_settings, "idle_session_timeout": str(idle_time_ms_max)}
        try:
            connection = await asyncpg.connect(
                str(self._settings.url), timeout=CONNECT_TIME_S_MAX, server_settings=limits
            )
        except CANNOT_CONNECT as error:
            raise DatabaseUnavailableError(str(error)) from error
        try:
            with translating_lost_session(connection):
                yield connection
        finally:
            connection.terminate()

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after each committed transaction of this process."""
        self._commit_callbacks.append(callback)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """A read-committed transaction: committed at the end, rolled back on any error."""
        async with self._acquire() as connection, connection.transaction():
            yield connection
        for callback in self._commit_callbacks:
            callback()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Connection]:
        """One snapshot for any number of reads; changes are refused."""
        async with (
            self._acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncGenerator[Connection]:
        """A pooled connection without a transaction: each statement stands alone."""
        async with self._acquire() as connection:
            yield connection

    @asynccontextmanager
    async def _acquire(self) -> AsyncGenerator[Connection]:
        assert self._pool is not None, "the database is used before open()"
        pool = self._pool
        try:
            connection = await pool.acquire(timeout=CONNECT_TIME_S_MAX)
        except CANNOT_CONNECT as error:
            raise DatabaseUnavailableError(str(error)) from error
        try:
            with translating_lost_session(connection):
                yield connection
        finally:
            # What was done in a session stands, also when it is lost on its way back to the pool.
            with suppress(*IN_A_LOST_SESSION):
                await pool.release(connection)


async def _leave_as_it_is(_: Connection) -> None:
    """Save a round trip after every use, in which the driver would undo LISTEN, locks and settings.

    None of these is ever done in a pooled session; what needs one has a `dedicated` connection. A
    transaction left open is rolled back all the same.
    """


@contextmanager
def translating_lost_session(connection: Connection) -> Generator[None]:
    """Tell a lost session from our own mistakes: both come in the same classes."""
    try:
        yield
    except IN_A_LOST_SESSION as error:
        if _has_ended_session(error) or _is_lost(connection):
            raise DatabaseUnavailableError(str(error)) from error
        raise


def _has_ended_session(error: BaseException | None) -> bool:
    """Also when the error came up while what a lost session had begun was to be undone."""
    while error is not None:
        if isinstance(error, SESSION_ENDED):
            return True
        error = error.__context__
    return False


def _is_lost(connection: Connection) -> bool:
    try:
        return connection.is_closed()
    except exceptions.InterfaceError:
        return True  # the pool takes back a lost connection while it is still in use


def columns(rows: Sequence[Sequence[Any]], count: int) -> list[tuple[Any, ...]]:
    """Rows turned into the `count` arrays that one `unnest` takes."""
    return list(zip(*rows, strict=True)) if rows else [()] * count
