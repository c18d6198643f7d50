"""Many organisations at once over HTTP: a file in, an account of every row out."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep
from pydantic import BaseModel

from registry_svc.commands import Commands
from registry_svc.domain.import_file import ImportFile, RowError, read_file
from registry_svc.domain.import_plan import ImportPlan
from registry_svc.domain.plausibility import doubts_about

# Who has more of them has another file in hand than he thinks.
SHOWN_MAX: Final = 1_000

FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "CSV in UTF-8 or GB18030 with a header in Chinese or English, or NDJSON. "
        "Its form is seen from its content.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


class RowOut(BaseModel):
    """`row` counts as a spreadsheet does: 1 is the header of a CSV, or the first line of NDJSON."""

    row: int
    field: str | None
    code: str
    detail: str


class ImportOut(BaseModel):
    """A row is registered, unchanged or failed; at most 1,000 errors and warnings are shown."""

    is_dry_run: bool
    format: str
    encoding: str
    rows: int
    registered: int
    unchanged: int
    failed: int
    errors: list[RowOut]
    errors_left_out: int
    warnings: list[RowOut]
    ignored_columns: list[str]


def imports_router(runner: CommandRunner, commands: Commands) -> APIRouter:
    router = APIRouter(tags=["organisations"])

    @router.post("/v1/organisations/import", response_model=ImportOut, openapi_extra=FILE)
    async def import_organisations(
        request: Request,
        access: AccessDep,
        is_dry_run: Annotated[bool, Query(alias="dry_run")] = False,  # noqa: FBT002  # FastAPI passes by name
    ) -> Response:
        content = await request.body()
        # In a thread: others are answered while a long file is read.
        file = await asyncio.to_thread(read_file, content)

        async def command(connection: Connection, origin: Origin) -> Answer:
            plan = await commands.import_organisations(
                connection, origin, file.rows, is_dry_run=is_dry_run
            )
            return Answer(body=_import_out(file, plan, is_dry_run=is_dry_run))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    return router


def _import_out(file: ImportFile, plan: ImportPlan, *, is_dry_run: bool) -> ImportOut:
    errors = sorted([*file.errors, *plan.errors], key=lambda error: error.row)
    return ImportOut(
        is_dry_run=is_dry_run,
        format=file.format,
        encoding=file.encoding,
        rows=file.rows_read,
        registered=len(plan.new),
        unchanged=plan.unchanged,
        failed=len({error.row for error in errors}),
        errors=_rows_out(errors),
        errors_left_out=max(0, len(errors) - SHOWN_MAX),
        warnings=_rows_out(_warnings(plan)),
        ignored_columns=list(file.ignored_columns),
    )


def _warnings(plan: ImportPlan) -> list[RowError]:
    return [
        RowError(
            row=row.number,
            field=doubt.pointer.removeprefix("/"),
            code=doubt.code,
            detail=doubt.detail,
        )
        for row in plan.new
        for doubt in doubts_about(row.organisation)
    ]


def _rows_out(rows: Sequence[RowError]) -> list[RowOut]:
    return [
        RowOut(row=found.row, field=found.field, code=found.code, detail=found.detail)
        for found in rows[:SHOWN_MAX]
    ]
