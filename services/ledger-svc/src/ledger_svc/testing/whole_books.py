"""All that follows from the journal, read whole: two ledgers are the same when this is."""

from collections.abc import Mapping
from typing import Any, Final

from fundmix_kit.database import Database

# Ids of accounts are each ledger's own.
TABLES: Final = {
    "journal_entry": "SELECT * FROM journal_entry ORDER BY seq",
    "posting": """
        SELECT p.seq, p.line, a.agency, a.code, a.fund_code, a.channel, a.currency, p.amount_minor
        FROM posting p JOIN account a USING (account_id) ORDER BY p.seq, p.line
    """,
    "lot_movement": "SELECT * FROM lot_movement ORDER BY seq, line",
    "period_close": "SELECT * FROM period_close ORDER BY seq",
    "period_total": """
        SELECT t.period, a.agency, a.code, a.fund_code, a.channel, a.currency, t.opening_minor,
            t.debit_minor, t.credit_minor, t.closing_minor
        FROM period_total t JOIN account a USING (account_id) ORDER BY t.period, a.agency, a.code,
            a.fund_code, a.channel, a.currency
    """,
    "log_head": "SELECT next_seq, closed_through, posted_at FROM log_head",
}
# What does not depend on how the topics were interleaved, or on when it was posted.
DERIVED: Final = {
    "balance": """
        SELECT a.agency, a.code, a.fund_code, a.channel, a.currency,
            b.amount_minor FROM balance b JOIN account a USING (account_id)
        ORDER BY a.agency, a.code, a.fund_code, a.channel, a.currency
    """,
    "value_months": """
        SELECT a.agency, a.code, a.fund_code, a.channel, a.currency, p.value_period, p.kind,
            sum(p.amount_minor), sum(p.debit_minor)
        FROM period_balance p JOIN account a USING (account_id)
        GROUP BY a.agency, a.code, a.fund_code, a.channel, a.currency, p.value_period,
            p.kind ORDER BY a.agency, a.code, a.fund_code, a.channel, a.currency, p.value_period,
            p.kind
    """,
    "value_days": """
        SELECT a.agency, a.code, a.fund_code, a.channel, a.currency, m.value_on, m.kind,
            sum(m.amount_minor)
        FROM movement m JOIN account a USING (account_id)
        GROUP BY a.agency, a.code, a.fund_code, a.channel, a.currency, m.value_on,
            m.kind ORDER BY a.agency, a.code, a.fund_code, a.channel, a.currency, m.value_on,
            m.kind
    """,
    "channel_months": """
        SELECT agency, code, channel, kind, value_period, sum(amount_minor) FROM channel_balance
        GROUP BY agency, code, channel, kind, value_period
        ORDER BY agency, code, channel, kind, value_period
    """,
    "channel_days": """
        SELECT agency, code, channel, kind, value_on, sum(amount_minor) FROM channel_movement
        GROUP BY agency, code, channel, kind, value_on
        ORDER BY agency, code, channel, kind, value_on
    """,
    "payer_balance": """
        SELECT * FROM payer_balance ORDER BY value_period, agency, payer, channel
    """,
    "payer_days": """
        SELECT a.agency, a.code, a.fund_code, a.channel, a.currency, m.value_on, m.payer,
            sum(m.amount_minor)
        FROM payer_movement m JOIN account a USING (account_id)
        GROUP BY a.agency, a.code, a.fund_code, a.channel, a.currency, m.value_on,
            m.payer ORDER BY a.agency, a.code, a.fund_code, a.channel, a.currency, m.value_on,
            m.payer
    """,
    "lot": """
        SELECT lot_id, agency, fund_code, channel, currency, value_on, document, payer,
               amount_minor, drawn_minor
        FROM lot ORDER BY lot_id
    """,
}
# What contracts and pledges promise: as it stands, whenever that became known.
PROMISED: Final = {
    "contract_terms": "SELECT * FROM contract_terms ORDER BY contract_id",
    "contract_instalment": """
        SELECT contract_id, number, due_on, amount_minor, deduction_minor, state, paid_on,
               is_listed, listed_version, state_version
        FROM contract_instalment WHERE replaced_on IS NULL ORDER BY contract_id, number
    """,
    "contract_agreement": "SELECT * FROM contract_agreement ORDER BY contract_id, version",
    "pledge_terms": "SELECT * FROM pledge_terms ORDER BY pledge_id",
    "pledge_part": "SELECT * FROM pledge_part ORDER BY pledge_id, number",
    "pledge_movement": """
        SELECT event_id, pledge_id, value_on, amount_minor FROM pledge_movement ORDER BY event_id
    """,
}
POSTED_BY_CHANNEL: Final = """
    FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
    WHERE a.code IN ('assets:bank', 'assets:in_kind', 'assets:receivable',
                     'liabilities:advance_received', 'commitments:contract')
       OR a.code LIKE 'income:%'
"""
# What is kept beside the journal, and the same summed over the journal's own rows.
KEPT: Final = {
    "balance": (
        "SELECT account_id, amount_minor, last_seq FROM balance",
        "SELECT account_id, sum(amount_minor)::bigint, max(seq) FROM posting GROUP BY account_id",
    ),
    "period_balance": (
        """
        SELECT period, account_id, kind, value_period, amount_minor, debit_minor
        FROM period_balance
        """,
        """
        SELECT e.period, p.account_id, e.kind, to_char(e.value_on, 'YYYYMM')::int AS month,
               sum(p.amount_minor)::bigint, sum(greatest(p.amount_minor, 0))::bigint
        FROM posting p JOIN journal_entry e USING (seq)
        GROUP BY e.period, p.account_id, e.kind, month
        """,
    ),
    "movement": (
        "SELECT account_id, value_on, posted_on, kind, amount_minor FROM movement",
        """
        SELECT p.account_id, e.value_on, (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted,
               e.kind, sum(p.amount_minor)::bigint
        FROM posting p JOIN journal_entry e USING (seq)
        GROUP BY p.account_id, e.value_on, posted, e.kind
        """,
    ),
    "channel_balance": (
        """
        SELECT period, agency, code, channel, kind, value_period, amount_minor
        FROM channel_balance
        """,
        f"""
        SELECT e.period, a.agency, a.code, a.channel, e.kind,
               to_char(e.value_on, 'YYYYMM')::int AS month, sum(p.amount_minor)::bigint
        {POSTED_BY_CHANNEL}
        GROUP BY e.period, a.agency, a.code, a.channel, e.kind, month
        """,
    ),
    "channel_movement": (
        """
        SELECT value_on, agency, code, channel, kind, posted_on, amount_minor
        FROM channel_movement
        """,
        f"""
        SELECT e.value_on, a.agency, a.code, a.channel, e.kind,
               (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted,
               sum(p.amount_minor)::bigint
        {POSTED_BY_CHANNEL}
        GROUP BY e.value_on, a.agency, a.code, a.channel, e.kind, posted
        """,
    ),
    "payer_balance": (
        "SELECT value_period, agency, payer, channel, amount_minor FROM payer_balance",
        """
        SELECT to_char(e.value_on, 'YYYYMM')::int AS month, e.agency, e.payer, a.channel,
               sum(p.amount_minor)::bigint
        FROM posting p JOIN journal_entry e USING (seq) JOIN account a USING (account_id)
        WHERE a.code = 'assets:bank' AND e.payer IS NOT NULL
        GROUP BY month, e.agency, e.payer, a.channel
        """,
    ),
    "lot": (
        "SELECT lot_id, amount_minor, drawn_minor, held_minor FROM lot",
        """
        SELECT m.lot_id, coalesce(sum(m.amount_minor) FILTER (WHERE NOT m.is_draw), 0)::bigint,
               coalesce(sum(m.amount_minor) FILTER (WHERE m.is_draw), 0)::bigint,
               (SELECT coalesce(sum(h.amount_minor), 0)::bigint
                FROM hold_lot h JOIN hold USING (hold_id)
                WHERE h.lot_id = m.lot_id AND hold.state = 'held')
        FROM lot_movement m GROUP BY m.lot_id
        """,
    ),
    "period_total": (
        """
        SELECT period, account_id, opening_minor, debit_minor, credit_minor, closing_minor
        FROM period_total
        """,
        """
        SELECT t.period, t.account_id,
               coalesce(sum(j.amount_minor) FILTER (WHERE j.period < t.period), 0)::bigint,
               coalesce(sum(greatest(j.amount_minor, 0)) FILTER (WHERE j.period = t.period), 0)
                   ::bigint,
               coalesce(sum(greatest(-j.amount_minor, 0)) FILTER (WHERE j.period = t.period), 0)
                   ::bigint,
               coalesce(sum(j.amount_minor) FILTER (WHERE j.period <= t.period), 0)::bigint
        FROM period_total t
        LEFT JOIN (
            SELECT p.account_id, p.amount_minor, e.period
            FROM posting p JOIN journal_entry e USING (seq)
        ) j USING (account_id)
        GROUP BY t.period, t.account_id
        """,
    ),
    "pledge_terms": (
        """
        SELECT agency, channel, sum(open_minor)::bigint FROM pledge_terms
        GROUP BY agency, channel HAVING sum(open_minor) <> 0
        """,
        """
        SELECT a.agency, a.channel, sum(p.amount_minor)::bigint
        FROM posting p JOIN account a USING (account_id) WHERE a.code = 'commitments:pledge'
        GROUP BY a.agency, a.channel HAVING sum(p.amount_minor) <> 0
        """,
    ),
}


async def assert_kept_as_posted(database: Database) -> None:
    """Every table that is kept beside the journal is what the journal sums up to."""
    async with database.reading() as connection:
        for table, (kept, posted) in KEPT.items():
            found = {tuple(row) for row in await connection.fetch(kept)}
            wanted = {tuple(row) for row in await connection.fetch(posted)}
            assert found == wanted, f"{table} is not what the journal says"


async def read_books(database: Database, *, is_derived_only: bool = False) -> dict[str, Any]:
    return await _read(database, DERIVED if is_derived_only else TABLES | DERIVED)


async def read_promises(database: Database) -> dict[str, Any]:
    return await _read(database, PROMISED)


async def _read(database: Database, queries: Mapping[str, str]) -> dict[str, Any]:
    async with database.reading() as connection:
        return {
            name: [tuple(row) for row in await connection.fetch(query)]
            for name, query in queries.items()
        }
