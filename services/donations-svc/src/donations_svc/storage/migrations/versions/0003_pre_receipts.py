"""Receipts of donations in series without gap, and jobs that issue a month of them.

Revision ID: 0003
Revises: 0002
"""

from secrets import token_bytes

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """
    CREATE TABLE receipt (
        receipt_id uuid CONSTRAINT pk_receipt PRIMARY KEY,
        version bigint NOT NULL,
        donation_id uuid NOT NULL,
        agency varchar NOT NULL,
        donor_code varchar,
        state varchar NOT NULL,
        handler varchar,
        official_code varchar,
        official_number varchar,
        drafted_by varchar NOT NULL,
        drafted_at timestamptz NOT NULL,
        year smallint,
        sequence integer,
        number varchar,
        replaces varchar,
        snapshot jsonb,
        issued_by varchar,
        issued_at timestamptz,
        withdrawn_on date,
        withdrawn_by varchar,
        withdrawn_at timestamptz,
        withdrawal_reason varchar,
        withdrawal_remark varchar,
        CONSTRAINT uq_receipt_agency_year_sequence UNIQUE (agency, year, sequence),
        CONSTRAINT uq_receipt_number UNIQUE (number),
        CONSTRAINT fk_receipt_donation_id FOREIGN KEY (donation_id)
            REFERENCES donation (donation_id),
        CONSTRAINT fk_receipt_replaces FOREIGN KEY (replaces) REFERENCES receipt (number),
        CONSTRAINT ck_receipt_state CHECK (state IN ('draft', 'issued', 'withdrawn')),
        CONSTRAINT ck_receipt_numbered CHECK (
            num_nulls(year, sequence, number, snapshot, issued_by, issued_at) IN (0, 6)
            AND (state <> 'draft' OR number IS NULL)
            AND (state <> 'issued' OR number IS NOT NULL)
            AND (replaces IS NULL OR number IS NOT NULL)
        ),
        CONSTRAINT ck_receipt_withdrawn CHECK (
            num_nulls(withdrawn_on, withdrawn_by, withdrawn_at, withdrawal_reason)
                = CASE state WHEN 'withdrawn' THEN 0 ELSE 4 END
            AND (state = 'withdrawn' OR withdrawal_remark IS NULL)
        ),
        CONSTRAINT ck_receipt_official
            CHECK ((official_code IS NULL) = (official_number IS NULL)),
        CONSTRAINT ck_receipt_sequence CHECK (sequence > 0)
    )
    """,
    "CREATE UNIQUE INDEX ix_receipt_open ON receipt (donation_id) WHERE state <> 'withdrawn'",
    """
    CREATE UNIQUE INDEX ix_receipt_official ON receipt (official_code, official_number)
    WHERE state <> 'withdrawn'
    """,
    "CREATE INDEX ix_receipt_agency ON receipt (agency, receipt_id)",
    "CREATE INDEX ix_receipt_donor ON receipt (donor_code, receipt_id)",
    "CREATE INDEX ix_receipt_donation ON receipt (donation_id, receipt_id)",
    """
    CREATE FUNCTION receipt_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'what receipt % shows never changes', OLD.number
            USING ERRCODE = 'restrict_violation';
    END
    $$
    """,
    """
    CREATE TRIGGER tr_receipt_stays BEFORE UPDATE ON receipt
    FOR EACH ROW WHEN (
        OLD.state = 'withdrawn'
        OR OLD.number IS NOT NULL AND (
            OLD.year, OLD.sequence, OLD.number, OLD.replaces, OLD.snapshot, OLD.issued_by,
            OLD.issued_at
        ) IS DISTINCT FROM (
            NEW.year, NEW.sequence, NEW.number, NEW.replaces, NEW.snapshot, NEW.issued_by,
            NEW.issued_at
        )
    )
    EXECUTE FUNCTION receipt_stays()
    """,
    """
    CREATE TABLE receipt_series (
        agency varchar NOT NULL,
        year smallint NOT NULL,
        last_sequence integer NOT NULL,
        CONSTRAINT pk_receipt_series PRIMARY KEY (agency, year),
        CONSTRAINT ck_receipt_series_last_sequence CHECK (last_sequence > 0)
    )
    """,
    """
    CREATE TABLE receipt_key (
        id smallint CONSTRAINT pk_receipt_key PRIMARY KEY,
        key bytea NOT NULL,
        CONSTRAINT ck_receipt_key_id CHECK (id = 1),
        CONSTRAINT ck_receipt_key_key CHECK (length(key) >= 32)
    )
    """,
    """
    CREATE TABLE job (
        job_id uuid CONSTRAINT pk_job PRIMARY KEY,
        agency varchar NOT NULL,
        month integer NOT NULL,
        handler varchar,
        total integer NOT NULL,
        issued integer NOT NULL,
        refused jsonb NOT NULL,
        after uuid NOT NULL,
        requested_by varchar NOT NULL,
        requested_at timestamptz NOT NULL,
        started_at timestamptz,
        finished_at timestamptz,
        CONSTRAINT ck_job_month CHECK (month % 100 BETWEEN 1 AND 12),
        CONSTRAINT ck_job_finished CHECK (finished_at IS NULL OR started_at IS NOT NULL)
    )
    """,
    "CREATE INDEX ix_job_open ON job (job_id) WHERE finished_at IS NULL",
    "CREATE INDEX ix_job_agency ON job (agency, job_id)",
    # What bulk issue and the list of what waits look for.
    "CREATE INDEX ix_donation_received ON donation (agency, received_on, donation_id)",
)
KEY_BYTES = 32


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    # Kept here, not in a setting: a code on paper must hold as long as the receipt it belongs to.
    op.execute(f"INSERT INTO receipt_key VALUES (1, '\\x{token_bytes(KEY_BYTES).hex()}')")  # noqa: S608  # our own digits
    grant_to_service(
        {
            "receipt": (
                "SELECT, INSERT, UPDATE (version, state, year, sequence, number, replaces,"
                " snapshot, issued_by, issued_at, withdrawn_on, withdrawn_by, withdrawn_at,"
                " withdrawal_reason, withdrawal_remark)"
            ),
            "receipt_series": "SELECT, INSERT, UPDATE (last_sequence)",
            "receipt_key": "SELECT",
            "job": (
                "SELECT, INSERT, UPDATE (total, issued, refused, after, started_at, finished_at)"
            ),
        }
    )
