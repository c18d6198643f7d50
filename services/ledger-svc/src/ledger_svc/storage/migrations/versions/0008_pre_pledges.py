"""Tell of pledges by when they are to arrive: what was promised before is not known so well.

A ledger that is built anew from the topics knows it.

Revision ID: 0008
Revises: 0007
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0008"
down_revision = "0007"

TABLES = (
    """
    CREATE TABLE pledge_terms (
        pledge_id uuid CONSTRAINT pk_pledge_terms PRIMARY KEY,
        agency varchar NOT NULL,
        channel varchar NOT NULL,
        kind varchar NOT NULL,
        pledged_on date,
        open_minor bigint NOT NULL
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX ix_pledge_terms_open ON pledge_terms (pledge_id) WHERE open_minor <> 0",
    """
    CREATE TABLE pledge_part (
        pledge_id uuid NOT NULL,
        number smallint NOT NULL,
        due_on date NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_pledge_part PRIMARY KEY (pledge_id, number)
    )
    """,
    """
    CREATE TABLE pledge_movement (
        event_id uuid CONSTRAINT pk_pledge_movement PRIMARY KEY,
        pledge_id uuid NOT NULL,
        value_on date NOT NULL,
        known_on date NOT NULL,
        amount_minor bigint NOT NULL
    )
    """,
    "CREATE INDEX ix_pledge_movement_value_on ON pledge_movement (value_on)",
    "CREATE INDEX ix_pledge_movement_known_on ON pledge_movement (known_on)",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    grant_to_service(
        {
            "pledge_terms": "SELECT, INSERT, UPDATE",
            "pledge_part": "SELECT, INSERT",
            "pledge_movement": "SELECT, INSERT",
        }
    )
