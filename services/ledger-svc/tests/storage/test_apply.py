"""A batch gives the books exactly what its events say, each event once."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from fundmix_events import topics
from fundmix_events.base import FundingEvent
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY
from fundmix_kit.database import Database
from fundmix_kit.delivery import NumberConflictError
from fundmix_kit.quarantine import Incoming
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.inlet import Inlet, incoming
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC


async def rows_of(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.fetch(query)]


async def journal(database: Database) -> list[tuple[Any, ...]]:
    return await rows_of(database, "SELECT seq, kind, agency FROM journal_entry ORDER BY seq")


async def balances(database: Database) -> dict[tuple[str, str], int]:
    rows = await rows_of(
        database,
        """
        SELECT a.code, a.fund_code, b.amount_minor
        FROM balance b JOIN account a USING (account_id)
        """,
    )
    return {(code, fund_code): amount for code, fund_code, amount in rows}


async def test_a_contract_its_payment_and_a_gift_are_in_the_books(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.organisation_registered(),
        samples.contract_signed("1000.00"),
        samples.instalment_approved("400.00"),
        samples.instalment_paid("400.00"),
        samples.donation_received("50.00"),
    )

    assert await journal(database) == [
        (1, "contracts.contract_signed", AGENCY),
        (2, "contracts.instalment_paid", AGENCY),
        (3, "donations.donation_received", AGENCY),
    ]
    assert await balances(database) == {
        ("assets:bank", "contract:DG-2024-0001"): 400_00,
        ("liabilities:advance_received", "contract:DG-2024-0001"): -400_00,
        ("commitments:contract", "contract:DG-2024-0001"): 600_00,
        ("commitments:contract_counter", "contract:DG-2024-0001"): -600_00,
        ("assets:bank", "general"): 50_00,
        ("income:donation", "general"): -50_00,
    }


async def test_an_entry_keeps_where_its_event_stands_and_what_it_said(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    event_id = uuid4()
    message = incoming(
        samples.donation_received(given_on=date(2024, 12, 30), received_on=date(2025, 1, 2)),
        number=1,
        partition=3,
        event_id=event_id,
    )

    await inlet.deliver([message])

    async with database.reading() as connection:
        entry = await connection.fetchrow("SELECT * FROM journal_entry")
        hashed = await connection.fetchval("SELECT sha256($1)", message.value)
    assert entry is not None
    assert (entry["topic"], entry["partition"], entry["number"]) == (topics.DONATIONS, 3, 1)
    assert entry["event_id"] == event_id
    assert (entry["occurred_on"], entry["value_on"]) == (date(2024, 12, 30), date(2025, 1, 2))
    assert entry["period"] == 202501
    assert entry["payload_sha256"] == hashed


async def test_places_in_the_journal_are_dense_over_batches(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    for size in (1, 3, 2):
        await inlet.post(*(samples.donation_received() for _ in range(size)))
        await inlet.post(samples.organisation_changed())

    assert [seq for seq, *_ in await journal(database)] == [1, 2, 3, 4, 5, 6]
    assert await rows_of(database, "SELECT next_seq FROM log_head") == [(7,)]


async def test_a_batch_that_moves_nothing_takes_no_place(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.instalment_approved(), samples.organisation_registered())

    assert await journal(database) == []
    assert await rows_of(database, "SELECT next_seq FROM log_head") == [(1,)]


async def test_an_account_that_is_moved_often_is_written_once(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(*(samples.donation_received("1.00") for _ in range(5)))

    rows = await rows_of(database, "SELECT amount_minor, last_seq FROM balance ORDER BY 1")
    assert rows == [(-5_00, 5), (5_00, 5)]


async def test_movements_are_kept_by_month_of_the_value_date_and_by_kind(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("1.00", received_on=date(2024, 5, 31)),
        samples.donation_received("2.00", received_on=date(2024, 6, 1)),
        samples.donation_received("4.00", received_on=date(2024, 5, 1)),
        samples.instalment_paid("8.00", paid_on=date(2024, 5, 1)),
    )

    rows = await rows_of(
        database,
        """
        SELECT p.period, p.kind, sum(p.amount_minor)::bigint
        FROM period_balance p JOIN account a USING (account_id)
        WHERE a.code = 'assets:bank' GROUP BY 1, 2 ORDER BY 1, 2
        """,
    )
    assert rows == [
        (202405, "contracts.instalment_paid", 8_00),
        (202405, "donations.donation_received", 5_00),
        (202406, "donations.donation_received", 2_00),
    ]


async def test_the_ledgers_own_time_never_runs_backwards(
    database: Database, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    morning = clock.now()
    for hours in (0, 2, -5, 4):
        clock.advance(timedelta(hours=hours))
        await inlet.post(samples.donation_received())

    posted = await rows_of(database, "SELECT posted_at FROM journal_entry ORDER BY seq")
    assert posted == [
        (morning,),
        (morning + timedelta(hours=2),),
        (morning + timedelta(hours=2),),  # the machine said three hours before
        (morning + timedelta(hours=2),),
    ]
    assert await rows_of(database, "SELECT posted_at FROM log_head") == posted[-1:]


async def test_the_last_state_of_an_organisation_is_kept(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.organisation_registered(), samples.organisation_changed(name="新名"))

    rows = await rows_of(database, "SELECT key, version, state ->> 'name' FROM replica")
    assert rows == [(AGENCY, 2, "新名")]


@pytest.mark.parametrize("is_in_one_batch", [True, False])
async def test_an_event_that_comes_again_moves_nothing(
    database: Database, inlet: Inlet[Prepared], *, is_in_one_batch: bool
) -> None:
    event, event_id = samples.donation_received("50.00"), uuid4()
    first, again = (incoming(event, number=n, event_id=event_id) for n in (1, 2))
    deliveries: list[Sequence[Incoming]] = [[first, first, again]]
    if not is_in_one_batch:
        deliveries = [[first], [first, again]]

    for messages in deliveries:
        await inlet.deliver(messages)
    await inlet.post(samples.donation_received("1.00"))

    assert Counter(kind for _, kind, _ in await journal(database)).total() == 2
    assert (await balances(database))["assets:bank", "general"] == 51_00
    assert await rows_of(database, "SELECT next_number FROM consumer_position") == [(4,)]


async def test_a_number_that_comes_back_as_another_event_changes_nothing(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.donation_received("50.00"))

    with pytest.raises(NumberConflictError):
        await inlet.deliver(
            [
                incoming(samples.donation_received("7.00"), number=1),
                incoming(samples.donation_received("9.00"), number=2),
            ]
        )

    assert (await balances(database))["assets:bank", "general"] == 50_00
    assert len(await journal(database)) == 1


async def test_the_same_event_cannot_be_in_the_journal_twice(
    database: Database, inlet: Inlet[Prepared], owner: asyncpg.Connection
) -> None:
    """Behind the numbers and the inbox: the journal itself."""
    event_id = uuid4()
    await inlet.deliver([incoming(samples.donation_received(), number=1, event_id=event_id)])
    await owner.execute("DELETE FROM inbox")
    await owner.execute("DELETE FROM consumer_position")

    with pytest.raises(asyncpg.UniqueViolationError):
        await inlet.deliver([incoming(samples.donation_received(), number=1, event_id=event_id)])

    assert len(await journal(database)) == 1


@pytest.mark.parametrize(
    "table",
    [
        *("journal_entry", "posting", "balance", "period_balance"),
        *("channel_balance", "channel_movement"),
    ],
)
async def test_a_batch_that_fails_midway_leaves_nothing_and_works_again(
    database: Database, inlet: Inlet[Prepared], owner: asyncpg.Connection, table: str
) -> None:
    await inlet.post(samples.donation_received("1.00"))
    before = await balances(database)
    await owner.execute(f"REVOKE INSERT ON {table} FROM ledger_svc")
    batch: tuple[FundingEvent, ...] = (
        samples.donation_received("50.00", restricted_to="长者助餐"),
        samples.contract_signed("1000.00"),
    )

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await inlet.post(*batch)
    assert await balances(database) == before
    assert len(await journal(database)) == 1

    await owner.execute(f"GRANT INSERT ON {table} TO ledger_svc")
    await inlet.post(*batch)
    assert (await balances(database))["assets:bank", "purpose:长者助餐"] == 50_00
    assert [seq for seq, *_ in await journal(database)] == [1, 2, 3]


async def test_two_writers_take_turns(
    database: Database, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    """Each may remember accounts; neither minds what the other has added."""
    other_inlet = Inlet(database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    for amount in ("1.00", "2.00", "3.00"):
        for writer in (inlet, other_inlet):
            await writer.post(samples.donation_received(amount))
            await writer.post(samples.donation_received(amount, restricted_to=f"P{amount}"))

    assert (await balances(database))["assets:bank", "general"] == 12_00
    assert [seq for seq, *_ in await journal(database)] == list(range(1, 13))


@pytest.mark.parametrize("is_one_batch", [True, False])
async def test_a_lot_has_the_day_it_was_last_paid_on(
    database: Database, inlet: Inlet[Prepared], *, is_one_batch: bool
) -> None:
    contract_id = uuid4()
    await inlet.post(samples.instalment_paid(contract_id=contract_id, paid_on="2024-03-18"))
    later = [
        samples.payment_reversed(contract_id=contract_id, paid_on="2024-03-18"),
        samples.instalment_paid(contract_id=contract_id, paid_on="2024-04-02"),
    ]

    for batch in [later] if is_one_batch else [[event] for event in later]:
        await inlet.post(*batch)

    async with database.reading() as connection:
        (lot,) = await connection.fetch("SELECT value_on, amount_minor FROM lot")
    assert tuple(lot) == (date(2024, 4, 2), 4_000_000)
