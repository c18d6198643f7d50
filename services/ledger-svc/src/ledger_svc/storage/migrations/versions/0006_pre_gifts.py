"""Find the gifts of a donor by its code.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        """
        CREATE INDEX ix_lot_payer ON lot (payer, value_on, lot_id)
        WHERE payer IS NOT NULL AND NOT starts_with(fund_code, 'contract:')
        """
    )
