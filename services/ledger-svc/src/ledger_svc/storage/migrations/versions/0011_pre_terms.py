"""Let terms be written without their end and ceiling, which are read from agreements since 0009.

The running code goes on writing them, and what its versions guarded.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE contract_terms
            ALTER COLUMN ceiling_minor SET DEFAULT 0,
            ALTER COLUMN terms_version SET DEFAULT 0
        """
    )
