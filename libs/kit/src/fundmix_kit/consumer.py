"""The consumer: delivers each event to a handler once, in the order of the numbers."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from asyncpg import exceptions
from fundmix_events.codec import Codec

from fundmix_kit import kafka as broker_client
from fundmix_kit.backoff import Backoff
from fundmix_kit.clock import Clock
from fundmix_kit.database import Database, DatabaseUnavailableError
from fundmix_kit.delivery import Batch, Handler, PreparedT, apply_batch, prepare
from fundmix_kit.inbox import Place, StalePositionError, read_positions
from fundmix_kit.incoming import incoming_of
from fundmix_kit.kafka import Admin, BrokerUnavailableError, admin
from fundmix_kit.metrics import EventMetrics
from fundmix_kit.numbering import PartitionProgress, sort_messages
from fundmix_kit.settings import ConsumerSettings, KafkaSettings
from fundmix_kit.watchdog import BrokerLostLogError, ConsumerStalledError, Watchdog

log = structlog.get_logger()

POLL_MS: Final = 100
COMMIT_EVERY_S: Final = 1.0
# Less than a millisecond of work; a pause takes as long as a quarter of a message.
MESSAGES_BETWEEN_YIELDS: Final = 8

# Lost a race for a lock, or ran into one of the limits that every session has.
LOST_RACE: Final = (
    exceptions.DeadlockDetectedError,
    exceptions.LockNotAvailableError,
    exceptions.QueryCanceledError,
    exceptions.SerializationError,
)
PASSING: Final = (
    DatabaseUnavailableError,
    BrokerUnavailableError,
    BrokerLostLogError,
    ConsumerStalledError,
    StalePositionError,
    *LOST_RACE,
)


class Consumer(Generic[PreparedT]):
    """One member of a service's consumer group.

    Every member may be replaced at any moment: what was applied, and what is due, is known by the
    database alone.
    """

    def __init__(
        self,
        *,
        database: Database,
        kafka: KafkaSettings,
        settings: ConsumerSettings,
        group: str,
        partitions: Mapping[str, int],
        codec: Codec,
        handler: Handler[PreparedT],
        clock: Clock,
        metrics: EventMetrics,
    ) -> None:
        self._database = database
        self._kafka = kafka
        self._settings = settings
        self._group = group
        self._partitions = partitions
        self._codec = codec
        self._handler = handler
        self._clock = clock
        self._metrics = metrics
        self._cluster_id = ""
        self._progress: dict[Place, PartitionProgress] = {}
        self._is_rejoined = False
        self._state = "starts"
        self._is_ready = False

    async def check(self) -> tuple[bool, str]:
        """For /readyz: not ready while away from the broker, and while a number is missing."""
        gaps = [
            f"{topic}/{partition} waits for number {p.next_number}, sees {p.gap_number}"
            for (topic, partition), p in sorted(self._progress.items())
            if p.gap_offset is not None
        ]
        return self._is_ready and not gaps, "; ".join(gaps) or self._state

    async def run(self) -> None:
        """Consume until cancelled; passing failures are waited out, all others end the process."""
        backoff = Backoff()
        while True:
            try:
                await self._session(backoff)
            except PASSING as error:
                reason = getattr(error, "code", type(error).__name__)
                self._is_ready, self._state = False, reason
                log.warning("consumer_interrupted", reason=reason, detail=str(error))
                await backoff.wait()

    async def _session(self, backoff: Backoff) -> None:
        """From joining the group until something makes this member join anew."""
        async with admin(self._kafka) as broker:
            self._cluster_id = await broker.cluster_id()
            await broker.ensure_topics(self._partitions)
            self._progress, self._is_rejoined = {}, False
            async with broker_client.consumer(
                self._kafka,
                group=self._group,
                topics=list(self._partitions),
                listener=_Rejoining(self._rejoin),
            ) as client:
                await self._read(client, broker, backoff)

    def _rejoin(self) -> None:
        self._is_rejoined = True

    async def _read(self, client: AIOKafkaConsumer, broker: Admin, backoff: Backoff) -> None:
        """Read, prepare and apply; the next batch is prepared while the last one is written."""
        watchdog = Watchdog(
            client, broker, cluster_id=self._cluster_id, stall_ms_max=self._settings.stall_ms_max
        )
        writing: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        watch_at, commit_at = loop.time(), loop.time() + COMMIT_EVERY_S
        try:
            while True:
                with broker_client.translating_broker_errors():
                    records = await client.getmany(
                        timeout_ms=POLL_MS, max_records=self._settings.batch_rows_max
                    )
                if self._is_rejoined:
                    if writing is not None:
                        await writing
                        writing = None
                    await self._seek_to_what_is_due(client)
                    continue  # what was read belongs to the place before
                batch = await self._prepare(client, records) if records else None
                if writing is not None and (batch is not None or writing.done()):
                    await writing
                    writing = None
                    backoff.reset()
                if batch is not None:
                    writing = asyncio.create_task(self._apply(batch))
                if loop.time() >= watch_at:
                    await watchdog.check(waits=self._waiting())
                    watch_at = loop.time() + self._settings.watch_interval_ms / 1000
                    self._is_ready, self._state = True, "consumes"
                if loop.time() >= commit_at:
                    await self._commit_hints(client)
                    commit_at = loop.time() + COMMIT_EVERY_S
        finally:
            if writing is not None:
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)

    async def _seek_to_what_is_due(self, client: AIOKafkaConsumer) -> None:
        """After every (re)joining the database says where to go on; what Kafka kept is ignored."""
        self._is_rejoined = False
        async with self._database.reading() as connection:
            positions = await read_positions(connection, cluster_id=self._cluster_id)
        self._progress = {}
        for assigned in client.assignment():
            place = (assigned.topic, assigned.partition)
            progress = positions.get(place, PartitionProgress(next_number=1))
            self._progress[place] = progress
            await _seek(client, place, progress.offset_hint)
        log.info("consumer_joined", partitions=len(self._progress), cluster_id=self._cluster_id)

    async def _prepare(
        self,
        client: AIOKafkaConsumer,
        records: Mapping[TopicPartition, Sequence[ConsumerRecord]],
    ) -> Batch[PreparedT]:
        batch: Batch[PreparedT] = Batch()
        for assigned, messages in records.items():
            place = (assigned.topic, assigned.partition)
            progress = self._progress.get(place)
            if progress is None:
                continue  # taken away while it was read
            result = sort_messages(progress, (incoming_of(m) for m in messages))
            batch.add(place, before=progress, result=result)
            for count, message in enumerate(result.due):
                prepare(batch, message, codec=self._codec, handler=self._handler)
                if count % MESSAGES_BETWEEN_YIELDS == 0:
                    await asyncio.sleep(0)  # heartbeats and requests go on
            self._progress[place] = result.after
            if result.seek_to is not None:
                await _seek(client, place, result.seek_to)
        return batch

    async def _apply(self, batch: Batch[PreparedT]) -> None:
        await apply_batch(
            self._database,
            batch,
            handler=self._handler,
            cluster_id=self._cluster_id,
            now=self._clock.now(),
        )
        for (topic, partition), progress in batch.after.items():
            self._metrics.next_number.labels(topic, str(partition)).set(progress.next_number)

    def _waiting(self) -> set[Place]:
        return {place for place, p in self._progress.items() if p.gap_offset is not None}

    async def _commit_hints(self, client: AIOKafkaConsumer) -> None:
        """Only for those who watch the lag: nothing is read back from here."""
        owned = client.assignment()
        offsets = {
            TopicPartition(topic, partition): progress.offset_hint
            for (topic, partition), progress in self._progress.items()
            if progress.offset_hint > 0 and TopicPartition(topic, partition) in owned
        }
        if not offsets:
            return
        try:
            with broker_client.translating_broker_errors():
                await client.commit(offsets)
        except BrokerUnavailableError as error:
            log.info("hints_not_committed", detail=str(error))


class _Rejoining(ConsumerRebalanceListener):
    """Says that partitions were given or taken; the loop does the rest.

    A failure in here would only be logged by the client, and a wait could block its heartbeats.
    """

    def __init__(self, rejoin: Any) -> None:
        self._rejoin = rejoin

    def on_partitions_revoked(self, revoked: object) -> None:
        """What is applied is fenced by the numbers, so nothing has to end here."""

    def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002  # the client names it
        self._rejoin()


async def _seek(client: AIOKafkaConsumer, place: Place, offset: int) -> None:
    assigned = TopicPartition(*place)
    if assigned not in client.assignment():
        return  # the coming rejoin seeks anew
    if offset == 0:
        with broker_client.translating_broker_errors():
            await client.seek_to_beginning(assigned)
    else:
        client.seek(assigned, offset)
