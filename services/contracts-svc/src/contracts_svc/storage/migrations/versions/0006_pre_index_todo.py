"""Find what waits without looking at all that is done.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    """
    CREATE INDEX ix_instalment_unconfirmed ON instalment (paid_on)
    WHERE state = 'paid' AND arrived_on IS NULL
    """,
    """
    CREATE INDEX ix_instalment_waiting ON instalment (due_on)
    WHERE state IN ('scheduled', 'approved')
    """,
    """
    CREATE INDEX ix_contract_line_unaccepted ON contract_line (contract_id)
    WHERE accepted < delivered
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
