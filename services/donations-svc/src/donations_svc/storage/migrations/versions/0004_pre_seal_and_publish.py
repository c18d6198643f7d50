"""Keep contacts of donors, sealed by field; list the gifts that are published by their day.

Revision ID: 0004
Revises: 0003
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE TABLE donor_contact (
        contact_id uuid CONSTRAINT pk_donor_contact PRIMARY KEY,
        version bigint NOT NULL,
        agency varchar NOT NULL,
        organisation varchar,
        key_id varchar,
        name bytea,
        phone bytea,
        email bytea,
        address bytea,
        identity_number bytea,
        phone_hash bytea,
        email_hash bytea,
        identity_number_hash bytea,
        recorded_by varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        erased_at timestamptz,
        erasure_reason varchar,
        CONSTRAINT ck_donor_contact_sealed CHECK (
            (key_id IS NULL) = (name IS NULL)
            AND (phone IS NULL) = (phone_hash IS NULL)
            AND (email IS NULL) = (email_hash IS NULL)
            AND (identity_number IS NULL) = (identity_number_hash IS NULL)
        ),
        CONSTRAINT ck_donor_contact_erased CHECK (
            (erased_at IS NULL) = (erasure_reason IS NULL)
            AND (erased_at IS NULL) = (key_id IS NOT NULL)
            AND (erased_at IS NULL
                 OR num_nonnulls(name, phone, email, address, identity_number) = 0)
        )
    )
    """,
    """
    CREATE INDEX ix_donor_contact_phone ON donor_contact (agency, phone_hash)
    WHERE phone_hash IS NOT NULL
    """,
    """
    CREATE INDEX ix_donor_contact_email ON donor_contact (agency, email_hash)
    WHERE email_hash IS NOT NULL
    """,
    """
    CREATE INDEX ix_donor_contact_identity_number ON donor_contact (agency, identity_number_hash)
    WHERE identity_number_hash IS NOT NULL
    """,
    "CREATE INDEX ix_donor_contact_key ON donor_contact (key_id, contact_id)",
    """
    CREATE TABLE donation_contact (
        donation_id uuid CONSTRAINT pk_donation_contact PRIMARY KEY,
        contact_id uuid NOT NULL,
        linked_by varchar NOT NULL,
        linked_at timestamptz NOT NULL,
        CONSTRAINT fk_donation_contact_donation_id
            FOREIGN KEY (donation_id) REFERENCES donation (donation_id),
        CONSTRAINT fk_donation_contact_contact_id
            FOREIGN KEY (contact_id) REFERENCES donor_contact (contact_id)
    )
    """,
    "CREATE INDEX ix_donation_contact_contact ON donation_contact (contact_id, donation_id)",
    """
    CREATE TABLE contact_access (
        access_id uuid CONSTRAINT pk_contact_access PRIMARY KEY,
        contact_id uuid NOT NULL,
        agency varchar NOT NULL,
        act varchar NOT NULL,
        subject varchar NOT NULL,
        role varchar NOT NULL,
        accessed_at timestamptz NOT NULL,
        CONSTRAINT fk_contact_access_contact_id
            FOREIGN KEY (contact_id) REFERENCES donor_contact (contact_id)
    )
    """,
    "CREATE INDEX ix_contact_access_contact ON contact_access (contact_id, access_id)",
    "CREATE INDEX ix_contact_access_agency ON contact_access (agency, access_id)",
    """
    CREATE INDEX ix_donation_public ON donation (given_on, donation_id)
    WHERE reversed_on IS NULL AND NOT is_anonymous AND NOT is_sponsorship
      AND donor_code IS NOT NULL
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "donor_contact": (
                "SELECT, INSERT, UPDATE (version, organisation, key_id, name, phone, email,"
                " address, identity_number, phone_hash, email_hash, identity_number_hash,"
                " erased_at, erasure_reason)"
            ),
            "donation_contact": "SELECT, INSERT, UPDATE (contact_id, linked_by, linked_at)",
            "contact_access": "SELECT, INSERT",
        }
    )
