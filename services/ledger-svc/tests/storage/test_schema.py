"""The migrated database is the one the code believes in; the service has no needless right."""

from typing import Final

from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.testing.schema import KIT_RIGHTS, drift, migrated_by, rights_of_service
from ledger_svc import MIGRATIONS
from ledger_svc.storage.goal_tables import Goal

RIGHTS: Final = KIT_RIGHTS | {
    "account": {"SELECT", "INSERT"},
    "journal_entry": {"SELECT", "INSERT"},
    "posting": {"SELECT", "INSERT"},
    "balance": {"SELECT", "INSERT", "UPDATE"},
    "period_balance": {"SELECT", "INSERT", "UPDATE"},
    "movement": {"SELECT", "INSERT", "UPDATE"},
    "channel_balance": {"SELECT", "INSERT", "UPDATE"},
    "channel_movement": {"SELECT", "INSERT", "UPDATE"},
    "payer_balance": {"SELECT", "INSERT", "UPDATE"},
    "payer_movement": {"SELECT", "INSERT", "UPDATE"},
    "log_head": {"SELECT", "UPDATE"},
    "period_close": {"SELECT", "INSERT"},
    "period_total": {"SELECT", "INSERT"},
    "lot": {"SELECT", "INSERT", "UPDATE"},
    "lot_movement": {"SELECT", "INSERT"},
    "fund": {"SELECT", "INSERT", "UPDATE"},
    "hold": {"SELECT", "INSERT", "UPDATE"},
    "hold_lot": {"SELECT", "INSERT"},
    "import_mapping": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "request": {"SELECT", "INSERT", "UPDATE"},
    "contract_terms": {"SELECT", "INSERT", "UPDATE"},
    "contract_agreement": {"SELECT", "INSERT"},
    "contract_instalment": {"SELECT", "INSERT", "UPDATE"},
    "pledge_terms": {"SELECT", "INSERT", "UPDATE"},
    "pledge_part": {"SELECT", "INSERT"},
    "pledge_movement": {"SELECT", "INSERT"},
    "goal": {"SELECT", "INSERT", "UPDATE"},
    "goal_version": {"SELECT", "INSERT"},
    "goal_status": {"SELECT", "INSERT", "UPDATE"},
}


async def test_migrations_and_tables_agree(service_database: ServiceDatabase) -> None:
    assert await drift(service_database, Goal.metadata) == []


async def test_migrating_again_changes_nothing(service_database: ServiceDatabase) -> None:
    await migrated_by(MIGRATIONS)(service_database)

    assert await drift(service_database, Goal.metadata) == []


async def test_the_service_has_exactly_these_rights(service_database: ServiceDatabase) -> None:
    assert await rights_of_service(service_database) == RIGHTS
