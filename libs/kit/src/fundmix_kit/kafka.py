"""The only module that knows aiokafka: settings, topics, producers and consumers."""

import asyncio
import ssl
import struct
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import structlog
from aiokafka import (
    AIOKafkaConsumer,
    AIOKafkaProducer,
    ConsumerRebalanceListener,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from fundmix_kit.settings import KafkaSettings

log = structlog.get_logger()

REQUEST_TIME_MS_MAX: Final = 10_000
# Longer than a request: what a client has yet to hear while it stops, it has heard by then.
STOP_TIME_S_MAX: Final = 12.0
CONNECT_BACKOFF_MS: Final = 50
MURMUR_SEED: Final = 0x9747B28C
MURMUR_FACTOR: Final = 0x5BD1E995
WORD: Final = 0xFFFFFFFF
RETENTION_WITHOUT_END: Final = {"retention.ms": "-1", "retention.bytes": "-1"}


class BrokerUnavailableError(Exception):
    """The broker cannot be reached, or not trusted, for now; the same call may work later."""

    code = "broker_unavailable"


def _options(settings: KafkaSettings) -> dict[str, Any]:
    password = settings.sasl_password
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "security_protocol": settings.security_protocol,
        "request_timeout_ms": REQUEST_TIME_MS_MAX,
        "retry_backoff_ms": CONNECT_BACKOFF_MS,
        "metadata_max_age_ms": 30_000,
    }
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=settings.ca_file)
    if settings.security_protocol.startswith("SASL"):
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.sasl_username
        options["sasl_plain_password"] = password.get_secret_value() if password else None
    return options


@contextmanager
def translating_broker_errors() -> Generator[None]:
    try:
        yield
    except (KafkaError, OSError, TimeoutError) as error:
        raise BrokerUnavailableError(f"{type(error).__name__}: {error}") from error


def partition_of(key: str, *, partitions: int) -> int:
    """The partition Kafka's own clients choose for a key: by its 32-bit MurmurHash2.

    As the client library's own, which takes four times as long, for each event that is written.
    """
    data = key.encode()
    length = len(data)
    state = MURMUR_SEED ^ length
    for word in struct.unpack_from(f"<{length // 4}I", data):
        mixed = word * MURMUR_FACTOR & WORD
        state = state * MURMUR_FACTOR & WORD ^ (mixed ^ mixed >> 24) * MURMUR_FACTOR & WORD
    if rest := data[length & ~3 :]:
        state = (state ^ int.from_bytes(rest, "little")) * MURMUR_FACTOR & WORD
    state = (state ^ state >> 13) * MURMUR_FACTOR & WORD
    return ((state ^ state >> 15) & 0x7FFFFFFF) % partitions


class Admin:
    """What is asked of the broker beside sending and reading."""

    def __init__(self, client: AIOKafkaAdminClient, settings: KafkaSettings) -> None:
        self._client = client
        self._settings = settings

    async def cluster_id(self) -> str:
        """The broker's log as a whole: another id is another, or an emptied, broker.

        Raises BrokerUnavailableError.
        """
        with translating_broker_errors():
            description = await self._client.describe_cluster()
        cluster_id = description.get("cluster_id")
        if not isinstance(cluster_id, str) or not cluster_id:
            raise BrokerUnavailableError("the broker does not say its cluster id")
        return cluster_id

    async def ensure_topics(self, partitions: Mapping[str, int]) -> None:
        """Create the topics that are missing.

        Raises BrokerUnavailableError, also while a topic has another number of partitions: whoever
        publishes it says so, or makes it anew.
        """
        for name, found in (await self.create_topics(partitions)).items():
            raise BrokerUnavailableError(f"{name} has {found} partitions, not {partitions[name]}")

    async def create_topics(self, partitions: Mapping[str, int]) -> dict[str, int]:
        """Create what is missing; topics with another number of partitions, and that number.

        Tansu makes a topic of its own accord when a client asks about it, with four partitions.
        Raises BrokerUnavailableError.
        """
        await self._create(partitions)
        return await self._wrong(partitions)

    async def remake_topics(self, wrong: Mapping[str, int], partitions: Mapping[str, int]) -> None:
        """Delete topics and create them anew. Raises BrokerUnavailableError.

        On a broker that may forget, for whoever publishes them, and sends again what was in them.
        """
        log.warning("topics_made_anew", topics=dict(wrong))
        with translating_broker_errors():
            await self._client.delete_topics(sorted(wrong), timeout_ms=REQUEST_TIME_MS_MAX)
        await self._create({name: partitions[name] for name in wrong})

    async def _create(self, partitions: Mapping[str, int]) -> None:
        topics = [
            NewTopic(
                name=name,
                num_partitions=count,
                replication_factor=self._settings.replication_factor,
                topic_configs=RETENTION_WITHOUT_END,
            )
            for name, count in partitions.items()
        ]
        with translating_broker_errors():
            response = await self._client.create_topics(topics, timeout_ms=REQUEST_TIME_MS_MAX)
            for topic, error_code, *_ in response.topic_errors:
                error = for_code(error_code)
                if error_code != 0 and error is not TopicAlreadyExistsError:
                    raise error(topic)

    async def _wrong(self, partitions: Mapping[str, int]) -> dict[str, int]:
        """Topics that have another number of partitions, and the number."""
        with translating_broker_errors():
            described = await self._client.describe_topics(sorted(partitions))
        return {
            topic["topic"]: len(topic["partitions"])
            for topic in described
            if topic["error_code"] == 0 and len(topic["partitions"]) != partitions[topic["topic"]]
        }


@asynccontextmanager
async def admin(settings: KafkaSettings) -> AsyncGenerator[Admin]:
    """Raises BrokerUnavailableError."""
    client = AIOKafkaAdminClient(**_options(settings))
    try:
        with translating_broker_errors():
            await client.start()
        yield Admin(client, settings)
    finally:
        await _stopped(client.close)


@asynccontextmanager
async def producer(settings: KafkaSettings) -> AsyncGenerator[AIOKafkaProducer]:
    """A producer that loses nothing it confirms. Raises BrokerUnavailableError."""
    client = AIOKafkaProducer(
        **_options(settings),
        acks="all",
        enable_idempotence=settings.is_idempotent,
        max_request_size=4 * 1024 * 1024,
    )
    try:
        with translating_broker_errors():
            await client.start()
        yield client
    finally:
        if not await _stopped(client.stop):
            await _stopped(client.client.close)


@asynccontextmanager
async def partition_client(
    settings: KafkaSettings, *, topic: str, partition: int
) -> AsyncGenerator[AIOKafkaConsumer]:
    """A consumer of one partition without a group, from its beginning.

    Raises BrokerUnavailableError.
    """
    client = AIOKafkaConsumer(
        **_options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=settings.fetch_wait_ms,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    try:
        with translating_broker_errors():
            await client.start()
            client.assign([TopicPartition(topic, partition)])
        yield client
    finally:
        if not await _stopped(client.stop):
            await _stopped(client._client.close)  # noqa: SLF001  # else its connections stay open


@asynccontextmanager
async def consumer(
    settings: KafkaSettings,
    *,
    group: str,
    topics: Sequence[str],
    listener: ConsumerRebalanceListener,
) -> AsyncGenerator[AIOKafkaConsumer]:
    """A consumer that keeps no offsets of its own accord and starts at the beginning when lost.

    Raises BrokerUnavailableError.
    """
    client = AIOKafkaConsumer(
        **_options(settings),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_interval_ms=max(settings.session_timeout_ms // 5, 200),
        max_poll_interval_ms=60_000,
        fetch_max_wait_ms=settings.fetch_wait_ms,
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    client.subscribe(topics, listener=listener)
    try:
        with translating_broker_errors():
            await client.start()
        yield client
    finally:
        if not await _stopped(client.stop):
            await _stopped(client._client.close)  # noqa: SLF001  # else its connections stay open


async def _stopped(stop: Callable[[], Coroutine[Any, Any, None]]) -> bool:
    """Stop a client, whatever happens inside it; whether it came to its end.

    A consumer's `stop` may end as cancelled by itself, which would end whoever waits for it without
    a word; and the client of a broker that has gone may wait for longer than we do.
    """
    stopping = asyncio.create_task(stop())
    await asyncio.wait({stopping}, timeout=STOP_TIME_S_MAX)
    if not stopping.done():
        stopping.cancel()
        reason = f"not within {STOP_TIME_S_MAX:g} s"
    elif stopping.cancelled():
        reason = "cancelled from inside"
    elif error := stopping.exception():
        reason = f"{type(error).__name__}: {error}"
    else:
        return True
    log.warning("client_not_stopped", reason=reason)
    return False
