"""Contracts and their instalments as PostgreSQL keeps them."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from contracts_svc.domain.contract import (
    Contract,
    Terms,
    approve_instalment,
    pay_instalment,
    sign_contract,
)
from contracts_svc.domain.errors import (
    BankReferenceUsedError,
    ContractNotFoundError,
    ContractNumberTakenError,
)
from contracts_svc.storage import contracts, todo
from fundmix_events.contracts import Condition, PurchaseMode, ScheduledInstalment
from fundmix_events.money import Money
from fundmix_events.registry import Level, Organisation, OrganisationKind

NOW: Final = datetime(2025, 3, 3, tzinfo=UTC)
TODAY: Final = date(2025, 3, 3)
FIRST_ID: Final = UUID(int=0)
ADD_INSTALMENT: Final = """
    INSERT INTO instalment
        (contract_id, number, due_on, amount_minor, condition, state, deduction_minor)
    SELECT contract_id, 2, now(), 1, 'final', 'scheduled', 0 FROM contract
"""
PAY: Final = """
    UPDATE instalment
    SET state = 'paid', approved_by = 'li.na', paid_by = '{payer}', paid_on = '2024-03-18',
        bank_reference = {reference}
"""

BUYERS: Final = ("11441900AHP4983MNR", "114419008G9QC57CBT")
AGENCIES: Final = ("52441900AJC6XAY6DW", "52441900DNF0KCB4UQ")


def organisation(code: str, kind: OrganisationKind) -> Organisation:
    return Organisation(code=code, name="示例", kind=kind)


def signed(
    number: int,
    *,
    buyer: str = BUYERS[0],
    agency: str = AGENCIES[0],
    due_on: Sequence[date] = (date(2024, 3, 12), date(2025, 3, 4)),
    called: str | None = None,
    **values: Any,
) -> tuple[Contract, Terms]:
    usual: dict[str, Any] = {
        "number": called or f"DG-{number}",
        "title": "社区综合服务岗位购买服务",
        "purchase_mode": PurchaseMode.POST,
        "service_area": "社区综合服务",
        "people_served": "社区居民",
        "town": "厚街镇",
        "payer_level": Level.TOWN,
        "posts": 9,
        "signed_on": date(2024, 2, 21),
        "published_on": date(2024, 2, 22),
        "filed_on": date(2024, 2, 25),
        "starts_on": date(2024, 3, 2),
        "ends_on": date(2024, 12, 20),
        "ceiling": Money.of(100 * len(due_on)),
        "instalments": [
            ScheduledInstalment(
                number=place + 1, due_on=day, amount=Money.of(100), condition=Condition.SIGNING
            )
            for place, day in enumerate(due_on)
        ],
    }
    agreed = Terms(**usual | values)
    contract, _ = sign_contract(
        agreed,
        contract_id=UUID(int=number),
        buyer=organisation(buyer, OrganisationKind.BUYER),
        agency=organisation(agency, OrganisationKind.AGENCY),
        today=TODAY,
    )
    return contract, agreed


async def insert(connection: asyncpg.Connection, *given: tuple[Contract, Terms]) -> None:
    for contract, agreed in given:
        await contracts.insert(connection, contract, agreed, recorded_at=NOW)


def approved(contract: Contract, number: int = 1, *, by: str = "li.na") -> Contract:
    return approve_instalment(
        contract,
        instalment_number=number,
        deduction=Money.of(30),
        approved_by=by,
        approved_on=TODAY,
    )[0]


def paid(contract: Contract, number: int = 1, *, bank_reference: str = "BK-1") -> Contract:
    return pay_instalment(
        contract,
        instalment_number=number,
        amount=contract.instalment(number).payable,
        paid_on=date(2024, 3, 18),
        bank_reference=bank_reference,
        paid_by="wang.wei",
        today=TODAY,
    )[0]


async def save(connection: asyncpg.Connection, contract: Contract, *, number: int = 1) -> Contract:
    await contracts.save_instalment(connection, contract, number=number)
    return contract


async def listed(connection: asyncpg.Connection, **wanted: Any) -> list[int]:
    usual: dict[str, Any] = {
        "org": None,
        "number": None,
        "buyer": None,
        "agency": None,
        "after": FIRST_ID,
        "rows_max": 100,
    }
    rows = await contracts.list_rows(connection, **usual | wanted)
    return [contract.contract_id.int for _, contract in rows]


@pytest.mark.parametrize("values", [{}, {"posts": None, "published_on": None, "filed_on": None}])
async def test_a_contract_is_read_as_it_was_signed(
    values: dict[str, Any], connection: asyncpg.Connection
) -> None:
    contract, agreed = signed(1, **values)
    await insert(connection, (contract, agreed))

    row, found = await contracts.read(connection, contract.contract_id)

    assert found == contract
    assert await contracts.load_for_update(connection, contract.contract_id) == contract
    kept = row.model_dump()
    written = {name: value for name, value in asdict(agreed).items() if name in kept}
    assert {name: kept[name] for name in written} == written
    assert (row.ceiling_minor, row.currency) == (200, "CNY")
    assert row.recorded_at == NOW


async def test_each_step_of_an_instalment_is_read_as_it_was_saved(
    connection: asyncpg.Connection,
) -> None:
    contract, agreed = signed(1)
    other, other_agreed = signed(2)
    await insert(connection, (contract, agreed), (other, other_agreed))

    after_approval = await save(connection, approved(contract))
    assert await contracts.load_for_update(connection, contract.contract_id) == after_approval

    after_payment = await save(connection, paid(after_approval))
    assert await contracts.load_for_update(connection, contract.contract_id) == after_payment
    assert await contracts.load_for_update(connection, other.contract_id) == other


async def test_an_unknown_contract_is_not_found(connection: asyncpg.Connection) -> None:
    with pytest.raises(ContractNotFoundError):
        await contracts.read(connection, UUID(int=1))
    with pytest.raises(ContractNotFoundError):
        await contracts.load_for_update(connection, UUID(int=1))


async def test_a_number_belongs_to_one_contract(connection: asyncpg.Connection) -> None:
    await insert(connection, signed(1))

    with pytest.raises(ContractNumberTakenError) as refused:
        await insert(connection, signed(2, called="DG-1"))

    assert refused.value.pointer == "/number"


async def test_a_bank_reference_pays_one_instalment(connection: asyncpg.Connection) -> None:
    first, second = signed(1), signed(2)
    await insert(connection, first, second)
    await save(connection, paid(await save(connection, approved(first[0]))))
    before = await save(connection, approved(second[0]))

    with pytest.raises(BankReferenceUsedError) as refused:
        await save(connection, paid(before))

    assert refused.value.pointer == "/bank_reference"


async def test_a_list_goes_in_the_order_of_recording_from_where_the_last_page_ended(
    connection: asyncpg.Connection,
) -> None:
    await insert(connection, *(signed(number) for number in (3, 1, 2)))

    assert await listed(connection) == [1, 2, 3]
    assert await listed(connection, rows_max=2) == [1, 2]
    assert await listed(connection, after=UUID(int=2)) == [3]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"org": BUYERS[0]}, [1, 2]),
        ({"org": AGENCIES[1]}, [2, 3]),
        ({"number": "DG-2"}, [2]),
        ({"buyer": BUYERS[1]}, [3]),
        ({"agency": AGENCIES[0]}, [1]),
        ({"org": BUYERS[0], "agency": AGENCIES[1]}, [2]),
        ({"org": BUYERS[0], "number": "DG-3"}, []),
    ],
)
async def test_a_list_is_narrowed_by_party_and_number(
    wanted: dict[str, str], found: list[int], connection: asyncpg.Connection
) -> None:
    await insert(
        connection,
        signed(1),
        signed(2, agency=AGENCIES[1]),
        signed(3, buyer=BUYERS[1], agency=AGENCIES[1]),
    )

    assert await listed(connection, **wanted) == found


async def waiting(
    connection: asyncpg.Connection,
    *,
    org: str | None = None,
    subject: str = "wang.wei",
    after: tuple[date, UUID, int] = (date.min, FIRST_ID, 0),
) -> list[tuple[int, int, str, int]]:
    rows = await todo.list_rows(
        connection, org=org, subject=subject, today=TODAY, after=after, rows_max=100
    )
    return [(r.contract_id.int, r.instalment_number, r.state, r.payable_minor) for r in rows]


async def test_what_is_due_waits_for_approval_oldest_first(connection: asyncpg.Connection) -> None:
    await insert(
        connection,
        signed(1, due_on=[date(2025, 3, 3), date(2025, 3, 4)]),
        signed(2, due_on=[date(2024, 3, 12)]),
    )

    assert await waiting(connection) == [(2, 1, "scheduled", 100), (1, 1, "scheduled", 100)]
    assert await waiting(connection, after=(date(2024, 3, 12), UUID(int=2), 1)) == [
        (1, 1, "scheduled", 100)
    ]


async def test_what_is_approved_waits_for_another_person_to_pay(
    connection: asyncpg.Connection,
) -> None:
    contract, agreed = signed(1, due_on=[date(2025, 3, 4)])
    await insert(connection, (contract, agreed))
    before = await save(connection, approved(contract, by="li.na"))

    assert await waiting(connection, subject="li.na") == []
    assert await waiting(connection, subject="wang.wei") == [(1, 1, "approved", 70)]

    await save(connection, paid(before))
    assert await waiting(connection, subject="wang.wei") == []


async def test_what_waits_at_another_buyer_is_not_shown(connection: asyncpg.Connection) -> None:
    await insert(connection, signed(1), signed(2, buyer=BUYERS[1]))

    assert await waiting(connection, org=BUYERS[1]) == [(2, 1, "scheduled", 100)]


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE contract SET ceiling_minor = 0",
        "UPDATE instalment SET amount_minor = 0",
        "UPDATE instalment SET deduction_minor = -1",
        "UPDATE instalment SET deduction_minor = amount_minor + 1",
        "UPDATE instalment SET state = 'lost'",
        "UPDATE instalment SET state = 'approved'",
        "UPDATE instalment SET paid_by = 'li.na'",
        ADD_INSTALMENT,
        PAY.format(payer="wang.wei", reference="NULL"),
        PAY.format(payer="li.na", reference="'BK-1'"),
    ],
)
async def test_the_database_has_rules_of_its_own(broken: str, owner: asyncpg.Connection) -> None:
    await insert(owner, signed(1, due_on=[TODAY]))

    with pytest.raises(asyncpg.CheckViolationError):
        await owner.execute(broken)


async def test_what_is_read_keeps_the_rules_of_a_contract(owner: asyncpg.Connection) -> None:
    contract, agreed = signed(1)
    await insert(owner, (contract, agreed))
    await owner.execute("UPDATE contract SET ceiling_minor = 199")

    with pytest.raises(AssertionError):
        await contracts.read(owner, contract.contract_id)
