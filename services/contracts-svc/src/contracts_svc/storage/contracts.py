"""Contracts and their instalments in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.contracts import Condition
from fundmix_events.money import Currency, Money
from fundmix_events.registry import Level
from fundmix_kit.database import Connection, columns

from contracts_svc.domain.contract import Contract, Instalment, InstalmentState, Terms
from contracts_svc.domain.errors import (
    BankReferenceUsedError,
    ContractNotFoundError,
    ContractNumberTakenError,
)
from contracts_svc.storage import tables

# Both tables in one statement: a write is a round trip less.
INSERT: Final = """
    WITH signed AS (
        INSERT INTO contract
            (contract_id, version, number, title, buyer, agency, channel, purchase_mode,
             service_area, people_served, town, payer_level, posts, signed_on, published_on,
             filed_on, starts_on, ends_on, ceiling_minor, currency, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                $19, $20, $21)
        RETURNING contract_id
    )
    INSERT INTO instalment
        (contract_id, number, due_on, amount_minor, condition, state, deduction_minor)
    SELECT signed.contract_id, u.number, u.due_on, u.amount_minor, u.condition, 'scheduled', 0
    FROM signed, unnest($22::smallint[], $23::date[], $24::bigint[], $25::text[])
        AS u (number, due_on, amount_minor, condition)
"""
LOCK: Final = "SELECT * FROM contract WHERE contract_id = $1 FOR UPDATE"
READ: Final = "SELECT * FROM contract WHERE contract_id = $1"
READ_INSTALMENTS: Final = (
    "SELECT * FROM instalment WHERE contract_id = ANY($1::uuid[]) ORDER BY contract_id, number"
)
SAVE: Final = """
    WITH moved AS (UPDATE contract SET version = $2 WHERE contract_id = $1)
    UPDATE instalment
    SET state = $4, deduction_minor = $5, approved_by = $6, approved_on = $7, paid_by = $8,
        paid_on = $9, bank_reference = $10
    WHERE contract_id = $1 AND number = $3
"""
LIST: Final = """
    SELECT * FROM contract
    WHERE ($1::text IS NULL OR buyer = $1 OR agency = $1)
      AND ($2::text IS NULL OR number = $2)
      AND ($3::text IS NULL OR buyer = $3)
      AND ($4::text IS NULL OR agency = $4)
      AND contract_id > $5
    ORDER BY contract_id LIMIT $6
"""


async def insert(
    connection: Connection, contract: Contract, terms: Terms, *, recorded_at: datetime
) -> None:
    """Raises ContractNumberTakenError."""
    instalments = [
        (i.number, i.due_on, i.amount.amount_minor, i.condition) for i in contract.instalments
    ]
    try:
        await connection.execute(
            INSERT,
            contract.contract_id,
            contract.version,
            terms.number,
            terms.title,
            contract.buyer,
            contract.agency,
            contract.channel,
            terms.purchase_mode,
            terms.service_area,
            terms.people_served,
            terms.town,
            terms.payer_level,
            terms.posts,
            terms.signed_on,
            terms.published_on,
            terms.filed_on,
            terms.starts_on,
            terms.ends_on,
            terms.ceiling.amount_minor,
            terms.ceiling.currency,
            recorded_at,
            *columns(instalments, 4),
        )
    except asyncpg.UniqueViolationError as error:
        raise ContractNumberTakenError(
            f"there is a contract {terms.number} already", pointer="/number"
        ) from error


async def load_for_update(connection: Connection, contract_id: UUID) -> Contract:
    """Raises ContractNotFoundError."""
    row = await connection.fetchrow(LOCK, contract_id)
    if row is None:
        raise ContractNotFoundError(f"there is no contract {contract_id}")
    # A statement of its own: it must see what the wait for the lock was for.
    instalments = await connection.fetch(READ_INSTALMENTS, [contract_id])
    return _contract(tables.Contract(**dict(row)), [_instalment_row(i) for i in instalments])


async def save_instalment(connection: Connection, contract: Contract, *, number: int) -> None:
    """Raises BankReferenceUsedError."""
    instalment = contract.instalment(number)
    try:
        await connection.execute(
            SAVE,
            contract.contract_id,
            contract.version,
            number,
            instalment.state,
            instalment.deduction.amount_minor,
            instalment.approved_by,
            instalment.approved_on,
            instalment.paid_by,
            instalment.paid_on,
            instalment.bank_reference,
        )
    except asyncpg.UniqueViolationError as error:
        raise BankReferenceUsedError(
            f"bank reference {instalment.bank_reference} has paid another instalment",
            pointer="/bank_reference",
        ) from error


ContractRow = tuple[tables.Contract, Contract]
"""The row with all its text, and the contract the rules know."""


async def read(connection: Connection, contract_id: UUID) -> ContractRow:
    """Raises ContractNotFoundError."""
    row = await connection.fetchrow(READ, contract_id)
    if row is None:
        raise ContractNotFoundError(f"there is no contract {contract_id}")
    [found] = await _with_instalments(connection, [row])
    return found


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    number: str | None,
    buyer: str | None,
    agency: str | None,
    after: UUID,
    rows_max: int,
) -> list[ContractRow]:
    rows = await connection.fetch(LIST, org, number, buyer, agency, after, rows_max)
    return await _with_instalments(connection, rows)


async def _with_instalments(
    connection: Connection, rows: Sequence[asyncpg.Record]
) -> list[ContractRow]:
    instalments: dict[UUID, list[tables.Instalment]] = {row["contract_id"]: [] for row in rows}
    for row in await connection.fetch(READ_INSTALMENTS, list(instalments)):
        instalments[row["contract_id"]].append(_instalment_row(row))
    found = [tables.Contract(**dict(row)) for row in rows]
    return [(row, _contract(row, instalments[row.contract_id])) for row in found]


def _instalment_row(row: asyncpg.Record) -> tables.Instalment:
    return tables.Instalment(**dict(row))


def _contract(row: tables.Contract, instalments: Sequence[tables.Instalment]) -> Contract:
    currency = Currency(row.currency)
    return Contract(
        contract_id=row.contract_id,
        version=row.version,
        number=row.number,
        buyer=row.buyer,
        agency=row.agency,
        channel=Channel(row.channel),
        payer_level=Level(row.payer_level),
        ceiling=Money.of(row.ceiling_minor, currency),
        instalments=tuple(_instalment(i, currency) for i in instalments),
    )


def _instalment(row: tables.Instalment, currency: Currency) -> Instalment:
    return Instalment(
        number=row.number,
        due_on=row.due_on,
        amount=Money.of(row.amount_minor, currency),
        condition=Condition(row.condition),
        state=InstalmentState(row.state),
        deduction=Money.of(row.deduction_minor, currency),
        approved_by=row.approved_by,
        approved_on=row.approved_on,
        paid_by=row.paid_by,
        paid_on=row.paid_on,
        bank_reference=row.bank_reference,
    )
