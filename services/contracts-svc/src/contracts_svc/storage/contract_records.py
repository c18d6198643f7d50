"""What was reported about contracts and is never changed: rows are only added."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from fundmix_events.contracts import ContractAmended, PaymentReversed
from fundmix_kit.database import Connection

from contracts_svc.domain.delivery import Acceptance, Delivery
from contracts_svc.domain.obligation import publish_acceptance_by, publish_by
from contracts_svc.storage import tables

ADD_AMENDMENT: Final = """
    INSERT INTO amendment
        (contract_id, number, reason, amended_on, delta_minor, ceiling_minor, ends_on, recorded_by,
         recorded_at, publish_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
ADD_DELIVERY: Final = """
    INSERT INTO delivery
        (contract_id, number, line_number, quantity, delivered_on, place, attendance, recorded_by,
         recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""
ADD_ACCEPTANCE: Final = """
    INSERT INTO acceptance
        (contract_id, number, line_number, quantity, accepted_on, recipients_invited, sample_size,
         responses, recorded_by, recorded_at, publish_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
ADD_REVERSAL: Final = """
    INSERT INTO payment_reversal
        (contract_id, version, instalment_number, amount_minor, paid_on, paid_by, bank_reference,
         reason, reversed_by, reversed_on)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
COUNT_DELIVERED: Final = """
    SELECT coalesce(sum(quantity), 0)::int FROM delivery
    WHERE contract_id = $1 AND line_number = $2 AND delivered_on <= $3
"""
LAST_WORKED: Final = """
    SELECT greatest(
        (SELECT max(delivered_on) FROM delivery WHERE contract_id = $1),
        (SELECT max(accepted_on) FROM acceptance WHERE contract_id = $1)
    )
"""
READ_AMENDMENTS: Final = "SELECT * FROM amendment WHERE contract_id = $1 ORDER BY number"
READ_DELIVERIES: Final = """
    SELECT * FROM delivery WHERE contract_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""
READ_ACCEPTANCES: Final = """
    SELECT * FROM acceptance WHERE contract_id = $1 AND number > $2 ORDER BY number LIMIT $3
"""
READ_REVERSALS: Final = "SELECT * FROM payment_reversal WHERE contract_id = $1 ORDER BY version"


async def add_amendment(
    connection: Connection, event: ContractAmended, *, recorded_by: str, recorded_at: datetime
) -> None:
    await connection.execute(
        ADD_AMENDMENT,
        event.contract_id,
        event.amendment_number,
        event.reason,
        event.amended_on,
        event.delta.amount_minor,
        event.ceiling.amount_minor,
        event.ends_on,
        recorded_by,
        recorded_at,
        publish_by(event.amended_on),
    )


async def add_delivery(
    connection: Connection,
    contract_id: UUID,
    delivery: Delivery,
    *,
    number: int,
    recorded_by: str,
    recorded_at: datetime,
) -> None:
    await connection.execute(
        ADD_DELIVERY,
        contract_id,
        number,
        delivery.line_number,
        delivery.quantity,
        delivery.delivered_on,
        delivery.place,
        delivery.attendance,
        recorded_by,
        recorded_at,
    )


async def add_acceptance(
    connection: Connection,
    contract_id: UUID,
    acceptance: Acceptance,
    *,
    number: int,
    recorded_by: str,
    recorded_at: datetime,
) -> None:
    await connection.execute(
        ADD_ACCEPTANCE,
        contract_id,
        number,
        acceptance.line_number,
        acceptance.quantity,
        acceptance.accepted_on,
        acceptance.recipients_invited,
        acceptance.sample_size,
        acceptance.responses,
        recorded_by,
        recorded_at,
        publish_acceptance_by(acceptance.accepted_on),
    )


async def add_reversal(
    connection: Connection, event: PaymentReversed, *, paid_by: str, reversed_by: str
) -> None:
    await connection.execute(
        ADD_REVERSAL,
        event.contract_id,
        event.aggregate_version,
        event.instalment_number,
        event.payable.amount_minor,
        event.paid_on,
        paid_by,
        event.bank_reference,
        event.reason,
        reversed_by,
        event.reversed_on,
    )


async def count_delivered(
    connection: Connection, contract_id: UUID, *, line_number: int, until: date
) -> int:
    """Of a line, up to and on a day."""
    return await connection.fetchval(COUNT_DELIVERED, contract_id, line_number, until)


async def last_worked_on(connection: Connection, contract_id: UUID) -> date | None:
    """The last day on which something was delivered or accepted."""
    return await connection.fetchval(LAST_WORKED, contract_id)


async def read_amendments(connection: Connection, contract_id: UUID) -> list[tables.Amendment]:
    rows = await connection.fetch(READ_AMENDMENTS, contract_id)
    return [tables.Amendment(**dict(row)) for row in rows]


async def read_reversals(connection: Connection, contract_id: UUID) -> list[tables.PaymentReversal]:
    rows = await connection.fetch(READ_REVERSALS, contract_id)
    return [tables.PaymentReversal(**dict(row)) for row in rows]


async def list_deliveries(
    connection: Connection, contract_id: UUID, *, after: int, rows_max: int
) -> list[tables.Delivery]:
    rows = await connection.fetch(READ_DELIVERIES, contract_id, after, rows_max)
    return [tables.Delivery(**dict(row)) for row in rows]


async def list_acceptances(
    connection: Connection, contract_id: UUID, *, after: int, rows_max: int
) -> list[tables.Acceptance]:
    rows = await connection.fetch(READ_ACCEPTANCES, contract_id, after, rows_max)
    return [tables.Acceptance(**dict(row)) for row in rows]
