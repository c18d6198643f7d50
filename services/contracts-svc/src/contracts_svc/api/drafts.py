"""Routes of drafts: contracts that are being written, until they are signed or discarded."""

from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep

from contracts_svc import queries
from contracts_svc.api.answers import signed_answer, target
from contracts_svc.api.bodies import (
    DraftIn,
    DraftOut,
    SignatureIn,
    SignedOut,
    terms_of,
)
from contracts_svc.commands import Target
from contracts_svc.draft_commands import DraftCommands
from contracts_svc.storage.tables import Draft


def drafts_router(
    database: Database, runner: CommandRunner, commands: DraftCommands, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["drafts"])
    _add_commands(router, runner, commands, clock)

    @router.get("/v1/drafts", response_model=Page[DraftOut])
    async def list_drafts(
        request: Request,
        access: AccessDep,
        page: PageDep,
        state: Annotated[Literal["open", "signed", "discarded"], Query()] = "open",
    ) -> Response:
        rows = await queries.list_drafts(database, org=access.org_filter, state=state, page=page)
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.draft_id,), item=_draft_out
        )

    @router.get("/v1/drafts/{draft_id}", response_model=DraftOut)
    async def show_draft(request: Request, access: AccessDep, draft_id: UUID) -> Response:
        draft = await queries.read_draft(database, draft_id)
        access.require_own(draft.buyer)
        return resource_response(request, _draft_out(draft), version=draft.version)

    return router


def _add_commands(
    router: APIRouter, runner: CommandRunner, commands: DraftCommands, clock: Clock
) -> None:
    @router.post("/v1/drafts", status_code=HTTPStatus.CREATED, response_model=DraftOut)
    async def begin_draft(request: Request, access: AccessDep, body: DraftIn) -> Response:
        access.require_own(body.buyer)
        access.require_level(body.payer_level)

        async def command(connection: Connection, origin: Origin) -> Answer:
            draft = await commands.begin(
                connection,
                origin,
                body.model_dump_json(),
                buyer=body.buyer,
                agency=body.agency,
            )
            return _answer(draft)

        return await runner.run(request, access, command)

    @router.put("/v1/drafts/{draft_id}", response_model=DraftOut)
    async def change_draft(
        request: Request, access: AccessDep, draft_id: UUID, body: DraftIn
    ) -> Response:
        access.require_own(body.buyer)
        access.require_level(body.payer_level)

        async def command(connection: Connection, origin: Origin) -> Answer:
            draft = await commands.change(
                connection,
                origin,
                _seen(request, access, draft_id),
                body.model_dump_json(),
                buyer=body.buyer,
                agency=body.agency,
            )
            return _answer(draft)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/drafts/{draft_id}/discard", response_model=DraftOut)
    async def discard_draft(request: Request, access: AccessDep, draft_id: UUID) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            return _answer(
                await commands.discard(connection, origin, target(request, access, draft_id))
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post(
        "/v1/drafts/{draft_id}/sign",
        status_code=HTTPStatus.CREATED,
        response_model=SignedOut,
    )
    async def sign_draft(
        request: Request, access: AccessDep, draft_id: UUID, body: SignatureIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            draft = await commands.open(connection, target(request, access, draft_id))
            written = DraftIn.model_validate_json(draft.body)
            access.require_level(written.payer_level)
            terms = terms_of(written, body)
            contract, agency = await commands.sign(connection, origin, draft, terms)
            return signed_answer(contract, agency, today=clock.today())

        return await runner.run(request, access, command)


def _seen(request: Request, access: Access, draft_id: UUID) -> Target:
    return Target(
        contract_id=draft_id,
        access=access,
        expected_version=expected_version(request, required=True),
    )


def _answer(draft: Draft) -> Answer:
    return Answer(
        body=_draft_out(draft), version=draft.version, location=f"/v1/drafts/{draft.draft_id}"
    )


def _draft_out(draft: Draft) -> DraftOut:
    return DraftOut(
        draft_id=draft.draft_id,
        version=draft.version,
        state=draft.state,
        contract=DraftIn.model_validate_json(draft.body),
    )
