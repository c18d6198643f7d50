"""Requests that were approved after a backup come back from what their events say."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, Final

from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, BUYER
from fundmix_kit.database import Database
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.quarantine import Incoming
from fundmix_kit.settings import DatabaseSettings
from fundmix_kit.testing import FixedClock, FreshDatabases
from fundmix_kit.testing.inlet import Inlet
from fundmix_kit.testing.schema import migrated_by
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.storage.following import follow
from ledger_svc.storage.journal import Journal
from ledger_svc.storage.journal_source import journal_events
from ledger_svc.testing import (
    Books,
    Json,
    a_manual_entry,
    a_reversal,
    an_expenditure,
    an_income,
    an_opening_balance,
)
from ledger_svc.testing.backups import copy_ledger
from pydantic import PostgresDsn

ORDERS: Final = 5
GIFT: Final = samples.donation_received("900.00", received_on="2024-01-02")
# When one was prepared and in which batch is not on the topic; an event is a moment older than
# what it decides.
APPROVED: Final = """
    SELECT request_id, version, kind, agency, reference, fund_code, effective_on, amount_minor,
           state, body, prepared_by, decided_by, event_id, corrects
    FROM request WHERE event_id IS NOT NULL ORDER BY request_id
"""
ENDED: Final = "SELECT reference, state FROM request WHERE state = 'withdrawn' ORDER BY reference"
ENTRIES: Final = "SELECT * FROM journal_entry ORDER BY seq"


async def approved_in(database: Database, query: str = APPROVED) -> list[tuple[Any, ...]]:
    async with database.reading() as connection:
        return [tuple(row) for row in await connection.fetch(query)]


async def decided(books: Books, path: str, terms: Json) -> Sequence[Incoming]:
    """What approving it has put on the topic; it is in the books."""
    answer = await books.decide(path, terms)
    assert answer.is_success, answer.text
    return await books.post_decided()


async def undone(books: Books, reference: str, *, by: str) -> Sequence[Incoming]:
    """An entry is reversed, and what it was called is free again."""
    found = await books.auditor().get("/v1/requests", reference=reference, state="approved")
    [request] = found.json()["items"]
    return await decided(books, "/v1/reversals", a_reversal(request["entry_seq"], reference=by))


async def closed(books: Books, through: int) -> Sequence[Incoming]:
    first, second = (
        books.api.caller("finance_officer", org=BUYER, sub=subject) for subject in ("one", "two")
    )
    request = (await first.post("/v1/closes", {"through": through})).json()
    assert (await second.post(f"/v1/closes/{request['request_id']}/approve", None)).is_success
    return await books.post_decided()


async def a_year(books: Books) -> list[Incoming]:
    """Every kind of request; some are undone, and what they were called is used again."""
    said: list[Incoming] = []
    for round_ in ("1", "2"):
        said += await decided(books, "/v1/opening-balances", an_opening_balance(reference=round_))
        said += await decided(books, "/v1/income", an_income("70.00", reference="IN"))
        said += await decided(books, "/v1/expenditures", an_expenditure("5.00", reference="EX"))
        said += await decided(books, "/v1/manual-entries", a_manual_entry(reference="ME"))
        if round_ == "1":
            for reference in ("EX", "1", "IN", "ME"):
                said += await undone(books, reference, by=f"RV-{reference}")
    said += await closed(books, 202402)
    return said


def in_some_order(messages: Sequence[Incoming], chance: Random) -> list[list[Incoming]]:
    """In batches, those of a partition in their order."""
    by_partition: dict[int, list[Incoming]] = defaultdict(list)
    for message in messages:
        by_partition[message.partition].append(message)
    turns = [message.partition for message in messages]
    chance.shuffle(turns)
    ordered = [by_partition[partition].pop(0) for partition in turns]
    batches: list[list[Incoming]] = []
    while ordered:
        size = chance.randint(1, 4)
        batches.append(ordered[:size])
        ordered = ordered[size:]
    return batches


@asynccontextmanager
async def another(
    databases: FreshDatabases, *, restored_from: ServiceDatabase | None = None
) -> AsyncGenerator[Database]:
    async with databases.fresh("ledger", migrate=migrated_by(MIGRATIONS)) as fresh:
        if restored_from is not None:
            await copy_ledger(restored_from.owner_url, fresh.owner_url)
        database = Database(DatabaseSettings(url=PostgresDsn(fresh.url)), application="test")
        await database.open()
        try:
            yield database
        finally:
            await database.close()


async def catch_up(database: Database, books: Books, batches: Sequence[Sequence[Incoming]]) -> None:
    """As after a restore: the journal from its topic, and then what was decided."""
    async with books.api.database.reading() as connection:
        entries = await journal_events(connection, await connection.fetch(ENTRIES))
    async with database.transaction() as connection:
        await follow(connection, Journal(), entries)
    await consume(database, batches)


async def consume(database: Database, batches: Sequence[Sequence[Incoming]]) -> None:
    clock = FixedClock()
    inlet = Inlet[Prepared](database, codec=CODEC, handler=LedgerHandler(clock=clock), clock=clock)
    for batch in batches:
        await inlet.deliver(batch)


async def test_an_empty_ledger_has_every_approval_in_whatever_order_they_come(
    books: Books, databases: FreshDatabases
) -> None:
    await books.inlet.post(GIFT)
    messages = await a_year(books)
    expected = await approved_in(books.api.database)

    for seed in range(ORDERS):
        async with another(databases) as empty:
            await catch_up(empty, books, in_some_order(messages, Random(seed)))

            assert await approved_in(empty) == expected, f"in the order of seed {seed}"


async def test_without_the_journal_none_that_is_in_force_is_missing(
    books: Books, databases: FreshDatabases
) -> None:
    await books.inlet.post(GIFT)
    messages = await a_year(books)
    # A reversal that comes before what it corrects is not known as a request.
    not_reversals = APPROVED.replace("WHERE", "WHERE kind <> 'reversal' AND")
    expected = await approved_in(books.api.database, not_reversals)

    for seed in range(ORDERS):
        async with another(databases) as empty:
            await consume(empty, in_some_order(messages, Random(seed)))

            assert await approved_in(empty, not_reversals) == expected, f"seed {seed}"


async def test_what_waited_in_the_backup_ends_for_what_took_its_place(
    books: Books, service_database: ServiceDatabase, databases: FreshDatabases
) -> None:
    await books.inlet.post(GIFT)
    waiting = [
        ("/v1/expenditures", an_expenditure("5.00", reference="EX")),
        ("/v1/opening-balances", an_opening_balance(reference="1")),
        ("/v1/income", an_income("1.00", reference="still waits")),
    ]
    ids = [
        (await books.accountant().post(path, terms)).json()["request_id"] for path, terms in waiting
    ]
    async with another(databases, restored_from=service_database) as backup:
        for request_id in ids[:2]:
            path = f"/v1/requests/{request_id}/reject"
            assert (await books.reviewer().post(path, {"reason": "有误"})).is_success
        messages = await a_year(books)
        await catch_up(backup, books, [messages])

        assert await approved_in(backup) == await approved_in(books.api.database)
        assert await approved_in(backup, ENDED) == [("1", "withdrawn"), ("EX", "withdrawn")]


async def test_what_is_known_already_stays_as_it_is(books: Books) -> None:
    await books.inlet.post(GIFT)
    whole = "SELECT xmin::text, ctid::text, * FROM request ORDER BY request_id"
    await books.decide("/v1/expenditures", an_expenditure("5.00"))
    before = await approved_in(books.api.database, whole)

    await books.post_decided()

    [request] = (await books.auditor().get("/v1/requests", agency=AGENCY)).json()["items"]
    assert request["entry_seq"] == 2
    assert await approved_in(books.api.database, whole) == before


async def test_what_was_undone_after_the_backup_is_undone(
    books: Books, service_database: ServiceDatabase, databases: FreshDatabases
) -> None:
    await books.enter("/v1/income", an_income("70.00", reference="IN"))
    async with another(databases, restored_from=service_database) as backup:
        messages = await undone(books, "IN", by="RV")
        await catch_up(backup, books, [messages])

        expected = await approved_in(books.api.database)
        assert await approved_in(backup) == expected
        assert [row[8] for row in expected] == ["reversed", "approved"]
