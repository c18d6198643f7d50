"""Goods without a proof of their value are found: their agency is to state it.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"

STATEMENTS = (
    """
    CREATE INDEX ix_donation_unproved ON donation (agency, received_on, donation_id)
    WHERE kind = 'in_kind' AND proof_kind IS NULL AND reversed_on IS NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
