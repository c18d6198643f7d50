"""Remember what accounts and projects of an accountant's program are here.

Revision ID: 0005
Revises: 0004
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0005"
down_revision = "0004"

TABLE = """
    CREATE TABLE import_mapping (
        agency varchar NOT NULL,
        kind varchar NOT NULL,
        text varchar NOT NULL,
        target varchar NOT NULL,
        CONSTRAINT pk_import_mapping PRIMARY KEY (agency, kind, text),
        CONSTRAINT ck_import_mapping_kind CHECK (kind IN ('account', 'project'))
    )
"""


def upgrade() -> None:
    op.execute(TABLE)
    grant_to_service({"import_mapping": "SELECT, INSERT, UPDATE, DELETE"})
