"""Funds, lots, periods and what two persons decide: what came before knew cash and months only.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0002"
down_revision = "0001"

# The running code goes on writing months without knowing of the others: its rows are of entries
# posted in the month of their value date.
CHANGES = (
    "ALTER TABLE journal_entry DROP COLUMN corrects",
    "ALTER TABLE journal_entry ADD COLUMN corrects uuid",
    "ALTER TABLE journal_entry ADD COLUMN document varchar",
    "ALTER TABLE journal_entry ADD COLUMN payer varchar",
    "ALTER TABLE journal_entry ALTER COLUMN agency DROP NOT NULL",
    "CREATE INDEX ix_journal_entry_value_on ON journal_entry (value_on, seq)",
    """
    CREATE INDEX ix_journal_entry_corrects ON journal_entry (corrects)
        WHERE corrects IS NOT NULL
    """,
    "CREATE INDEX ix_posting_account ON posting (account_id, seq)",
    "ALTER TABLE log_head ADD COLUMN closed_through integer DEFAULT 0 NOT NULL",
    "ALTER TABLE log_head ADD COLUMN followed_seq bigint DEFAULT 0 NOT NULL",
    "ALTER TABLE period_balance ADD COLUMN value_period integer",
    "UPDATE period_balance SET value_period = period",
    "ALTER TABLE period_balance ALTER COLUMN value_period SET NOT NULL",
    "ALTER TABLE period_balance ADD COLUMN debit_minor bigint DEFAULT 0 NOT NULL",
    """
    UPDATE period_balance b SET debit_minor = d.debit_minor
    FROM (
        SELECT e.period, p.account_id, e.kind, sum(p.amount_minor)::bigint AS debit_minor
        FROM posting p JOIN journal_entry e USING (seq)
        WHERE p.amount_minor > 0 GROUP BY e.period, p.account_id, e.kind
    ) d
    WHERE (b.period, b.account_id, b.kind) = (d.period, d.account_id, d.kind)
    """,
    "ALTER TABLE period_balance ALTER COLUMN debit_minor DROP DEFAULT",
    "ALTER TABLE period_balance DROP CONSTRAINT pk_period_balance",
    """
    ALTER TABLE period_balance ADD CONSTRAINT pk_period_balance
        PRIMARY KEY (period, account_id, kind, value_period)
    """,
    """
    CREATE INDEX ix_period_balance_late ON period_balance (value_period)
        WHERE value_period <> period
    """,
)
TABLES = (
    """
    CREATE TABLE movement (
        account_id integer NOT NULL,
        value_on date NOT NULL,
        posted_on date NOT NULL,
        kind varchar NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_movement PRIMARY KEY (account_id, value_on, posted_on, kind)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE payer_balance (
        value_period integer NOT NULL,
        agency varchar NOT NULL,
        payer varchar NOT NULL,
        channel varchar NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_payer_balance PRIMARY KEY (value_period, agency, payer, channel)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE period_close (
        seq bigint CONSTRAINT pk_period_close PRIMARY KEY,
        through integer NOT NULL,
        accounts integer NOT NULL,
        totals_sha256 bytea NOT NULL
    )
    """,
    """
    CREATE TABLE period_total (
        period integer NOT NULL,
        account_id integer NOT NULL,
        opening_minor bigint NOT NULL,
        debit_minor bigint NOT NULL,
        credit_minor bigint NOT NULL,
        closing_minor bigint NOT NULL,
        CONSTRAINT pk_period_total PRIMARY KEY (period, account_id),
        CONSTRAINT ck_period_total_sum
            CHECK (closing_minor = opening_minor + debit_minor - credit_minor)
    )
    """,
    """
    CREATE TABLE lot (
        lot_id uuid CONSTRAINT pk_lot PRIMARY KEY,
        agency varchar NOT NULL,
        fund_code varchar NOT NULL,
        channel varchar NOT NULL,
        currency varchar NOT NULL,
        value_on date NOT NULL,
        document varchar NOT NULL,
        payer varchar,
        amount_minor bigint NOT NULL,
        drawn_minor bigint NOT NULL,
        held_minor bigint NOT NULL,
        CONSTRAINT ck_lot_held CHECK (held_minor >= 0)
    ) WITH (fillfactor = 70)
    """,
    "CREATE INDEX ix_lot_fund ON lot (agency, fund_code, value_on, document)",
    """
    CREATE INDEX ix_lot_free ON lot (agency, fund_code, value_on, document)
        WHERE amount_minor > drawn_minor + held_minor
    """,
    """
    CREATE TABLE lot_movement (
        seq bigint NOT NULL,
        line smallint NOT NULL,
        lot_id uuid NOT NULL,
        is_draw boolean NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_lot_movement PRIMARY KEY (seq, line)
    )
    """,
    "CREATE INDEX ix_lot_movement_lot ON lot_movement (lot_id, seq)",
    """
    CREATE TABLE fund (
        agency varchar NOT NULL,
        fund_code varchar NOT NULL,
        CONSTRAINT pk_fund PRIMARY KEY (agency, fund_code)
    )
    """,
    """
    CREATE TABLE hold (
        hold_id uuid CONSTRAINT pk_hold PRIMARY KEY,
        agency varchar NOT NULL,
        fund_code varchar NOT NULL,
        currency varchar NOT NULL,
        purpose varchar NOT NULL,
        document varchar NOT NULL,
        effective_on date NOT NULL,
        amount_minor bigint NOT NULL,
        advance_minor bigint NOT NULL,
        advance_channel varchar NOT NULL,
        state varchar NOT NULL,
        made_by varchar NOT NULL,
        made_at timestamptz NOT NULL,
        CONSTRAINT ck_hold_state CHECK (state IN ('held', 'used', 'released')),
        CONSTRAINT ck_hold_amount CHECK (amount_minor > 0 AND advance_minor >= 0)
    )
    """,
    "CREATE INDEX ix_hold_held ON hold (agency, fund_code) WHERE state = 'held'",
    """
    CREATE TABLE hold_lot (
        hold_id uuid NOT NULL,
        lot_id uuid NOT NULL,
        channel varchar NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_hold_lot PRIMARY KEY (hold_id, lot_id),
        CONSTRAINT ck_hold_lot_amount CHECK (amount_minor > 0)
    )
    """,
    """
    CREATE TABLE request (
        request_id uuid CONSTRAINT pk_request PRIMARY KEY,
        version bigint NOT NULL,
        kind varchar NOT NULL,
        agency varchar,
        reference varchar NOT NULL,
        fund_code varchar,
        effective_on date NOT NULL,
        amount_minor bigint,
        state varchar NOT NULL,
        body jsonb NOT NULL,
        prepared_by varchar NOT NULL,
        prepared_at timestamptz NOT NULL,
        decided_by varchar,
        decided_at timestamptz,
        reason varchar,
        event_id uuid,
        corrects uuid,
        batch_id uuid,
        CONSTRAINT ck_request_state
            CHECK (state IN ('prepared', 'approved', 'rejected', 'withdrawn', 'reversed'))
    )
    """,
    """
    CREATE UNIQUE INDEX uq_request_reference ON request (kind, agency, reference) NULLS NOT DISTINCT
        WHERE state IN ('prepared', 'approved')
    """,
    "CREATE INDEX ix_request_agency ON request (agency, request_id)",
    "CREATE INDEX ix_request_waiting ON request (agency, request_id) WHERE state = 'prepared'",
    """
    CREATE UNIQUE INDEX uq_request_opening ON request (agency)
        WHERE kind = 'opening_balance' AND state IN ('prepared', 'approved')
    """,
    """
    CREATE UNIQUE INDEX uq_request_corrects ON request (corrects)
        WHERE state IN ('prepared', 'approved')
    """,
    "CREATE INDEX ix_request_batch ON request (batch_id, request_id) WHERE batch_id IS NOT NULL",
    "CREATE INDEX ix_request_event ON request (event_id) WHERE event_id IS NOT NULL",
)
NEVER_CHANGED = ("period_close", "period_total", "lot_movement")


def upgrade() -> None:
    for statement in (*CHANGES, *TABLES):
        op.execute(statement)
    for table in NEVER_CHANGED:
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_unchanged")
    grant_to_service(
        {
            "movement": "SELECT, INSERT, UPDATE",
            "payer_balance": "SELECT, INSERT, UPDATE",
            "period_close": "SELECT, INSERT",
            "period_total": "SELECT, INSERT",
            "lot": "SELECT, INSERT, UPDATE",
            "lot_movement": "SELECT, INSERT",
            "fund": "SELECT, INSERT, UPDATE",
            "hold": "SELECT, INSERT, UPDATE",
            "hold_lot": "SELECT, INSERT",
            "request": "SELECT, INSERT, UPDATE",
        }
    )
