"""Write the history of what the earlier code has done: it is all in the outbox.

Only now: while that code runs, it goes on changing organisations without a line of history.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"

# What a version has changed in a field is the difference to the version before it.
FILL = """
    WITH said AS (
        SELECT key AS code, aggregate_version AS version, recorded_at,
               convert_from(body, 'UTF8')::jsonb AS message
        FROM outbox
        WHERE topic = 'fundmix.registry'
    ), value AS (
        SELECT code, version, recorded_at, message, field,
               nullif(message #> ARRAY['data', 'organisation', field], 'null') AS after
        FROM said
        CROSS JOIN unnest(ARRAY['name', 'kind', 'level', 'town', 'registered_on']) AS f (field)
    ), change AS (
        SELECT *, lag(after) OVER (PARTITION BY code, field ORDER BY version) AS before FROM value
    )
    INSERT INTO organisation_change
        (code, version, field, before, after, subject, role, org, recorded_at, request_id)
    SELECT code, version, field, before, after,
           message #>> '{actor,subject}', message #>> '{actor,role}', message #>> '{actor,org}',
           recorded_at, message ->> 'correlation_id'
    FROM change
    WHERE before IS DISTINCT FROM after
    ON CONFLICT (code, version, field) DO NOTHING
"""


def upgrade() -> None:
    op.execute(FILL)
