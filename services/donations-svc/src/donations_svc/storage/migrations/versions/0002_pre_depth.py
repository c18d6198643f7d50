"""Schedules, announcements, deposits, goods and time, refunds and changed purposes.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    ALTER TABLE pledge
        ADD COLUMN cancelled_on date,
        ADD COLUMN cancellation_reason varchar,
        ADD COLUMN cancellation_remark varchar,
        ADD CONSTRAINT ck_pledge_cancelled
            CHECK ((cancelled_on IS NULL) = (cancellation_reason IS NULL))
    """,
    "DROP INDEX ix_pledge_open_agency",
    "DROP INDEX ix_pledge_open_donor",
    """
    CREATE INDEX ix_pledge_open_agency ON pledge (agency, pledged_on, pledge_id)
    WHERE fulfilled_minor < amount_minor AND cancelled_on IS NULL
    """,
    """
    CREATE INDEX ix_pledge_open_donor ON pledge (donor_code, pledged_on, pledge_id)
    WHERE fulfilled_minor < amount_minor AND cancelled_on IS NULL
    """,
    """
    CREATE TABLE pledge_part (
        pledge_id uuid NOT NULL,
        number smallint NOT NULL,
        due_on date NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_pledge_part PRIMARY KEY (pledge_id, number),
        CONSTRAINT fk_pledge_part_pledge_id FOREIGN KEY (pledge_id) REFERENCES pledge (pledge_id),
        CONSTRAINT ck_pledge_part_amount CHECK (amount_minor > 0)
    )
    """,
    """
    CREATE TABLE announcement (
        announcement_id uuid CONSTRAINT pk_announcement PRIMARY KEY,
        version bigint NOT NULL,
        reference varchar NOT NULL,
        donor_kind varchar NOT NULL,
        donor_code varchar NOT NULL,
        kind varchar NOT NULL,
        amount_minor bigint NOT NULL,
        currency varchar NOT NULL,
        given_on date NOT NULL,
        goods varchar,
        quantity numeric(15, 3),
        unit varchar,
        proof_kind varchar,
        proof_sha256 varchar,
        service varchar,
        hours numeric(15, 3),
        hourly_rate_minor bigint,
        is_sponsorship boolean NOT NULL,
        is_anonymous boolean NOT NULL,
        remark varchar,
        recorded_by varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT uq_announcement_donor_code_reference UNIQUE (donor_code, reference),
        CONSTRAINT ck_announcement_amount CHECK (amount_minor > 0)
    )
    """,
    """
    CREATE TABLE announcement_line (
        announcement_id uuid NOT NULL,
        number smallint NOT NULL,
        agency varchar NOT NULL,
        restricted_to varchar,
        amount_minor bigint NOT NULL,
        pledge_id uuid,
        state varchar NOT NULL,
        donation_id uuid,
        rejection_reason varchar,
        remark varchar,
        decided_by varchar,
        decided_at timestamptz,
        CONSTRAINT pk_announcement_line PRIMARY KEY (announcement_id, number),
        CONSTRAINT fk_announcement_line_announcement_id
            FOREIGN KEY (announcement_id) REFERENCES announcement (announcement_id),
        CONSTRAINT fk_announcement_line_pledge_id
            FOREIGN KEY (pledge_id) REFERENCES pledge (pledge_id),
        CONSTRAINT ck_announcement_line_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_announcement_line_state
            CHECK (state IN ('announced', 'confirmed', 'rejected', 'withdrawn')),
        CONSTRAINT ck_announcement_line_donation
            CHECK ((state = 'confirmed') = (donation_id IS NOT NULL)),
        CONSTRAINT ck_announcement_line_rejection
            CHECK ((state = 'rejected') = (rejection_reason IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_announcement_line_agency ON announcement_line (agency, announcement_id)",
    """
    CREATE INDEX ix_announcement_line_open ON announcement_line (agency, announcement_id)
    WHERE state = 'announced'
    """,
    """
    ALTER TABLE donation
        ADD COLUMN line smallint NOT NULL DEFAULT 1,
        ADD COLUMN goods varchar,
        ADD COLUMN quantity numeric(15, 3),
        ADD COLUMN unit varchar,
        ADD COLUMN proof_kind varchar,
        ADD COLUMN proof_sha256 varchar,
        ADD COLUMN service varchar,
        ADD COLUMN hours numeric(15, 3),
        ADD COLUMN hourly_rate_minor bigint,
        ADD COLUMN is_sponsorship boolean NOT NULL DEFAULT false,
        ADD COLUMN deposit_id uuid,
        ADD COLUMN announcement_id uuid,
        ADD COLUMN batch_id uuid,
        ADD COLUMN refunded_minor bigint NOT NULL DEFAULT 0,
        ADD COLUMN reversed_on date,
        ADD COLUMN reversal_reason varchar,
        ADD COLUMN recorded_by varchar NOT NULL DEFAULT '',
        ADD COLUMN delegation varchar,
        ADD CONSTRAINT fk_donation_announcement_id
            FOREIGN KEY (announcement_id) REFERENCES announcement (announcement_id),
        ADD CONSTRAINT ck_donation_kind CHECK (kind IN ('cash', 'in_kind', 'service')),
        ADD CONSTRAINT ck_donation_goods CHECK (
            (goods IS NULL) = (quantity IS NULL) AND (goods IS NULL) = (unit IS NULL)
            AND (kind = 'in_kind' OR goods IS NULL)
        ),
        ADD CONSTRAINT ck_donation_proof CHECK (
            (proof_kind IS NULL) = (proof_sha256 IS NULL)
            AND (goods IS NOT NULL OR proof_kind IS NULL)
        ),
        ADD CONSTRAINT ck_donation_service CHECK (
            (kind = 'service') = (service IS NOT NULL)
            AND (kind = 'service') = (hours IS NOT NULL)
            AND (kind = 'service') = (hourly_rate_minor IS NOT NULL)
        ),
        ADD CONSTRAINT ck_donation_refunded CHECK (refunded_minor BETWEEN 0 AND amount_minor),
        ADD CONSTRAINT ck_donation_reversed CHECK (
            (reversed_on IS NULL) = (reversal_reason IS NULL)
            AND (reversed_on IS NULL OR refunded_minor = 0)
        )
    """,
    """
    ALTER TABLE donation
        ALTER COLUMN line DROP DEFAULT,
        ALTER COLUMN is_sponsorship DROP DEFAULT,
        ALTER COLUMN refunded_minor DROP DEFAULT,
        ALTER COLUMN recorded_by DROP DEFAULT
    """,
    # What was reversed was never there: its numbers are free again.
    "ALTER TABLE donation DROP CONSTRAINT uq_donation_agency_reference",
    "ALTER TABLE donation DROP CONSTRAINT uq_donation_agency_bank_reference",
    """
    CREATE UNIQUE INDEX ix_donation_reference ON donation (agency, reference)
    WHERE reversed_on IS NULL
    """,
    """
    CREATE UNIQUE INDEX ix_donation_bank_reference ON donation (agency, bank_reference, line)
    WHERE reversed_on IS NULL
    """,
    """
    CREATE INDEX ix_donation_batch ON donation (batch_id, donation_id)
    WHERE batch_id IS NOT NULL
    """,
    """
    CREATE TABLE refund (
        refund_id uuid CONSTRAINT pk_refund PRIMARY KEY,
        version bigint NOT NULL,
        donation_id uuid NOT NULL,
        agency varchar NOT NULL,
        donor_code varchar,
        reference varchar NOT NULL,
        lot_id uuid NOT NULL,
        restricted_to varchar,
        kind varchar NOT NULL,
        amount_minor bigint NOT NULL,
        currency varchar NOT NULL,
        reason varchar NOT NULL,
        remark varchar,
        state varchar NOT NULL,
        held_on date NOT NULL,
        requested_by varchar NOT NULL,
        requested_at timestamptz NOT NULL,
        refunded_on date,
        bank_reference varchar,
        decided_by varchar,
        decided_at timestamptz,
        CONSTRAINT uq_refund_agency_reference UNIQUE (agency, reference),
        CONSTRAINT fk_refund_donation_id
            FOREIGN KEY (donation_id) REFERENCES donation (donation_id),
        CONSTRAINT ck_refund_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_refund_state CHECK (state IN ('held', 'paid', 'cancelled')),
        CONSTRAINT ck_refund_paid CHECK ((state = 'paid') = (refunded_on IS NOT NULL))
    )
    """,
    "CREATE INDEX ix_refund_donation ON refund (donation_id, refund_id)",
    "CREATE INDEX ix_refund_agency ON refund (agency, refund_id)",
    "CREATE INDEX ix_refund_donor ON refund (donor_code, refund_id)",
    "CREATE INDEX ix_refund_open ON refund (agency, refund_id) WHERE state = 'held'",
    """
    CREATE TABLE purpose_change (
        change_id uuid CONSTRAINT pk_purpose_change PRIMARY KEY,
        donation_id uuid NOT NULL,
        agency varchar NOT NULL,
        donor_code varchar,
        reference varchar NOT NULL,
        lot_id uuid NOT NULL,
        restricted_to varchar,
        new_restricted_to varchar,
        amount_minor bigint NOT NULL,
        currency varchar NOT NULL,
        basis varchar NOT NULL,
        consented_on date,
        document_sha256 varchar NOT NULL,
        remark varchar,
        changed_on date NOT NULL,
        recorded_by varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT uq_purpose_change_agency_reference UNIQUE (agency, reference),
        CONSTRAINT fk_purpose_change_donation_id
            FOREIGN KEY (donation_id) REFERENCES donation (donation_id),
        CONSTRAINT ck_purpose_change_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_purpose_change_consent
            CHECK (basis <> 'donor_consent' OR consented_on IS NOT NULL),
        CONSTRAINT ck_purpose_change_other
            CHECK (restricted_to IS DISTINCT FROM new_restricted_to)
    )
    """,
    "CREATE INDEX ix_purpose_change_donation ON purpose_change (donation_id, change_id)",
    "CREATE INDEX ix_purpose_change_agency ON purpose_change (agency, change_id)",
    "CREATE INDEX ix_purpose_change_donor ON purpose_change (donor_code, change_id)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "pledge": "UPDATE (cancelled_on, cancellation_reason, cancellation_remark)",
            "pledge_part": "SELECT, INSERT",
            "announcement": "SELECT, INSERT, UPDATE (version)",
            "announcement_line": (
                "SELECT, INSERT,"
                " UPDATE (state, donation_id, rejection_reason, remark, decided_by, decided_at)"
            ),
            "donation": "UPDATE (version, refunded_minor, reversed_on, reversal_reason)",
            "refund": (
                "SELECT, INSERT,"
                " UPDATE (version, state, refunded_on, bank_reference, decided_by, decided_at)"
            ),
            "purpose_change": "SELECT, INSERT",
        }
    )
