"""Contracts and their instalments as PostgreSQL keeps them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from contracts_svc.domain.amending import (
    Amendment,
    Due,
    Termination,
    amend_contract,
    terminate_contract,
)
from contracts_svc.domain.contract import Contract
from contracts_svc.domain.delivery import (
    Acceptance,
    Delivery,
    accept_delivery,
    report_delivery,
)
from contracts_svc.domain.errors import (
    BankReferenceUsedError,
    ContractNotFoundError,
)
from contracts_svc.domain.paying import (
    Verdict,
    approve_instalment,
    pay_instalment,
    receive_recovery,
)
from contracts_svc.domain.signing import Terms, sign_contract
from contracts_svc.storage import contracts, todo
from fundmix_events.contracts import Condition, PurchaseMode, ScheduledInstalment
from fundmix_events.money import Money
from fundmix_events.registry import Level, Organisation, OrganisationKind
from fundmix_events.roles import Role

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
                number=place + 1,
                due_on=day,
                amount=Money.of(100),
                condition=Condition.SIGNING if place else Condition.FINAL,
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
    await contracts.insert_all(connection, given, recorded_at=NOW)


def approved(contract: Contract, number: int = 1, *, by: str = "li.na") -> Contract:
    return approve_instalment(
        contract,
        instalment_number=number,
        verdict=Verdict(deduction=Money.of(30), is_open=False),
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


async def save(connection: asyncpg.Connection, contract: Contract) -> Contract:
    before = await contracts.load_for_update(connection, contract.contract_id)
    await contracts.save(connection, before, contract)
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
    written = {name: value for name, value in asdict(agreed).items() if name in kept and value}
    written.pop("years", None)
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


async def test_a_whole_life_is_read_as_it_was_saved(connection: asyncpg.Connection) -> None:
    contract, agreed = signed(1)
    await insert(connection, (contract, agreed))
    steps: Sequence[Callable[[Contract], Contract]] = [
        approved,
        paid,
        delivered,
        amended,
        terminated,
        recovered,
    ]
    for step in steps:
        contract = await save(connection, step(contract))

        assert await contracts.load_for_update(connection, contract.contract_id) == contract

    row, _ = await contracts.read(connection, contract.contract_id)
    assert row.state == "terminated"


def delivered(contract: Contract) -> Contract:
    done = Delivery(line_number=1, quantity=4, delivered_on=TODAY, place="厚街镇", attendance=None)
    accepted = Acceptance(
        line_number=1,
        quantity=3,
        accepted_on=TODAY,
        recipients_invited=20,
        sample_size=10,
        responses=9,
    )
    after, _ = report_delivery(contract, done, today=TODAY)
    return accept_delivery(after, accepted, delivered_by_then=4, today=TODAY)[0]


def amended(contract: Contract) -> Contract:
    amendment = Amendment(
        reason="人数减少",
        amended_on=TODAY,
        delta=Money.of(-20),
        amounts={2: Money.of(90)},
        supplement=Due(amount=Money.of(10), due_on=TODAY),
        recovery=Due(amount=Money.of(20), due_on=TODAY),
        ends_on=date(2024, 12, 31),
        lines=(),
        years=(),
    )
    return amend_contract(contract, amendment, today=TODAY)[0]


def terminated(contract: Contract) -> Contract:
    termination = Termination(
        reason="停止服务",
        terminated_on=TODAY,
        settlement=Due(amount=Money.of(5), due_on=TODAY),
        recovery=None,
    )
    return terminate_contract(contract, termination, worked_until=None, today=TODAY)[0]


def recovered(contract: Contract) -> Contract:
    return receive_recovery(
        contract,
        recovery_number=1,
        amount=Money.of(20),
        received_on=TODAY,
        bank_reference="BK-9",
        today=TODAY,
    )[0]


async def test_an_unknown_contract_is_not_found(connection: asyncpg.Connection) -> None:
    with pytest.raises(ContractNotFoundError):
        await contracts.read(connection, UUID(int=1))
    with pytest.raises(ContractNotFoundError):
        await contracts.load_for_update(connection, UUID(int=1))


async def test_a_number_belongs_to_one_contract(connection: asyncpg.Connection) -> None:
    await insert(connection, signed(1))

    new = await contracts.insert_all(
        connection,
        [signed(2, called="DG-1"), signed(3), signed(4, called="DG-3")],
        recorded_at=NOW,
    )

    assert new == {UUID(int=3)}
    with pytest.raises(ContractNotFoundError):
        await contracts.read(connection, UUID(int=2))


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
    after: tuple[date, UUID, str, int] = (date.min, FIRST_ID, "", 0),
) -> list[tuple[int, int, str, int | None]]:
    rows = await todo.list_rows(
        connection,
        role=Role.FINANCE_OFFICER,
        org=org,
        subject=subject,
        today=TODAY,
        after=after,
        rows_max=100,
    )
    return [(r.contract_id.int, r.reference, r.action, r.amount_minor) for r in rows]


async def test_what_is_due_waits_for_approval_oldest_first(connection: asyncpg.Connection) -> None:
    await insert(
        connection,
        signed(1, due_on=[date(2025, 3, 3), date(2025, 3, 4)]),
        signed(2, due_on=[date(2024, 3, 12)]),
    )

    assert await waiting(connection) == [(2, 1, "approve", 100), (1, 1, "approve", 100)]
    assert await waiting(connection, after=(date(2024, 3, 12), UUID(int=2), "approve", 1)) == [
        (1, 1, "approve", 100)
    ]


async def test_what_is_approved_waits_for_another_person_to_pay(
    connection: asyncpg.Connection,
) -> None:
    contract, agreed = signed(1, due_on=[date(2025, 3, 4)])
    await insert(connection, (contract, agreed))
    before = await save(connection, approved(contract, by="li.na"))

    assert await waiting(connection, subject="li.na") == []
    assert await waiting(connection, subject="wang.wei") == [(1, 1, "pay", 70)]

    await save(connection, paid(before))
    assert await waiting(connection, subject="wang.wei") == []


async def test_what_waits_at_another_buyer_is_not_shown(connection: asyncpg.Connection) -> None:
    await insert(connection, signed(1), signed(2, buyer=BUYERS[1]))

    assert await waiting(connection, org=BUYERS[1]) == [(2, 1, "approve", 100)]


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE contract SET ceiling_minor = 0",
        "UPDATE contract SET ceiling_minor = ceiling_minor + 1",
        "UPDATE contract SET state = 'terminated'",
        "UPDATE contract SET supplemented_minor = original_ceiling_minor / 10 + 1",
        "UPDATE instalment SET state = 'cancelled'",
        "UPDATE instalment SET arrived_on = '2024-03-18'",
        "UPDATE contract_line SET delivered = quantity + 1",
        "UPDATE contract_line SET accepted = 1",
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
    await owner.execute("ALTER TABLE contract DISABLE TRIGGER tr_contract_changed")
    await owner.execute("UPDATE contract SET ceiling_minor = 199")

    with pytest.raises(AssertionError):
        await contracts.read(owner, contract.contract_id)
