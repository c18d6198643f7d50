"""Give contracts lines, years, amendments, deliveries, invoices, recoveries and drafts.

Contracts that are there become what they were: one line, one year, no amendment.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
    ALTER TABLE contract
        ADD state varchar NOT NULL DEFAULT 'signed',
        ADD original_ceiling_minor bigint,
        ADD supplemented_minor bigint NOT NULL DEFAULT 0,
        ADD years jsonb,
        ADD budget_item varchar,
        ADD plan_number varchar,
        ADD term_reason varchar,
        ADD scheme_version integer NOT NULL DEFAULT 1,
        ADD has_deduction_clause boolean NOT NULL DEFAULT true,
        ADD amendment_count integer NOT NULL DEFAULT 0,
        ADD delivery_count integer NOT NULL DEFAULT 0,
        ADD acceptance_count integer NOT NULL DEFAULT 0,
        ADD terminated_on date,
        ADD termination_reason varchar
    """,
    """
    UPDATE contract
    SET original_ceiling_minor = ceiling_minor,
        years = jsonb_build_array(jsonb_build_object(
            'year', extract(year FROM starts_on)::int, 'amount_minor', ceiling_minor)),
        state = CASE WHEN EXISTS (
            SELECT FROM instalment i
            WHERE i.contract_id = contract.contract_id AND i.state <> 'paid'
        ) THEN 'signed' ELSE 'completed' END
    """,
    """
    ALTER TABLE contract
        ALTER original_ceiling_minor SET NOT NULL,
        ALTER years SET NOT NULL,
        ALTER state DROP DEFAULT,
        ALTER supplemented_minor DROP DEFAULT,
        ALTER scheme_version DROP DEFAULT,
        ALTER has_deduction_clause DROP DEFAULT,
        ALTER amendment_count DROP DEFAULT,
        ALTER delivery_count DROP DEFAULT,
        ALTER acceptance_count DROP DEFAULT,
        DROP CONSTRAINT ck_contract_ceiling,
        -- A termination may leave nothing to be paid at all.
        ADD CONSTRAINT ck_contract_ceiling CHECK (
            ceiling_minor > 0 OR (ceiling_minor = 0 AND state = 'terminated')
        ),
        ADD CONSTRAINT ck_contract_state CHECK (state IN ('signed', 'completed', 'terminated')),
        ADD CONSTRAINT ck_contract_terminated CHECK (
            (state = 'terminated') = (terminated_on IS NOT NULL)
        ),
        ADD CONSTRAINT ck_contract_supplemented CHECK (
            supplemented_minor BETWEEN 0 AND original_ceiling_minor / 10
        )
    """,
    """
    ALTER TABLE instalment
        ADD payer varchar,
        ADD invoice_number varchar,
        ADD invoiced_on date,
        ADD pay_by date,
        ADD confirmed_by varchar,
        ADD arrived_on date
    """,
    """
    UPDATE instalment SET payer = contract.buyer
    FROM contract
    WHERE instalment.contract_id = contract.contract_id AND bank_reference IS NOT NULL
    """,
    """
    ALTER TABLE instalment
        DROP CONSTRAINT uq_instalment_bank_reference,
        ADD CONSTRAINT uq_instalment_payer_bank_reference UNIQUE (payer, bank_reference),
        DROP CONSTRAINT ck_instalment_state,
        ADD CONSTRAINT ck_instalment_state CHECK (
            (state IN ('scheduled', 'cancelled') AND approved_by IS NULL AND paid_by IS NULL)
            OR (state = 'approved' AND approved_by IS NOT NULL AND paid_by IS NULL)
            OR (state = 'paid' AND approved_by IS NOT NULL AND paid_by IS NOT NULL
                AND paid_on IS NOT NULL AND bank_reference IS NOT NULL AND payer IS NOT NULL)
        ),
        ADD CONSTRAINT ck_instalment_arrived CHECK (arrived_on IS NULL OR state = 'paid')
    """,
    """
    CREATE TABLE contract_line (
        contract_id uuid NOT NULL,
        number smallint NOT NULL,
        title varchar NOT NULL,
        unit varchar NOT NULL,
        quantity integer NOT NULL,
        amount_minor bigint NOT NULL,
        delivered integer NOT NULL,
        accepted integer NOT NULL,
        CONSTRAINT pk_contract_line PRIMARY KEY (contract_id, number),
        CONSTRAINT fk_contract_line_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT ck_contract_line_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_contract_line_counts CHECK (
            0 <= accepted AND accepted <= delivered AND delivered <= quantity
        )
    )
    """,
    """
    INSERT INTO contract_line
    SELECT contract_id, 1, title, CASE WHEN posts IS NULL THEN '项' ELSE '岗位' END,
           coalesce(posts, 1), ceiling_minor, 0, 0
    FROM contract
    """,
    """
    CREATE TABLE recovery (
        contract_id uuid NOT NULL,
        number smallint NOT NULL,
        amount_minor bigint NOT NULL,
        due_on date NOT NULL,
        received_on date,
        bank_reference varchar,
        CONSTRAINT pk_recovery PRIMARY KEY (contract_id, number),
        CONSTRAINT fk_recovery_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT ck_recovery_amount CHECK (amount_minor > 0),
        CONSTRAINT ck_recovery_received CHECK (
            (received_on IS NULL) = (bank_reference IS NULL)
        )
    )
    """,
    """
    CREATE TABLE amendment (
        contract_id uuid NOT NULL,
        number smallint NOT NULL,
        reason varchar NOT NULL,
        amended_on date NOT NULL,
        delta_minor bigint NOT NULL,
        ceiling_minor bigint NOT NULL,
        ends_on date NOT NULL,
        recorded_by varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_amendment PRIMARY KEY (contract_id, number),
        CONSTRAINT fk_amendment_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id)
    )
    """,
    """
    CREATE TABLE delivery (
        contract_id uuid NOT NULL,
        number integer NOT NULL,
        line_number smallint NOT NULL,
        quantity integer NOT NULL,
        delivered_on date NOT NULL,
        place varchar NOT NULL,
        attendance integer,
        recorded_by varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_delivery PRIMARY KEY (contract_id, number),
        CONSTRAINT fk_delivery_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT ck_delivery_quantity CHECK (quantity > 0)
    )
    """,
    """
    CREATE TABLE acceptance (
        contract_id uuid NOT NULL,
        number integer NOT NULL,
        line_number smallint NOT NULL,
        quantity integer NOT NULL,
        accepted_on date NOT NULL,
        recipients_invited integer NOT NULL,
        sample_size integer NOT NULL,
        responses integer NOT NULL,
        recorded_by varchar NOT NULL,
        recorded_at timestamptz NOT NULL,
        CONSTRAINT pk_acceptance PRIMARY KEY (contract_id, number),
        CONSTRAINT fk_acceptance_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT ck_acceptance_quantity CHECK (quantity > 0),
        CONSTRAINT ck_acceptance_sample CHECK (
            0 <= responses AND responses <= sample_size AND sample_size <= recipients_invited
        )
    )
    """,
    """
    CREATE TABLE payment_reversal (
        contract_id uuid NOT NULL,
        version bigint NOT NULL,
        instalment_number smallint NOT NULL,
        amount_minor bigint NOT NULL,
        paid_on date NOT NULL,
        paid_by varchar NOT NULL,
        bank_reference varchar NOT NULL,
        reason varchar NOT NULL,
        reversed_by varchar NOT NULL,
        reversed_on date NOT NULL,
        CONSTRAINT pk_payment_reversal PRIMARY KEY (contract_id, version),
        CONSTRAINT fk_payment_reversal_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT ck_payment_reversal_two_persons CHECK (reversed_by <> paid_by)
    )
    """,
    """
    CREATE TABLE draft (
        draft_id uuid CONSTRAINT pk_draft PRIMARY KEY,
        version bigint NOT NULL,
        buyer varchar NOT NULL,
        agency varchar NOT NULL,
        state varchar NOT NULL,
        body jsonb NOT NULL,
        changed_by varchar NOT NULL,
        changed_at timestamptz NOT NULL,
        CONSTRAINT ck_draft_state CHECK (state IN ('open', 'signed', 'discarded'))
    )
    """,
    "CREATE INDEX ix_draft_buyer ON draft (buyer, draft_id)",
    "CREATE INDEX ix_draft_agency ON draft (agency, draft_id)",
    # The second guard of the ceiling, whatever changes: what there is to pay, less what is to come
    # back, is the ceiling.
    "DROP TRIGGER tr_instalment_sum ON instalment",
    """
    CREATE OR REPLACE FUNCTION check_instalments() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM contract c
            WHERE c.contract_id IN (SELECT contract_id FROM touched)
              AND c.ceiling_minor <> (
                  SELECT coalesce(sum(i.amount_minor), 0) FROM instalment i
                  WHERE i.contract_id = c.contract_id AND i.state <> 'cancelled'
              ) - (
                  SELECT coalesce(sum(r.amount_minor), 0) FROM recovery r
                  WHERE r.contract_id = c.contract_id
              )
        ) THEN
            RAISE check_violation USING MESSAGE = 'instalments do not sum to the ceiling';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER tr_instalment_added AFTER INSERT ON instalment
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION check_instalments()
    """,
    """
    CREATE TRIGGER tr_instalment_changed AFTER UPDATE ON instalment
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION check_instalments()
    """,
    """
    CREATE TRIGGER tr_recovery_added AFTER INSERT ON recovery
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION check_instalments()
    """,
    """
    CREATE TRIGGER tr_contract_changed AFTER UPDATE ON contract
    REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION check_instalments()
    """,
)

# What was agreed at signing does not change but by an amendment; what was reported never does.
CONTRACT_FATE = (
    "version, state, ceiling_minor, supplemented_minor, years, ends_on, amendment_count,"
    " delivery_count, acceptance_count, terminated_on, termination_reason"
)
INSTALMENT_FATE = (
    "amount_minor, state, deduction_minor, payer, invoice_number, invoiced_on, pay_by, approved_by,"
    " approved_on, paid_by, paid_on, bank_reference, confirmed_by, arrived_on"
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "contract": f"SELECT, INSERT, UPDATE ({CONTRACT_FATE})",
            "instalment": f"SELECT, INSERT, UPDATE ({INSTALMENT_FATE})",
            "contract_line": (
                "SELECT, INSERT, UPDATE (title, unit, quantity, amount_minor, delivered, accepted)"
            ),
            "recovery": "SELECT, INSERT, UPDATE (received_on, bank_reference)",
            "amendment": "SELECT, INSERT",
            "delivery": "SELECT, INSERT",
            "acceptance": "SELECT, INSERT",
            "payment_reversal": "SELECT, INSERT",
            "draft": (
                "SELECT, INSERT, UPDATE (version, agency, state, body, changed_by, changed_at)"
            ),
        }
    )
