"""What registry-svc tells when asked."""

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from fundmix_events.credit_code import CreditCode
from fundmix_events.registry import OrganisationKind
from fundmix_kit.clock import CITY_TIME
from fundmix_kit.database import Database
from fundmix_kit.paging import PageParams

from registry_svc.domain.change_request import ChangeRequest
from registry_svc.domain.errors import FutureDateError, OrganisationNotFoundError
from registry_svc.domain.history import as_it_was
from registry_svc.domain.registration import Registration
from registry_svc.storage import change_requests, history, organisations, public_organisations
from registry_svc.storage.history import PastChange
from registry_svc.storage.public_organisations import Sort

FIRST_ID: Final = UUID(int=0)
AFTER_ALL_VERSIONS: Final = (2**62, "")
# Who is in the register only because it may give or has given is not shown: a gift may be
# anonymous. Foundations and social groups owe the public an account of themselves (Charity Law).
PUBLIC_KINDS: Final = (
    OrganisationKind.AGENCY,
    OrganisationKind.BUYER,
    OrganisationKind.FOUNDATION,
    OrganisationKind.SOCIAL_GROUP,
)


async def read_organisation(database: Database, code: str) -> Registration:
    """Raises OrganisationNotFoundError."""
    async with database.reading() as connection:
        return await organisations.read(connection, code)


async def read_organisation_as_of(
    database: Database, code: str, *, day: date, today: date
) -> Registration:
    """As it was at the end of a day. Raises OrganisationNotFoundError, FutureDateError."""
    if day > today:
        raise FutureDateError(f"{day} is not yet", pointer="#query/as_of")
    end = datetime.combine(day + timedelta(days=1), time(), CITY_TIME)
    async with database.reading() as connection:
        now = await organisations.read(connection, code)
        version = await history.version_before(connection, code, end)
        if version is None:
            raise OrganisationNotFoundError(f"{code} was not in the register on {day}")
        later = await history.values_before_later(connection, code, version)
    return Registration(organisation=as_it_was(now.organisation, later), version=version)


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


async def list_history(database: Database, code: str, *, page: PageParams) -> list[PastChange]:
    """The newest first. Raises OrganisationNotFoundError."""
    before = page.after(tuple[int, str])
    async with database.reading() as connection:
        await organisations.read(connection, code)
        return await history.list_rows(
            connection, code, before=before or AFTER_ALL_VERSIONS, rows_max=page.rows_to_read
        )


async def read_change_request(database: Database, request_id: UUID) -> ChangeRequest:
    """Raises ChangeRequestNotFoundError."""
    async with database.reading() as connection:
        return await change_requests.read(connection, request_id)


async def list_change_requests(
    database: Database, *, state: str | None, code: str | None, page: PageParams
) -> list[ChangeRequest]:
    """In the order in which they were made."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await change_requests.list_rows(
            connection,
            state=state,
            code=code,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_todo(database: Database, *, subject: str, page: PageParams) -> list[ChangeRequest]:
    """What waits for a decision of somebody else than who asked for it, oldest first."""
    after = page.after(tuple[UUID])
    async with database.reading() as connection:
        return await change_requests.list_waiting(
            connection,
            subject=subject,
            after=after[0] if after else FIRST_ID,
            rows_max=page.rows_to_read,
        )


async def list_public_organisations(
    database: Database,
    *,
    kind: OrganisationKind | None,
    town: str | None,
    name: str | None,
    is_suspended: bool | None,
    today: date,
    sort: Sort,
    page: PageParams,
) -> list[Registration]:
    """Of a kind that is not shown there is nothing; `name` is any part of it."""
    after = page.after(tuple[str, CreditCode])
    async with database.reading() as connection:
        return await public_organisations.list_rows(
            connection,
            kinds=[shown for shown in PUBLIC_KINDS if kind in (None, shown)],
            town=town,
            name=name,
            is_suspended=is_suspended,
            today=today,
            sort=sort,
            after=after,
            rows_max=page.rows_to_read,
        )


async def read_public_organisation(database: Database, code: str) -> Registration:
    """Raises OrganisationNotFoundError, also for one of a kind that is not shown."""
    found = await read_organisation(database, code)
    if found.organisation.kind not in PUBLIC_KINDS:
        raise OrganisationNotFoundError(f"no organisation {code} is shown to the public")
    return found
