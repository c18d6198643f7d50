"""Changes that need two persons, over HTTP: asked for, decided, listed."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep
from fundmix_kit.replicas import Position

from registry_svc import queries
from registry_svc.api.change_request_bodies import (
    ApprovedOut,
    ChangeRequestIn,
    ChangeRequestOut,
    RejectIn,
    TodoOut,
    approved_out,
    change_request_out,
    todo_out,
)
from registry_svc.commands import Commands
from registry_svc.domain.change_request import ChangeRequest, RequestState


def change_requests_router(
    database: Database, runner: CommandRunner, commands: Commands
) -> APIRouter:
    router = APIRouter(tags=["change requests"])

    @router.post(
        "/v1/organisations/{code}/change-requests",
        status_code=HTTPStatus.CREATED,
        response_model=ChangeRequestOut,
    )
    async def ask_for_change(
        request: Request, access: AccessDep, code: CreditCode, body: ChangeRequestIn
    ) -> Response:
        access.require_own(code)

        async def command(connection: Connection, origin: Origin) -> Answer:
            asked = await commands.ask_for_change(
                connection,
                origin,
                code,
                wanted=body.wanted,
                reason=body.reason,
                evidence=[document.evidence() for document in body.evidence],
            )
            return _answer(asked)

        return await runner.run(request, access, command)

    @router.post("/v1/change-requests/{request_id}/approve", response_model=ApprovedOut)
    async def approve_change(request: Request, access: AccessDep, request_id: UUID) -> Response:
        version = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            decided, registration = await commands.approve_change(
                connection, origin, request_id, expected_version=version
            )
            code = decided.organisation_code
            return Answer(
                body=approved_out(decided, registration),
                version=decided.version,
                positions=[Position(topic=topics.REGISTRY, key=code, version=registration.version)],
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/change-requests/{request_id}/reject", response_model=ChangeRequestOut)
    async def reject_change(
        request: Request, access: AccessDep, request_id: UUID, body: RejectIn
    ) -> Response:
        version = expected_version(request, required=False)

        async def command(connection: Connection, origin: Origin) -> Answer:
            decided = await commands.reject_change(
                connection, origin, request_id, expected_version=version, reason=body.reason
            )
            return _answer(decided)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.get("/v1/change-requests", response_model=Page[ChangeRequestOut])
    async def list_change_requests(
        request: Request,
        access: AccessDep,
        page: PageDep,
        state: Annotated[RequestState | None, Query()] = None,
        code: Annotated[CreditCode | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_change_requests(
            database, state=state, code=_of_own(access, code), page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.request_id,), item=change_request_out
        )

    @router.get("/v1/change-requests/{request_id}", response_model=ChangeRequestOut)
    async def show_change_request(
        request: Request, access: AccessDep, request_id: UUID
    ) -> Response:
        found = await queries.read_change_request(database, request_id)
        access.require_own(found.organisation_code)
        return resource_response(request, change_request_out(found), version=found.version)

    @router.get("/v1/todo", response_model=Page[TodoOut])
    async def list_todo(request: Request, access: AccessDep, page: PageDep) -> Response:
        rows = await queries.list_todo(database, subject=access.principal.subject, page=page)
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.request_id,), item=todo_out
        )

    return router


def _of_own(access: Access, code: str | None) -> str | None:
    """Raises ForeignRowError for who asks for another's and sees only his own."""
    if code is not None:
        access.require_own(code)
    return code or access.org_filter


def _answer(request: ChangeRequest) -> Answer:
    return Answer(
        body=change_request_out(request),
        version=request.version,
        location=f"/v1/change-requests/{request.request_id}",
    )
