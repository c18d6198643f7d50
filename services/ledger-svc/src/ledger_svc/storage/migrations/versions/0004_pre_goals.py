"""Goals and what they are read from: what came before knew neither limits nor what is still due.

Revision ID: 0004
Revises: 0003
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0004"
down_revision = "0003"

TABLES = (
    """
    CREATE TABLE contract_terms (
        contract_id uuid CONSTRAINT pk_contract_terms PRIMARY KEY,
        number varchar NOT NULL,
        agency varchar NOT NULL,
        buyer varchar NOT NULL,
        channel varchar NOT NULL,
        payer_level varchar,
        service_area varchar,
        town varchar,
        signed_on date,
        starts_on date,
        ends_on date,
        ceiling_minor bigint NOT NULL,
        terminated_on date,
        terms_version bigint NOT NULL,
        list_version bigint NOT NULL
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX ix_contract_terms_ends_on ON contract_terms (ends_on, contract_id)",
    """
    CREATE INDEX ix_contract_terms_buyer
        ON contract_terms (buyer, service_area, town, starts_on)
    """,
    "CREATE INDEX ix_contract_terms_agency ON contract_terms (agency, service_area, starts_on)",
    """
    CREATE TABLE contract_instalment (
        contract_id uuid NOT NULL,
        number smallint NOT NULL,
        known_on date NOT NULL,
        replaced_on date,
        due_on date,
        amount_minor bigint NOT NULL,
        deduction_minor bigint NOT NULL,
        state varchar NOT NULL,
        paid_on date,
        is_listed boolean NOT NULL,
        listed_version bigint NOT NULL,
        state_version bigint NOT NULL,
        CONSTRAINT pk_contract_instalment PRIMARY KEY (contract_id, number, known_on),
        CONSTRAINT ck_contract_instalment_state
            CHECK (state IN ('scheduled', 'approved', 'paid', 'cancelled'))
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE INDEX ix_contract_instalment_open ON contract_instalment (due_on)
        WHERE replaced_on IS NULL AND is_listed AND state IN ('scheduled', 'approved')
    """,
    """
    CREATE INDEX ix_contract_instalment_paid ON contract_instalment (paid_on)
        WHERE replaced_on IS NULL AND is_listed AND state = 'paid'
    """,
    """
    CREATE INDEX ix_contract_instalment_replaced ON contract_instalment (replaced_on)
        WHERE replaced_on IS NOT NULL
    """,
    """
    CREATE TABLE goal (
        goal_id uuid CONSTRAINT pk_goal PRIMARY KEY,
        agency varchar,
        year integer NOT NULL,
        version bigint NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX uq_goal_agency ON goal (agency, year) NULLS NOT DISTINCT",
    "CREATE INDEX ix_goal_year ON goal (year, goal_id)",
    """
    CREATE TABLE goal_version (
        goal_id uuid NOT NULL,
        version bigint NOT NULL,
        basis varchar NOT NULL,
        government_share_max numeric(7, 6),
        hhi_max numeric(7, 6),
        procurement_growth_min numeric(9, 6),
        channel_minimums jsonb NOT NULL,
        audited_income_minor bigint,
        reason varchar,
        set_by varchar NOT NULL,
        set_at timestamptz NOT NULL,
        CONSTRAINT pk_goal_version PRIMARY KEY (goal_id, version),
        CONSTRAINT ck_goal_version_basis CHECK (basis IN ('received', 'recognised'))
    )
    """,
    """
    CREATE TABLE goal_status (
        goal_id uuid CONSTRAINT pk_goal_status PRIMARY KEY,
        version bigint NOT NULL,
        status varchar NOT NULL,
        since_seq bigint NOT NULL,
        since_on date NOT NULL,
        judged_seq bigint NOT NULL,
        judged_on date NOT NULL,
        judged_version bigint NOT NULL,
        CONSTRAINT ck_goal_status_status
            CHECK (status IN ('met', 'missed', 'at_risk', 'unknown'))
    )
    """,
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    op.execute(
        "CREATE TRIGGER goal_version_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON goal_version"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute("ALTER TABLE goal_version ENABLE ALWAYS TRIGGER goal_version_unchanged")
    grant_to_service(
        {
            "contract_terms": "SELECT, INSERT, UPDATE",
            "contract_instalment": "SELECT, INSERT, UPDATE",
            "goal": "SELECT, INSERT, UPDATE",
            "goal_version": "SELECT, INSERT",
            "goal_status": "SELECT, INSERT, UPDATE",
        }
    )
