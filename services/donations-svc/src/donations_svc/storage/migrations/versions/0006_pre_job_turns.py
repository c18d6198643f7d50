"""Jobs take turns, and go through their month by the day of receipt.

Revision ID: 0006
Revises: 0005
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0006"
down_revision = "0005"

STATEMENTS = (
    # A job that is open goes through its month once more: what has a receipt is passed over.
    "ALTER TABLE job ADD after_on date NOT NULL DEFAULT '0001-01-01'",
    "ALTER TABLE job ALTER after_on DROP DEFAULT",
    "ALTER TABLE job ADD tried_at timestamptz",
    "DROP INDEX ix_job_open",
    """
    CREATE INDEX ix_job_open ON job (tried_at NULLS FIRST, job_id) WHERE finished_at IS NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service({"job": "UPDATE (after_on, tried_at)"})
