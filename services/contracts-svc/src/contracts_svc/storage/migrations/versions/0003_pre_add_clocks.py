"""Keep the days by which something is to be published, filed or paid; note what was overdue.

What is there gets the days the rules give it today.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Callable
from datetime import date

from alembic import op
from contracts_svc.domain import obligation
from fundmix_kit.migrate import grant_to_service
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    "ALTER TABLE contract ADD publish_by date, ADD file_by date",
    "ALTER TABLE amendment ADD publish_by date, ADD published_on date",
    "ALTER TABLE acceptance ADD publish_by date, ADD published_on date",
    """
    CREATE TABLE overdue_notice (
        contract_id uuid NOT NULL,
        kind varchar NOT NULL,
        reference integer NOT NULL,
        announced_on date NOT NULL,
        CONSTRAINT pk_overdue_notice PRIMARY KEY (contract_id, kind, reference),
        CONSTRAINT fk_overdue_notice_contract_id FOREIGN KEY (contract_id)
            REFERENCES contract (contract_id)
    )
    """,
    "CREATE INDEX ix_contract_unpublished ON contract (publish_by) WHERE published_on IS NULL",
    "CREATE INDEX ix_contract_unfiled ON contract (file_by) WHERE filed_on IS NULL",
    "CREATE INDEX ix_amendment_unpublished ON amendment (publish_by) WHERE published_on IS NULL",
    "CREATE INDEX ix_acceptance_unpublished ON acceptance (publish_by) WHERE published_on IS NULL",
    "CREATE INDEX ix_instalment_unpaid ON instalment (pay_by) WHERE paid_on IS NULL",
    "CREATE INDEX ix_recovery_unreceived ON recovery (due_on) WHERE received_on IS NULL",
)
# All clocks, wherever they arise. Each branch has an index on what is open.
VIEW = """
    CREATE VIEW obligation AS
    SELECT contract_id, 'publish_contract' AS kind, 0 AS reference, signed_on AS arose_on,
           publish_by AS due_on, published_on AS met_on
    FROM contract
    UNION ALL
    SELECT contract_id, 'file_contract', 0, signed_on, file_by, filed_on FROM contract
    UNION ALL
    SELECT contract_id, 'publish_amendment', number, amended_on, publish_by, published_on
    FROM amendment
    UNION ALL
    SELECT contract_id, 'publish_acceptance', number, accepted_on, publish_by, published_on
    FROM acceptance
    UNION ALL
    SELECT contract_id, 'pay_instalment', number, invoiced_on, pay_by, paid_on
    FROM instalment WHERE pay_by IS NOT NULL AND state <> 'cancelled'
    UNION ALL
    SELECT contract_id, 'pay_back', number, due_on, due_on, received_on FROM recovery
"""
REQUIRE = (
    "ALTER TABLE contract ALTER publish_by SET NOT NULL, ALTER file_by SET NOT NULL",
    "ALTER TABLE amendment ALTER publish_by SET NOT NULL",
    "ALTER TABLE acceptance ALTER publish_by SET NOT NULL",
    VIEW,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    _give("contract", "publish_by", "signed_on", obligation.publish_by)
    _give("contract", "file_by", "signed_on", obligation.file_by)
    _give("amendment", "publish_by", "amended_on", obligation.publish_by)
    _give("acceptance", "publish_by", "accepted_on", obligation.publish_acceptance_by)
    for statement in REQUIRE:
        op.execute(statement)
    grant_to_service(
        {
            "contract": "UPDATE (published_on, filed_on)",
            "amendment": "UPDATE (published_on)",
            "acceptance": "UPDATE (published_on)",
            "obligation": "SELECT",
            "overdue_notice": "SELECT, INSERT",
        }
    )


def _give(table: str, column: str, arises: str, due: Callable[[date], date]) -> None:
    """Day by day: there are fewer days than rows."""
    connection = op.get_bind()
    days = connection.execute(text(f"SELECT DISTINCT {arises} FROM {table}")).scalars()  # noqa: S608  # our own names
    update = text(f"UPDATE {table} SET {column} = :due WHERE {arises} = :day")  # noqa: S608  # our own names
    for day in days.all():
        connection.execute(update, {"due": due(day), "day": day})
