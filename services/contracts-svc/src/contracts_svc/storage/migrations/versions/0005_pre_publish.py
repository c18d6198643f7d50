"""Let the public list be found by what it is asked for, and the log be read by contract.

A page of the list takes its rows from an index in its order; so what it costs does not grow with
the number of contracts.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = (
    # Two characters in a row of what is searched: a text that contains another has all of its.
    r"""
    CREATE FUNCTION project_grams(title text, number text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(
        SELECT DISTINCT substr(folded, start, 2)
        FROM (VALUES (lower(title)), (lower(number))) AS f (folded),
             generate_series(1, char_length(folded) - 1) AS start
    )
    """,
    "CREATE INDEX ix_contract_grams ON contract USING gin (project_grams(title, number))",
    "CREATE INDEX ix_contract_signed_on ON contract (signed_on, contract_id)",
    "CREATE INDEX ix_contract_ceiling ON contract (ceiling_minor, contract_id)",
    "CREATE INDEX ix_contract_town ON contract (town, signed_on, contract_id)",
    "CREATE INDEX ix_contract_service_area ON contract (service_area, signed_on, contract_id)",
    "CREATE INDEX ix_contract_people ON contract (people_served, signed_on, contract_id)",
    "CREATE INDEX ix_contract_buyer_signed ON contract (buyer, signed_on, contract_id)",
    "CREATE INDEX ix_contract_agency_signed ON contract (agency, signed_on, contract_id)",
    """
    CREATE INDEX ix_contract_overlap
    ON contract (town, people_served, starts_on, contract_id)
    """,
    """
    CREATE INDEX ix_evaluation_grade ON evaluation (grade, contract_id)
    WHERE stage = 'final' AND state = 'published'
    """,
    "CREATE INDEX ix_outbox_key ON outbox (key, position)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
