"""All that follows from the journal, read whole: two ledgers are the same when this is."""

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


async def read_books(database: Database, *, is_derived_only: bool = False) -> dict[str, Any]:
    queries = DERIVED if is_derived_only else TABLES | DERIVED
    async with database.reading() as connection:
        return {
            name: [tuple(row) for row in await connection.fetch(query)]
            for name, query in queries.items()
        }
