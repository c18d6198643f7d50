"""A journal that is taken from its topic is the same journal, to the last figure."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any, Final

import pytest
from fundmix_events.base import FundingEvent
from fundmix_events.ledger import JournalEvent
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.samples import AGENCY
from fundmix_kit.database import Database
from fundmix_kit.inbox import Place
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases
from fundmix_kit.testing.inlet import Inlet, incoming
from fundmix_kit.testing.schema import migrated_by
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.domain.mix import MixQuestion
from ledger_svc.goal_queries import When, read_facts
from ledger_svc.queries import read_mix
from ledger_svc.storage.following import (
    JournalGapError,
    JournalMismatchError,
    follow,
    next_number_by_partition,
    skip_numbers,
)
from ledger_svc.storage.journal import Journal
from ledger_svc.storage.journal_source import journal_events
from ledger_svc.testing.steps import STORIES, Step
from ledger_svc.testing.system import Fails, Said, System, a_system
from ledger_svc.testing.trials.trial import Trial
from ledger_svc.testing.whole_books import assert_kept_as_posted, read_books, read_promises
from pydantic import PostgresDsn

ALL: Final = "SELECT * FROM journal_entry ORDER BY seq"
TODAY: Final = date(2026, 1, 1)
# Partitions follow from ids that are never the same: what is drawn may not depend on them.
SEEDS: Final = st.integers(0, 2**32)
READ_ON: Final = (date(2024, 1, 31), date(2024, 2, 15), date(2024, 3, 31), TODAY)


def a_story() -> list[FundingEvent]:
    """Gifts, a contract, what was used, a late fact behind a barrier, a payment undone."""
    gift = samples.donation_received("900.00", restricted_to="长者助餐", received_on="2024-02-01")
    used = ledger_samples.expenditure_approved(
        "300.00",
        fund_code="purpose:长者助餐",
        draws=(
            ledger_samples.a_lot_movement(
                "300.00", lot_id=gift.donation_id, fund_code="purpose:长者助餐"
            ),
        ),
        spent_on="2024-03-05",
    )
    return [
        samples.contract_signed("1000.00"),
        samples.instalment_paid("400.00"),
        gift,
        used,
        ledger_samples.opening_balance_approved(),
        ledger_samples.close_approved(202403),
        samples.donation_received("50.00", received_on="2024-03-20"),
        samples.payment_reversed(
            "400.00", recognition=samples.a_recognition("0.00", "0.00", "-400.00")
        ),
        ledger_samples.close_approved(202405),
        ledger_samples.income_approved("70.00"),
    ]


def messages_of(events: Sequence[FundingEvent]) -> list[Incoming]:
    numbers: dict[str, int] = {}
    messages: list[Incoming] = []
    for event in events:
        numbers[event.topic] = numbers.get(event.topic, 0) + 1
        messages.append(incoming(event, number=numbers[event.topic]))
    return messages


@asynccontextmanager
async def a_ledger(databases: FreshDatabases) -> AsyncGenerator[Database]:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        database = Database(DatabaseSettings(url=PostgresDsn(fresh.url)), application="test")
        await database.open()
        try:
            yield database
        finally:
            await database.close()


async def deliver(database: Database, messages: Sequence[Incoming]) -> None:
    """Some at a time, each batch a day later."""
    clock = FixedClock()
    for start in range(0, len(messages), 3):
        inlet = Inlet[Prepared](
            database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock
        )
        await inlet.deliver(messages[start : start + 3])
        clock.advance(timedelta(days=1))


async def said_by(database: Database) -> list[JournalEvent]:
    async with database.reading() as connection:
        return await journal_events(connection, await connection.fetch(ALL))


async def follow_in(database: Database, events: Sequence[JournalEvent], *, rows: int) -> None:
    journal = Journal()
    for start in range(0, len(events), rows):
        async with database.transaction() as connection:
            await follow(connection, journal, events[start : start + rows])


@pytest.mark.parametrize("rows", [1, 4, 100])
async def test_an_empty_ledger_becomes_the_one_it_follows(
    databases: FreshDatabases, database: Database, rows: int
) -> None:
    messages = messages_of(a_story())
    await deliver(database, messages)
    said = await said_by(database)

    async with a_ledger(databases) as rebuilt:
        await follow_in(rebuilt, [*said, *said[-3:]], rows=rows)

        assert await read_books(rebuilt) == await read_books(database)
        assert await said_by(rebuilt) == said
        # The topics are read again from their beginnings, and nothing is posted twice.
        await deliver(rebuilt, messages)
        assert await read_books(rebuilt) == await read_books(database)


@pytest.mark.parametrize("rows", [1, 100])
async def test_a_close_that_comes_after_a_later_one_is_followed_as_it_was_posted(
    databases: FreshDatabases, database: Database, rows: int
) -> None:
    late = samples.donation_received("50.00", received_on="2024-01-20")
    story = [*a_story()[:3], ledger_samples.close_approved(202405), late]
    await deliver(database, messages_of([*story, ledger_samples.close_approved(202403), late]))
    said = await said_by(database)

    async with a_ledger(databases) as rebuilt:
        await follow_in(rebuilt, said, rows=rows)

        assert await read_books(rebuilt) == await read_books(database)


async def test_a_restored_backup_goes_on_where_the_journal_ended(
    databases: FreshDatabases, database: Database
) -> None:
    messages = messages_of(a_story())
    await deliver(database, messages)
    later = messages_of([*a_story(), samples.donation_received("1.00")])[-1:]

    async with a_ledger(databases) as backup:
        await deliver(backup, messages[:4])
        # It differs from the other in when it has posted what it has.
        said = [e for e in await said_by(database) if e.seq > 4]
        await follow_in(backup, said, rows=3)
        await deliver(backup, [*messages[3:], *later])
        await deliver(database, later)

        expected = await read_books(database, is_derived_only=True)
        assert await read_books(backup, is_derived_only=True) == expected


async def test_what_does_not_go_on_from_here_is_not_taken(
    databases: FreshDatabases, database: Database
) -> None:
    await deliver(database, messages_of(a_story()))
    said = await said_by(database)

    async with a_ledger(databases) as other:
        with pytest.raises(JournalGapError, match="goes on with entry 3, not 1"):
            await follow_in(other, said[2:], rows=100)

        assert (await read_books(other))["journal_entry"] == []


async def test_totals_that_do_not_follow_from_the_entries_are_noticed(
    databases: FreshDatabases, database: Database
) -> None:
    await deliver(database, messages_of(a_story()))
    said = await said_by(database)
    lie = said[5].model_copy(update={"totals_sha256": "0" * 64})

    async with a_ledger(databases) as other:
        with pytest.raises(JournalMismatchError, match="close at 6"):
            await follow_in(other, [*said[:5], lie], rows=100)


async def test_numbers_that_were_given_are_not_given_again(database: Database) -> None:
    async with database.transaction() as connection:
        await skip_numbers(connection, ("fundmix.ledger-requests", 2), last_number=7)
        await skip_numbers(connection, ("fundmix.ledger-requests", 2), last_number=5)
        row = await connection.fetchrow("SELECT next_number, sent_number FROM outbox_head")
        assert await next_number_by_partition(connection, "fundmix.ledger-requests") == {}

    assert row is not None
    assert tuple(row) == (8, 7)


async def test_the_topics_in_another_order_give_the_same_balances(
    databases: FreshDatabases, database: Database
) -> None:
    story: Any = [event for event in a_story() if event.type != "ledger.close_approved"]
    messages = messages_of(story)
    await deliver(database, messages)
    by_topic = sorted(messages, key=lambda m: (m.topic, m.number), reverse=False)

    async with a_ledger(databases) as other:
        await deliver(other, sorted(by_topic, key=lambda m: m.topic, reverse=True))

        expected = await read_books(database, is_derived_only=True)
        assert await read_books(other, is_derived_only=True) == expected


@asynccontextmanager
async def a_lived(databases: FreshDatabases, steps: Sequence[Step]) -> AsyncGenerator[System]:
    """A ledger in which all kinds of things were done."""
    async with a_system(databases) as system:
        trial = Trial(system, fails=Fails.NOWHERE)
        for step in steps:
            await trial.take(step)
        await trial.finish()
        yield system


def interleaved(logs: Mapping[Place, Sequence[Said]], random: Random) -> list[list[Incoming]]:
    """Batches in which the order within each partition is kept, and no other."""
    waiting = {place: [said.message for said in log] for place, log in sorted(logs.items())}
    batches: list[list[Incoming]] = []
    while places := sorted(place for place, messages in waiting.items() if messages):
        batch: list[Incoming] = []
        for place in random.sample(places, random.randint(1, len(places))):
            some = random.choice([1, 2, 4, len(waiting[place])])
            batch += waiting[place][:some]
            del waiting[place][:some]
        batches.append(batch)
    return batches


async def deliver_batches(database: Database, batches: Sequence[Sequence[Incoming]]) -> None:
    clock = FixedClock()
    inlet = Inlet[Prepared](database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    for batch in batches:
        await inlet.deliver(batch)
        clock.advance(timedelta(days=1))


async def readings_of(database: Database) -> list[Any]:
    """By value date: of the city and of one agency, on days within months and at their ends."""
    found: list[Any] = []
    for agency in (None, AGENCY):
        for day in READ_ON:
            async with database.reading() as connection:
                when = When(on=day, as_of=None, today=TODAY)
                facts = await read_facts(connection, year=2024, agency=agency, when=when)
                # What was late for a month depends on what came before the barrier.
                found.append(replace(facts, booked=None))
            question = MixQuestion(year=2024, agency=agency, on=min(day, date(2024, 12, 31)))
            found.append((await read_mix(database, question)).by_agency)
    return found


# Unshrunk: a failure is found within the time a test has, and shrinking takes longer.
@settings(max_examples=12, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(steps=STORIES, rows=st.integers(1, 40), seed=SEEDS)
async def test_any_journal_is_rebuilt_from_its_topic_as_it_was(
    databases: FreshDatabases, steps: Sequence[Step], rows: int, seed: int
) -> None:
    async with a_lived(databases, steps) as system, a_ledger(databases) as rebuilt:
        said = await said_by(system.database)

        await follow_in(rebuilt, said, rows=rows)

        assert await read_books(rebuilt) == await read_books(system.database)
        assert await said_by(rebuilt) == said
        # The topics are read again from their beginnings, and nothing is posted twice.
        await deliver_batches(rebuilt, interleaved(system.logs, Random(seed)))
        assert await said_by(rebuilt) == said
        await assert_kept_as_posted(rebuilt)
        assert await read_promises(rebuilt) == await read_promises(system.database)
        assert await readings_of(rebuilt) == await readings_of(system.database)


@settings(max_examples=12, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(steps=STORIES, seed=SEEDS)
async def test_the_topics_in_any_other_order_give_the_same_balances_and_readings(
    databases: FreshDatabases, steps: Sequence[Step], seed: int
) -> None:
    async with a_lived(databases, steps) as system, a_ledger(databases) as other:
        await deliver_batches(other, interleaved(system.logs, Random(seed)))

        expected = await read_books(system.database, is_derived_only=True)
        assert await read_books(other, is_derived_only=True) == expected
        assert await read_promises(other) == await read_promises(system.database)
        assert await readings_of(other) == await readings_of(system.database)
        await assert_kept_as_posted(other)
