"""What is due by a day: found where it arose, said once when it is overdue."""

from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from contracts_svc.domain.contract import Contract
from contracts_svc.domain.paying import record_invoice
from contracts_svc.domain.signing import Terms, sign_contract
from contracts_svc.obligation_commands import ObligationCommands
from contracts_svc.storage import contracts, obligations
from fundmix_events import topics
from fundmix_events.contracts import Condition, PurchaseMode, ScheduledInstalment
from fundmix_events.money import Money
from fundmix_events.registry import Level, Organisation, OrganisationKind
from fundmix_kit.outbox import Outbox
from fundmix_kit.testing import FixedClock

NOW: Final = datetime(2024, 6, 3, 4, tzinfo=UTC)
TODAY: Final = date(2024, 6, 3)
BUYER: Final = Organisation(code="11441900AHP4983MNR", name="示例街道", kind=OrganisationKind.BUYER)
AGENCY: Final = Organisation(code="52441900AJC6XAY6DW", name="示例甲", kind=OrganisationKind.AGENCY)
FIRST: Final = (date.min, UUID(int=0), "", -1)
SAID: Final = "SELECT convert_from(body, 'UTF8') FROM outbox WHERE type = $1 ORDER BY position"


async def signed(connection: asyncpg.Connection, number: int = 1, **values: Any) -> Contract:
    usual: dict[str, Any] = {
        "number": f"DG-{number}",
        "title": "社区综合服务",
        "purchase_mode": PurchaseMode.PROJECT,
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": Level.TOWN,
        "posts": None,
        "signed_on": date(2024, 4, 30),
        "published_on": None,
        "filed_on": None,
        "starts_on": date(2024, 5, 6),
        "ends_on": date(2024, 12, 31),
        "ceiling": Money.of(100),
        "instalments": [
            ScheduledInstalment(
                number=1,
                due_on=date(2024, 5, 6),
                amount=Money.of(100),
                condition=Condition.SIGNING,
            )
        ],
    }
    terms = Terms(**usual | values)
    contract, _ = sign_contract(
        terms, contract_id=UUID(int=number), buyer=BUYER, agency=AGENCY, today=TODAY
    )
    await contracts.insert_all(connection, [(contract, terms)], recorded_at=NOW)
    return contract


async def listed(
    connection: asyncpg.Connection, state: str | None = None, *, org: str | None = None
) -> list[tuple[str, date, bool]]:
    rows = await obligations.list_rows(
        connection, org=org, kind=None, state=state, today=TODAY, after=FIRST, rows_max=100
    )
    return [(r.obligation.kind, r.obligation.due_on, r.obligation.is_late) for r in rows]


async def test_a_contract_is_to_be_published_and_filed_within_working_days(
    connection: asyncpg.Connection,
) -> None:
    # The 1st to the 5th of May 2024 were off; Saturday the 11th was worked.
    await signed(connection)

    assert await listed(connection, "overdue") == [
        ("publish_contract", date(2024, 5, 7), False),
        ("file_contract", date(2024, 5, 13), False),
    ]


async def test_what_was_published_late_is_late_and_not_overdue(
    connection: asyncpg.Connection,
) -> None:
    await signed(connection, published_on=date(2024, 5, 8), filed_on=date(2024, 5, 13))

    assert await listed(connection, "overdue") == []
    assert await listed(connection, "late") == [("publish_contract", date(2024, 5, 7), True)]
    assert len(await listed(connection, "met")) == 2


async def test_an_invoice_is_paid_within_thirty_days(connection: asyncpg.Connection) -> None:
    contract = await signed(connection, published_on=TODAY, filed_on=TODAY)
    invoiced, _ = record_invoice(
        contract,
        instalment_number=1,
        invoice_number="2444",
        invoiced_on=date(2024, 5, 7),
        today=TODAY,
    )
    await contracts.save(connection, contract, invoiced)

    assert await listed(connection, "open") == [("pay_instalment", date(2024, 6, 6), False)]
    assert await listed(connection, "overdue") == []


async def test_who_is_no_party_sees_nothing(connection: asyncpg.Connection) -> None:
    await signed(connection)

    assert len(await listed(connection, org=AGENCY.code)) == 2
    assert await listed(connection, org="52441900DNF0KCB4UQ") == []


async def test_what_is_overdue_is_said_once(connection: asyncpg.Connection) -> None:
    await signed(connection, 1)
    await signed(connection, 2, published_on=date(2024, 5, 7), filed_on=date(2024, 5, 7))
    outbox = Outbox(
        source="/contracts-svc",
        partitions={topics.CONTRACTS: 6},
        clock=FixedClock(NOW),
    )
    commands = ObligationCommands(outbox=outbox, clock=FixedClock(NOW))

    assert await commands.announce_overdue(connection) == 2
    assert await commands.announce_overdue(connection) == 0

    said = await connection.fetch(SAID, "contracts.obligation_overdue")
    assert len(said) == 2
    assert (await contracts.load_for_update(connection, UUID(int=1))).version == 3
