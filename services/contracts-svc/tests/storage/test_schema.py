"""The migrated database is the one the code believes in; the service has no needless right."""

from typing import Final

import asyncpg
import pytest
from contracts_svc import MIGRATIONS
from contracts_svc.storage.tables import KIT_INDEXES, ContractsTable
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.testing.schema import KIT_RIGHTS, drift, migrated_by, rights_of_service

RIGHTS: Final = KIT_RIGHTS | {
    "contract": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (state)",
        "UPDATE (ceiling_minor)",
        "UPDATE (supplemented_minor)",
        "UPDATE (years)",
        "UPDATE (ends_on)",
        "UPDATE (amendment_count)",
        "UPDATE (delivery_count)",
        "UPDATE (acceptance_count)",
        "UPDATE (terminated_on)",
        "UPDATE (termination_reason)",
        "UPDATE (published_on)",
        "UPDATE (filed_on)",
    },
    "instalment": {
        "SELECT",
        "INSERT",
        "UPDATE (amount_minor)",
        "UPDATE (state)",
        "UPDATE (payer)",
        "UPDATE (invoice_number)",
        "UPDATE (invoiced_on)",
        "UPDATE (pay_by)",
        "UPDATE (confirmed_by)",
        "UPDATE (arrived_on)",
        "UPDATE (deduction_minor)",
        "UPDATE (approved_by)",
        "UPDATE (approved_on)",
        "UPDATE (paid_by)",
        "UPDATE (paid_on)",
        "UPDATE (bank_reference)",
    },
    "contract_line": {
        "SELECT",
        "INSERT",
        "UPDATE (title)",
        "UPDATE (unit)",
        "UPDATE (quantity)",
        "UPDATE (amount_minor)",
        "UPDATE (delivered)",
        "UPDATE (accepted)",
    },
    "recovery": {"SELECT", "INSERT", "UPDATE (received_on)", "UPDATE (bank_reference)"},
    "amendment": {"SELECT", "INSERT", "UPDATE (published_on)"},
    "delivery": {"SELECT", "INSERT"},
    "acceptance": {"SELECT", "INSERT", "UPDATE (published_on)"},
    "payment_reversal": {"SELECT", "INSERT"},
    "obligation": {"SELECT"},
    "overdue_notice": {"SELECT", "INSERT"},
    "scheme": {"SELECT", "INSERT"},
    "evaluation": {
        "SELECT",
        "INSERT",
        "UPDATE (revision)",
        "UPDATE (state)",
        "UPDATE (evaluated_on)",
        "UPDATE (published_on)",
        "UPDATE (published_by)",
        "UPDATE (score_micro)",
        "UPDATE (grade)",
        "UPDATE (proposed_deduction_minor)",
        "UPDATE (currency)",
        "UPDATE (objections_until)",
        "UPDATE (is_calendar_announced)",
        "UPDATE (objected_by)",
        "UPDATE (objected_on)",
        "UPDATE (grounds)",
        "UPDATE (accepted_by)",
        "UPDATE (accepted_on)",
        "UPDATE (decided_by)",
        "UPDATE (decided_on)",
        "UPDATE (deduction_minor)",
        "UPDATE (decision_reason)",
    },
    "evaluation_score": {"SELECT", "INSERT", "UPDATE (points)"},
    "evaluation_rating": {"SELECT", "INSERT", "DELETE"},
    "draft": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (agency)",
        "UPDATE (state)",
        "UPDATE (body)",
        "UPDATE (changed_by)",
        "UPDATE (changed_at)",
    },
}


async def test_migrations_and_tables_agree(service_database: ServiceDatabase) -> None:
    assert await drift(service_database, ContractsTable.metadata, kit_indexes=KIT_INDEXES) == []


async def test_migrating_again_changes_nothing(service_database: ServiceDatabase) -> None:
    await migrated_by(MIGRATIONS)(service_database)

    assert await drift(service_database, ContractsTable.metadata, kit_indexes=KIT_INDEXES) == []


async def test_the_service_has_exactly_these_rights(service_database: ServiceDatabase) -> None:
    assert await rights_of_service(service_database) == RIGHTS


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE contract SET original_ceiling_minor = 1",
        "UPDATE contract SET buyer = agency",
        "DELETE FROM contract",
        "TRUNCATE contract CASCADE",
        "UPDATE instalment SET condition = 'signing'",
        "UPDATE recovery SET amount_minor = 1",
        "UPDATE amendment SET reason = ''",
        "UPDATE acceptance SET quantity = 1",
        "UPDATE payment_reversal SET reason = ''",
        "UPDATE scheme SET recipients_bps = 0",
        "DELETE FROM evaluation",
        "UPDATE evaluation SET scheme_version = 2",
        "UPDATE evaluation_score SET scorer = ''",
        "DELETE FROM evaluation_score",
        "UPDATE evaluation_rating SET count = 1",
        "DELETE FROM draft",
        "DELETE FROM instalment",
        "UPDATE outbox SET body = ''",
        "DELETE FROM outbox",
        "DELETE FROM inbox",
        "DELETE FROM idempotency_key",
        "CREATE TABLE mine (id int)",
        "DROP TABLE contract",
    ],
)
async def test_the_service_is_refused_what_it_must_not_do(
    forbidden: str, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(forbidden)
