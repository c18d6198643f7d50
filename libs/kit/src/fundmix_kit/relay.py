"""The relay: gives each event its dense number, and sends events in that order, at least once."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaProducer

from fundmix_kit.backoff import Backoff
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database, DatabaseUnavailableError
from fundmix_kit.kafka import (
    Admin,
    BrokerUnavailableError,
    admin,
    producer,
    translating_broker_errors,
)
from fundmix_kit.metrics import EventMetrics
from fundmix_kit.settings import KafkaSettings, RelaySettings
from fundmix_kit.wake import WAKE_CHANNEL

log = structlog.get_logger()

RELAY_LOCK: Final = 0x66756E6472656C  # "fundrel": one relay of a database at a time
TRY_LOCK: Final = "SELECT pg_try_advisory_lock($1)"
READ_STATE: Final = "SELECT cluster_id, is_rebuild_asked FROM relay_state WHERE id = 1"
SAVE_STATE: Final = "UPDATE relay_state SET cluster_id = $1, is_rebuild_asked = false WHERE id = 1"
ASK_REBUILD: Final = "UPDATE relay_state SET is_rebuild_asked = true WHERE id = 1"
# A relay that is silent for this long is paused or cut off; the server then frees its lock.
SILENCE_MS_MAX: Final = 10_000
STANDBY_WAIT_MS: Final = 250
CLUSTER_CHECK_MS: Final = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Outgoing:
    """One message, ready to be sent."""

    topic: str
    partition: int
    number: int
    key: bytes
    headers: Sequence[tuple[str, bytes]]
    value: bytes


class RelaySource(Protocol):
    """Where events wait to be sent: an outbox, or the journal that is its own outbox."""

    async def fresh(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        """New events, numbered durably, in that order; asked when nothing else is unsent."""
        ...

    async def unsent(self, connection: Connection, *, rows_max: int) -> Sequence[Outgoing]:
        """Events that were numbered before and not surely sent, in the order of their numbers."""
        ...

    async def mark_sent(self, connection: Connection, sent: Mapping[tuple[str, int], int]) -> None:
        """Remember the last number that is surely sent, by topic and partition."""
        ...

    async def forget_sent(self, connection: Connection) -> None:
        """Have everything sent again."""
        ...


class Relay:
    def __init__(
        self,
        *,
        database: Database,
        kafka: KafkaSettings,
        settings: RelaySettings,
        source: RelaySource,
        partitions: Mapping[str, int],
        clock: Clock,
        metrics: EventMetrics,
    ) -> None:
        self._database = database
        self._kafka = kafka
        self._settings = settings
        self._source = source
        self._partitions = partitions
        self._clock = clock
        self._metrics = metrics
        self._state = "starts"
        self._is_ready = False
        self._woken = asyncio.Event()
        # Whether events may be numbered and not sent: so it is after every failure.
        self._is_behind = True

    async def check(self) -> tuple[bool, str]:
        """For /readyz: whether this relay does its part, and what it does."""
        return self._is_ready, self._state

    async def run(self) -> None:
        """Relay until cancelled; passing failures are waited out."""
        backoff = Backoff()
        while True:
            try:
                async with self._leading() as connection:
                    await self._serve(connection, backoff)
            except (DatabaseUnavailableError, BrokerUnavailableError) as error:
                self._say(is_ready=False, state=error.code)
                log.warning("relay_interrupted", reason=error.code, detail=str(error))
                await backoff.wait()

    def _say(self, *, is_ready: bool, state: str) -> None:
        if state != self._state:
            log.info("relay_state", state=state)
        self._is_ready, self._state = is_ready, state

    @asynccontextmanager
    async def _leading(self) -> AsyncGenerator[Connection]:
        """A session that holds the relay's lock.

        All that the relay writes goes through it: losing the session is losing the right to write.
        """
        async with self._database.dedicated(idle_time_ms_max=SILENCE_MS_MAX) as connection:
            while not await connection.fetchval(TRY_LOCK, RELAY_LOCK):
                self._say(is_ready=True, state="stands by")
                await asyncio.sleep(STANDBY_WAIT_MS / 1000)
            await connection.add_listener(WAKE_CHANNEL, self._wake)
            yield connection

    def _wake(self, *_notification: object) -> None:
        self._woken.set()

    async def _serve(self, connection: Connection, backoff: Backoff) -> None:
        self._is_behind = True
        async with admin(self._kafka) as broker:
            await self._provide_topics(connection, broker)
            async with producer(self._kafka) as sender:
                loop = asyncio.get_running_loop()
                check_at = loop.time()
                while True:
                    self._woken.clear()
                    if loop.time() >= check_at:
                        await self._follow_cluster(connection, broker)
                        check_at = loop.time() + CLUSTER_CHECK_MS / 1000
                    moved = await self._pass(connection, sender)
                    self._say(is_ready=True, state="relays")
                    backoff.reset()
                    if moved == 0:
                        await self._wait()

    async def _wait(self) -> None:
        # Not wait_for: before Python 3.12 it loses a cancellation that comes with the wake.
        try:
            async with asyncio.timeout(self._settings.idle_wait_ms / 1000):
                await self._woken.wait()
        except TimeoutError:
            return  # the slow poll behind the wake

    async def _follow_cluster(self, connection: Connection, broker: Admin) -> None:
        """Notice another broker than the one that has what we sent, and a wish to send again."""
        cluster_id = await broker.cluster_id()
        state = await connection.fetchrow(READ_STATE)
        assert state is not None, "the migration makes the relay's one row"
        is_new = state["cluster_id"] not in (None, cluster_id)
        if is_new and not (state["is_rebuild_asked"] or self._kafka.republish_on_new_cluster):
            raise BrokerUnavailableError(
                f"cluster {cluster_id} is not the one that has our events ({state['cluster_id']}):"
                " fundmix topics rebuild sends them again"
            )
        if state["cluster_id"] == cluster_id and not state["is_rebuild_asked"]:
            return
        is_remade = await self._provide_topics(connection, broker, is_new=is_new)
        async with connection.transaction():
            if is_new or state["is_rebuild_asked"]:
                log.warning("republishing", cluster_id=cluster_id, asked=state["is_rebuild_asked"])
                await self._source.forget_sent(connection)
                self._is_behind = True
            await connection.execute(SAVE_STATE, cluster_id)
        if is_remade:
            raise BrokerUnavailableError("topics were made anew: another producer has to find them")

    async def _provide_topics(
        self, connection: Connection, broker: Admin, *, is_new: bool = False
    ) -> bool:
        """Whether they had to be made anew: then all is to be sent again.

        So they are on a new broker. A producer that has connected to it by itself may have sent to
        topics that were just being made, and Tansu then gives the same offsets twice: of what is
        sent later some is confirmed and never read.
        """
        if not self._kafka.may_remake_topics:
            await broker.ensure_topics(self._partitions)
            return False
        wrong = await broker.create_topics(self._partitions)
        unfit = self._partitions if is_new else wrong
        is_remade = bool(unfit)
        while unfit:
            # Before anything is deleted: a relay that is killed in between sends all the same.
            await self._source.forget_sent(connection)
            await broker.remake_topics(unfit, self._partitions)
            # Whoever asks about a topic right after it is deleted has the broker make it once more.
            unfit = await broker.create_topics(self._partitions)
        return is_remade

    async def _next(self, connection: Connection) -> Sequence[Outgoing]:
        """What an earlier pass has left comes before what is new."""
        rows_max = self._settings.batch_rows_max
        if self._is_behind:
            batch = await self._source.unsent(connection, rows_max=rows_max)
            if batch:
                return batch
            self._is_behind = False
        return await self._source.fresh(connection, rows_max=rows_max)

    async def _pass(self, connection: Connection, sender: AIOKafkaProducer) -> int:
        """Number, send, mark. A crash between any two of them sends again, never skips."""
        batch = await self._next(connection)
        if not batch:
            return 0
        with translating_broker_errors():
            confirmations = [
                await sender.send(
                    row.topic,
                    value=row.value,
                    key=row.key,
                    partition=row.partition,
                    headers=list(row.headers),
                    timestamp_ms=int(self._clock.now().timestamp() * 1000),
                )
                for row in batch
            ]
        outcomes = await asyncio.gather(*confirmations, return_exceptions=True)
        sent = surely_sent(batch, [isinstance(outcome, BaseException) for outcome in outcomes])
        if sent:
            await self._source.mark_sent(connection, sent)
        for (topic, partition), number in sent.items():
            self._metrics.sent_number.labels(topic, str(partition)).set(number)
        log.debug("relayed", events=len(batch), partitions=len(sent))
        failed = next((o for o in outcomes if isinstance(o, BaseException)), None)
        if failed is not None:
            raise BrokerUnavailableError(f"{type(failed).__name__}: {failed}") from failed
        return len(batch)


def surely_sent(
    batch: Sequence[Outgoing], has_failed: Sequence[bool]
) -> dict[tuple[str, int], int]:
    """The last number before the first failure of each partition.

    What was confirmed after a failure is sent again, in order: else the failed one would stand
    behind its successors in the log with nobody to send those once more.
    """
    sent: dict[tuple[str, int], int] = {}
    broken: set[tuple[str, int]] = set()
    for row, failed in zip(batch, has_failed, strict=True):
        place = (row.topic, row.partition)
        if failed:
            broken.add(place)
        if place not in broken:
            sent[place] = row.number
    return sent
