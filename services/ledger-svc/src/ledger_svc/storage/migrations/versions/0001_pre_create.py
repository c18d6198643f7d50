"""Create the journal and its balances: nothing was there before.

Revision ID: 0001
Revises:
"""

from alembic import op
from fundmix_kit.migrate import create_kit_tables, grant_to_service

revision = "0001"
down_revision = None

TABLES = (
    """
    CREATE TABLE account (
        account_id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_account PRIMARY KEY,
        agency varchar NOT NULL,
        code varchar NOT NULL,
        fund_code varchar NOT NULL,
        channel varchar NOT NULL,
        currency varchar NOT NULL,
        CONSTRAINT uq_account_agency_code_fund_code_channel_currency
            UNIQUE (agency, code, fund_code, channel, currency)
    )
    """,
    """
    CREATE TABLE journal_entry (
        seq bigint CONSTRAINT pk_journal_entry PRIMARY KEY,
        event_id uuid NOT NULL CONSTRAINT uq_journal_entry_event_id UNIQUE,
        topic varchar NOT NULL,
        partition smallint NOT NULL,
        number bigint NOT NULL,
        kind varchar NOT NULL,
        agency varchar NOT NULL,
        occurred_on date NOT NULL,
        value_on date NOT NULL,
        posted_at timestamptz NOT NULL,
        period integer NOT NULL,
        corrects bigint,
        payload_sha256 bytea NOT NULL
    )
    """,
    "CREATE INDEX ix_journal_entry_agency ON journal_entry (agency, seq)",
    """
    CREATE TABLE posting (
        seq bigint NOT NULL,
        line smallint NOT NULL,
        account_id integer NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_posting PRIMARY KEY (seq, line)
    )
    """,
    """
    CREATE TABLE balance (
        account_id integer CONSTRAINT pk_balance PRIMARY KEY,
        amount_minor bigint NOT NULL,
        last_seq bigint NOT NULL
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE period_balance (
        period integer NOT NULL,
        account_id integer NOT NULL,
        kind varchar NOT NULL,
        amount_minor bigint NOT NULL,
        CONSTRAINT pk_period_balance PRIMARY KEY (period, account_id, kind)
    ) WITH (fillfactor = 70)
    """,
    """
    CREATE TABLE log_head (
        id smallint CONSTRAINT pk_log_head PRIMARY KEY,
        next_seq bigint NOT NULL,
        posted_at timestamptz NOT NULL,
        CONSTRAINT ck_log_head_one CHECK (id = 1)
    )
    """,
    "INSERT INTO log_head VALUES (1, 1, '2000-01-01T00:00:00Z')",
)

# Set-based: once per statement, also for COPY. It stands in for foreign keys, which cost a look-up
# per row, and is the second guard behind the assertion in the domain.
BALANCED = (
    """
    CREATE FUNCTION require_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        unbalanced bigint;
    BEGIN
        SELECT p.seq INTO unbalanced
        FROM new_posting p
        LEFT JOIN account a ON a.account_id = p.account_id
        GROUP BY p.seq, a.currency
        HAVING sum(p.amount_minor) <> 0 OR bool_or(a.account_id IS NULL)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'entry % does not balance, or has an unknown account', unbalanced
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NULL;
    END
    $$
    """,
    """
    CREATE TRIGGER posting_balanced AFTER INSERT ON posting
        REFERENCING NEW TABLE AS new_posting
        FOR EACH STATEMENT EXECUTE FUNCTION require_balanced()
    """,
    "ALTER TABLE posting ENABLE ALWAYS TRIGGER posting_balanced",
)

REFUSE_CHANGE = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% on % is refused: the journal is never changed', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END
    $$
"""
NEVER_CHANGED = ("account", "journal_entry", "posting")


def upgrade() -> None:
    create_kit_tables()
    for statement in (*TABLES, *BALANCED, REFUSE_CHANGE):
        op.execute(statement)
    for table in NEVER_CHANGED:
        # Statement triggers fire even where no row matches, and TRUNCATE has no rows.
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        # ALWAYS: replication mode would otherwise walk past it.
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_unchanged")
    grant_to_service(
        {
            "account": "SELECT, INSERT",
            "journal_entry": "SELECT, INSERT",
            "posting": "SELECT, INSERT",
            "balance": "SELECT, INSERT, UPDATE",
            "period_balance": "SELECT, INSERT, UPDATE",
            "log_head": "SELECT, UPDATE",
        }
    )
