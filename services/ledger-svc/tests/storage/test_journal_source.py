"""What the relay gets from the journal: each entry by its place, as one and the same message."""

from typing import Final

from fundmix_events import topics
from fundmix_events.testing import samples
from fundmix_kit.database import Connection, Database
from fundmix_kit.operations import read_progress
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.storage.sources import LedgerSource

PLACE: Final = (topics.LEDGER, 0)
SOURCE: Final = LedgerSource()


async def numbers(connection: Connection, *, rows_max: int = 100) -> list[int]:
    return [row.number for row in await SOURCE.unsent(connection, rows_max=rows_max)]


async def test_entries_are_sent_from_the_first_unsent_on(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(*(samples.donation_received() for _ in range(5)))

    async with database.session() as connection:
        await SOURCE.fresh(connection, rows_max=100)
        assert await numbers(connection, rows_max=2) == [1, 2]
        await SOURCE.mark_sent(connection, {PLACE: 2})
        assert await numbers(connection) == [3, 4, 5]
        await SOURCE.mark_sent(connection, {PLACE: 5})
        assert await numbers(connection) == []
        await SOURCE.forget_sent(connection)
        assert await numbers(connection) == [1, 2, 3, 4, 5]


async def test_an_empty_journal_has_nothing_to_send(database: Database) -> None:
    async with database.session() as connection:
        assert await SOURCE.fresh(connection, rows_max=100) == []
        assert await numbers(connection) == []


async def test_what_comes_after_the_numbering_waits_for_the_next_pass(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.donation_received())
    async with database.session() as connection:
        await SOURCE.fresh(connection, rows_max=100)
        await inlet.post(samples.donation_received())

        assert await numbers(connection) == [1]
        await SOURCE.mark_sent(connection, {PLACE: 1})
        assert (await read_progress(connection)).waiting == 0

        await SOURCE.fresh(connection, rows_max=100)
        assert (await read_progress(connection)).waiting == 1
        assert await numbers(connection) == [2]


async def test_an_entry_is_the_same_message_whenever_it_is_asked_for(
    database: Database, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.contract_signed(), samples.donation_received(restricted_to="长者助餐"))
    async with database.session() as connection:
        await SOURCE.fresh(connection, rows_max=100)
        once = await SOURCE.unsent(connection, rows_max=100)
    await inlet.post(samples.donation_received())

    async with database.session() as connection:
        await SOURCE.fresh(connection, rows_max=100)
        assert list(await SOURCE.unsent(connection, rows_max=2)) == list(once)
