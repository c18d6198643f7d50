"""The law of the ledger: any events, in any split, with any repeats, give the same books."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC
from ledger_svc.domain.journal import AccountKey, Entry
from ledger_svc.domain.periods import period_of
from ledger_svc.domain.posting_rules import PostableEvent, entry_for
from pydantic import PostgresDsn

AGENCIES: Final = st.sampled_from([samples.AGENCY, samples.OTHER_AGENCY])
# Few, so that events meet in accounts and months.
DAYS: Final = st.sampled_from([date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29)])
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
    batches: Sequence[Sequence[Incoming]]


@st.composite
def postable_events(draw: st.DrawFn) -> PostableEvent:
    amount = draw(st.integers(1, AMOUNT_MINOR_MAX // 100))
    text, agency, day = text_from_minor(amount), draw(AGENCIES), draw(DAYS)
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
                kind=draw(st.sampled_from([DonationKind.CASH, DonationKind.IN_KIND])),
                restricted_to=draw(st.sampled_from([None, "长者助餐"])),
                fulfils=draw(st.none() | st.just(Money.of(amount))),
            )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    events = dict(enumerate(draw(st.lists(postable_events(), max_size=20)), start=1))
    # Some events are said again, later and under another number.
    said_again = draw(st.lists(st.sampled_from(list(events)), max_size=5)) if events else []
    partitions = {event_id: draw(st.integers(0, 1)) for event_id in events}
    logs: dict[Place, list[Incoming]] = defaultdict(list)
    for place in (*events, *said_again):
        event, partition = events[place], partitions[place]
        log = logs[event.topic, partition]
        log.append(
            incoming(event, number=len(log) + 1, partition=partition, event_id=UUID(int=place))
        )
    return Story(
        events={UUID(int=place): event for place, event in events.items()},
        logs=logs,
        batches=draw(st.lists(batches_of(logs), max_size=8)),
    )


@st.composite
def batches_of(draw: st.DrawFn, logs: Mapping[Place, Sequence[Incoming]]) -> list[Incoming]:
    """A part of each log, from anywhere: repeats, what is due, and what lies beyond a gap."""
    messages: list[Incoming] = []
    for log in logs.values():
        start = draw(st.integers(0, len(log) - 1))
        messages += log[start : start + draw(st.integers(0, 5))]
    return [*messages, *draw(st.just(messages[:3]) | st.just([]))]


def expected_balances(events: Mapping[UUID, PostableEvent]) -> dict[AccountKey, int]:
    totals: dict[AccountKey, int] = {}
    for event_id, event in events.items():
        entry = entry_for(event, event_id=event_id)
        for posting in entry.postings if isinstance(entry, Entry) else ():
            totals[posting.account] = totals.get(posting.account, 0) + posting.amount_minor
    return totals


def expected_periods(events: Mapping[UUID, PostableEvent]) -> dict[tuple[Any, ...], int]:
    totals: dict[tuple[Any, ...], int] = {}
    for event_id, event in events.items():
        entry = entry_for(event, event_id=event_id)
        for posting in entry.postings if isinstance(entry, Entry) else ():
            assert isinstance(entry, Entry)
            place = (*posting.account, period_of(entry.value_on), entry.kind)
            totals[place] = totals.get(place, 0) + posting.amount_minor
    return totals


async def read(database: Database, query: str) -> dict[tuple[Any, ...], int]:
    async with database.reading() as connection:
        return {tuple(key): amount for *key, amount in await connection.fetch(query)}


async def deliver(database: Database, story: Story) -> None:
    clock = FixedClock()
    inlet = Inlet(database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    for batch in story.batches:
        await inlet.deliver(batch)
    for log in story.logs.values():
        for start in range(0, len(log), 4):
            await inlet.deliver(log[start : start + 4])


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


# Unshrunk: a failure is found within the time a test has, and shrinking takes longer.
@settings(max_examples=30, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
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
