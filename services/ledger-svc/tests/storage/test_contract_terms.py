"""Terms of contracts: kept with the journal, once, and as they were known on each day."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from fundmix_events.base import FundingEvent
from fundmix_events.testing import samples
from fundmix_kit.database import Database
from fundmix_kit.delivery import decode
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.inlet import Inlet, incoming
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC

CONTRACT: Final = UUID("01932b5e-7c00-7000-8000-000000000001")
PARTS: Final = (
    samples.an_instalment("600.00"),
    samples.an_instalment("400.00", number=2, due_on=date(2024, 12, 9)),
)


def known(version: int) -> dict[str, Any]:
    return {"contract_id": CONTRACT, "aggregate_version": version}


def life() -> list[FundingEvent]:
    return [
        samples.contract_signed("1000.00", instalments=PARTS, **known(1)),
        samples.instalment_approved("600.00", "100.00", instalment_number=1, **known(2)),
        samples.instalment_paid("600.00", "100.00", instalment_number=1, **known(3)),
    ]


async def instalments(database: Database) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        rows = await connection.fetch(
            """
            SELECT number, state, amount_minor, deduction_minor, known_on, replaced_on
            FROM contract_instalment ORDER BY number, known_on
            """
        )
    return [tuple(row) for row in rows]


async def contents(database: Database) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        terms = await connection.fetch("SELECT * FROM contract_terms ORDER BY contract_id")
        rows = await connection.fetch(
            "SELECT * FROM contract_instalment ORDER BY contract_id, number, known_on"
        )
        agreements = await connection.fetch(
            "SELECT * FROM contract_agreement ORDER BY contract_id, version"
        )
    return [tuple(row) for row in (*terms, *rows, *agreements)]


async def test_a_batch_leaves_what_is_still_due(database: Database, inlet: Inlet[Prepared]) -> None:
    await inlet.post(*life())

    today = date(2025, 3, 3)
    assert await instalments(database) == [
        (1, "paid", 600_00, 100_00, today, None),
        (2, "scheduled", 400_00, 0, today, None),
    ]


async def test_what_was_due_is_kept_as_it_was_known_on_each_day(
    database: Database, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    signed, approved, paid = life()
    await inlet.post(signed)
    clock.advance(timedelta(days=1))
    await inlet.post(approved)
    clock.advance(timedelta(days=2))
    await inlet.post(paid)

    assert await instalments(database) == [
        (1, "scheduled", 600_00, 0, date(2025, 3, 3), date(2025, 3, 4)),
        (1, "approved", 600_00, 100_00, date(2025, 3, 4), date(2025, 3, 6)),
        (1, "paid", 600_00, 100_00, date(2025, 3, 6), None),
        (2, "scheduled", 400_00, 0, date(2025, 3, 3), None),
    ]


async def test_events_that_are_consumed_again_change_nothing(
    database: Database, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await inlet.post(*life())
    before = await contents(database)
    clock.advance(timedelta(days=5))

    await inlet.post(*life())

    assert await contents(database) == before


async def test_an_event_that_comes_late_says_nothing_that_a_later_one_has_said(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    signed, approved, paid = life()

    await inlet.post(paid)
    await inlet.post(approved)
    await inlet.post(signed)

    assert [row[:4] for row in await instalments(database)] == [
        (1, "paid", 600_00, 100_00),
        (2, "scheduled", 400_00, 0),
    ]


async def test_what_was_agreed_is_kept_by_its_day_in_whatever_order_it_comes(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    earlier = samples.contract_amended("100.00", amended_on="2024-04-01", **known(2))
    later = samples.contract_amended("300.00", amended_on="2024-05-01", **known(3))

    await inlet.post(later)
    await inlet.post(earlier, samples.contract_signed("1000.00", **known(1)))

    async with database.reading() as connection:
        rows = await connection.fetch(
            "SELECT version, agreed_on, ceiling_minor FROM contract_agreement ORDER BY version"
        )
    assert [tuple(row) for row in rows] == [
        (1, date(2024, 2, 21), 1_000_00),
        (2, date(2024, 4, 1), 100_100_00),
        (3, date(2024, 5, 1), 100_300_00),
    ]


async def test_who_reads_the_topic_anew_knows_each_thing_from_the_day_of_its_entry(
    database: Database, inlet: Inlet[Prepared], owner: asyncpg.Connection, clock: FixedClock
) -> None:
    message = incoming(life()[0], number=1, event_id=uuid4())
    await inlet.deliver([message])
    before = await contents(database)
    await owner.execute("TRUNCATE contract_terms, contract_instalment, contract_agreement")
    clock.advance(timedelta(days=9))

    handler = LedgerHandler(clock=clock)
    prepared = handler.prepare(decode(message, CODEC))
    async with database.transaction() as connection:
        await handler.apply(connection, [Prepared(terms=prepared.terms)])

    assert await contents(database) == before
