"""Tell who paid on every day, as known on any: of what is posted already, out of the journal.

What the running code goes on posting is not in it until 0012.

Revision ID: 0010
Revises: 0009
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0010"
down_revision = "0009"

# Nobody posts meanwhile.
LOCK = "SELECT FROM log_head WHERE id = 1 FOR UPDATE"
FILL = """
    INSERT INTO payer_movement (value_on, account_id, payer, posted_on, amount_minor)
    SELECT e.value_on, p.account_id, e.payer,
           (e.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS posted_on,
           sum(p.amount_minor)::bigint
    FROM journal_entry e JOIN posting p USING (seq) JOIN account a USING (account_id)
    WHERE e.payer IS NOT NULL AND a.code = 'assets:bank'
    GROUP BY e.value_on, p.account_id, e.payer, posted_on
    ORDER BY e.value_on, p.account_id, e.payer, posted_on
"""


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE payer_movement (
            value_on date NOT NULL,
            account_id integer NOT NULL,
            payer varchar NOT NULL,
            posted_on date NOT NULL,
            amount_minor bigint NOT NULL,
            CONSTRAINT pk_payer_movement PRIMARY KEY (value_on, account_id, payer, posted_on)
        )
        """
    )
    op.execute(LOCK)
    op.execute(FILL)
    grant_to_service({"payer_movement": "SELECT, INSERT, UPDATE"})
