"""What registry-svc tells when asked."""

from fundmix_events.credit_code import CreditCode
from fundmix_events.registry import OrganisationKind
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from registry_svc.domain.registration import Registration
from registry_svc.storage import organisations


async def read_organisation(database: Database, code: str) -> Registration:
    """Raises OrganisationNotFoundError."""
    async with database.reading() as connection:
        return await organisations.read(connection, code)


async def list_organisations(
    database: Database,
    *,
    kind: OrganisationKind | None,
    town: str | None,
    name: str | None,
    page: PageParams,
) -> list[Registration]:
    """In the order of their codes; `name` is any part of it. One row more than the page shows."""
    after = page.after(tuple[CreditCode])
    async with database.reading() as connection:
        return await organisations.list_rows(
            connection,
            kind=kind,
            town=town,
            name=name,
            after=after[0] if after else "",
            rows_max=page.rows_to_read,
        )
