"""Contracts in the database: each is loaded whole, and what changed of it is saved."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from asyncpg import Record
from fundmix_events.channel import Channel
from fundmix_events.contracts import Condition, ContractLine, Recovery, YearShare
from fundmix_events.money import Currency, Money
from fundmix_events.registry import Level
from fundmix_kit.database import Connection, columns

from contracts_svc.domain.contract import (
    Contract,
    Instalment,
    InstalmentState,
    Line,
    RecoveryClaim,
)
from contracts_svc.domain.errors import (
    BankReferenceUsedError,
    ContractNotFoundError,
)
from contracts_svc.domain.obligation import file_by, publish_by
from contracts_svc.domain.signing import Terms
from contracts_svc.storage import tables

PartT = TypeVar("PartT")
NUMBER_PLACE: Final = 2

# Any number of contracts, all three tables in one statement. Those whose number is taken are left
# out, and are not in the answer.
INSERT: Final = """
    WITH signed AS (
        INSERT INTO contract
            (contract_id, version, number, title, buyer, agency, channel, purchase_mode,
             service_area, people_served, town, payer_level, posts, signed_on, published_on,
             filed_on, starts_on, ends_on, ceiling_minor, original_ceiling_minor, currency,
             recorded_at, years, budget_item, plan_number, term_reason, scheme_version,
             has_deduction_clause, publish_by, file_by, state, supplemented_minor,
             amendment_count, delivery_count, acceptance_count)
        SELECT u.*, 'signed', 0, 0, 0, 0 FROM unnest(
            $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::int[], $14::date[],
            $15::date[], $16::date[], $17::date[], $18::date[], $19::bigint[], $20::bigint[],
            $21::text[], $22::timestamptz[], $23::jsonb[], $24::text[], $25::text[], $26::text[],
            $27::int[], $28::bool[], $29::date[], $30::date[]) AS u
        ON CONFLICT (number) DO NOTHING
        RETURNING contract_id
    ), bought AS (
        INSERT INTO contract_line
            (contract_id, number, title, unit, quantity, amount_minor, delivered, accepted)
        SELECT u.*, 0, 0
        FROM unnest($31::uuid[], $32::smallint[], $33::text[], $34::text[], $35::int[],
                    $36::bigint[])
            AS u (contract_id, number, title, unit, quantity, amount_minor)
        JOIN signed USING (contract_id)
    ), scheduled AS (
        INSERT INTO instalment
            (contract_id, number, due_on, amount_minor, condition, state, deduction_minor)
        SELECT u.*, 'scheduled', 0
        FROM unnest($37::uuid[], $38::smallint[], $39::date[], $40::bigint[], $41::text[])
            AS u (contract_id, number, due_on, amount_minor, condition)
        JOIN signed USING (contract_id)
    )
    TABLE signed
"""
LOCK: Final = "SELECT * FROM contract WHERE contract_id = $1 FOR UPDATE"
READ: Final = "SELECT * FROM contract WHERE contract_id = $1"
READ_INSTALMENTS: Final = (
    "SELECT * FROM instalment WHERE contract_id = ANY($1::uuid[]) ORDER BY contract_id, number"
)
READ_LINES: Final = (
    "SELECT * FROM contract_line WHERE contract_id = ANY($1::uuid[]) ORDER BY contract_id, number"
)
READ_RECOVERIES: Final = (
    "SELECT * FROM recovery WHERE contract_id = ANY($1::uuid[]) ORDER BY contract_id, number"
)
# One statement, so that the guard of the ceiling looks at all of it when it is done.
SAVE: Final = """
    WITH moved AS (
        UPDATE contract
        SET version = $2, state = $3, ceiling_minor = $4, supplemented_minor = $5, years = $6,
            ends_on = $7, amendment_count = $8, delivery_count = $9, acceptance_count = $10,
            terminated_on = $11, termination_reason = coalesce($12, termination_reason)
        WHERE contract_id = $1
    ), counted AS (
        INSERT INTO contract_line
            (contract_id, number, title, unit, quantity, amount_minor, delivered, accepted)
        SELECT $1, u.* FROM unnest($13::smallint[], $14::text[], $15::text[], $16::int[],
                                   $17::bigint[], $18::int[], $19::int[]) AS u
        ON CONFLICT (contract_id, number) DO UPDATE
        SET title = excluded.title, unit = excluded.unit, quantity = excluded.quantity,
            amount_minor = excluded.amount_minor, delivered = excluded.delivered,
            accepted = excluded.accepted
    ), claimed AS (
        INSERT INTO recovery
            (contract_id, number, amount_minor, due_on, received_on, bank_reference)
        SELECT $1, u.* FROM unnest($20::smallint[], $21::bigint[], $22::date[], $23::date[],
                                   $24::text[]) AS u
        ON CONFLICT (contract_id, number) DO UPDATE
        SET received_on = excluded.received_on, bank_reference = excluded.bank_reference
    )
    INSERT INTO instalment
        (contract_id, number, due_on, amount_minor, condition, state, deduction_minor, payer,
         invoice_number, invoiced_on, pay_by, approved_by, approved_on, paid_by, paid_on,
         bank_reference, confirmed_by, arrived_on)
    SELECT $1, u.* FROM unnest(
        $25::smallint[], $26::date[], $27::bigint[], $28::text[], $29::text[], $30::bigint[],
        $31::text[], $32::text[], $33::date[], $34::date[], $35::text[], $36::date[], $37::text[],
        $38::date[], $39::text[], $40::text[], $41::date[]) AS u
    ON CONFLICT (contract_id, number) DO UPDATE
    SET amount_minor = excluded.amount_minor, state = excluded.state,
        deduction_minor = excluded.deduction_minor, payer = excluded.payer,
        invoice_number = excluded.invoice_number, invoiced_on = excluded.invoiced_on,
        pay_by = excluded.pay_by, approved_by = excluded.approved_by,
        approved_on = excluded.approved_on, paid_by = excluded.paid_by, paid_on = excluded.paid_on,
        bank_reference = excluded.bank_reference, confirmed_by = excluded.confirmed_by,
        arrived_on = excluded.arrived_on
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


async def insert_all(
    connection: Connection, signed: Sequence[tuple[Contract, Terms]], *, recorded_at: datetime
) -> set[UUID]:
    """The ids of those that were new: a contract whose number is taken is left out."""
    # In the order of their numbers: two that insert the same ones do not wait for each other.
    rows = sorted(
        (_row(contract, terms, recorded_at=recorded_at) for contract, terms in signed),
        key=itemgetter(NUMBER_PLACE),
    )
    lines = [
        (c.contract_id, a.number, a.title, a.unit, a.quantity, a.amount.amount_minor)
        for c, _ in signed
        for a in (line.agreed for line in c.lines)
    ]
    instalments = [
        (c.contract_id, i.number, i.due_on, i.amount.amount_minor, i.condition)
        for c, _ in signed
        for i in c.instalments
    ]
    found = await connection.fetch(
        INSERT, *columns(rows, 30), *columns(lines, 6), *columns(instalments, 5)
    )
    return {row["contract_id"] for row in found}


def _row(contract: Contract, terms: Terms, *, recorded_at: datetime) -> tuple[Any, ...]:
    """In the order of INSERT."""
    return (
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
        terms.ceiling.amount_minor,
        terms.ceiling.currency,
        recorded_at,
        _years_text(contract.years),
        terms.budget_item,
        terms.plan_number,
        terms.term_reason,
        terms.scheme_version,
        terms.has_deduction_clause,
        publish_by(terms.signed_on),
        file_by(terms.signed_on),
    )


async def load_for_update(connection: Connection, contract_id: UUID) -> Contract:
    """Raises ContractNotFoundError."""
    row = await connection.fetchrow(LOCK, contract_id)
    if row is None:
        raise ContractNotFoundError(f"there is no contract {contract_id}")
    # Statements of their own: they must see what the wait for the lock was for.
    [(_, contract)] = await _whole(connection, [row])
    return contract


async def save(
    connection: Connection,
    before: Contract,
    after: Contract,
    *,
    termination_reason: str | None = None,
) -> None:
    """Only what differs is written. Raises BankReferenceUsedError."""
    lines = [_line_row(line) for line in _differing(before.lines, after.lines)]
    recoveries = [_recovery_row(r) for r in _differing(before.recoveries, after.recoveries)]
    instalments = [
        _instalment_row(i, payer=after.buyer)
        for i in _differing(before.instalments, after.instalments)
    ]
    try:
        await connection.execute(
            SAVE,
            after.contract_id,
            after.version,
            _stored_state(after),
            after.ceiling.amount_minor,
            after.supplemented.amount_minor,
            _years_text(after.years),
            after.ends_on,
            after.amendment_count,
            after.delivery_count,
            after.acceptance_count,
            after.terminated_on,
            termination_reason,
            *columns(lines, 7),
            *columns(recoveries, 5),
            *columns(instalments, 17),
        )
    except asyncpg.UniqueViolationError as error:
        raise BankReferenceUsedError(
            "this bank reference of the buyer has paid another instalment",
            pointer="/bank_reference",
        ) from error


ContractRow = tuple[tables.Contract, Contract]
"""The row with all its text, and the contract the rules know."""


async def read(connection: Connection, contract_id: UUID) -> ContractRow:
    """Raises ContractNotFoundError."""
    row = await connection.fetchrow(READ, contract_id)
    if row is None:
        raise ContractNotFoundError(f"there is no contract {contract_id}")
    [found] = await _whole(connection, [row])
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
    return await _whole(connection, rows)


async def _whole(connection: Connection, rows: Sequence[Record]) -> list[ContractRow]:
    ids = [row["contract_id"] for row in rows]
    instalments = _by_contract(await connection.fetch(READ_INSTALMENTS, ids))
    lines = _by_contract(await connection.fetch(READ_LINES, ids))
    # Few contracts ever have one: the counts in their own row say when to look.
    recovering = [
        row["contract_id"] for row in rows if row["amendment_count"] or row["terminated_on"]
    ]
    recoveries = (
        _by_contract(await connection.fetch(READ_RECOVERIES, recovering)) if recovering else {}
    )
    return [
        (
            row,
            _contract(
                row,
                instalments.get(row.contract_id, ()),
                lines.get(row.contract_id, ()),
                recoveries.get(row.contract_id, ()),
            ),
        )
        for row in (_contract_row(found) for found in rows)
    ]


def _by_contract(rows: Iterable[Record]) -> dict[UUID, list[Record]]:
    found: dict[UUID, list[Record]] = {}
    for row in rows:
        found.setdefault(row["contract_id"], []).append(row)
    return found


def _contract_row(row: Record) -> tables.Contract:
    return tables.Contract(**{**dict(row), "years": json.loads(row["years"])})


def _contract(
    row: tables.Contract,
    instalments: Iterable[Record],
    lines: Iterable[Record],
    recoveries: Iterable[Record],
) -> Contract:
    currency = Currency(row.currency)
    return Contract(
        contract_id=row.contract_id,
        version=row.version,
        number=row.number,
        buyer=row.buyer,
        agency=row.agency,
        channel=Channel(row.channel),
        payer_level=Level(row.payer_level),
        signed_on=row.signed_on,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        terminated_on=row.terminated_on,
        ceiling=Money.of(row.ceiling_minor, currency),
        original_ceiling=Money.of(row.original_ceiling_minor, currency),
        supplemented=Money.of(row.supplemented_minor, currency),
        scheme_version=row.scheme_version,
        has_deduction_clause=row.has_deduction_clause,
        amendment_count=row.amendment_count,
        delivery_count=row.delivery_count,
        acceptance_count=row.acceptance_count,
        instalments=tuple(_instalment(tables.Instalment(**dict(i)), currency) for i in instalments),
        lines=tuple(_line(tables.ContractLine(**dict(line)), currency) for line in lines),
        years=tuple(
            YearShare(year=share["year"], amount=Money.of(share["amount_minor"], currency))
            for share in row.years
        ),
        recoveries=tuple(_recovery(tables.Recovery(**dict(r)), currency) for r in recoveries),
    )


def _instalment(row: tables.Instalment, currency: Currency) -> Instalment:
    return Instalment(
        number=row.number,
        due_on=row.due_on,
        amount=Money.of(row.amount_minor, currency),
        condition=Condition(row.condition),
        state=InstalmentState(row.state),
        deduction=Money.of(row.deduction_minor, currency),
        invoice_number=row.invoice_number,
        invoiced_on=row.invoiced_on,
        pay_by=row.pay_by,
        approved_by=row.approved_by,
        approved_on=row.approved_on,
        paid_by=row.paid_by,
        paid_on=row.paid_on,
        bank_reference=row.bank_reference,
        confirmed_by=row.confirmed_by,
        arrived_on=row.arrived_on,
    )


def _line(row: tables.ContractLine, currency: Currency) -> Line:
    agreed = ContractLine(
        number=row.number,
        title=row.title,
        unit=row.unit,
        quantity=row.quantity,
        amount=Money.of(row.amount_minor, currency),
    )
    return Line(agreed=agreed, delivered=row.delivered, accepted=row.accepted)


def _recovery(row: tables.Recovery, currency: Currency) -> RecoveryClaim:
    agreed = Recovery(
        number=row.number, amount=Money.of(row.amount_minor, currency), due_on=row.due_on
    )
    return RecoveryClaim(
        agreed=agreed, received_on=row.received_on, bank_reference=row.bank_reference
    )


def _differing(before: Sequence[PartT], after: Sequence[PartT]) -> list[PartT]:
    return [part for part in after if part not in before]


def _line_row(line: Line) -> tuple[Any, ...]:
    agreed = line.agreed
    return (
        agreed.number,
        agreed.title,
        agreed.unit,
        agreed.quantity,
        agreed.amount.amount_minor,
        line.delivered,
        line.accepted,
    )


def _recovery_row(recovery: RecoveryClaim) -> tuple[Any, ...]:
    agreed = recovery.agreed
    return (
        agreed.number,
        agreed.amount.amount_minor,
        agreed.due_on,
        recovery.received_on,
        recovery.bank_reference,
    )


def _instalment_row(instalment: Instalment, *, payer: str) -> tuple[Any, ...]:
    return (
        instalment.number,
        instalment.due_on,
        instalment.amount.amount_minor,
        instalment.condition,
        instalment.state,
        instalment.deduction.amount_minor,
        payer if instalment.is_paid else None,
        instalment.invoice_number,
        instalment.invoiced_on,
        instalment.pay_by,
        instalment.approved_by,
        instalment.approved_on,
        instalment.paid_by,
        instalment.paid_on,
        instalment.bank_reference,
        instalment.confirmed_by,
        instalment.arrived_on,
    )


def _years_text(years: Sequence[YearShare]) -> str:
    return json.dumps([{"year": y.year, "amount_minor": y.amount.amount_minor} for y in years])


def _stored_state(contract: Contract) -> str:
    if contract.is_terminated:
        return "terminated"
    return "completed" if contract.is_settled else "signed"
