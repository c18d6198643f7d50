"""Create the tables of donations-svc: nothing was there before.

Revision ID: 0001
Revises:
"""

from alembic import op
from fundmix_kit.migrate import create_kit_tables, grant_to_service

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE pledge (
        pledge_id uuid CONSTRAINT pk_pledge PRIMARY KEY,
        version bigint NOT NULL,
        reference varchar NOT NULL,
        donor_kind varchar NOT NULL,
        donor_code varchar,
        agency varchar NOT NULL,
        channel varchar NOT NULL,
        kind varchar NOT NULL,
        amount_minor bigint NOT NULL,
        fulfilled_minor bigint NOT NULL,
        currency varchar NOT NULL,
        restricted_to varchar,
        pledged_on date NOT NULL,
        is_anonymous boolean NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT uq_pledge_agency_reference UNIQUE (agency, reference),
        CONSTRAINT ck_pledge_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_pledge_fulfilled CHECK (fulfilled_minor BETWEEN 0 AND amount_minor),
        CONSTRAINT ck_pledge_donor CHECK ((donor_kind = 'individual') = (donor_code IS NULL))
    )
    """,
    "CREATE INDEX ix_pledge_agency ON pledge (agency, pledge_id)",
    "CREATE INDEX ix_pledge_donor ON pledge (donor_code, pledge_id)",
    """
    CREATE INDEX ix_pledge_open_agency ON pledge (agency, pledged_on, pledge_id)
    WHERE fulfilled_minor < amount_minor
    """,
    """
    CREATE INDEX ix_pledge_open_donor ON pledge (donor_code, pledged_on, pledge_id)
    WHERE fulfilled_minor < amount_minor
    """,
    """
    CREATE TABLE donation (
        donation_id uuid CONSTRAINT pk_donation PRIMARY KEY,
        version bigint NOT NULL,
        reference varchar NOT NULL,
        donor_kind varchar NOT NULL,
        donor_code varchar,
        agency varchar NOT NULL,
        channel varchar NOT NULL,
        kind varchar NOT NULL,
        amount_minor bigint NOT NULL,
        currency varchar NOT NULL,
        restricted_to varchar,
        given_on date NOT NULL,
        received_on date NOT NULL,
        bank_reference varchar,
        pledge_id uuid,
        fulfils_minor bigint,
        is_anonymous boolean NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT uq_donation_agency_reference UNIQUE (agency, reference),
        CONSTRAINT uq_donation_agency_bank_reference UNIQUE (agency, bank_reference),
        CONSTRAINT fk_donation_pledge_id FOREIGN KEY (pledge_id) REFERENCES pledge (pledge_id),
        CONSTRAINT ck_donation_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_donation_donor CHECK ((donor_kind = 'individual') = (donor_code IS NULL)),
        CONSTRAINT ck_donation_bank_reference
            CHECK ((kind = 'cash') = (bank_reference IS NOT NULL)),
        CONSTRAINT ck_donation_dates CHECK (given_on <= received_on),
        CONSTRAINT ck_donation_fulfils CHECK (
            (pledge_id IS NULL) = (fulfils_minor IS NULL)
            AND (fulfils_minor IS NULL OR fulfils_minor BETWEEN 1 AND amount_minor)
        )
    )
    """,
    "CREATE INDEX ix_donation_agency ON donation (agency, donation_id)",
    "CREATE INDEX ix_donation_donor ON donation (donor_code, donation_id)",
    "CREATE INDEX ix_donation_pledge ON donation (pledge_id, donation_id)",
)


def upgrade() -> None:
    create_kit_tables()
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "pledge": "SELECT, INSERT, UPDATE (version, fulfilled_minor)",
            "donation": "SELECT, INSERT",
        }
    )
