"""What contracts-svc tells when asked."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fundmix_events.obligations import ObligationKind
from fundmix_events.roles import Role
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams
from pydantic import Field

from contracts_svc.storage import (
    contract_records,
    contracts,
    drafts,
    obligations,
    tables,
    todo,
)
from contracts_svc.storage.contracts import ContractRow
from contracts_svc.storage.obligations import ObligationRow
from contracts_svc.storage.todo import TodoRow

FIRST_ID = UUID(int=0)
Reference = Annotated[int, Field(ge=-1, lt=2**31)]

Parties = tuple[str, str]
"""The buyer and the agency of a contract."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundContract:
    contract: ContractRow
    amendments: list[tables.Amendment]
    reversals: list[tables.PaymentReversal]


async def read_contract(database: Database, contract_id: UUID) -> FoundContract:
    """Raises ContractNotFoundError."""
    async with database.reading() as connection:
        return FoundContract(
            contract=await contracts.read(connection, contract_id),
            amendments=await contract_records.read_amendments(connection, contract_id),
            reversals=await contract_records.read_reversals(connection, contract_id),
        )


async def list_deliveries(
    database: Database, contract_id: UUID, *, page: PageParams
) -> tuple[Parties, list[tables.Delivery]]:
    """In the order of reporting, with the contract's parties. Raises ContractNotFoundError."""
    async with database.reading() as connection:
        row, _ = await contracts.read(connection, contract_id)
        found = await contract_records.list_deliveries(
            connection, contract_id, after=_after(page), rows_max=page.rows_to_read
        )
    return (row.buyer, row.agency), found


async def list_acceptances(
    database: Database, contract_id: UUID, *, page: PageParams
) -> tuple[Parties, list[tables.Acceptance]]:
    """In the order of recording, with the contract's parties. Raises ContractNotFoundError."""
    async with database.reading() as connection:
        row, _ = await contracts.read(connection, contract_id)
        found = await contract_records.list_acceptances(
            connection, contract_id, after=_after(page), rows_max=page.rows_to_read
        )
    return (row.buyer, row.agency), found


async def read_draft(database: Database, draft_id: UUID) -> tables.Draft:
    """Raises DraftNotFoundError."""
    async with database.reading() as connection:
        return await drafts.read(connection, draft_id)


async def list_drafts(
    database: Database, *, org: str | None, state: str, page: PageParams
) -> list[tables.Draft]:
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await drafts.list_rows(
            connection,
            org=org,
            state=state,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_contracts(
    database: Database,
    *,
    org: str | None,
    number: str | None,
    buyer: str | None,
    agency: str | None,
    page: PageParams,
) -> list[ContractRow]:
    """In the order of recording; one row more than the page shows."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await contracts.list_rows(
            connection,
            org=org,
            number=number,
            buyer=buyer,
            agency=agency,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_todo(
    database: Database, *, role: Role, org: str | None, subject: str, today: date, page: PageParams
) -> list[TodoRow]:
    """What waits for this person.

    For an officer: instalments due that wait for an approval, approved ones that another person
    must pay, objections that another person must decide, deliveries to accept, and what is to be
    published, filed or received back. For an agency: results that it may object to or accept, money
    whose arrival it has not confirmed, and money to be paid back.
    """
    after = page.after(tuple[date, UUID, str, Reference])
    async with database.reading() as connection:
        return await todo.list_rows(
            connection,
            role=role,
            org=org,
            subject=subject,
            today=today,
            after=after or (date.min, FIRST_ID, "", -1),
            rows_max=page.rows_to_read,
        )


async def list_obligations(
    database: Database,
    *,
    org: str | None,
    kind: ObligationKind | None,
    state: str | None,
    today: date,
    page: PageParams,
) -> list[ObligationRow]:
    """By the day on which they are due."""
    after = page.after(tuple[date, UUID, str, Reference])
    async with database.reading() as connection:
        return await obligations.list_rows(
            connection,
            org=org,
            kind=kind,
            state=state,
            today=today,
            after=after or (date.min, FIRST_ID, "", -1),
            rows_max=page.rows_to_read,
        )


def _after(page: PageParams) -> int:
    after = page.after(tuple[Reference])
    return after[0] if after else 0
