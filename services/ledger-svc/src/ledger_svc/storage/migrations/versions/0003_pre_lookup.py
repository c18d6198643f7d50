"""Entries found by where their event stands, and those that open the books.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"

INDEXES = (
    "CREATE INDEX ix_journal_entry_source ON journal_entry (topic, partition, number)",
    # One row for each agency: whose statements are more than a management view.
    """
    CREATE INDEX ix_journal_entry_opening ON journal_entry (agency)
        WHERE kind = 'ledger.opening_balance_approved'
    """,
)


def upgrade() -> None:
    for statement in INDEXES:
        op.execute(statement)
