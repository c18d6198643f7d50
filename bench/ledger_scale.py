"""The ledger's figures with many entries against few: what is asked for must not grow with them.

Both ledgers have the same agencies, funds, accounts, months and days; only entries are more. The
entries are written straight into the database, as `Journal.append` would have left them: posting
five million through the consumer would take longer than all other benchmarks together.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from statistics import median
from time import perf_counter
from typing import Final

import asyncpg
import httpx2
from fundmix_events.roles import Role
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.embedded.processes import LOOPBACK
from ledger_svc import MIGRATIONS
from ledger_svc.domain.selections import CHANNEL_CODES
from ledger_svc.storage import periods
from pydantic import BaseModel

from bench.measuring import Contest, Mark
from bench.services import Site, some_parts
from bench.workload import PURPOSES, Organisations

RATIO_MAX: Final = 1.5
MEDIAN_MS_MAX: Final = 50.0
REPEATS: Final = 15
ANSWER_TIME_S_MAX: Final = 60.0
FIRST_DAY: Final = date(2024, 1, 1)
DAYS: Final = 731
CLOSED_THROUGH: Final = 202412
CONTRACTS_PER_AGENCY: Final = 20

# What entries are made of: for each agency its contracts paid before acceptance, gifts to the
# general fund and for purposes, and the use of the general fund.
TEMPLATES: Final = """
    CREATE TEMPORARY TABLE leg AS
    WITH agencies AS (
        SELECT agency, place FROM unnest($1::text[]) WITH ORDINALITY AS u (agency, place)
    ), channels AS (SELECT unnest(array['enterprise', 'foundation', 'individual']) AS channel
    ), templates AS (
        SELECT agency, 'contract:DG-2024-' || place || '-' || n AS fund_code,
               'government' AS channel, 'contracts.instalment_paid' AS kind,
               array['assets:bank', 'liabilities:advance_received', 'commitments:contract_counter',
                     'commitments:contract'] AS codes
        FROM agencies, generate_series(1, $3::int) n
        UNION ALL
        SELECT agency, 'purpose:' || purpose, channel, 'donations.donation_received',
               array['assets:bank', 'income:donation', 'net_assets:unrestricted',
                     'net_assets:restricted']
        FROM agencies, unnest($2::text[]) purpose, channels
        UNION ALL
        SELECT agency, 'general', channel, 'donations.donation_received',
               array['assets:bank', 'income:donation']
        FROM agencies, channels
        UNION ALL
        SELECT agency, 'general', channel, 'ledger.expenditure_approved',
               array['expenses:programme', 'assets:bank']
        FROM agencies, channels
    ), numbered AS (
        SELECT row_number() OVER (ORDER BY agency, fund_code, channel, kind) - 1 AS template, *
        FROM templates
    )
    SELECT template, agency, fund_code, channel, kind, line, code,
           CASE WHEN line % 2 = 1 THEN 1 ELSE -1 END AS sign
    FROM numbered, unnest(codes) WITH ORDINALITY AS c (code, line)
"""
WITHOUT_GUARDS: Final = "ALTER TABLE posting DISABLE TRIGGER ALL"
# What is looked up by is built once, when all is there.
INDEXES: Final = """
    SELECT indexname, indexdef FROM pg_indexes
    WHERE tablename IN ('journal_entry', 'posting') AND indexname LIKE 'ix_%'
"""
KEPT: Final = ", ".join(f"'{code}'" for code in sorted(CHANNEL_CODES))
FILL: Final = (
    """
    INSERT INTO account (agency, code, fund_code, channel, currency)
    SELECT DISTINCT agency, code, fund_code, channel, 'CNY' FROM leg
    ORDER BY agency, code, fund_code, channel
    """,
    """
    CREATE TEMPORARY TABLE line AS
    SELECT l.template, l.line::smallint AS line, l.sign, a.account_id
    FROM leg l JOIN account a USING (agency, code, fund_code, channel)
    """,
    """
    CREATE TEMPORARY TABLE template AS
    SELECT template, min(agency) AS agency, min(kind) AS kind FROM leg GROUP BY template
    """,
    # Days come one after the other, as a ledger's do, here and in what follows from the entries;
    # what an entry is about is as good as random.
    # A contract is paid by its buyer, and what a fund is given of a channel comes from five donors.
    """
    INSERT INTO journal_entry
        (seq, event_id, topic, partition, number, kind, agency, occurred_on, value_on, posted_at,
         period, payload_sha256, document, payer)
    SELECT n, ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'fundmix.bench', 0, n,
           t.kind, t.agency, d.day, d.day, d.day + interval '30 hours',
           extract(year FROM d.day) * 100 + extract(month FROM d.day), '\\x00', 'DN-' || n,
           CASE WHEN t.kind LIKE 'contracts%'
                THEN ($4::text[])[1 + t.template % cardinality($4::text[])]
                WHEN t.kind LIKE 'donations%'
                THEN ($4::text[])[
                    1 + (t.template + abs(hashint8extended(n, 2) % 5)) % cardinality($4::text[])
                ] END
    FROM generate_series(1, $1::bigint) n
    CROSS JOIN LATERAL (SELECT $2::date + ((n - 1) * $3::int / $1)::int AS day) d
    JOIN template t
      ON t.template = abs(hashint8extended(n, 1) % (SELECT count(*) FROM template))
    ORDER BY n
    """,
    """
    INSERT INTO posting (seq, line, account_id, amount_minor)
    SELECT n, l.line, l.account_id, l.sign * (1 + abs(hashint8extended(n, 3) % 1000000))
    FROM generate_series(1, $1::bigint) n
    JOIN line l ON l.template = abs(hashint8extended(n, 1) % (SELECT count(*) FROM template))
    ORDER BY n, l.line
    """,
    """
    INSERT INTO movement (account_id, value_on, posted_on, kind, amount_minor)
    SELECT p.account_id, e.value_on, (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted_on,
           e.kind, sum(p.amount_minor)
    FROM posting p JOIN journal_entry e USING (seq)
    GROUP BY p.account_id, e.value_on, posted_on, e.kind
    ORDER BY posted_on, p.account_id
    """,
    """
    INSERT INTO period_balance (period, account_id, kind, value_period, amount_minor, debit_minor)
    SELECT extract(year FROM value_on) * 100 + extract(month FROM value_on) AS month, account_id,
           kind, extract(year FROM value_on) * 100 + extract(month FROM value_on),
           sum(amount_minor), sum(greatest(amount_minor, 0))
    FROM movement GROUP BY month, account_id, kind ORDER BY month, account_id, kind
    """,
    """
    INSERT INTO balance (account_id, amount_minor, last_seq)
    SELECT account_id, sum(amount_minor), $1::bigint FROM movement GROUP BY account_id
    """,
    f"""
    INSERT INTO channel_balance
        (period, agency, code, channel, kind, value_period, amount_minor)
    SELECT b.period, a.agency, a.code, a.channel, b.kind, b.value_period, sum(b.amount_minor)
    FROM period_balance b JOIN account a USING (account_id) WHERE a.code IN ({KEPT})
    GROUP BY b.period, a.agency, a.code, a.channel, b.kind, b.value_period
    ORDER BY b.period, a.agency, a.code, a.channel, b.kind, b.value_period
    """,  # noqa: S608  # codes of our own
    f"""
    INSERT INTO channel_movement
        (value_on, agency, code, channel, kind, posted_on, amount_minor)
    SELECT m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on, sum(m.amount_minor)
    FROM movement m JOIN account a USING (account_id) WHERE a.code IN ({KEPT})
    GROUP BY m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on
    ORDER BY m.posted_on, m.value_on, a.agency, a.code, a.channel, m.kind
    """,  # noqa: S608  # codes of our own
    """
    INSERT INTO payer_movement (value_on, account_id, payer, posted_on, amount_minor)
    SELECT e.value_on, p.account_id, e.payer,
           (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted_on, sum(p.amount_minor)
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    WHERE e.payer IS NOT NULL AND a.code = 'assets:bank'
    GROUP BY e.value_on, p.account_id, e.payer, posted_on
    ORDER BY posted_on, p.account_id
    """,
    """
    INSERT INTO payer_balance (value_period, agency, payer, channel, amount_minor)
    SELECT extract(year FROM m.value_on) * 100 + extract(month FROM m.value_on) AS month,
           a.agency, m.payer, a.channel, sum(m.amount_minor)
    FROM payer_movement m JOIN account a USING (account_id)
    GROUP BY month, a.agency, m.payer, a.channel
    """,
    # Each contract has an instalment in every month of both years, of which the first year's are
    # paid; in every month each agency is pledged something that comes in two parts.
    f"""
    INSERT INTO contract_terms
        (contract_id, number, agency, buyer, channel, signed_on, starts_on, list_version)
    SELECT md5(agency || fund_code)::uuid, fund_code, agency,
           (SELECT min(payer) FROM payer_balance), channel, DATE '{FIRST_DAY}',
           DATE '{FIRST_DAY}', 1
    FROM leg WHERE line = 1 AND kind = 'contracts.instalment_paid'
    """,  # noqa: S608  # a day of our own
    f"""
    INSERT INTO contract_instalment
        (contract_id, number, known_on, due_on, amount_minor, deduction_minor, state, paid_on,
         is_listed, listed_version, state_version)
    SELECT contract_id, n, DATE '{FIRST_DAY}', due_on, 1000000, 0,
           CASE WHEN n <= 12 THEN 'paid' ELSE 'scheduled' END,
           CASE WHEN n <= 12 THEN due_on END, true, 1, 1
    FROM contract_terms, generate_series(1, 24) n
    CROSS JOIN LATERAL (
        SELECT (DATE '{FIRST_DAY}' + n * interval '1 month' - interval '1 day')::date AS due_on
    ) d
    """,  # noqa: S608  # a day of our own
    f"""
    INSERT INTO pledge_terms (pledge_id, agency, channel, kind, pledged_on, open_minor)
    SELECT md5(agency || n)::uuid, agency, 'enterprise', 'cash', pledged_on, 2000000
    FROM (SELECT DISTINCT agency FROM leg) a, generate_series(0, 23) n
    CROSS JOIN LATERAL (SELECT (DATE '{FIRST_DAY}' + n * interval '1 month')::date AS pledged_on) d
    """,  # noqa: S608  # a day of our own
    """
    INSERT INTO pledge_part (pledge_id, number, due_on, amount_minor)
    SELECT pledge_id, n, pledged_on + n * 100, 1000000 FROM pledge_terms, generate_series(1, 2) n
    """,
    """
    INSERT INTO pledge_movement (event_id, pledge_id, value_on, known_on, amount_minor)
    SELECT pledge_id, pledge_id, pledged_on, pledged_on, open_minor FROM pledge_terms
    """,
    """
    UPDATE log_head
    SET next_seq = $1::bigint + 1, posted_at = (SELECT max(posted_at) FROM journal_entry)
    """,
    "ALTER TABLE posting ENABLE ALWAYS TRIGGER posting_balanced",
    "ALTER TABLE posting ENABLE ALWAYS TRIGGER posting_unchanged",
)
CHECKS: Final = {
    "every entry sums to zero": """
        SELECT count(*) = 0 FROM (
            SELECT seq FROM posting GROUP BY seq HAVING sum(amount_minor) <> 0 LIMIT 1
        ) unbalanced
    """,
    "balances are the sums of postings": """
        SELECT count(*) = 0 FROM (
            SELECT account_id, sum(amount_minor) AS amount_minor FROM posting GROUP BY account_id
            EXCEPT SELECT account_id, amount_minor FROM balance
        ) different
    """,
}


class ScaleTimes(BaseModel):
    """Medians in milliseconds, through the API; each at most so many, and so much longer."""

    entries: int
    few_entries: int
    median_ms: Mapping[str, float]
    few_median_ms: Mapping[str, float]
    median_ms_max: float
    is_met: bool


@dataclass(frozen=True, kw_only=True)
class Reports:
    """One ledger, asked for the same figures again and again."""

    client: httpx2.AsyncClient
    queries: Mapping[str, str]

    async def milliseconds(self) -> float:
        """Of the median answer to each question, all of them together."""
        return sum((await self.by_query()).values())

    async def by_query(self) -> dict[str, float]:
        return {
            name: round(median([await self._answer(query) for _ in range(REPEATS)]), 1)
            for name, query in self.queries.items()
        }

    async def _answer(self, query: str) -> float:
        started_at = perf_counter()
        answer = await self.client.get(query)
        elapsed_ms = (perf_counter() - started_at) * 1000
        assert answer.is_success, answer.text
        return elapsed_ms


@asynccontextmanager
async def figures_vs_few_entries(
    site: Site, *, entries: int, few_entries: int
) -> AsyncGenerator[tuple[Contest, ScaleTimes]]:
    async with _running(site, entries) as many, _running(site, few_entries) as few:
        agency = Organisations.of_sample().by_kind["agency"][0]
        queries = _queries(agency)
        ours, bare = (Reports(client=client, queries=queries) for client in (many, few))
        times, few_times = await ours.by_query(), await bare.by_query()
        contest = Contest(
            what="mix, trial balance, reading and statements with many entries against few",
            unit="ms",
            mark=Mark(bound="at_most", ratio=RATIO_MAX),
            ours=ours.milliseconds,
            bare=bare.milliseconds,
            details={
                "entries": entries,
                "few_entries": few_entries,
                **{
                    f"{name}_ms": f"{times[name]:.1f} against {few_times[name]:.1f}"
                    for name in queries
                },
            },
        )
        yield (
            contest,
            ScaleTimes(
                entries=entries,
                few_entries=few_entries,
                median_ms=times,
                few_median_ms=few_times,
                median_ms_max=MEDIAN_MS_MAX,
                is_met=max(times.values()) <= MEDIAN_MS_MAX
                and all(times[name] <= RATIO_MAX * few_times[name] for name in queries),
            ),
        )


def _queries(agency: str) -> dict[str, str]:
    return {
        "mix": "/v1/mix?year=2024",
        "trial_balance": f"/v1/trial-balance?from=202401&to=202412&agency={agency}",
        "reading": "/v1/reading?year=2024",
        "reading_of_a_day": "/v1/reading?year=2025&on=2025-11-15",
        "activities": "/v1/statements/activities?year=2024",
        "balance_sheet": "/v1/statements/balance-sheet",
        "balance_sheet_on_a_day": "/v1/statements/balance-sheet?on=2024-12-31",
    }


@asynccontextmanager
async def _running(site: Site, entries: int) -> AsyncGenerator[httpx2.AsyncClient]:
    service = some_parts("ledger", ["api"])
    async with site.postgres.fresh("ledger", migrations=MIGRATIONS) as database:
        await _fill(database, entries)
        await site.postgres.checkpoint()
        token = site.token(Role.AUDITOR)
        async with (
            site.running(service, database),
            httpx2.AsyncClient(
                base_url=f"http://{LOOPBACK}:{service.port}",
                headers={"Authorization": f"Bearer {token}"},
                timeout=ANSWER_TIME_S_MAX,
            ) as client,
        ):
            yield client


async def _fill(database: ServiceDatabase, entries: int) -> None:
    organisations = Organisations.of_sample().by_kind
    payers = [*organisations["buyer"], *organisations["enterprise"], *organisations["foundation"]]
    arguments = (entries, FIRST_DAY, DAYS, payers)
    connection = await asyncpg.connect(database.owner_url)
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SET work_mem = '256MB'")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        await connection.execute(TEMPLATES, organisations["agency"], PURPOSES, CONTRACTS_PER_AGENCY)
        await connection.execute(WITHOUT_GUARDS)
        indexes = await connection.fetch(INDEXES)
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['indexname']}")
        for statement in FILL:
            used = [n for n in range(1, 5) if f"${n}" in statement]
            await connection.execute(statement, *arguments[: max(used, default=0)])
        for index in indexes:
            await connection.execute(index["indexdef"])
        # The first year is closed.
        async with connection.transaction():
            await periods.close(connection, seq=entries, through=CLOSED_THROUGH)
        for promise, query in CHECKS.items():
            assert await connection.fetchval(query), promise
        # As autovacuum would have done by the time anybody asks.
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
