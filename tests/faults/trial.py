"""One installation through many faults: each test loads another tenth of the city into it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from fundmix_cli.plan import BrokerKind

from tests.faults.books import assert_books
from tests.faults.city import City
from tests.faults.installed import Installed
from tests.faults.loading import Load, loading, registering


class Trial:
    """What was loaded before counts too: a fault must not touch it, long after it was applied."""

    def __init__(self, installed: Installed, parts: Sequence[City]) -> None:
        self.installed = installed
        self._are_books_right = True
        self._parts = list(parts)
        self._loaded = City()

    @property
    def is_usable(self) -> bool:
        return self._are_books_right and bool(self._parts)

    @asynccontextmanager
    async def loading(self) -> AsyncGenerator[Load]:
        """The next part, on its way inside the block; wholly loaded behind it."""
        part = self._parts.pop()
        self._are_books_right = False
        self._loaded += part
        async with loading(self.installed, part) as load:
            yield load

    @asynccontextmanager
    async def registering(self, city: City, *, beside: Load) -> AsyncGenerator[None]:
        """Organisations alone, in step with a load."""
        more = City(organisations=city.organisations)
        self._loaded += more
        async with registering(self.installed, more, beside=beside):
            yield

    async def assert_books(self) -> None:
        await assert_books(self.installed, self._loaded)
        self._are_books_right = True


class Trials:
    """Gives each test an installation whose books are right.

    Starting one takes as long as a test. So they share it; but one in which a test has failed says
    nothing about the next fault, and is replaced.
    """

    def __init__(self, kind: BrokerKind, *, new_home: Callable[[], Path]) -> None:
        self._kind = kind
        self._new_home = new_home
        self._trial: Trial | None = None

    async def usable(self, parts: Sequence[City]) -> Trial:
        """The last one, if another part can be loaded into it; else a new one for these parts."""
        if self._trial is not None and self._trial.is_usable:
            return self._trial
        return await self.new(parts)

    async def new(self, parts: Sequence[City]) -> Trial:
        await self.close()
        self._trial = Trial(Installed(self._new_home(), self._kind), parts)
        await self._trial.installed.start()
        return self._trial

    async def close(self) -> None:
        if self._trial is not None:
            await self._trial.installed.close()
            self._trial = None
