"""The ledger's way from the bytes of a topic to a committed batch, against COPY of what it wrote.

Ours: decode, post, then one transaction per batch with numbers, inbox, entries, postings, balances
and head; as in the consumer, a batch is prepared while the one before it is written. Bare: COPY of
the rows that ours leaves behind, from ready tuples, with the same driver in the same batches and
commits, into tables that have nothing but their primary keys. A second bare figure leaves out all
but the journal's own two tables.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Final

import asyncpg
from fundmix_kit.clock import SystemClock
from fundmix_kit.consumer import MESSAGES_BETWEEN_YIELDS
from fundmix_kit.database import Connection, Database
from fundmix_kit.delivery import Batch, apply_batch, prepare
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.inbox import Place
from fundmix_kit.numbering import PartitionProgress, sort_messages
from fundmix_kit.quarantine import Incoming
from ledger_svc import MIGRATIONS
from ledger_svc.apply import LedgerHandler, Prepared
from ledger_svc.consumer import CODEC
from ledger_svc.storage.journal import READ_SEQ
from pydantic import BaseModel

from bench.measuring import Contest, Mark
from bench.servers import Postgres, opened
from bench.workload import City

SEED: Final = 1
CLUSTER_ID: Final = "bench"

# Every table that grows with the journal. What a batch wrote is told by the transaction that wrote
# a row last.
KEY_BY_TABLE: Final = {
    "inbox": "topic, partition, number",
    "account": "account_id",
    "journal_entry": "seq",
    "posting": "seq, line",
    "balance": "account_id",
    "period_balance": "period, account_id, kind, value_period",
    "movement": "account_id, value_on, posted_on, kind",
    "channel_balance": "period, agency, code, channel, kind, value_period",
    "channel_movement": "value_on, agency, code, channel, kind, posted_on",
    "payer_balance": "value_period, agency, payer, channel",
    "payer_movement": "value_on, account_id, payer, posted_on",
    "lot": "lot_id",
    "lot_movement": "seq, line",
    "contract_terms": "contract_id",
    "contract_agreement": "contract_id, version",
    "contract_instalment": "contract_id, number, known_on",
    "pledge_terms": "pledge_id",
    "pledge_part": "pledge_id, number",
    "pledge_movement": "event_id",
}
JOURNAL: Final = ("journal_entry", "posting")
TABLE_BYTES: Final = """
    SELECT relname AS name, pg_total_relation_size(oid) AS bytes
    FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
ROWS: Final = "SELECT xmin::text::bigint AS writer, * FROM {table} ORDER BY xmin::text::bigint"
BARE_TABLE: Final = """
    CREATE TABLE bare_{table} (LIKE {table});
    ALTER TABLE bare_{table} ADD PRIMARY KEY ({key});
"""

Row = tuple[Any, ...]
Written = Mapping[str, Sequence[Row]]
"""What one transaction left in each table."""


@dataclass(frozen=True, kw_only=True)
class Ingest:
    postgres: Postgres
    batches: Sequence[Sequence[Incoming]]
    written: Sequence[Written]

    def rows(self, table: str) -> int:
        return sum(len(batch[table]) for batch in self.written)

    async def ours(self) -> float:
        async with fresh_ledger(self.postgres) as ledger, opened(ledger) as database:
            started_at = perf_counter()
            await ingest(database, self.batches)
            took_s = perf_counter() - started_at
            async with database.reading() as connection:
                assert await connection.fetchval(READ_SEQ) == self.rows("journal_entry")
        return self.rows("journal_entry") / took_s

    async def copy(self, tables: Collection[str]) -> float:
        async with fresh_ledger(self.postgres) as ledger, connected(ledger) as connection:
            for table in tables:
                await connection.execute(BARE_TABLE.format(table=table, key=KEY_BY_TABLE[table]))
            started_at = perf_counter()
            for batch in self.written:
                async with connection.transaction():
                    for table in tables:
                        await connection.copy_records_to_table(
                            f"bare_{table}", records=batch[table]
                        )
            took_s = perf_counter() - started_at
        return self.rows("journal_entry") / took_s


async def ingest_vs_copy(postgres: Postgres, *, events: int, batch_rows: int) -> Contest:
    messages = City(seed=SEED).messages(events)
    batches = [messages[start : start + batch_rows] for start in range(0, events, batch_rows)]
    measured = Ingest(
        postgres=postgres, batches=batches, written=await written_by(postgres, batches)
    )
    return Contest(
        what="the ledger's ingest, from topic bytes to commit, against COPY of the rows it leaves",
        unit="entries/s",
        mark=Mark(bound="at_least", ratio=0.25),
        ours=measured.ours,
        bare=partial(measured.copy, KEY_BY_TABLE),
        beside={"copy_of_entries_and_postings_alone": partial(measured.copy, JOURNAL)},
        details={
            "events": events,
            "events_per_batch": batch_rows,
            **{f"rows_{table}": measured.rows(table) for table in KEY_BY_TABLE},
        },
    )


class EntryBytes(BaseModel):
    """What an entry takes on the disk, with its indexes; measured after the events of the bench."""

    entries: int
    journal: int
    all_tables: int
    by_table: Mapping[str, int]


async def bytes_per_entry(postgres: Postgres, *, events: int, batch_rows: int) -> EntryBytes:
    messages = City(seed=SEED).messages(events)
    batches = [messages[start : start + batch_rows] for start in range(0, events, batch_rows)]
    async with fresh_ledger(postgres) as ledger, opened(ledger) as database:
        await ingest(database, batches)
        async with database.reading() as connection:
            entries: int = await connection.fetchval(READ_SEQ)
            sizes = {row["name"]: row["bytes"] for row in await connection.fetch(TABLE_BYTES)}
    by_table = {name: round(size / entries) for name, size in sizes.items()}
    return EntryBytes(
        entries=entries,
        journal=sum(by_table[name] for name in JOURNAL),
        all_tables=sum(by_table.values()),
        by_table={name: size for name, size in by_table.items() if size},
    )


async def ingest(database: Database, batches: Sequence[Sequence[Incoming]]) -> None:
    """What the consumer does with what it has read."""
    handler = LedgerHandler(clock=SystemClock())
    progress: dict[Place, PartitionProgress] = {}
    writing: asyncio.Task[None] | None = None
    for messages in batches:
        batch = await prepared(messages, handler, progress)
        if writing is not None:
            await writing
        now = SystemClock().now()
        writing = asyncio.create_task(
            apply_batch(database, batch, handler=handler, cluster_id=CLUSTER_ID, now=now)
        )
    if writing is not None:
        await writing


async def prepared(
    messages: Sequence[Incoming], handler: LedgerHandler, progress: dict[Place, PartitionProgress]
) -> Batch[Prepared]:
    by_place: dict[Place, list[Incoming]] = {}
    for message in messages:
        by_place.setdefault((message.topic, message.partition), []).append(message)
    batch: Batch[Prepared] = Batch()
    for place, of_place in by_place.items():
        before = progress.get(place, PartitionProgress(next_number=1))
        result = sort_messages(before, of_place)
        batch.add(place, before=before, result=result)
        progress[place] = result.after
        for count, message in enumerate(result.due):
            prepare(batch, message, codec=CODEC, handler=handler)
            if count % MESSAGES_BETWEEN_YIELDS == 0:
                await asyncio.sleep(0)
    return batch


async def written_by(
    postgres: Postgres, batches: Sequence[Sequence[Incoming]]
) -> Sequence[Written]:
    """The rows that a first run left, by the transaction that wrote them."""
    by_writer: dict[int, dict[str, list[Row]]] = {}
    async with fresh_ledger(postgres) as ledger, opened(ledger) as database:
        await ingest(database, batches)
        async with database.reading() as connection:
            for table in KEY_BY_TABLE:
                for writer, *row in await connection.fetch(ROWS.format(table=table)):
                    written = by_writer.setdefault(writer, {name: [] for name in KEY_BY_TABLE})
                    written[table].append(tuple(row))
    assert len(by_writer) == len(batches), "each batch is one transaction"
    return [by_writer[writer] for writer in sorted(by_writer)]


def fresh_ledger(postgres: Postgres) -> AbstractAsyncContextManager[ServiceDatabase]:
    return postgres.fresh("ledger", migrations=MIGRATIONS)


@asynccontextmanager
async def connected(ledger: ServiceDatabase) -> AsyncGenerator[Connection]:
    connection = await asyncpg.connect(ledger.owner_url)
    try:
        yield connection
    finally:
        await connection.close()
