"""Change requests, suspension, standing, the history of every field, search by any part of a name.

The code that is running still does not know them: what it adds is null, or filled in by 0003.

Revision ID: 0002
Revises: 0001
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    "ALTER TABLE organisation ADD suspended_on date, ADD standing jsonb",
    # One and two characters in a row: a name that contains a text has all of the text's.
    r"""
    CREATE FUNCTION name_grams(name text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(
        SELECT DISTINCT substr(folded, start, length)
        FROM (VALUES (lower(name))) AS f (folded),
             generate_series(1, char_length(folded)) AS start,
             (VALUES (1), (2)) AS l (length)
        WHERE start + length <= char_length(folded) + 1
    )
    """,
    "CREATE INDEX ix_organisation_name_grams ON organisation USING gin (name_grams(name))",
    "CREATE INDEX ix_organisation_name_code ON organisation (name, code)",
    """
    CREATE INDEX ix_organisation_suspended_on ON organisation (suspended_on)
    WHERE suspended_on IS NOT NULL
    """,
    """
    CREATE TABLE organisation_change (
        code varchar NOT NULL
            CONSTRAINT fk_organisation_change_code REFERENCES organisation (code),
        version bigint NOT NULL,
        field varchar NOT NULL,
        before jsonb,
        after jsonb,
        subject varchar NOT NULL,
        role varchar NOT NULL,
        org varchar,
        recorded_at timestamptz NOT NULL,
        request_id varchar NOT NULL,
        reason varchar,
        change_request_id uuid,
        CONSTRAINT pk_organisation_change PRIMARY KEY (code, version, field),
        CONSTRAINT ck_organisation_change_differs CHECK (before IS DISTINCT FROM after)
    )
    """,
    """
    CREATE TABLE change_request (
        change_request_id uuid CONSTRAINT pk_change_request PRIMARY KEY,
        code varchar NOT NULL CONSTRAINT fk_change_request_code REFERENCES organisation (code),
        state varchar NOT NULL,
        name varchar,
        name_before varchar,
        kind varchar,
        kind_before varchar,
        reason varchar NOT NULL,
        evidence jsonb NOT NULL,
        requested_by varchar NOT NULL,
        requested_role varchar NOT NULL,
        requested_org varchar,
        requested_at timestamptz NOT NULL,
        decided_by varchar,
        decided_role varchar,
        decided_org varchar,
        decided_at timestamptz,
        decision_reason varchar,
        CONSTRAINT ck_change_request_state CHECK (state IN ('open', 'approved', 'rejected')),
        CONSTRAINT ck_change_request_wanted CHECK (num_nonnulls(name, kind) > 0),
        CONSTRAINT ck_change_request_two_persons CHECK (decided_by <> requested_by),
        CONSTRAINT ck_change_request_decided CHECK ((state = 'open') = (decided_by IS NULL))
    )
    """,
    "CREATE INDEX ix_change_request_state ON change_request (state, change_request_id)",
    "CREATE INDEX ix_change_request_code ON change_request (code, change_request_id)",
    """
    CREATE UNIQUE INDEX uq_change_request_open_name ON change_request (code)
    WHERE state = 'open' AND name IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX uq_change_request_open_kind ON change_request (code)
    WHERE state = 'open' AND kind IS NOT NULL
    """,
)

GRANTS = {
    "organisation": "UPDATE (kind, suspended_on, standing)",
    # What has been is never changed.
    "organisation_change": "SELECT, INSERT",
    "change_request": (
        "SELECT, INSERT, "
        "UPDATE (state, decided_by, decided_role, decided_org, decided_at, decision_reason)"
    ),
}


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(GRANTS)
