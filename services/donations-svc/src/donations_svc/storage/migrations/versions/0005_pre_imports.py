"""Batches of imported donations, what columns mean to whom, and what finds a likely duplicate.

Revision ID: 0005
Revises: 0004
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    """
    CREATE TABLE import_batch (
        batch_id uuid CONSTRAINT pk_import_batch PRIMARY KEY,
        source varchar NOT NULL,
        file_sha256 bytea NOT NULL,
        format varchar NOT NULL,
        rows integer NOT NULL,
        donations integer NOT NULL,
        pledges integer NOT NULL,
        duplicates integer NOT NULL,
        left_out integer NOT NULL,
        control_total_minor bigint NOT NULL,
        booked_minor bigint NOT NULL,
        currency varchar NOT NULL,
        org varchar,
        recorded_by varchar NOT NULL,
        delegation varchar,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT ck_import_batch_digest CHECK (length(file_sha256) = 32),
        -- A pledge and the donation that fulfils it are one row.
        CONSTRAINT ck_import_batch_rows CHECK (
            donations >= 0 AND pledges >= 0 AND donations + pledges > 0
            AND greatest(donations, pledges) + duplicates + left_out <= rows
        ),
        CONSTRAINT ck_import_batch_booked CHECK (booked_minor BETWEEN 1 AND control_total_minor)
    )
    """,
    "CREATE INDEX ix_import_batch_org ON import_batch (org, batch_id)",
    """
    CREATE TABLE import_share (
        batch_id uuid NOT NULL,
        agency varchar NOT NULL,
        donations integer NOT NULL,
        pledges integer NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_import_share PRIMARY KEY (batch_id, agency),
        CONSTRAINT fk_import_share_batch_id
            FOREIGN KEY (batch_id) REFERENCES import_batch (batch_id)
    )
    """,
    "CREATE INDEX ix_import_share_agency ON import_share (agency, batch_id)",
    """
    CREATE TABLE import_column (
        agency varchar NOT NULL,
        source varchar NOT NULL,
        header varchar NOT NULL,
        field varchar NOT NULL,
        CONSTRAINT pk_import_column PRIMARY KEY (agency, source, header)
    )
    """,
    """
    CREATE INDEX ix_donation_alike ON donation (agency, donor_code, received_on, amount_minor)
    WHERE reversed_on IS NULL AND donor_code IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "import_batch": "SELECT, INSERT",
            "import_share": "SELECT, INSERT",
            "import_column": "SELECT, INSERT, DELETE",
        }
    )
