"""What contracts-svc tells the public: pages, and whole lists that are read while they are sent."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_kit.database import Connection, Database
from fundmix_kit.paging import PageParams

from contracts_svc.domain.errors import ContractNotFoundError
from contracts_svc.domain.open_contracting import Json, releases_of
from contracts_svc.storage import (
    contract_records,
    contracts,
    overlaps,
    public_events,
    public_projects,
    tables,
)
from contracts_svc.storage.contracts import ContractRow
from contracts_svc.storage.overlaps import Overlap, OverlapKey
from contracts_svc.storage.public_projects import (
    Project,
    ProjectFilter,
    ProjectSort,
    PublishedEvaluation,
)

EXPORT_BATCH_ROWS: Final = 500
# What is read at once is decoded at once, while nobody else is served.
RELEASES_BATCH_CONTRACTS: Final = 50
ACCEPTANCES_MAX: Final = 1_000

CURSOR_BY_SORT: Final = {
    ProjectSort.SIGNED_ON: tuple[date, UUID],
    ProjectSort.AMOUNT: tuple[int, UUID],
    ProjectSort.NUMBER: tuple[str],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectDetail:
    project: Project
    contract: ContractRow
    amendments: list[tables.Amendment]
    acceptances: list[tables.Acceptance]
    evaluations: list[PublishedEvaluation]


async def list_projects(
    database: Database,
    wanted: ProjectFilter,
    *,
    sort: ProjectSort,
    today: date,
    page: PageParams,
) -> list[Project]:
    """One row more than the page shows."""
    after = page.after(CURSOR_BY_SORT[sort])
    async with database.reading() as connection:
        return await public_projects.list_rows(
            connection, wanted, sort=sort, today=today, after=after, rows_max=page.rows_to_read
        )


async def all_projects(
    database: Database, wanted: ProjectFilter, *, sort: ProjectSort, today: date
) -> AsyncGenerator[list[Project]]:
    """All that a list has, as of one moment, in batches."""
    async with database.reading() as connection:
        after: tuple[object, ...] | None = None
        while True:
            batch = await public_projects.list_rows(
                connection,
                wanted,
                sort=sort,
                today=today,
                after=after,
                rows_max=EXPORT_BATCH_ROWS,
            )
            if batch:
                yield batch
            if len(batch) < EXPORT_BATCH_ROWS:
                return
            after = public_projects.sort_key(batch[-1], sort)


async def read_project(database: Database, number: str, *, today: date) -> ProjectDetail:
    """Raises ContractNotFoundError."""
    async with database.reading() as connection:
        found = await public_projects.list_rows(
            connection,
            ProjectFilter(number=number),
            sort=ProjectSort.NUMBER,
            today=today,
            after=None,
            rows_max=1,
        )
        if not found:
            raise ContractNotFoundError(f"there is no contract {number}")
        contract_id = found[0].contract_id
        return ProjectDetail(
            project=found[0],
            contract=await contracts.read(connection, contract_id),
            amendments=await contract_records.read_amendments(connection, contract_id),
            acceptances=await contract_records.list_acceptances(
                connection, contract_id, after=0, rows_max=ACCEPTANCES_MAX
            ),
            evaluations=await public_projects.read_evaluations(connection, contract_id),
        )


async def list_overlaps(
    database: Database,
    *,
    town: str | None,
    people_served: str | None,
    year: int | None,
    page: PageParams,
) -> tuple[list[Overlap], OverlapKey | None]:
    """Pairs, one more than the page shows; or the key after which there may be others."""
    async with database.reading() as connection:
        return await overlaps.list_rows(
            connection,
            town=town,
            people_served=people_served,
            year=year,
            after=page.after(OverlapKey) or overlaps.FIRST,
            rows_max=page.rows_to_read,
        )


async def all_releases(database: Database, *, ocid_prefix: str) -> AsyncGenerator[list[Json]]:
    """The releases of every contract, one contract after the other, as of one moment."""
    async with database.reading() as connection:
        names = await public_events.names(connection)
        after = UUID(int=0)
        while contract_ids := await public_events.next_ids(
            connection, after=after, rows_max=RELEASES_BATCH_CONTRACTS
        ):
            histories = await public_events.histories(connection, contract_ids)
            for history in histories.values():
                yield releases_of(history, names=names, ocid_prefix=ocid_prefix)
            after = contract_ids[-1]


async def read_releases(database: Database, number: str, *, ocid_prefix: str) -> list[Json]:
    """Raises ContractNotFoundError."""
    async with database.reading() as connection:
        contract_id = await public_events.id_of(connection, number)
        return await _releases(connection, contract_id, ocid_prefix=ocid_prefix)


async def _releases(connection: Connection, contract_id: UUID, *, ocid_prefix: str) -> list[Json]:
    names = await public_events.names(connection)
    histories = await public_events.histories(connection, [contract_id])
    return releases_of(histories[contract_id], names=names, ocid_prefix=ocid_prefix)
