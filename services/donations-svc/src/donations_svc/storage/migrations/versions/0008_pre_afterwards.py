"""What is said afterwards: of goods their proof, of holds that they are free, of receipts the bill.

Revision ID: 0008
Revises: 0007
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    """
    ALTER TABLE donation
        ADD COLUMN goods_at timestamptz,
        ADD CONSTRAINT ck_donation_goods_later CHECK (goods_at IS NULL OR goods IS NOT NULL)
    """,
    # Of what was cancelled before, nobody knows: it is given back once more, which is no error.
    "ALTER TABLE refund ADD COLUMN released_at timestamptz",
    """
    CREATE INDEX ix_refund_unreleased ON refund (agency, refund_id)
    WHERE state = 'cancelled' AND kind = 'cash' AND released_at IS NULL
    """,
    "ALTER TABLE announcement_line ADD COLUMN delegation varchar",
    # None of what was left over and changed before: nobody asked for these days.
    "ALTER TABLE purpose_change ADD COLUMN finished_on date, ADD COLUMN published_on date",
    "DROP TRIGGER tr_receipt_stays ON receipt",
    """
    CREATE TRIGGER tr_receipt_stays BEFORE UPDATE ON receipt
    FOR EACH ROW WHEN (
        OLD.state = 'withdrawn'
        OR OLD.number IS NOT NULL AND (
            OLD.year, OLD.sequence, OLD.number, OLD.replaces, OLD.snapshot, OLD.issued_by,
            OLD.issued_at
        ) IS DISTINCT FROM (
            NEW.year, NEW.sequence, NEW.number, NEW.replaces, NEW.snapshot, NEW.issued_by,
            NEW.issued_at
        )
        OR OLD.official_code IS NOT NULL AND (
            OLD.official_code, OLD.official_number
        ) IS DISTINCT FROM (NEW.official_code, NEW.official_number)
    )
    EXECUTE FUNCTION receipt_stays()
    """,
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
    grant_to_service(
        {
            "donation": "UPDATE (goods, quantity, unit, proof_kind, proof_sha256, goods_at)",
            "refund": "UPDATE (released_at)",
            "announcement_line": "UPDATE (delegation)",
            "receipt": "UPDATE (official_code, official_number)",
        }
    )
