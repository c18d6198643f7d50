"""The law of the ledger: any events, in any split, with any repeats, give the same books."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.donations import DonationKind
from fundmix_events.money import AMOUNT_MINOR_MAX, Money, text_from_minor
from fundmix_events.testing import samples
from fundmix_kit.database import Database
from fundmix_kit.inbox import Place
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases
from fundmix_kit.testing.inlet import Inlet, incoming
from fundmix_kit.testing.schema import migrated_by
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC
from ledger_svc.domain.journal import AccountKey
from ledger_svc.domain.posting_rules import PostableEvent, entry_for
from pydantic import PostgresDsn

AGENCIES: Final = st.sampled_from([samples.AGENCY, samples.OTHER_AGENCY])
BALANCES: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, a.currency, b.amount_minor
    FROM balance b JOIN account a USING (account_id)
"""
PERIOD_BALANCES: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, a.currency, p.period, p.kind, p.amount_minor
    FROM period_balance p JOIN account a USING (account_id)
"""
POSTED: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, a.currency,
           sum(p.amount_minor)::bigint AS amount_minor
    FROM posting p JOIN account a USING (account_id) GROUP BY a.account_id
"""


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happened, where it stands on the topics, and how it is delivered."""

    events: Mapping[UUID, PostableEvent]
    logs: Mapping[Place, Sequence[Incoming]]
    # For each batch a part of each log, chosen freely: from where, and how many messages.
    batches: Sequence[Mapping[Place, tuple[int, int]]]


@st.composite
def postable_events(draw: st.DrawFn) -> PostableEvent:
    amount = draw(st.integers(1, AMOUNT_MINOR_MAX // 100))
    text, agency, day = text_from_minor(amount), draw(AGENCIES), draw(st.dates())
    match draw(st.integers(0, 4)):
        case 0:
            return samples.organisation_registered(code=agency)
        case 1:
            return samples.contract_signed(text, agency=agency, signed_on=day)
        case 2:
            deduction = text_from_minor(draw(st.integers(0, amount)))
            return samples.instalment_paid(text, deduction, agency=agency, paid_on=day)
        case 3:
            return samples.pledge_made(text, agency=agency, pledged_on=day)
        case _:
            return samples.donation_received(
                text,
                agency=agency,
                received_on=day,
                kind=draw(st.sampled_from(DonationKind)),
                restricted_to=draw(st.sampled_from([None, "长者助餐"])),
                fulfils=draw(st.none() | st.just(Money.of(amount))),
            )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    events = {
        UUID(int=place): event
        for place, event in enumerate(draw(st.lists(postable_events(), max_size=12)), start=1)
    }
    logs: dict[Place, list[Incoming]] = defaultdict(list)
    for event_id, event in events.items():
        partition = draw(st.integers(0, 1))
        for _ in range(draw(st.integers(1, 2))):  # the second time under another number
            log = logs[event.topic, partition]
            number = len(log) + 1
            log.append(incoming(event, number=number, partition=partition, event_id=event_id))
    part = st.tuples(st.integers(0, 12), st.integers(0, 12))
    parts = st.fixed_dictionaries({place: part for place in logs})  # noqa: C420  # of one strategy
    return Story(events=events, logs=logs, batches=draw(st.lists(parts, max_size=5)))


def expected_balances(events: Mapping[UUID, PostableEvent]) -> dict[AccountKey, int]:
    totals: dict[AccountKey, int] = {}
    for event_id, event in events.items():
        entry = entry_for(event, event_id=event_id)
        for posting in entry.postings if entry else ():
            totals[posting.account] = totals.get(posting.account, 0) + posting.amount_minor
    return totals


def expected_periods(events: Mapping[UUID, PostableEvent]) -> dict[tuple[Any, ...], int]:
    totals: dict[tuple[Any, ...], int] = {}
    for event_id, event in events.items():
        entry = entry_for(event, event_id=event_id)
        for posting in entry.postings if entry else ():
            assert entry is not None
            place = (*posting.account, entry.period, entry.kind)
            totals[place] = totals.get(place, 0) + posting.amount_minor
    return totals


async def read(database: Database, query: str) -> dict[tuple[Any, ...], int]:
    async with database.reading() as connection:
        return {tuple(key): amount for *key, amount in await connection.fetch(query)}


async def deliver(database: Database, story: Story) -> None:
    clock = FixedClock()
    inlet = Inlet(database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    for parts in story.batches:
        messages = [
            message
            for place, (start, count) in parts.items()
            for message in story.logs[place][start : start + count]
        ]
        await inlet.deliver([*messages, *messages[:3]])
    await inlet.deliver([message for log in story.logs.values() for message in log])


async def assert_books_are(database: Database, events: Mapping[UUID, PostableEvent]) -> None:
    balances = await read(database, BALANCES)
    assert balances == expected_balances(events)
    assert await read(database, PERIOD_BALANCES) == expected_periods(events)
    assert await read(database, POSTED) == balances
    assert sum(balances.values()) == 0
    moving = {event_id for event_id, event in events.items() if is_moving(event)}
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT seq, event_id FROM journal_entry ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(1, len(moving) + 1))
    assert {row["event_id"] for row in rows} == moving


def is_moving(event: FundingEvent) -> bool:
    return not event.type.startswith("registry.")


@settings(max_examples=20, deadline=None)
@given(story=stories())
async def test_any_batches_in_any_split_with_any_repeats_give_the_same_books(
    databases: FreshDatabases, story: Story
) -> None:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        database = Database(DatabaseSettings(url=PostgresDsn(fresh.url)), application="test")
        await database.open()
        try:
            await deliver(database, story)
            await assert_books_are(database, story.events)
        finally:
            await database.close()
