"""Before the ledger accepts anything, it knows all that its own topics know.

A backup that was restored lacks what came after it, and an empty database lacks everything: the
journal is taken from `fundmix.ledger`, entry by entry as it was, and no number is given twice.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import structlog
from fundmix_events import topics
from fundmix_events.codec import Codec
from fundmix_events.ledger import EntryPosted, JournalEvent, PeriodClosed
from fundmix_kit.backoff import Backoff
from fundmix_kit.database import Database, DatabaseUnavailableError
from fundmix_kit.delivery import decode
from fundmix_kit.health import CheckResult
from fundmix_kit.kafka import BrokerUnavailableError, admin
from fundmix_kit.partition_reader import PartitionReader, reading_partition
from fundmix_kit.problems import RETRY_AFTER_S, ProblemError
from fundmix_kit.settings import KafkaSettings

from ledger_svc.storage import following, journal
from ledger_svc.storage.journal import Journal

log = structlog.get_logger()

CODEC: Final = Codec((EntryPosted, PeriodClosed))
JOURNAL_PARTITION: Final = 0
POLL_S: Final = 0.2


class LedgerBehindError(ProblemError):
    def __init__(self, state: str) -> None:
        super().__init__(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "catching_up",
            f"The ledger does not know yet all that its topics know: it {state}.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )


class CatchingUp:
    """Of one process; `gate` stands before the commands of its API."""

    def __init__(self, *, database: Database, kafka: KafkaSettings, is_follower: bool) -> None:
        self._database = database
        self._kafka = kafka
        # One that has the consumer takes the journal; the others wait for it.
        self._is_follower = is_follower
        self._has_journal = asyncio.Event()
        self._is_done = False
        self._state = "starts"

    def gate(self) -> None:
        """Raises LedgerBehindError."""
        if not self._is_done:
            raise LedgerBehindError(self._state)

    async def check(self) -> CheckResult:
        """For /readyz: others can be ready while they wait for the one that takes the journal."""
        return CheckResult(is_ok=self._is_done or not self._is_follower, detail=self._state)

    async def wait_for_journal(self) -> None:
        """Until the journal here is that of the topic: then events can be consumed and sent."""
        await self._has_journal.wait()

    async def run(self) -> None:
        """Catch up once, then stay idle until cancelled; passing failures are waited out."""
        backoff = Backoff()
        while not self._is_done:
            try:
                await self._catch_up()
            except (BrokerUnavailableError, DatabaseUnavailableError) as error:
                self._state = error.code
                log.warning("catching_up_interrupted", reason=error.code, detail=str(error))
                await backoff.wait()
        await asyncio.Event().wait()

    async def _catch_up(self) -> None:
        async with admin(self._kafka) as broker:
            await broker.ensure_topics(
                {t: topics.PARTITIONS[t] for t in (topics.LEDGER, topics.LEDGER_REQUESTS)}
            )
        await self._catch_up_journal()
        asked = await self._last_numbers()
        await self._skip(asked)
        self._has_journal.set()
        self._state = "waits for what was decided"
        while not await self._has_consumed(asked):  # noqa: ASYNC110  # the consumer's doing
            await asyncio.sleep(POLL_S)
        self._is_done, self._state = True, "knows all that was said"
        log.info("caught_up")

    async def _catch_up_journal(self) -> None:
        async with reading_partition(
            self._kafka, topic=topics.LEDGER, partition=JOURNAL_PARTITION
        ) as reader:
            last = await reader.last_number()
            while (seq := await self._seq()) < last:
                self._state = f"has entry {seq} of {last}"
                if self._is_follower:
                    await self._follow(reader)
                else:
                    await asyncio.sleep(POLL_S)

    async def _follow(self, reader: PartitionReader) -> None:
        written = Journal()
        log.warning("following_journal", seq=await self._seq())
        async for batch in reader.from_beginning():
            events = [decode(message, CODEC).message.event for message in batch]
            async with self._database.transaction() as connection:
                await following.follow(
                    connection, written, [e for e in events if isinstance(e, JournalEvent)]
                )

    async def _seq(self) -> int:
        async with self._database.session() as connection:
            return await connection.fetchval(journal.READ_SEQ)

    async def _last_numbers(self) -> Mapping[int, int]:
        """Of the decisions on the topic, by partition."""
        partitions = range(topics.PARTITIONS[topics.LEDGER_REQUESTS])
        last = await asyncio.gather(*map(self._last_number, partitions))
        return dict(zip(partitions, last, strict=True))

    async def _last_number(self, partition: int) -> int:
        async with reading_partition(
            self._kafka, topic=topics.LEDGER_REQUESTS, partition=partition
        ) as reader:
            return await reader.last_number()

    async def _skip(self, last_numbers: Mapping[int, int]) -> None:
        async with self._database.transaction() as connection:
            for partition, last in sorted(last_numbers.items()):
                if last:
                    await following.skip_numbers(
                        connection, (topics.LEDGER_REQUESTS, partition), last_number=last
                    )

    async def _has_consumed(self, last_numbers: Mapping[int, int]) -> bool:
        async with self._database.session() as connection:
            due = await following.next_number_by_partition(connection, topics.LEDGER_REQUESTS)
        return all(due.get(partition, 1) > last for partition, last in last_numbers.items())
