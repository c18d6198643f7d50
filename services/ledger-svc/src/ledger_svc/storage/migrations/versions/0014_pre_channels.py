"""Keep what moves also by channel, without funds: of what is posted already, out of its balances.

What the running code goes on posting is not in it until 0015.

Revision ID: 0014
Revises: 0013
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0014"
down_revision = "0013"

# Nobody posts meanwhile.
LOCK = "SELECT FROM log_head WHERE id = 1 FOR UPDATE"
KEPT = """
    a.code = ANY(ARRAY[
        'assets:bank', 'assets:in_kind', 'assets:receivable', 'liabilities:advance_received',
        'income:service', 'income:donation', 'income:subsidy', 'income:dues', 'income:sales',
        'income:investment', 'income:other', 'commitments:contract'
    ])
"""
TABLES = (
    """
    CREATE TABLE channel_balance (
        period integer NOT NULL,
        agency varchar NOT NULL,
        code varchar NOT NULL,
        channel varchar NOT NULL,
        kind varchar NOT NULL,
        value_period integer NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_channel_balance
            PRIMARY KEY (period, agency, code, channel, kind, value_period)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE INDEX ix_channel_balance_late ON channel_balance (value_period)
    WHERE value_period <> period
    """,
    """
    CREATE TABLE channel_movement (
        value_on date NOT NULL,
        agency varchar NOT NULL,
        code varchar NOT NULL,
        channel varchar NOT NULL,
        kind varchar NOT NULL,
        posted_on date NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_channel_movement
            PRIMARY KEY (value_on, agency, code, channel, kind, posted_on)
    ) WITH (fillfactor = 70)
    """,
)
FILL = (
    f"""
    INSERT INTO channel_balance
        (period, agency, code, channel, kind, value_period, amount_minor)
    SELECT b.period, a.agency, a.code, a.channel, b.kind, b.value_period,
           sum(b.amount_minor)::bigint
    FROM period_balance b JOIN account a USING (account_id) WHERE {KEPT}
    GROUP BY b.period, a.agency, a.code, a.channel, b.kind, b.value_period
    ORDER BY b.period, a.agency, a.code, a.channel, b.kind, b.value_period
    """,  # noqa: S608  # our own condition
    f"""
    INSERT INTO channel_movement
        (value_on, agency, code, channel, kind, posted_on, amount_minor)
    SELECT m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on,
           sum(m.amount_minor)::bigint
    FROM movement m JOIN account a USING (account_id) WHERE {KEPT}
    GROUP BY m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on
    ORDER BY m.value_on, a.agency, a.code, a.channel, m.kind, m.posted_on
    """,  # noqa: S608  # our own condition
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(LOCK)
    for statement in FILL:
        op.execute(statement)
    grant_to_service(
        {
            "channel_balance": "SELECT, INSERT, UPDATE",
            "channel_movement": "SELECT, INSERT, UPDATE",
        }
    )
