"""What contracts-svc tells when asked."""

from datetime import date
from uuid import UUID

from fundmix_events.contracts import InstalmentNumber
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from contracts_svc.storage import contracts, todo
from contracts_svc.storage.contracts import ContractRow
from contracts_svc.storage.todo import TodoRow

FIRST_ID = UUID(int=0)


async def read_contract(database: Database, contract_id: UUID) -> ContractRow:
    """Raises ContractNotFoundError."""
    async with database.reading() as connection:
        return await contracts.read(connection, contract_id)


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
    database: Database, *, org: str | None, subject: str, today: date, page: PageParams
) -> list[TodoRow]:
    """Instalments due that wait for an approval, and approved ones that another person must pay."""
    after = page.after(tuple[date, UUID, InstalmentNumber])
    async with database.reading() as connection:
        return await todo.list_rows(
            connection,
            org=org,
            subject=subject,
            today=today,
            after=after or (date.min, FIRST_ID, 0),
            rows_max=page.rows_to_read,
        )
