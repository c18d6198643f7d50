"""Organisations over HTTP: register, change, read, also as they were."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fundmix_events import topics
from fundmix_events.credit_code import CreditCode
from fundmix_events.day import Day
from fundmix_events.registry import OrganisationKind
from fundmix_events.text import Label, Name
from fundmix_kit.clock import Clock
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep
from fundmix_kit.replicas import Position

from registry_svc import queries
from registry_svc.api.bodies import (
    HistoryOut,
    OrganisationChangeIn,
    OrganisationIn,
    OrganisationOut,
    history_out,
    organisation_out,
)
from registry_svc.commands import Commands
from registry_svc.domain.registration import Registration, Revision, change_organisation


def organisations_router(
    database: Database, runner: CommandRunner, commands: Commands, *, clock: Clock
) -> APIRouter:
    router = APIRouter(tags=["organisations"])

    @router.post(
        "/v1/organisations", status_code=HTTPStatus.CREATED, response_model=OrganisationOut
    )
    async def register_organisation(
        request: Request, access: AccessDep, body: OrganisationIn
    ) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            registration = await commands.register_organisation(
                connection, origin, body.organisation()
            )
            return organisation_answer(registration)

        return await runner.run(request, access, command)

    @router.patch("/v1/organisations/{code}", response_model=OrganisationOut)
    async def patch_organisation(
        request: Request, access: AccessDep, code: CreditCode, body: OrganisationChangeIn
    ) -> Response:
        access.require_own(code)
        version = expected_version(request, required=True)

        def change(before: Registration) -> Revision:
            wanted = body.applied_to(before.organisation)
            return change_organisation(before, wanted=wanted, today=clock.today())

        async def command(connection: Connection, origin: Origin) -> Answer:
            registration = await commands.change_organisation(
                connection, origin, code, expected_version=version, change=change
            )
            return organisation_answer(registration)

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.get("/v1/organisations", response_model=Page[OrganisationOut])
    async def list_organisations(
        request: Request,
        page: PageDep,
        kind: Annotated[OrganisationKind | None, Query()] = None,
        town: Annotated[Label | None, Query()] = None,
        name: Annotated[Name | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_organisations(
            database, kind=kind, town=town, name=name, page=page
        )
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda r: (r.organisation.code,),
            item=organisation_out,
        )

    @router.get("/v1/organisations/{code}", response_model=OrganisationOut)
    async def show_organisation(
        request: Request, code: CreditCode, as_of: Annotated[Day | None, Query()] = None
    ) -> Response:
        if as_of is None:
            registration = await queries.read_organisation(database, code)
        else:
            registration = await queries.read_organisation_as_of(
                database, code, day=as_of, today=clock.today()
            )
        return resource_response(
            request, organisation_out(registration), version=registration.version
        )

    @router.get("/v1/organisations/{code}/history", response_model=Page[HistoryOut])
    async def list_history(
        request: Request, access: AccessDep, page: PageDep, code: CreditCode
    ) -> Response:
        access.require_own(code)
        rows = await queries.list_history(database, code, page=page)
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda past: (past.version, past.change.field),
            item=history_out,
        )

    return router


def organisation_answer(registration: Registration) -> Answer:
    code = registration.organisation.code
    return Answer(
        body=organisation_out(registration),
        version=registration.version,
        positions=[Position(topic=topics.REGISTRY, key=code, version=registration.version)],
        location=f"/v1/organisations/{code}",
    )
