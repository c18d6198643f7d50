"""The database of donations-svc: as its code believes it to be, and a second guard to its rules."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from asyncpg.exceptions import ForeignKeyViolationError
from donations_svc import MIGRATIONS
from donations_svc.storage.receipt_tables import Receipt
from fundmix_kit.embedded.databases import ServiceDatabase
from fundmix_kit.testing.schema import drift, migrated_by, rights_of_service

PLEDGE: Final[dict[str, Any]] = {
    "pledge_id": UUID(int=1),
    "version": 1,
    "reference": "R-1",
    "donor_kind": "enterprise",
    "donor_code": "91441900LX8R25H7GP",
    "agency": "52441900AJC6XAY6DW",
    "channel": "enterprise",
    "kind": "cash",
    "amount_minor": 100,
    "fulfilled_minor": 0,
    "currency": "CNY",
}
DONATION: Final[dict[str, Any]] = {
    **{name: value for name, value in PLEDGE.items() if name != "fulfilled_minor"},
    "donation_id": UUID(int=2),
    "bank_reference": "B-1",
    "fulfils_minor": 100,
}
INSERT_PLEDGE: Final = """
    INSERT INTO pledge (pledge_id, version, reference, donor_kind, donor_code, agency, channel,
                        kind, amount_minor, fulfilled_minor, currency, pledged_on, is_anonymous,
                        recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '2025-03-01', false, now())
"""
INSERT_DONATION: Final = """
    INSERT INTO donation (pledge_id, version, reference, donor_kind, donor_code, agency, channel,
                          kind, amount_minor, currency, donation_id, bank_reference, fulfils_minor,
                          given_on, received_on, is_anonymous, line, is_sponsorship, refunded_minor,
                          recorded_by, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            '2025-03-02', '2025-03-02', false, 1, false, 0, 'treasurer-1', now())
"""


RIGHTS: Final = {
    "pledge": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (fulfilled_minor)",
        "UPDATE (cancelled_on)",
        "UPDATE (cancellation_reason)",
        "UPDATE (cancellation_remark)",
        "UPDATE (reversed_on)",
    },
    "pledge_part": {"SELECT", "INSERT"},
    "announcement": {"SELECT", "INSERT", "UPDATE (version)"},
    "announcement_line": {
        "SELECT",
        "INSERT",
        "UPDATE (state)",
        "UPDATE (donation_id)",
        "UPDATE (rejection_reason)",
        "UPDATE (remark)",
        "UPDATE (delegation)",
        "UPDATE (decided_by)",
        "UPDATE (decided_at)",
    },
    "donation": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (refunded_minor)",
        "UPDATE (reversed_on)",
        "UPDATE (reversal_reason)",
        *(
            f"UPDATE ({column})"
            for column in (
                *("goods", "quantity", "unit"),
                *("proof_kind", "proof_sha256", "goods_at"),
            )
        ),
    },
    "refund": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (state)",
        "UPDATE (refunded_on)",
        "UPDATE (bank_reference)",
        "UPDATE (decided_by)",
        "UPDATE (decided_at)",
        "UPDATE (released_at)",
    },
    "purpose_change": {"SELECT", "INSERT"},
    "receipt": {
        "SELECT",
        "INSERT",
        *(
            f"UPDATE ({column})"
            for column in (
                "version",
                "state",
                "official_code",
                "official_number",
                "year",
                "sequence",
                "number",
                "replaces",
                "snapshot",
                "issued_by",
                "issued_at",
                "withdrawn_on",
                "withdrawn_by",
                "withdrawn_at",
                "withdrawal_reason",
                "withdrawal_remark",
            )
        ),
    },
    "receipt_series": {"SELECT", "INSERT", "UPDATE (last_sequence)"},
    "receipt_key": {"SELECT"},
    "job": {
        "SELECT",
        "INSERT",
        *(
            f"UPDATE ({column})"
            for column in (
                *("total", "issued", "refused", "after_on", "after"),
                *("started_at", "tried_at", "finished_at"),
            )
        ),
    },
    "donor_contact": {
        "SELECT",
        "INSERT",
        "UPDATE (version)",
        "UPDATE (organisation)",
        "UPDATE (key_id)",
        "UPDATE (name)",
        "UPDATE (phone)",
        "UPDATE (email)",
        "UPDATE (address)",
        "UPDATE (identity_number)",
        "UPDATE (phone_hash)",
        "UPDATE (email_hash)",
        "UPDATE (identity_number_hash)",
        "UPDATE (erased_at)",
        "UPDATE (erasure_reason)",
    },
    "donation_contact": {
        "SELECT",
        "INSERT",
        "UPDATE (contact_id)",
        "UPDATE (linked_by)",
        "UPDATE (linked_at)",
    },
    "contact_access": {"SELECT", "INSERT"},
    "import_batch": {"SELECT", "INSERT"},
    "import_share": {"SELECT", "INSERT"},
    "import_column": {"SELECT", "INSERT", "DELETE"},
    "outbox": {"SELECT", "INSERT", "UPDATE (number)"},
    "outbox_head": {"SELECT", "INSERT", "UPDATE"},
    "relay_state": {"SELECT", "UPDATE"},
    "inbox": {"SELECT", "INSERT"},
    "consumer_position": {"SELECT", "INSERT", "UPDATE"},
    "quarantine": {"SELECT", "INSERT", "UPDATE"},
    "idempotency_key": {"SELECT", "INSERT"},
    "replica": {"SELECT", "INSERT", "UPDATE"},
}


async def test_migrations_and_tables_agree(service_database: ServiceDatabase) -> None:
    assert await drift(service_database, Receipt.metadata) == []


async def test_migrating_again_changes_nothing(service_database: ServiceDatabase) -> None:
    await migrated_by(MIGRATIONS)(service_database)

    assert await drift(service_database, Receipt.metadata) == []


async def test_the_service_has_exactly_these_rights(service_database: ServiceDatabase) -> None:
    assert await rights_of_service(service_database) == RIGHTS


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE pledge SET amount_minor = 1",
        "DELETE FROM pledge",
        "UPDATE donation SET amount_minor = 1",
        "DELETE FROM donation",
        "TRUNCATE donation",
        "DELETE FROM donor_contact",
        "UPDATE donor_contact SET agency = ''",
        "UPDATE contact_access SET subject = ''",
        "DELETE FROM contact_access",
        "UPDATE outbox SET body = ''",
        "DELETE FROM outbox",
        "DROP TABLE donation",
    ],
)
async def test_the_service_is_refused_what_it_must_not_do(
    forbidden: str, connection: asyncpg.Connection
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(forbidden)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount_minor": 0}, "ck_pledge_amount"),
        ({"fulfilled_minor": 101}, "ck_pledge_fulfilled"),
        ({"fulfilled_minor": -1}, "ck_pledge_fulfilled"),
        ({"donor_kind": "individual"}, "ck_pledge_donor"),
        ({"donor_code": None}, "ck_pledge_donor"),
    ],
)
async def test_a_pledge_that_cannot_be_is_not_kept(
    connection: asyncpg.Connection, changes: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await connection.execute(INSERT_PLEDGE, *{**PLEDGE, **changes}.values())

    assert violation.value.constraint_name == constraint


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"amount_minor": 0, "fulfils_minor": None, "pledge_id": None}, "ck_donation_amount"),
        ({"donor_kind": "individual"}, "ck_donation_donor"),
        ({"bank_reference": None}, "ck_donation_bank_reference"),
        ({"kind": "in_kind"}, "ck_donation_bank_reference"),
        ({"fulfils_minor": 101}, "ck_donation_fulfils"),
        ({"fulfils_minor": 0}, "ck_donation_fulfils"),
        ({"fulfils_minor": None}, "ck_donation_fulfils"),
        ({"pledge_id": None}, "ck_donation_fulfils"),
        ({"kind": "time", "bank_reference": None}, "ck_donation_kind"),
        ({"kind": "service", "bank_reference": None}, "ck_donation_service"),
    ],
)
async def test_a_donation_that_cannot_be_is_not_kept(
    connection: asyncpg.Connection, changes: dict[str, Any], constraint: str
) -> None:
    await connection.execute(INSERT_PLEDGE, *PLEDGE.values())

    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await connection.execute(INSERT_DONATION, *{**DONATION, **changes}.values())

    assert violation.value.constraint_name == constraint


@pytest.mark.parametrize(
    ("fulfilled_minor", "cancelled_on", "reason"),
    [(0, None, None), (100, date(2025, 3, 1), "recorded_in_error")],
)
async def test_a_pledge_that_is_open_or_was_kept_is_not_reversed(
    connection: asyncpg.Connection,
    fulfilled_minor: int,
    cancelled_on: date | None,
    reason: str | None,
) -> None:
    await connection.execute(
        INSERT_PLEDGE, *{**PLEDGE, "fulfilled_minor": fulfilled_minor}.values()
    )

    with pytest.raises(asyncpg.CheckViolationError) as violation:
        await connection.execute(
            "UPDATE pledge SET reversed_on = '2025-03-04', cancelled_on = $1,"
            " cancellation_reason = $2",
            cancelled_on,
            reason,
        )

    assert violation.value.constraint_name == "ck_pledge_reversed"


async def test_a_donation_fulfils_a_pledge_there_is(connection: asyncpg.Connection) -> None:
    with pytest.raises(ForeignKeyViolationError):
        await connection.execute(INSERT_DONATION, *DONATION.values())
