"""The law of trial balances: any events and any closes, and each line is what the journal says."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final
from uuid import uuid4

from fundmix_events.base import FundingEvent
from fundmix_events.money import AMOUNT_MINOR_MAX, text_from_minor
from fundmix_events.testing import ledger_samples, samples
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
from ledger_svc.storage import trial_balances
from pydantic import PostgresDsn

AGENCIES: Final = st.sampled_from([samples.AGENCY, samples.OTHER_AGENCY])
# Few, over a new year, so that events meet in accounts, months and behind closes.
DAYS: Final = st.sampled_from(
    [date(2023, 11, 30), date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 29)]
)
CLOSED: Final = st.sampled_from([202310, 202311, 202312, 202401, 202402])
MONTHS: Final = (202311, 202312, 202401, 202402, 202403)
SPANS: Final = tuple((first, last) for first in MONTHS for last in MONTHS if first <= last)
BEFORE_ALL: Final = (False, "", 0)
ROWS_MAX: Final = 1000
OF_THE_JOURNAL: Final = """
    SELECT p.account_id, a.agency, a.code LIKE 'commitments:%' AS is_memo,
           coalesce(sum(p.amount_minor) FILTER (WHERE e.period < $1), 0)::bigint AS opening,
           coalesce(sum(p.amount_minor) FILTER (
               WHERE e.period BETWEEN $1 AND $2 AND p.amount_minor > 0), 0)::bigint AS debit,
           coalesce(-sum(p.amount_minor) FILTER (
               WHERE e.period BETWEEN $1 AND $2 AND p.amount_minor < 0), 0)::bigint AS credit,
           coalesce(sum(p.amount_minor) FILTER (WHERE e.period <= $2), 0)::bigint AS closing
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    GROUP BY p.account_id, a.agency, a.code
"""


@st.composite
def bookable(draw: st.DrawFn) -> FundingEvent:
    amount = text_from_minor(draw(st.integers(1, AMOUNT_MINOR_MAX // 100)))
    agency, day = draw(AGENCIES), draw(DAYS)
    restricted_to = draw(st.sampled_from([None, "长者助餐"]))
    # What two persons decided is of the first agency: the samples' legs are its own.
    builders: tuple[Callable[[], FundingEvent], ...] = (
        lambda: samples.contract_signed(amount, agency=agency, signed_on=day),
        lambda: samples.instalment_paid(amount, agency=agency, paid_on=day),
        lambda: samples.donation_received(
            amount, agency=agency, received_on=day, restricted_to=restricted_to
        ),
        lambda: samples.recovery_received(amount, agency=agency, received_on=day),
        lambda: ledger_samples.manual_entry_approved(amount, value_on=day),
        lambda: ledger_samples.reversal_approved(amount, value_on=day, corrects=uuid4()),
        lambda: ledger_samples.expenditure_approved(amount, spent_on=day),
    )
    return draw(st.sampled_from(builders))()


CLOSES: Final = CLOSED.map(ledger_samples.close_approved)
BATCHES: Final = st.lists(
    st.lists(st.one_of(bookable(), bookable(), bookable(), CLOSES), max_size=6), max_size=5
)


async def assert_trial_is_of_the_journal(
    connection: Connection, months: tuple[int, int], agency: str | None
) -> None:
    found = await trial_balances.read_lines(
        connection, months=months, agency=agency, after=BEFORE_ALL, rows_max=ROWS_MAX
    )
    totals = await trial_balances.read_totals(connection, months=months, agency=agency)

    wanted = [
        row
        for row in await connection.fetch(OF_THE_JOURNAL, *months)
        if agency in (None, row["agency"])
    ]
    moved = ("opening", "debit", "credit")
    assert {_line(row) for row in found} == {
        (row["account_id"], *(row[name] for name in (*moved, "closing")))
        for row in wanted
        if any(row[name] for name in moved)
    }
    for is_memo, sums in totals.items():
        assert (sums.opening_minor, sums.closing_minor) == (0, 0)
        assert sums.debit_minor == sums.credit_minor
        assert sums.debit_minor == sum(r["debit"] for r in wanted if r["is_memo"] == is_memo)
    for row in wanted:
        opening = await trial_balances.read_opening(
            connection, account_id=row["account_id"], month=months[0]
        )
        assert opening == row["opening"]


def _line(row: Any) -> tuple[int, ...]:
    opening, debit, credit = row["opening_minor"], row["debit_minor"], row["credit_minor"]
    return row["account_id"], opening, debit, credit, opening + debit - credit


# Unshrunk: a failure is found within the time a test has, and shrinking takes longer.
@settings(max_examples=25, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(batches=BATCHES)
async def test_any_events_and_closes_give_trial_balances_that_are_the_journal_and_sum_to_zero(
    databases: FreshDatabases, batches: Sequence[Sequence[FundingEvent]]
) -> None:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        database = Database(DatabaseSettings(url=PostgresDsn(fresh.url)), application="test")
        await database.open()
        try:
            clock = FixedClock()
            inlet = Inlet(database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
            for batch in batches:
                await inlet.post(*batch)
            async with database.reading() as connection:
                closed = await connection.fetchval("SELECT count(*) FROM period_total")
                event("with closed months" if closed else "with none closed")
                for months in SPANS:
                    for agency in (None, samples.AGENCY):
                        await assert_trial_is_of_the_journal(connection, months, agency)
        finally:
            await database.close()
