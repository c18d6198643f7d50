"""Keep by channel also what the earlier code has posted since 0014, which knew accounts only.

Only now: while that code runs, it goes on posting so.

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"

# Nobody posts meanwhile: what stands there is what all that is posted comes to.
LOCK = "SELECT FROM log_head WHERE id = 1 FOR UPDATE"
KEPT = """
    a.code = ANY(ARRAY[
        'assets:bank', 'assets:in_kind', 'assets:receivable', 'liabilities:advance_received',
        'income:service', 'income:donation', 'income:subsidy', 'income:dues', 'income:sales',
        'income:investment', 'income:other', 'commitments:contract'
    ])
"""
FILL = (
    f"""
    INSERT INTO channel_balance AS c
        (period, agency, code, channel, kind, value_period, amount_minor)
    SELECT b.period, a.agency, a.code, a.channel, b.kind, b.value_period,
           sum(b.amount_minor)::bigint
    FROM period_balance b JOIN account a USING (account_id) WHERE {KEPT}
    GROUP BY b.period, a.agency, a.code, a.channel, b.kind, b.value_period
    ORDER BY b.period, a.agency, a.code, a.channel, b.kind, b.value_period
    ON CONFLICT (period, agency, code, channel, kind, value_period) DO UPDATE
    SET amount_minor = excluded.amount_minor
    WHERE c.amount_minor <> excluded.amount_minor
    """,  # noqa: S608  # our own condition
    f"""
    INSERT INTO channel_movement AS c
        (value_on, agency, code, channel, kind, posted_on, amount_minor)
    SELECT m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on,
           sum(m.amount_minor)::bigint
    FROM movement m JOIN account a USING (account_id) WHERE {KEPT}
    GROUP BY m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on
    ORDER BY m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on
    ON CONFLICT (value_on, agency, code, channel, kind, posted_on) DO UPDATE
    SET amount_minor = excluded.amount_minor
    WHERE c.amount_minor <> excluded.amount_minor
    """,  # noqa: S608  # our own condition
)


def upgrade() -> None:
    op.execute(LOCK)
    for statement in FILL:
        op.execute(statement)
