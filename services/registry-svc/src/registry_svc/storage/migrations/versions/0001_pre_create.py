"""Create the tables of registry-svc: nothing was there before.

Revision ID: 0001
Revises:
"""

from alembic import op
from fundmix_kit.migrate import create_kit_tables, grant_to_service

revision = "0001"
down_revision = None

ORGANISATION = """
    CREATE TABLE organisation (
        code varchar CONSTRAINT pk_organisation PRIMARY KEY,
        version bigint NOT NULL,
        name varchar NOT NULL,
        kind varchar NOT NULL,
        level varchar,
        town varchar,
        registered_on date,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT ck_organisation_code CHECK (code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'),
        CONSTRAINT ck_organisation_version CHECK (version > 0)
    )
"""

# What an organisation is does not change: only what is known about it.
CHANGEABLE = "version, name, level, town, registered_on"


def upgrade() -> None:
    create_kit_tables()
    op.execute(ORGANISATION)
    grant_to_service({"organisation": f"SELECT, INSERT, UPDATE ({CHANGEABLE})"})
