"""Terms of pledges: kept with the journal, once, and as they were known on each day."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from typing import Any, Final
from uuid import UUID

import asyncpg
from fundmix_events.base import FundingEvent
from fundmix_events.donations import ScheduledPart
from fundmix_events.money import Money
from fundmix_events.testing import gift_samples, samples
from fundmix_kit.database import Database
from fundmix_kit.delivery import decode
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.inlet import Inlet, incoming
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC

PARTS: Final = (
    ScheduledPart(due_on=date(2024, 6, 30), amount=Money.parse("60.00")),
    ScheduledPart(due_on=date(2025, 6, 30), amount=Money.parse("40.00")),
)
TABLES: Final = {
    "pledge_terms": "pledge_id",
    "pledge_part": "number",
    "pledge_movement": "event_id",
}


def life(pledge_id: UUID) -> list[FundingEvent]:
    """Of 100 yuan 30 have come; of those 10 turned out an error; the rest was cancelled."""
    known: dict[str, Any] = {"pledge_id": pledge_id}
    return [
        samples.pledge_made("100.00", schedule=PARTS, **known),
        samples.donation_received("30.00", fulfils=Money.parse("30.00"), **known),
        gift_samples.donation_reversed("10.00", fulfils=Money.parse("10.00"), **known),
        gift_samples.pledge_cancelled("75.00", **known),
    ]


async def pledges(database: Database) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        rows = await connection.fetch(
            """
            SELECT pledged_on, open_minor, (
                SELECT array_agg(p.amount_minor ORDER BY p.number) FROM pledge_part p
                WHERE p.pledge_id = t.pledge_id
            ) AS parts
            FROM pledge_terms t ORDER BY pledge_id
            """
        )
    return [tuple(row) for row in rows]


async def contents(database: Database) -> list[Sequence[Any]]:
    async with database.reading() as connection:
        return [
            tuple(row)
            for table, key in TABLES.items()
            for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY {key}")
        ]


async def test_what_is_open_does_not_depend_on_the_order_of_the_events(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    orders = list(permutations(range(4)))
    for number, order in enumerate(orders):
        events = life(UUID(int=number))
        for place in order:
            await inlet.post(events[place])
    for number, order in enumerate(orders, start=len(orders)):
        events = life(UUID(int=number))
        await inlet.post(*(events[place] for place in order))

    expected = (date(2024, 4, 8), 5_00, [60_00, 40_00])
    assert await pledges(database) == [expected] * 2 * len(orders)


async def test_what_is_open_of_all_pledges_is_what_the_memo_accounts_say(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(*life(UUID(int=1)), samples.pledge_made("7.00", kind="in_kind"))
    await inlet.post(samples.pledge_made("9.00", kind="service"), *life(UUID(int=2))[:2])

    async with database.reading() as connection:
        booked = await connection.fetchval(
            """
            SELECT sum(amount_minor)::bigint FROM balance JOIN account USING (account_id)
            WHERE code = 'commitments:pledge'
            """
        )
    assert booked == sum(row[1] for row in await pledges(database)) == 82_00


async def test_who_reads_the_topic_anew_knows_each_change_once_and_from_the_day_of_its_entry(
    database: Database, inlet: Inlet[Prepared], owner: asyncpg.Connection, clock: FixedClock
) -> None:
    messages = [
        incoming(event, number=number, event_id=UUID(int=number))
        for number, event in enumerate(life(UUID(int=9)), start=1)
    ]
    await inlet.deliver(messages)
    before = await contents(database)
    clock.advance(timedelta(days=9))
    # As where the journal was taken from its own topic, ahead of the events.
    await owner.execute("UPDATE log_head SET followed_seq = next_seq - 1")

    for lost in (True, False):
        if lost:
            await owner.execute("TRUNCATE pledge_terms, pledge_part, pledge_movement")
        handler = LedgerHandler(clock=clock)
        prepared = [handler.prepare(decode(message, CODEC)) for message in messages]
        async with database.transaction() as connection:
            await handler.apply(connection, prepared)

        assert await contents(database) == before
