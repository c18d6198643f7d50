"""Routes of schemes: adopt the next version, read."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import AccessDep

from contracts_svc import evaluation_queries
from contracts_svc.api.evaluation_bodies import SchemeIn, SchemeOut, scheme_out
from contracts_svc.evaluation_commands import EvaluationCommands

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


def schemes_router(
    database: Database, runner: CommandRunner, commands: EvaluationCommands
) -> APIRouter:
    router = APIRouter(tags=["schemes"])

    @router.post("/v1/schemes", status_code=HTTPStatus.CREATED, response_model=SchemeOut)
    async def adopt_scheme(request: Request, access: AccessDep, body: SchemeIn) -> Response:
        async def command(connection: Connection, origin: Origin) -> Answer:
            scheme = await commands.adopt_scheme(
                connection,
                origin,
                weights=body.weights,
                bands=body.limits(),
                deduction_bps=body.deduction_bps,
                objection_working_days=body.objection_working_days,
            )
            location = f"/v1/schemes/{scheme.version}"
            return Answer(body=scheme_out(scheme), version=scheme.version, location=location)

        return await runner.run(request, access, command)

    @router.get("/v1/schemes", response_model=Page[SchemeOut])
    async def list_schemes(request: Request, page: PageDep) -> Response:
        rows = await evaluation_queries.list_schemes(database, page=page)
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.version,), item=scheme_out
        )

    @router.get("/v1/schemes/{version}", response_model=SchemeOut)
    async def show_scheme(request: Request, version: Version) -> Response:
        scheme = await evaluation_queries.read_scheme(database, version)
        return resource_response(request, scheme_out(scheme), version=scheme.version)

    return router
