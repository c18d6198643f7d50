"""A file of donations through the API of donations-svc, against COPY of the rows that it leaves.

Ours: a CSV sent over HTTP, read in a child process, every row decided by the rules for one
donation, written with its event in one transaction. Bare: COPY of the same donations and events
from ready tuples, in one transaction, into tables that have nothing but their primary keys. The
memory is that of the service's process and its child together, above what the process has idle; it
is looked up in runs of their own, as looking takes time from all that run.
"""

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import asyncpg
import httpx2
import psutil
from donations_svc import MIGRATIONS
from fundmix_events import topics
from fundmix_events.roles import Role
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import LOOPBACK, Child
from pydantic import BaseModel

from bench.measuring import Contest, Mark
from bench.services import Site, some_parts

SAMPLE: Final = Path(__file__).parent.parent / "samples" / "dongguan"
IMPORTS: Final = "/v1/donation-imports"
ABOVE_IDLE_MB_MAX: Final = 100.0
ABOVE_FEW_MB_MAX: Final = 15.0
FEW_ROWS: Final = 10  # one of so many
TIME_S_MAX: Final = 600.0
SAMPLE_INTERVAL_S: Final = 0.02
MB: Final = 1024**2
RATIO_MIN: Final = 0.05
KEY_BY_TABLE: Final = {"donation": "donation_id", "outbox": "position"}

ADD_ORGANISATIONS: Final = """
    INSERT INTO replica (topic, key, version, state)
    SELECT $1, u.code, 1, jsonb_build_object('code', u.code, 'name', u.name, 'kind', u.kind)
    FROM unnest($2::text[], $3::text[], $4::text[]) AS u (code, name, kind)
"""
BARE_TABLE: Final = """
    CREATE TABLE bare_{table} AS SELECT * FROM {table} WITH NO DATA;
    ALTER TABLE bare_{table} ADD PRIMARY KEY ({key});
"""

Line = dict[str, str]


class ImportMemory(BaseModel):
    """Of the service and its reading child together, while a file comes in.

    A file of a tenth of the rows (`few_rows`) takes nearly as much.
    """

    rows: int
    few_rows: int
    file_mb: float
    idle_mb: float
    peak_mb: float
    above_idle_mb: float
    few_above_idle_mb: float
    above_idle_mb_max: float
    above_few_mb_max: float
    is_met: bool


@dataclass(kw_only=True)
class DonationImport:
    site: Site
    content: bytes
    rows: int
    written: Mapping[str, Sequence[Sequence[Any]]]
    idle_mb: float = 0.0
    peak_mb: float = 0.0
    few: "DonationImport | None" = None

    @property
    def above_idle_mb(self) -> float:
        return self.peak_mb - self.idle_mb

    async def ours(self) -> float:
        async with self.site.postgres.fresh("donations", migrations=MIGRATIONS) as database:
            return self.rows / await self.send(database)

    async def bare(self) -> float:
        async with (
            self.site.postgres.fresh("donations", migrations=MIGRATIONS) as database,
            connected(database) as connection,
        ):
            for table, key in KEY_BY_TABLE.items():
                await connection.execute(BARE_TABLE.format(table=table, key=key))
            started_at = perf_counter()
            async with connection.transaction():
                for table, records in self.written.items():
                    await connection.copy_records_to_table(f"bare_{table}", records=records)
            return self.rows / (perf_counter() - started_at)

    async def send(self, database: ServiceDatabase, *, is_watched: bool = False) -> float:
        """How many seconds the answer takes; the memory is noted meanwhile, where it is watched."""
        service = some_parts("donations", ["api"])
        token = self.site.token(Role.FINANCE_OFFICER)
        await know_the_sample(database)
        async with (
            self.site.running(service, database) as child,
            httpx2.AsyncClient(
                base_url=f"http://{LOOPBACK}:{service.port}", timeout=TIME_S_MAX
            ) as client,
            self.watched(child) if is_watched else nullcontext(),
        ):
            started_at = perf_counter()
            answer = await client.post(
                IMPORTS,
                params={"delegation": "bench", "control_count": str(self.rows)},
                content=self.content,
                headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "bench"},
            )
            took_s = perf_counter() - started_at
        assert answer.status_code == httpx2.codes.OK, answer.text
        assert answer.json()["donations"] == self.rows
        return took_s

    @asynccontextmanager
    async def watched(self, child: Child) -> AsyncGenerator[None]:
        """Notes the memory before, and the most there is of the process and its children."""
        process = psutil.Process(child.process.pid)
        self.idle_mb = memory_of(process) / MB

        async def look() -> None:
            while True:
                # A child may end between being found and being asked.
                with suppress(psutil.NoSuchProcess):
                    family = [process, *process.children(recursive=True)]
                    self.peak_mb = max(self.peak_mb, sum(map(memory_of, family)) / MB)
                await asyncio.sleep(SAMPLE_INTERVAL_S)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()

    def memory(self) -> ImportMemory:
        assert self.few is not None, "a file is compared with a shorter one"
        above_mb, few_above_mb = self.above_idle_mb, self.few.above_idle_mb
        return ImportMemory(
            rows=self.rows,
            few_rows=self.few.rows,
            file_mb=round(len(self.content) / MB, 1),
            idle_mb=round(self.idle_mb, 1),
            peak_mb=round(self.peak_mb, 1),
            above_idle_mb=round(above_mb, 1),
            few_above_idle_mb=round(few_above_mb, 1),
            above_idle_mb_max=ABOVE_IDLE_MB_MAX,
            above_few_mb_max=ABOVE_FEW_MB_MAX,
            is_met=above_mb <= ABOVE_IDLE_MB_MAX and above_mb - few_above_mb <= ABOVE_FEW_MB_MAX,
        )


@asynccontextmanager
async def import_vs_copy(
    site: Site, *, rows: int
) -> AsyncGenerator[tuple[Contest, DonationImport]]:
    few_rows = rows // FEW_ROWS
    few = DonationImport(site=site, content=a_file(few_rows), rows=few_rows, written={})
    async with site.postgres.fresh("donations", migrations=MIGRATIONS) as database:
        await few.send(database, is_watched=True)
    measured = DonationImport(site=site, content=a_file(rows), rows=rows, written={}, few=few)
    async with site.postgres.fresh("donations", migrations=MIGRATIONS) as database:
        await measured.send(database, is_watched=True)
        async with connected(database) as connection:
            measured.written = {
                table: [tuple(row) for row in await connection.fetch(f"SELECT * FROM {table}")]  # noqa: S608  # from above
                for table in KEY_BY_TABLE
            }
    contest = Contest(
        what="a file of donations over HTTP against COPY of the donations and events it leaves",
        unit="rows/s",
        mark=Mark(bound="at_least", ratio=RATIO_MIN),
        ours=measured.ours,
        bare=measured.bare,
        details={
            "rows": rows,
            "file_bytes": len(measured.content),
            **{f"rows_{table}": len(found) for table, found in measured.written.items()},
        },
    )
    yield contest, measured


def a_file(rows: int) -> bytes:
    """Donations like the sample's that have arrived, each with numbers and an amount of its own."""
    with (SAMPLE / "donations.csv").open() as opened:
        likes = [line for line in csv.DictReader(opened) if line["received_on"]]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(likes[0]))
    writer.writeheader()
    for number in range(rows):
        like = likes[number % len(likes)]
        own: Line = {"donation_ref": f"B-{number:07}", "pledged_on": ""}
        if like["kind"] == "cash":
            own["bank_reference"] = f"BK-{number:07}"
        own["amount"] = f"{100 + number // 100}.{number % 100:02}"
        writer.writerow({**like, **own})
    return text.getvalue().encode()


def memory_of(process: psutil.Process) -> int:
    """Bytes; what it shares with others, as a child does with its parent at first, is divided."""
    return process.memory_full_info().pss


async def know_the_sample(database: ServiceDatabase) -> None:
    with (SAMPLE / "organisations.csv").open() as opened:
        lines = list(csv.DictReader(opened))
    async with connected(database) as connection:
        await connection.execute(
            ADD_ORGANISATIONS,
            topics.REGISTRY,
            *([line[name] for line in lines] for name in ("uscc", "name", "kind")),
        )


@asynccontextmanager
async def connected(database: ServiceDatabase) -> AsyncGenerator[asyncpg.Connection]:
    connection = await asyncpg.connect(database.owner_url)
    try:
        yield connection
    finally:
        await connection.close()
