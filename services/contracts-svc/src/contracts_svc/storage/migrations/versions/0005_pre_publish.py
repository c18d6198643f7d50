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
    # So many characters in a row: a text that contains another has all of its. Of a number three,
    # as two of its digits are in most numbers. They may repeat, which an index does not mind.
    """
    CREATE FUNCTION grams(text text, size integer) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(
        SELECT substr(lower(text), start, size)
        FROM generate_series(1, char_length(lower(text)) - size + 1) AS start
    )
    """,
    "CREATE INDEX ix_contract_title ON contract USING gin (grams(title, 2))",
    "CREATE INDEX ix_contract_number_grams ON contract USING gin (grams(number, 3))",
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
