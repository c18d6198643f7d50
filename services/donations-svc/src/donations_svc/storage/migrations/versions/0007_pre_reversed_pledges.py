"""Pledges that an import has made are undone with it, and their references are free again.

Revision ID: 0007
Revises: 0006
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0007"
down_revision = "0006"

STATEMENTS = (
    """
    ALTER TABLE pledge
        ADD COLUMN batch_id uuid,
        ADD COLUMN reversed_on date,
        ADD CONSTRAINT ck_pledge_reversed
            CHECK (reversed_on IS NULL OR (cancelled_on IS NOT NULL AND fulfilled_minor = 0))
    """,
    "ALTER TABLE pledge DROP CONSTRAINT uq_pledge_agency_reference",
    """
    CREATE UNIQUE INDEX ix_pledge_reference ON pledge (agency, reference)
    WHERE reversed_on IS NULL
    """,
    """
    CREATE INDEX ix_pledge_batch ON pledge (batch_id, pledge_id) WHERE batch_id IS NOT NULL
    """,
    # What an import has written by one statement was recorded at one instant. Of promises that
    # came without any donation nothing says where they came from.
    """
    UPDATE pledge SET batch_id = d.batch_id
    FROM (SELECT DISTINCT batch_id, recorded_at FROM donation WHERE batch_id IS NOT NULL) d
    JOIN import_share s USING (batch_id)
    WHERE pledge.recorded_at = d.recorded_at AND pledge.agency = s.agency AND s.pledges > 0
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service({"pledge": "UPDATE (reversed_on)"})
