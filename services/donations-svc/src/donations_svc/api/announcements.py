"""Announcements over HTTP: a donor says what it has given, each agency says what has arrived."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.text import Label
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep

from donations_svc import queries
from donations_svc.api.delegation import check_receiver
from donations_svc.api.donations import positions_of
from donations_svc.api.split_bodies import (
    AnnouncementIn,
    AnnouncementOut,
    ConfirmationIn,
    RejectionIn,
    announcement_out,
)
from donations_svc.commands import Commands
from donations_svc.domain.announcement import Announcement, LineState


def announcements_router(
    database: Database, runner: CommandRunner, commands: Commands
) -> APIRouter:
    router = APIRouter(tags=["announcements"])

    @router.get("/v1/announcements", response_model=Page[AnnouncementOut])
    async def list_announcements(
        request: Request,
        access: AccessDep,
        page: PageDep,
        reference: Annotated[Label | None, Query()] = None,
        state: Annotated[LineState | None, Query()] = None,
    ) -> Response:
        """With a line in that state, where one is given."""
        rows = await queries.list_announcements(
            database, org=access.org_filter, reference=reference, state=state, page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda a: (a.announcement_id,),
            item=lambda a: announcement_out(_seen(a, access)),
        )

    @router.get("/v1/announcements/{announcement_id}", response_model=AnnouncementOut)
    async def show_announcement(
        request: Request, access: AccessDep, announcement_id: UUID
    ) -> Response:
        announcement = await queries.read_announcement(database, announcement_id)
        agencies = {line.terms.agency for line in announcement.lines}
        access.require_own(announcement.terms.donor.code, *agencies)
        body = announcement_out(_seen(announcement, access))
        return resource_response(request, body, version=announcement.version)

    _add_announcing(router, runner, commands)
    _add_decisions(router, runner, commands)
    return router


def _add_announcing(router: APIRouter, runner: CommandRunner, commands: Commands) -> None:
    @router.post(
        "/v1/announcements", status_code=HTTPStatus.CREATED, response_model=AnnouncementOut
    )
    async def announce(request: Request, access: AccessDep, body: AnnouncementIn) -> Response:
        access.require_own(body.donor.code)

        async def command(connection: Connection, origin: Origin) -> Answer:
            announcement = await commands.announce(connection, origin, body.terms())
            location = f"/v1/announcements/{announcement.announcement_id}"
            return Answer(
                body=announcement_out(announcement), version=announcement.version, location=location
            )

        return await runner.run(request, access, command)

    @router.post("/v1/announcements/{announcement_id}/withdraw", response_model=AnnouncementOut)
    async def withdraw(request: Request, access: AccessDep, announcement_id: UUID) -> Response:
        """What nobody has decided yet is not announced any more."""
        expected = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            announcement = await commands.withdraw(
                connection, origin, announcement_id, access=access, expected_version=expected
            )
            return Answer(body=announcement_out(announcement), version=announcement.version)

        return await runner.run(request, access, command, status=HTTPStatus.OK)


def _add_decisions(router: APIRouter, runner: CommandRunner, commands: Commands) -> None:
    @router.post("/v1/announcements/{announcement_id}/confirm", response_model=AnnouncementOut)
    async def confirm(
        request: Request, access: AccessDep, announcement_id: UUID, body: ConfirmationIn
    ) -> Response:
        """What has reached the agency's bank becomes its donations."""
        check_receiver(access, body.agency, delegation=body.delegation)
        expected = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            announcement, received = await commands.confirm(
                connection,
                origin,
                announcement_id,
                body.arrival(),
                access=access,
                expected_version=expected,
            )
            return Answer(
                body=announcement_out(announcement.lines_of(body.agency)),
                version=announcement.version,
                positions=positions_of(received),
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/announcements/{announcement_id}/reject", response_model=AnnouncementOut)
    async def reject(
        request: Request, access: AccessDep, announcement_id: UUID, body: RejectionIn
    ) -> Response:
        check_receiver(access, body.agency, delegation=body.delegation)
        expected = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            announcement = await commands.reject(
                connection, origin, announcement_id, body.rejection(), expected_version=expected
            )
            return Answer(
                body=announcement_out(announcement.lines_of(body.agency)),
                version=announcement.version,
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)


def _seen(announcement: Announcement, access: Access) -> Announcement:
    """The donor and the city see all of it, an agency its own lines."""
    org = access.org_filter
    if org is None or org == announcement.terms.donor.code:
        return announcement
    return announcement.lines_of(org)
