"""The part of asyncpg 0.32 that fundmix uses; the package ships no types."""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from types import TracebackType
from typing import Any, Literal, Self

from asyncpg import exceptions as exceptions
from asyncpg.exceptions import (
    CheckViolationError as CheckViolationError,
)
from asyncpg.exceptions import (
    DeadlockDetectedError as DeadlockDetectedError,
)
from asyncpg.exceptions import (
    InsufficientPrivilegeError as InsufficientPrivilegeError,
)
from asyncpg.exceptions import (
    InterfaceError as InterfaceError,
)
from asyncpg.exceptions import (
    LockNotAvailableError as LockNotAvailableError,
)
from asyncpg.exceptions import (
    PostgresConnectionError as PostgresConnectionError,
)
from asyncpg.exceptions import (
    PostgresError as PostgresError,
)
from asyncpg.exceptions import (
    QueryCanceledError as QueryCanceledError,
)
from asyncpg.exceptions import (
    RaiseError as RaiseError,
)
from asyncpg.exceptions import (
    SerializationError as SerializationError,
)
from asyncpg.exceptions import (
    UniqueViolationError as UniqueViolationError,
)

class Record:
    def __getitem__(self, key: str | int) -> Any: ...
    def get(self, key: str, default: Any = None) -> Any: ...
    def keys(self) -> Iterator[str]: ...
    def values(self) -> Iterator[Any]: ...
    def items(self) -> Iterator[tuple[str, Any]]: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...

class Transaction:
    async def __aenter__(self) -> None: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    async def start(self) -> None: ...
    async def commit(self) -> None: ...
    async def rollback(self) -> None: ...

class Connection:
    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str: ...
    async def executemany(self, command: str, args: Iterable[Sequence[Any]]) -> None: ...
    async def fetch(self, query: str, *args: Any, timeout: float | None = None) -> list[Record]: ...
    async def fetchrow(
        self, query: str, *args: Any, timeout: float | None = None
    ) -> Record | None: ...
    async def fetchval(
        self, query: str, *args: Any, column: int = 0, timeout: float | None = None
    ) -> Any: ...
    def cursor(
        self, query: str, *args: Any, prefetch: int | None = None
    ) -> AsyncIterator[Record]: ...
    async def copy_records_to_table(
        self,
        table_name: str,
        *,
        records: Iterable[Sequence[Any]],
        columns: Sequence[str] | None = None,
        schema_name: str | None = None,
        timeout: float | None = None,
    ) -> str: ...
    def transaction(
        self,
        *,
        isolation: Literal["read_committed", "repeatable_read", "serializable"] | None = None,
        readonly: bool = False,
        deferrable: bool = False,
    ) -> Transaction: ...
    async def add_listener(
        self, channel: str, callback: Callable[[Connection, int, str, str], object]
    ) -> None: ...
    async def remove_listener(
        self, channel: str, callback: Callable[[Connection, int, str, str], object]
    ) -> None: ...
    def add_termination_listener(self, callback: Callable[[Connection], object]) -> None: ...
    def is_in_transaction(self) -> bool: ...
    def is_closed(self) -> bool: ...
    def get_server_pid(self) -> int: ...
    async def close(self, *, timeout: float | None = None) -> None: ...
    def terminate(self) -> None: ...

class PoolAcquireContext:
    async def __aenter__(self) -> Connection: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def __await__(self) -> Generator[Any, None, Connection]: ...

class Pool:
    def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext: ...
    async def release(self, connection: Connection) -> None: ...
    async def close(self) -> None: ...
    def terminate(self) -> None: ...
    def get_size(self) -> int: ...
    def get_idle_size(self) -> int: ...

async def connect(
    dsn: str | None = None,
    *,
    host: str | None = None,
    port: int | None = None,
    user: str | None = None,
    password: str | None = None,
    database: str | None = None,
    timeout: float = 60,
    command_timeout: float | None = None,
    server_settings: Mapping[str, str] | None = None,
) -> Connection: ...
def create_pool(
    dsn: str | None = None,
    *,
    min_size: int = 10,
    max_size: int = 10,
    max_inactive_connection_lifetime: float = 300.0,
    timeout: float = 60,
    command_timeout: float | None = None,
    server_settings: Mapping[str, str] | None = None,
    init: Callable[[Connection], Awaitable[None]] | None = None,
    reset: Callable[[Connection], Awaitable[None]] | None = None,
) -> Awaitable[Pool]: ...

__all__ = [
    "Connection",
    "Pool",
    "PoolAcquireContext",
    "Record",
    "Self",
    "Transaction",
    "connect",
    "create_pool",
    "exceptions",
]
