"""One process of a service: any of its parts, behind one HTTP port, ended cleanly by a signal."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager, AsyncExitStack, nullcontext
from typing import Final

import structlog
import uvicorn
from fundmix_events.codec import Codec
from starlette.types import ASGIApp

from fundmix_kit import garbage
from fundmix_kit.auth import TokenVerifier
from fundmix_kit.backoff import Backoff
from fundmix_kit.clock import SystemClock
from fundmix_kit.consumer import Consumer
from fundmix_kit.database import Database, DatabaseUnavailableError
from fundmix_kit.delivery import Handler, PreparedT
from fundmix_kit.health import CheckResult, Health, database_check
from fundmix_kit.metrics import EventMetrics, Metrics
from fundmix_kit.relay import Relay, RelaySource
from fundmix_kit.settings import ProcessSettings
from fundmix_kit.wake import Waker

log = structlog.get_logger()

STOP_TIME_S_MAX: Final = 8
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class PartEndedError(Exception):
    """A part came to an end, which it never does of its own accord: our mistake."""

    code = "part_ended"


class Process:
    """Collects what runs in this process; `serve` runs it until a signal or a failure."""

    def __init__(self, name: str, settings: ProcessSettings) -> None:
        self.name = name
        self.settings = settings
        self.clock = SystemClock()
        self.database = Database(settings.database, application=name)
        self.verifier = TokenVerifier(settings.auth, clock=self.clock)
        self.health = Health()
        self.metrics = Metrics()
        self._event_metrics = EventMetrics(self.metrics)
        self._loops: dict[str, Callable[[], Coroutine[None, None, None]]] = {}
        self.health.add("database", database_check(self.database))
        self._loops["waker"] = Waker(self.database).run

    def add_relay(
        self,
        source: RelaySource,
        partitions: Mapping[str, int],
        *,
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """With `after`, it begins when that has come to its end."""
        relay = Relay(
            database=self.database,
            kafka=self.settings.kafka,
            settings=self.settings.relay,
            source=source,
            partitions=partitions,
            clock=self.clock,
            metrics=self._event_metrics,
        )
        self._loops["relay"] = _begun_after(after, relay.run)
        self.health.add("relay", _check_of(relay.check))

    def add_consumer(
        self,
        handler: Handler[PreparedT],
        *,
        codec: Codec,
        partitions: Mapping[str, int],
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """With `after`, it begins when that has come to its end."""
        consumer = Consumer(
            database=self.database,
            kafka=self.settings.kafka,
            settings=self.settings.consumer,
            group=self.name,
            partitions=partitions,
            codec=codec,
            handler=handler,
            clock=self.clock,
            metrics=self._event_metrics,
        )
        self._loops["consumer"] = _begun_after(after, consumer.run)
        self.health.add("consumer", _check_of(consumer.check))

    def add_loop(
        self,
        name: str,
        loop: Callable[[], Coroutine[None, None, None]],
        *,
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """A part of the service's own: it runs until it is cancelled, begun as the others are."""
        self._loops[name] = _begun_after(after, loop)

    async def serve(self, app: ASGIApp) -> None:
        """Run until SIGTERM or SIGINT; a part that fails ends the process with its error."""
        server = _Server(
            uvicorn.Config(
                app,
                host=self.settings.http.host,
                port=self.settings.http.port,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_TIME_S_MAX,
            )
        )
        for stop_signal in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(stop_signal, server.stop)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self.verifier.close)
            await self._open_database(server)
            stack.push_async_callback(self.database.close)
            async with asyncio.TaskGroup() as group:
                loops = [group.create_task(self._run(name)) for name in self._loops]
                log.info("process_started", parts=list(self._loops), port=self.settings.http.port)
                garbage.settle()
                await server.serve()
                for loop in loops:
                    loop.cancel()
        log.info("process_stopped")

    async def _run(self, name: str) -> None:
        try:
            await until_cancelled(self._loops[name]())
        except Exception as error:
            log.exception("part_failed", part=name, reason=getattr(error, "code", None))
            raise

    async def _open_database(self, server: "_Server") -> None:
        backoff = Backoff()
        while not server.should_exit:
            try:
                await self.database.open()
            except DatabaseUnavailableError as error:
                log.warning("database_awaited", detail=str(error))
                await backoff.wait()
            else:
                return


class _Server(uvicorn.Server):
    """Leaves the signals to the process, whose other parts have to end cleanly too."""

    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # the base writes it as a generator
        return nullcontext()

    def stop(self) -> None:
        self.should_exit = True


async def until_cancelled(loop: Coroutine[None, None, None]) -> None:
    """Raises PartEndedError when the loop ends without our asking: else nobody would notice."""
    task = asyncio.current_task()
    assert task is not None, "a loop runs in a task"
    try:
        await loop
    except asyncio.CancelledError as error:
        if task.cancelling() > 0:
            raise
        raise PartEndedError("it was cancelled from inside") from error
    raise PartEndedError("it has returned")


def _begun_after(
    first: Callable[[], Awaitable[None]] | None, loop: Callable[[], Coroutine[None, None, None]]
) -> Callable[[], Coroutine[None, None, None]]:
    async def run() -> None:
        if first is not None:
            await first()
        await loop()

    return run


def _check_of(
    check: Callable[[], Awaitable[tuple[bool, str]]],
) -> Callable[[], Awaitable[CheckResult]]:
    async def run() -> CheckResult:
        is_ok, detail = await check()
        return CheckResult(is_ok=is_ok, detail=detail)

    return run
