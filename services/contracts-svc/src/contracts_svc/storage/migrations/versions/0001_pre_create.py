"""Create the tables of contracts-svc: nothing was there before.

Revision ID: 0001
Revises:
"""

from alembic import op
from fundmix_kit.migrate import create_kit_tables, grant_to_service

revision = "0001"
down_revision = None

STATEMENTS = (
    """
    CREATE TABLE contract (
        contract_id uuid CONSTRAINT pk_contract PRIMARY KEY,
        version bigint NOT NULL,
        number varchar NOT NULL CONSTRAINT uq_contract_number UNIQUE,
        title varchar NOT NULL,
        buyer varchar NOT NULL,
        agency varchar NOT NULL,
        channel varchar NOT NULL,
        purchase_mode varchar NOT NULL,
        service_area varchar NOT NULL,
        people_served varchar NOT NULL,
        town varchar NOT NULL,
        payer_level varchar NOT NULL,
        posts integer,
        signed_on date NOT NULL,
        published_on date,
        filed_on date,
        starts_on date NOT NULL,
        ends_on date NOT NULL,
        ceiling_minor bigint NOT NULL,
        currency varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT ck_contract_ceiling CHECK (ceiling_minor > 0)
    )
    """,
    "CREATE INDEX ix_contract_buyer ON contract (buyer, contract_id)",
    "CREATE INDEX ix_contract_agency ON contract (agency, contract_id)",
    """
    CREATE TABLE instalment (
        contract_id uuid NOT NULL,
        number smallint NOT NULL,
        due_on date NOT NULL,
        amount_minor bigint NOT NULL,
        condition varchar NOT NULL,
        state varchar NOT NULL,
        deduction_minor bigint NOT NULL,
        approved_by varchar,
        approved_on date,
        paid_by varchar,
        paid_on date,
        bank_reference varchar CONSTRAINT uq_instalment_bank_reference UNIQUE,
        CONSTRAINT pk_instalment PRIMARY KEY (contract_id, number),
        CONSTRAINT fk_instalment_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT ck_instalment_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_instalment_deduction CHECK (deduction_minor BETWEEN 0 AND amount_minor),
        CONSTRAINT ck_instalment_two_persons CHECK (paid_by <> approved_by),
        CONSTRAINT ck_instalment_state CHECK (
            (state = 'scheduled' AND approved_by IS NULL AND paid_by IS NULL)
            OR (state = 'approved' AND approved_by IS NOT NULL AND paid_by IS NULL)
            OR (state = 'paid' AND approved_by IS NOT NULL AND paid_by IS NOT NULL
                AND paid_on IS NOT NULL AND bank_reference IS NOT NULL)
        )
    )
    """,
    # The second guard of the ceiling, beside the domain's: all there is to pay sums to it.
    """
    CREATE FUNCTION check_instalments() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM contract
            WHERE contract_id IN (SELECT contract_id FROM added)
              AND ceiling_minor <> (
                  SELECT sum(amount_minor) FROM instalment
                  WHERE instalment.contract_id = contract.contract_id
              )
        ) THEN
            RAISE check_violation USING MESSAGE = 'instalments do not sum to the ceiling';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER tr_instalment_sum AFTER INSERT ON instalment
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION check_instalments()
    """,
)

# What was agreed does not change: only what becomes of an instalment.
FATE = "state, deduction_minor, approved_by, approved_on, paid_by, paid_on, bank_reference"


def upgrade() -> None:
    create_kit_tables()
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "contract": "SELECT, INSERT, UPDATE (version)",
            "instalment": f"SELECT, INSERT, UPDATE ({FATE})",
        }
    )
