"""Look accounts up one by one where an entry is summed to zero.

The plan of a join is kept from a large batch, and would then read all accounts for each event.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"

REQUIRE_BALANCED = """
    CREATE OR REPLACE FUNCTION require_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        unbalanced bigint;
    BEGIN
        SELECT p.seq INTO unbalanced
        FROM (
            SELECT n.seq, n.amount_minor,
                   (SELECT a.currency FROM account a WHERE a.account_id = n.account_id) AS currency
            FROM new_posting n
        ) p
        GROUP BY p.seq, p.currency
        HAVING sum(p.amount_minor) <> 0 OR p.currency IS NULL
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % does not balance, or has an unknown account', unbalanced
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END
    $$
"""


def upgrade() -> None:
    op.execute(REQUIRE_BALANCED)
