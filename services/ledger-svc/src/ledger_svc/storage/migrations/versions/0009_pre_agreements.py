"""Tell what a contract's end and ceiling were on a day: of those that are known, what stands now.

Revision ID: 0009
Revises: 0008
"""

from alembic import op
from fundmix_kit.migrate import grant_to_service

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE contract_agreement (
            contract_id uuid NOT NULL,
            version bigint NOT NULL,
            agreed_on date NOT NULL,
            ends_on date NOT NULL,
            ceiling_minor bigint NOT NULL,
            CONSTRAINT pk_contract_agreement PRIMARY KEY (contract_id, version)
        )
        """
    )
    op.execute(
        """
        INSERT INTO contract_agreement (contract_id, version, agreed_on, ends_on, ceiling_minor)
        SELECT contract_id, terms_version, signed_on, ends_on, ceiling_minor FROM contract_terms
        WHERE signed_on IS NOT NULL AND ends_on IS NOT NULL
        """
    )
    op.execute("CREATE INDEX ix_contract_agreement_ends_on ON contract_agreement (ends_on)")
    op.execute("DROP INDEX ix_contract_terms_ends_on")
    grant_to_service({"contract_agreement": "SELECT, INSERT"})
