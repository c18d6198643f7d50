"""Add evaluations: schemes, scores, ratings, publications and what follows from them.

Revision ID: 0004
Revises: 0003
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0004"
down_revision = "0003"

STATEMENTS = (
    """
    CREATE TABLE scheme (
        version integer CONSTRAINT pk_scheme PRIMARY KEY,
        professional_bps smallint NOT NULL,
        buyer_bps smallint NOT NULL,
        self_bps smallint NOT NULL,
        recipients_bps smallint NOT NULL,
        excellent_from smallint NOT NULL,
        good_from smallint NOT NULL,
        pass_from smallint NOT NULL,
        excellent_deduction_bps smallint NOT NULL,
        good_deduction_bps smallint NOT NULL,
        pass_deduction_bps smallint NOT NULL,
        fail_deduction_bps smallint NOT NULL,
        objection_working_days smallint NOT NULL,
        adopted_by varchar,
        adopted_at timestamptz NOT NULL,
        CONSTRAINT ck_scheme_weights CHECK (
            professional_bps >= 0 AND buyer_bps >= 0 AND self_bps >= 0 AND recipients_bps > 0
            AND professional_bps + buyer_bps + self_bps + recipients_bps = 10000
        ),
        CONSTRAINT ck_scheme_bands CHECK (
            10000 >= excellent_from AND excellent_from > good_from
            AND good_from > pass_from AND pass_from > 0
        ),
        CONSTRAINT ck_scheme_deductions CHECK (
            0 <= excellent_deduction_bps AND excellent_deduction_bps <= good_deduction_bps
            AND good_deduction_bps <= pass_deduction_bps
            AND pass_deduction_bps <= fail_deduction_bps AND fail_deduction_bps <= 10000
        ),
        CONSTRAINT ck_scheme_objection CHECK (objection_working_days > 0)
    )
    """,
    """
    INSERT INTO scheme
    VALUES (1, 3000, 2000, 1000, 4000, 9000, 8000, 6000, 0, 0, 0, 5000, 10, NULL, now())
    """,
    """
    CREATE TABLE evaluation (
        contract_id uuid NOT NULL,
        stage varchar NOT NULL,
        version integer NOT NULL,
        revision bigint NOT NULL,
        scheme_version integer NOT NULL,
        state varchar NOT NULL,
        reason varchar,
        opened_by varchar NOT NULL,
        opened_at timestamptz NOT NULL,
        evaluated_on date,
        published_on date,
        published_by varchar,
        score_micro integer,
        grade varchar,
        proposed_deduction_minor bigint,
        currency varchar,
        objections_until date,
        is_calendar_announced boolean,
        objected_by varchar,
        objected_on date,
        grounds varchar,
        accepted_by varchar,
        accepted_on date,
        decided_by varchar,
        decided_on date,
        deduction_minor bigint,
        decision_reason varchar,
        CONSTRAINT pk_evaluation PRIMARY KEY (contract_id, stage, version),
        CONSTRAINT fk_evaluation_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id),
        CONSTRAINT fk_evaluation_scheme_version FOREIGN KEY (scheme_version)
            REFERENCES scheme (version),
        CONSTRAINT ck_evaluation_stage CHECK (stage IN ('midterm', 'final')),
        CONSTRAINT ck_evaluation_reason CHECK ((version = 1) = (reason IS NULL)),
        CONSTRAINT ck_evaluation_state CHECK (
            (state = 'open' AND num_nonnulls(evaluated_on, published_on, published_by, score_micro,
                grade, proposed_deduction_minor, currency, is_calendar_announced) = 0)
            OR (state IN ('published', 'superseded') AND num_nulls(evaluated_on, published_on,
                published_by, score_micro, grade, proposed_deduction_minor, currency,
                is_calendar_announced) = 0)
        ),
        CONSTRAINT ck_evaluation_deduction CHECK (
            (coalesce(proposed_deduction_minor, 0) > 0) = (objections_until IS NOT NULL)
            AND proposed_deduction_minor >= 0
        ),
        CONSTRAINT ck_evaluation_objection CHECK (
            num_nulls(objected_by, objected_on, grounds) IN (0, 3)
            AND (objected_on IS NULL OR objected_on <= coalesce(objections_until, '-infinity'))
        ),
        CONSTRAINT ck_evaluation_acceptance CHECK (
            num_nulls(accepted_by, accepted_on) IN (0, 2)
            AND (accepted_on IS NULL OR (objections_until IS NOT NULL AND decided_on IS NULL))
        ),
        CONSTRAINT ck_evaluation_decision CHECK (
            num_nulls(decided_by, decided_on, deduction_minor, decision_reason) IN (0, 4)
            AND (decided_on IS NULL OR objected_on IS NOT NULL)
            AND deduction_minor BETWEEN 0 AND proposed_deduction_minor
        ),
        CONSTRAINT ck_evaluation_two_persons CHECK (decided_by <> published_by)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_evaluation_open ON evaluation (contract_id, stage)
    WHERE state = 'open'
    """,
    """
    CREATE UNIQUE INDEX uq_evaluation_published ON evaluation (contract_id, stage)
    WHERE state = 'published'
    """,
    """
    CREATE INDEX ix_evaluation_unsettled ON evaluation (objections_until, contract_id)
    WHERE state = 'published' AND accepted_on IS NULL AND decided_on IS NULL
        AND objections_until IS NOT NULL
    """,
    """
    CREATE TABLE evaluation_score (
        contract_id uuid NOT NULL,
        stage varchar NOT NULL,
        version integer NOT NULL,
        dimension varchar NOT NULL,
        scorer varchar NOT NULL,
        points smallint NOT NULL,
        CONSTRAINT pk_evaluation_score
            PRIMARY KEY (contract_id, stage, version, dimension, scorer),
        CONSTRAINT fk_evaluation_score_contract_id FOREIGN KEY (contract_id, stage, version)
            REFERENCES evaluation (contract_id, stage, version),
        CONSTRAINT ck_evaluation_score_dimension CHECK (
            dimension IN ('professional', 'buyer', 'self')
        ),
        CONSTRAINT ck_evaluation_score_points CHECK (points BETWEEN 0 AND 10000)
    )
    """,
    """
    CREATE TABLE evaluation_rating (
        contract_id uuid NOT NULL,
        stage varchar NOT NULL,
        version integer NOT NULL,
        submitted_by varchar NOT NULL,
        points smallint NOT NULL,
        count integer NOT NULL,
        CONSTRAINT pk_evaluation_rating
            PRIMARY KEY (contract_id, stage, version, submitted_by, points),
        CONSTRAINT fk_evaluation_rating_contract_id FOREIGN KEY (contract_id, stage, version)
            REFERENCES evaluation (contract_id, stage, version),
        CONSTRAINT ck_evaluation_rating_points CHECK (points BETWEEN 0 AND 10000),
        CONSTRAINT ck_evaluation_rating_count CHECK (count > 0)
    )
    """,
    # The second guard of what is published, beside the domain's: its scores and figures stand.
    """
    CREATE FUNCTION check_evaluation_is_open() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        touched record;
    BEGIN
        IF TG_OP = 'DELETE' THEN touched := OLD; ELSE touched := NEW; END IF;
        IF NOT EXISTS (
            SELECT FROM evaluation e
            WHERE e.contract_id = touched.contract_id AND e.stage = touched.stage
              AND e.version = touched.version AND e.state = 'open'
        ) THEN
            RAISE check_violation USING MESSAGE = 'scores of a published evaluation never change';
        END IF;
        RETURN touched;
    END
    $$
    """,
    """
    CREATE TRIGGER tr_evaluation_score_open BEFORE INSERT OR UPDATE OR DELETE ON evaluation_score
    FOR EACH ROW EXECUTE FUNCTION check_evaluation_is_open()
    """,
    """
    CREATE TRIGGER tr_evaluation_rating_open BEFORE INSERT OR UPDATE OR DELETE ON evaluation_rating
    FOR EACH ROW EXECUTE FUNCTION check_evaluation_is_open()
    """,
    """
    CREATE FUNCTION check_publication() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.state = 'open'
            OR (NEW.evaluated_on, NEW.published_on, NEW.published_by, NEW.score_micro, NEW.grade,
                NEW.proposed_deduction_minor, NEW.currency, NEW.objections_until)
            IS DISTINCT FROM (OLD.evaluated_on, OLD.published_on, OLD.published_by,
                OLD.score_micro, OLD.grade, OLD.proposed_deduction_minor, OLD.currency,
                OLD.objections_until)
        THEN
            RAISE check_violation USING MESSAGE = 'a published evaluation never changes';
        END IF;
        RETURN NEW;
    END
    $$
    """,
    """
    CREATE TRIGGER tr_evaluation_published BEFORE UPDATE ON evaluation
    FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION check_publication()
    """,
)

FATE = (
    "revision, state, evaluated_on, published_on, published_by, score_micro, grade,"
    " proposed_deduction_minor, currency, objections_until, is_calendar_announced, objected_by,"
    " objected_on, grounds, accepted_by, accepted_on, decided_by, decided_on, deduction_minor,"
    " decision_reason"
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "scheme": "SELECT, INSERT",
            "evaluation": f"SELECT, INSERT, UPDATE ({FATE})",
            "evaluation_score": "SELECT, INSERT, UPDATE (points)",
            "evaluation_rating": "SELECT, INSERT, DELETE",
        }
    )
