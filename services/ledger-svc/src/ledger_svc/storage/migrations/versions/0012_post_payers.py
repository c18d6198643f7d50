"""Tell who paid also of what the earlier code has posted since 0010, which knew months only.

Only now: while that code runs, it goes on posting so.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"

# Nobody posts meanwhile: what stands there is what all that is posted comes to.
LOCK = "SELECT FROM log_head WHERE id = 1 FOR UPDATE"
FILL = """
    INSERT INTO payer_movement AS m (value_on, account_id, payer, posted_on, amount_minor)
    SELECT e.value_on, p.account_id, e.payer,
           (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted_on,
           sum(p.amount_minor)::bigint
    FROM journal_entry e JOIN posting p USING (seq) JOIN account a USING (account_id)
    WHERE e.payer IS NOT NULL AND a.code = 'assets:bank'
    GROUP BY e.value_on, p.account_id, e.payer, posted_on
    ORDER BY e.value_on, p.account_id, e.payer, posted_on
    ON CONFLICT (value_on, account_id, payer, posted_on) DO UPDATE
    SET amount_minor = excluded.amount_minor
    WHERE m.amount_minor <> excluded.amount_minor
"""


def upgrade() -> None:
    op.execute(LOCK)
    op.execute(FILL)
