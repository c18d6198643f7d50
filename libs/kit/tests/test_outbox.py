"""Events appended one by one or all at once are the same to who sends them."""

from typing import ClassVar, Final

from fundmix_events.base import FundingEvent
from fundmix_events.envelope import Actor
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox, OutboxSource
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock
from pydantic import PostgresDsn

ORIGIN: Final = Origin(actor=Actor(subject="tester", role="admin"), correlation_id="c-1")


class Counted(FundingEvent):
    type: ClassVar[str] = "test.counted"
    topic: ClassVar[str] = "test.counted"

    count: int

    @property
    def key(self) -> str:
        return f"key-{self.count % 3}"


async def test_many_events_at_once_are_sent_as_if_each_had_been_appended(
    kit_database: ServiceDatabase,
) -> None:
    outbox = Outbox(source="/test", partitions={Counted.topic: 2}, clock=FixedClock())
    events = [Counted(aggregate_version=1, count=count) for count in range(20)]
    database = Database(DatabaseSettings(url=PostgresDsn(kit_database.url)), application="test")
    await database.open()
    try:
        async with database.transaction() as connection:
            for event in events:
                await outbox.append(connection, event, ORIGIN)
            await outbox.append_all(connection, [(event, ORIGIN) for event in events])
            await outbox.append_all(connection, [])
            fresh = await OutboxSource().fresh(connection, rows_max=1_000)
    finally:
        await database.close()

    for partition in (0, 1):
        sent = [row for row in fresh if row.topic == Counted.topic and row.partition == partition]
        half = len(sent) // 2
        assert [row.number for row in sent] == list(range(1, 2 * half + 1))
        assert [(row.key, row.value) for row in sent[:half]] == [
            (row.key, row.value) for row in sent[half:]
        ]
    assert sum(row.topic == Counted.topic for row in fresh) == 2 * len(events)
