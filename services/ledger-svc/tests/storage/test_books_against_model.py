"""Books, lots and funds against a plain model: whatever is said and asked, however it is delivered.

The model knows nothing of SQL, batches or transactions. Every batch first fails at each of its
statements, and then has some of what was said before, and of itself, in it once more.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Final

from fundmix_events.ledger import AccountCode
from fundmix_events.money import Money
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.database import Database
from fundmix_kit.testing import FreshDatabases
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from ledger_svc.domain.terms import ExpenditureTerms
from ledger_svc.storage import holds, periods
from ledger_svc.testing.model import CONTRACT, GENERAL, OTHER_PURPOSE, PURPOSE, Model
from ledger_svc.testing.steps import BEGINNINGS, LAST_DAY, STORIES, Step
from ledger_svc.testing.system import Fails, a_system
from ledger_svc.testing.trials.trial import Trial
from ledger_svc.testing.whole_books import assert_kept_as_posted

BALANCES: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, b.amount_minor
    FROM balance b JOIN account a USING (account_id)
"""
BY_DAY: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, e.value_on, sum(p.amount_minor)::bigint
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    GROUP BY a.agency, a.code, a.fund_code, a.channel, e.value_on
"""
BY_MONTH: Final = """
    SELECT a.agency, a.code, a.fund_code, a.channel, e.period, sum(p.amount_minor)::bigint
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    GROUP BY a.agency, a.code, a.fund_code, a.channel, e.period
"""
LOTS: Final = """
    SELECT lot_id, agency, fund_code, channel, value_on, document, amount_minor, drawn_minor,
           held_minor FROM lot
"""
HELD: Final = "SELECT hold_id, amount_minor FROM hold WHERE state = 'held'"
FUNDS: Final = (GENERAL, PURPOSE, OTHER_PURPOSE, CONTRACT)
ASKED_ON: Final = (date(2024, 1, 1), date(2024, 1, 31), date(2024, 2, 29), LAST_DAY)
AT_ONCE: Final = 30


async def assert_same(database: Database, model: Model) -> None:
    async with database.reading() as connection:
        balances = {tuple(key): amount for *key, amount in await connection.fetch(BALANCES)}
        by_day = {tuple(key): amount for *key, amount in await connection.fetch(BY_DAY)}
        by_month = {tuple(key): amount for *key, amount in await connection.fetch(BY_MONTH)}
        lots = {row[0]: tuple(row)[1:] for row in await connection.fetch(LOTS)}
        held = {row[0]: row[1] for row in await connection.fetch(HELD)}
        assert await connection.fetchval(periods.CLOSED_THROUGH) == model.closed_through
    assert balances == model.balances
    assert by_day == {(*account, on): amount for (account, on), amount in model.by_day.items()}
    assert by_month == {(*key, month): amount for (key, month), amount in model.by_month.items()}
    for is_memo in (False, True):
        assert not sum(a for key, a in balances.items() if key[1].startswith("comm") is is_memo)
    assert lots == {
        lot_id: (
            *(lot.agency, lot.fund_code, lot.channel, lot.value_on, lot.document),
            *(lot.received, lot.drawn, lot.held),
        )
        for lot_id, lot in model.lots.items()
    }
    assert held == {hold_id: hold.amount for hold_id, hold in model.holds.items()}


async def assert_funds_are_same(database: Database, model: Model) -> None:
    """What is available, and what no fund that was given ever had less than."""
    async with database.reading() as connection:
        for agency in (AGENCY, OTHER_AGENCY):
            for fund_code in FUNDS:
                for day in ASKED_ON:
                    position = await holds.read_position(
                        connection, agency=agency, fund_code=fund_code, on=day
                    )
                    available = model.available(agency, fund_code, day)
                    assert position.available_from(day) == available
    cash: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
    for ((agency, code, fund_code, _), on), amount in model.by_day.items():
        if code == AccountCode.BANK and fund_code != CONTRACT:
            cash[agency, fund_code].append((on, amount))
    for moves in cash.values():
        assert all(sum(amount for on, amount in moves if on <= day) >= 0 for day, _ in moves)


async def assert_story(databases: FreshDatabases, steps: Sequence[Step], fails: Fails) -> None:
    async with a_system(databases) as system:
        trial = Trial(system, fails=fails)
        for step in steps:
            event(f"{type(step).__name__}: {await trial.take(step)}")
        await trial.finish()

        await assert_same(system.database, trial.model)
        await assert_funds_are_same(system.database, trial.model)
        await assert_kept_as_posted(system.database)


# Unshrunk: a failure is found within the time a test has, and shrinking takes longer.
@settings(max_examples=30, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(steps=STORIES)
async def test_books_lots_and_funds_are_those_of_a_plain_model(
    databases: FreshDatabases, steps: Sequence[Step]
) -> None:
    await assert_story(databases, steps, Fails.AS_DRAWN)


@settings(max_examples=6, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(steps=STORIES)
async def test_they_are_so_when_every_batch_fails_at_each_of_its_statements(
    databases: FreshDatabases, steps: Sequence[Step]
) -> None:
    await assert_story(databases, steps, Fails.EVERYWHERE)


@settings(max_examples=8, deadline=None, phases=set(Phase) - {Phase.shrink}, print_blob=True)
@given(
    beginning=BEGINNINGS,
    amounts=st.lists(st.integers(1, 60), min_size=AT_ONCE, max_size=AT_ONCE),
    fund_code=st.sampled_from([GENERAL, PURPOSE, CONTRACT]),
)
async def test_thirty_approvals_at_once_never_overdraw_a_fund(
    databases: FreshDatabases, beginning: Sequence[Step], amounts: Sequence[int], fund_code: str
) -> None:
    """Whichever comes first: what is refused is more than was left."""
    async with a_system(databases) as system:
        trial = Trial(system, fails=Fails.NOWHERE)
        for step in beginning:
            await trial.take(step)
        available = trial.model.available(AGENCY, fund_code, LAST_DAY)

        approved = await asyncio.gather(
            *(
                system.approve(_spending(number, amount, fund_code))
                for number, amount in enumerate(amounts)
            )
        )

        used = sum(a for a, request in zip(amounts, approved, strict=True) if request is not None)
        refused = [a for a, request in zip(amounts, approved, strict=True) if request is None]
        event(f"{len(refused)} of {fund_code} refused")
        assert used <= available
        assert all(amount > available - used for amount in refused)
        await system.post_decided()
        async with system.database.reading() as connection:
            position = await holds.read_position(
                connection, agency=AGENCY, fund_code=fund_code, on=LAST_DAY
            )
        assert position.available_from(LAST_DAY) == available - used
        assert (position.held_minor, trial.model.holds) == (0, {})
        await assert_kept_as_posted(system.database)


def _spending(number: int, amount: int, fund_code: str) -> ExpenditureTerms:
    return ExpenditureTerms(
        agency=AGENCY,
        reference=f"EX-{number}",
        fund_code=fund_code,
        code=AccountCode.PROGRAMME_EXPENSES,
        spent_on=LAST_DAY,
        amount=Money.of(amount),
    )
