"""Drop the end and ceiling of terms, and the version that guarded them: nobody reads them.

Only now: the earlier code writes them.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE contract_terms
            DROP COLUMN ends_on, DROP COLUMN ceiling_minor, DROP COLUMN terms_version
        """
    )
