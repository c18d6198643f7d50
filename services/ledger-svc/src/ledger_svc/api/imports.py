"""An agency's accounting journal over HTTP: a file in, an account of every line out."""

import asyncio
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Money
from fundmix_events.text import Name
from fundmix_kit.commands import Answer
from fundmix_kit.database import Connection, Database
from fundmix_kit.origin import Origin
from fundmix_kit.policy import AccessDep
from pydantic import BaseModel, ConfigDict, Field

from ledger_svc import fund_queries
from ledger_svc.api.request_bodies import WarningOut, warnings_out
from ledger_svc.api.requests import RequestActions
from ledger_svc.domain.journal_file import AccountMapping, JournalLine, read_lines
from ledger_svc.domain.spending_limits import SpendingWarning
from ledger_svc.import_commands import ImportCommands, Imported
from ledger_svc.journal_table import read_table

# Who has more of them has another file in hand than he thinks.
SHOWN_MAX: Final = 1_000
TEXTS_MAX: Final = 1_000

FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "CSV in UTF-8 or GB18030, or XLSX, with a header in Chinese or English: "
        "凭证号, 日期, 科目, 项目, 借方金额, 贷方金额, 摘要. Its form is seen from its content.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


class LineOut(BaseModel):
    row: int
    field: str | None
    code: str
    detail: str


class UnmappedOut(BaseModel):
    text: str
    lines: int


class ImportOut(BaseModel):
    """`control_count` and `control_total` are of what is new; the batch is approved as one.

    So are the warnings: of the years of what is new, as they are once all of it is posted.
    """

    is_dry_run: bool
    batch_id: UUID | None
    rows: int
    control_count: int
    control_total: Money
    unchanged: int
    ignored: int
    unmapped_accounts: list[UnmappedOut]
    unmapped_projects: list[UnmappedOut]
    errors: list[LineOut]
    errors_left_out: int
    warnings: tuple[WarningOut, ...]


class MappingIn(BaseModel):
    """What texts are: an expense code or `ignore`; a fund. Null forgets, what is left out stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agency: CreditCode
    accounts: dict[Name, str | None] = Field(default_factory=dict, max_length=TEXTS_MAX)
    projects: dict[Name, str | None] = Field(default_factory=dict, max_length=TEXTS_MAX)


class MappingOut(BaseModel):
    agency: str
    accounts: dict[str, str]
    projects: dict[str, str]


def imports_router(
    database: Database, actions: RequestActions, commands: ImportCommands
) -> APIRouter:
    router = APIRouter(tags=["imports"])
    runner = actions.runner

    @router.post("/v1/imports", response_model=ImportOut, openapi_extra=FILE)
    async def import_journal(
        request: Request,
        access: AccessDep,
        agency: Annotated[CreditCode, Query()],
        is_dry_run: Annotated[bool, Query(alias="dry_run")] = False,  # noqa: FBT002  # FastAPI passes by name
    ) -> Response:
        access.require_own(agency)
        content = await request.body()
        # In a thread: others are answered while a long file is read.
        lines = await asyncio.to_thread(_read, content)

        async def command(connection: Connection, origin: Origin) -> Answer:
            imported = await commands.import_journal(
                connection, origin, lines, agency=agency, is_dry_run=is_dry_run
            )
            uses = [terms for _, terms in imported.plan.new]
            warnings = await actions.warnings_of_uses(connection, uses)
            return Answer(body=_import_out(imported, warnings, is_dry_run=is_dry_run))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.put("/v1/import-mappings", response_model=MappingOut)
    async def save_mapping(request: Request, access: AccessDep, body: MappingIn) -> Response:
        access.require_own(body.agency)

        async def command(connection: Connection, _: Origin) -> Answer:
            mapping = await commands.save_mapping(
                connection, agency=body.agency, accounts=body.accounts, projects=body.projects
            )
            return Answer(body=_mapping_out(body.agency, mapping))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.get("/v1/import-mappings")
    async def show_mapping(access: AccessDep, agency: Annotated[CreditCode, Query()]) -> MappingOut:
        access.require_own(agency)
        return _mapping_out(agency, await fund_queries.read_mapping(database, agency))

    return router


def _read(content: bytes) -> list[JournalLine]:
    return read_lines(read_table(content))


def _mapping_out(agency: str, mapping: AccountMapping) -> MappingOut:
    return MappingOut(
        agency=agency, accounts=dict(mapping.accounts), projects=dict(mapping.projects)
    )


def _import_out(
    imported: Imported, warnings: Iterable[SpendingWarning], *, is_dry_run: bool
) -> ImportOut:
    plan = imported.plan
    return ImportOut(
        is_dry_run=is_dry_run,
        batch_id=imported.batch_id,
        rows=plan.rows,
        control_count=len(plan.new),
        control_total=plan.total,
        unchanged=plan.unchanged,
        ignored=plan.ignored,
        unmapped_accounts=[UnmappedOut(text=u.text, lines=u.lines) for u in plan.unmapped_accounts],
        unmapped_projects=[UnmappedOut(text=u.text, lines=u.lines) for u in plan.unmapped_projects],
        errors=[
            LineOut(row=e.row, field=e.field, code=e.code, detail=e.detail)
            for e in plan.errors[:SHOWN_MAX]
        ],
        errors_left_out=max(0, len(plan.errors) - SHOWN_MAX),
        warnings=warnings_out(warnings),
    )
