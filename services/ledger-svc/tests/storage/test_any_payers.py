"""The law of payers: whatever came, and how late, each paid what the journal says, on any day."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

from fundmix_events.base import FundingEvent
from fundmix_events.channel import Channel
from fundmix_events.money import text_from_minor
from fundmix_events.testing import gift_samples, ledger_samples, samples
from fundmix_events.testing.samples import AGENCY, BUYER, FOUNDATION, OTHER_AGENCY
from fundmix_kit.database import Connection, Database
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.schema import migrated_by
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler
from ledger_svc.consumer import CODEC
from ledger_svc.domain.reading import Payer
from ledger_svc.domain.selections import Selection, Side
from ledger_svc.storage import lookups
from ledger_svc.storage.readings import read_payers
from pydantic import PostgresDsn

AGENCIES: Final = st.sampled_from([AGENCY, AGENCY, OTHER_AGENCY])
PAYERS: Final = st.sampled_from([BUYER, FOUNDATION])
JANUARY_1: Final = date(2024, 1, 1)
# Few, so that events meet on a day, in a month and behind closes; one is of the year before.
DAYS: Final = (
    date(2023, 12, 31),
    JANUARY_1,
    date(2024, 1, 31),
    date(2024, 2, 14),
    date(2024, 2, 15),
    date(2024, 2, 29),
    date(2024, 12, 31),
)
ASKED: Final = (*DAYS, date(2024, 1, 30), date(2024, 2, 13), date(2024, 3, 1))
OF_THE_JOURNAL: Final = """
    SELECT e.agency, e.payer, a.channel, sum(p.amount_minor)::bigint AS amount_minor
    FROM journal_entry e JOIN posting p USING (seq) JOIN account a USING (account_id)
    WHERE e.payer IS NOT NULL AND a.code = 'assets:bank' AND e.value_on BETWEEN $1 AND $2
      AND (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date <= $3
      AND ($4::text IS NULL OR e.agency = $4)
    GROUP BY e.agency, e.payer, a.channel HAVING sum(p.amount_minor) <> 0
    ORDER BY e.agency, e.payer, a.channel
"""
BANK_ACCOUNTS: Final = "SELECT account_id FROM account WHERE code = 'assets:bank'"


@st.composite
def paying(draw: st.DrawFn) -> FundingEvent:
    """Something that is paid, or that undoes a payment on the day it had."""
    amount, day = text_from_minor(draw(st.integers(1, 500))), draw(st.sampled_from(DAYS))
    agency, payer = draw(AGENCIES), draw(PAYERS)
    channel = draw(st.sampled_from([Channel.GOVERNMENT, Channel.FOUNDATION]))
    builders: tuple[Callable[[], FundingEvent], ...] = (
        lambda: samples.instalment_paid(amount, agency=agency, buyer=payer, paid_on=day),
        lambda: samples.payment_reversed(
            amount, agency=agency, buyer=payer, paid_on=day, reversed_on=max(DAYS)
        ),
        lambda: samples.recovery_received(amount, agency=agency, buyer=payer, received_on=day),
        lambda: samples.donation_received(
            amount, agency=agency, channel=channel, given_on=min(DAYS), received_on=day
        ),
        lambda: gift_samples.donation_refunded(amount, agency=agency, refunded_on=day),
        lambda: gift_samples.donation_reversed(
            amount, agency=agency, given_on=min(DAYS), received_on=day
        ),
        lambda: ledger_samples.income_approved(amount, payer=payer, received_on=day),
        lambda: ledger_samples.expenditure_approved(amount, spent_on=day),
    )
    return draw(st.sampled_from(builders))()


CLOSES: Final = st.builds(ledger_samples.close_approved, st.just(202401))
# What is posted on one day is one list; what is posted later may be of any day before.
POSTED: Final = st.lists(
    st.lists(
        st.one_of(paying(), paying(), paying(), CLOSES),
        max_size=8,
    ),
    min_size=1,
    max_size=4,
)


async def assert_payers_are_of_the_journal(
    connection: Connection, *, on: date, as_of: date | None, agency: str | None
) -> int:
    expected = [
        Payer(agency, payer, Channel(channel), amount)
        for agency, payer, channel, amount in await connection.fetch(
            OF_THE_JOURNAL, JANUARY_1, on, as_of or date.max, agency
        )
    ]
    assert (
        await read_payers(connection, first=JANUARY_1, last=on, as_of=as_of, agency=agency)
        == expected
    )
    return len(expected)


async def assert_sums_are_of_the_journal(
    connection: Connection, *, on: date, as_of: date | None
) -> None:
    """What is told as the sum of one payer's money, in whichever sign."""
    account_ids = [account_id for (account_id,) in await connection.fetch(BANK_ACCOUNTS)]
    for payer in (BUYER, FOUNDATION):
        asked = Selection(payer=payer, value_from=JANUARY_1, value_to=on, as_of=as_of)
        of_cash = Selection(
            payer=payer,
            codes=lookups.CASH,
            value_from=JANUARY_1,
            value_to=on,
            as_of=as_of,
            counted_as=Side.CREDIT,
        )
        plain = await lookups.total_behind(connection, asked, account_ids)
        assert -await lookups.total_behind(connection, of_cash, account_ids) == plain


# Unshrunk: a failure is found within the time a test has, and shrinking takes longer.
@settings(max_examples=15, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(posted=POSTED)
async def test_whatever_was_paid_payers_are_those_of_the_journal_on_any_day_as_known_on_any(
    databases: FreshDatabases, posted: Sequence[Sequence[FundingEvent]]
) -> None:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        database = Database(DatabaseSettings(url=PostgresDsn(fresh.url)), application="test")
        await database.open()
        try:
            clock, known_on = FixedClock(), list[date | None]([None])
            inlet = Inlet(database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
            for events in posted:
                await inlet.post(*events)
                known_on.append(clock.today())
                clock.advance(timedelta(days=1))
            found = 0
            async with database.reading() as connection:
                for on in ASKED:
                    for as_of in known_on:
                        await assert_sums_are_of_the_journal(connection, on=on, as_of=as_of)
                        for agency in (None, AGENCY):
                            found += await assert_payers_are_of_the_journal(
                                connection, on=on, as_of=as_of, agency=agency
                            )
            event("somebody paid" if found else "nobody paid")
        finally:
            await database.close()
