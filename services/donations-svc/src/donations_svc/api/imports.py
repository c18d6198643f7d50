"""Files of donations over HTTP: a file in, an account of every row out; batches and columns."""

from collections.abc import Sequence
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.money import Money, minor_from_text
from fundmix_events.roles import Role
from fundmix_events.text import Label, Remark
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep
from fundmix_kit.streaming import extend_time
from fundmix_kit.uploads import received
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from donations_svc import queries
from donations_svc.api.delegation import check_receiver
from donations_svc.domain.import_file import FIELDS
from donations_svc.domain.import_plan import Unbooked
from donations_svc.import_commands import ImportCommands, Imported, ImportRequest, is_control_met
from donations_svc.storage import import_batches
from donations_svc.storage.import_batches import Batch, Counted

IMPORTS: Final = "/v1/donation-imports"
COLUMNS: Final = "/v1/donation-import-columns"
COLUMNS_MAX: Final = 100
DECIDED_MAX: Final = 1_000
FILE: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "CSV in UTF-8, UTF-16 or GB18030, XLSX, or NDJSON, with a header in Chinese "
        "or English: 捐赠编号, 捐赠方统一社会信用代码, 捐赠方类型, 接收机构, 类型, 金额, 到账日期. "
        "Its form is seen from its content.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


def _field(name: str) -> str:
    if name not in FIELDS:
        raise PydanticCustomError(
            "unknown_field", "a column is one of {fields}", {"fields": ", ".join(FIELDS)}
        )
    return name


def _amount(text: str) -> str:
    """Raises PydanticCustomError."""
    minor_from_text(text)
    return text


ControlTotal = Annotated[str, Query(max_length=20), AfterValidator(_amount)]
# Each is given by a parameter of its own, for a reference may have any sign in it.
References = Annotated[Sequence[Label], Query(max_length=DECIDED_MAX)]


class RowErrorOut(BaseModel):
    row: int
    field: str | None
    column: str | None
    code: str
    detail: str


class SuspectedOut(BaseModel):
    """It looks like the donation `alike` of the same agency: same donor, amount and day."""

    row: int
    agency: str
    reference: str
    amount: Money
    received_on: date
    alike: str


class ImportOut(BaseModel):
    """`control_count` and `control_total` are of all rows of the file, `booked` of what is new.

    A pledge and the donation that fulfils it are one row.
    """

    is_dry_run: bool
    is_ready: bool
    batch_id: UUID | None
    source: str
    format: str
    encoding: str | None
    sheet: str | None
    other_sheets: list[str]
    ignored_columns: list[str]
    control_count: int
    control_total: Money
    is_control_met: bool
    donations: int
    pledges: int
    booked: Money
    duplicates: int
    left_out: int
    failed: int
    errors: list[RowErrorOut]
    errors_left_out: int
    suspected: list[SuspectedOut]
    suspected_left_out: int


class ShareOut(BaseModel):
    agency: str
    donations: int
    pledges: int
    amount: Money


class BatchOut(BaseModel):
    """`standing` and `standing_pledges` have not been reversed; a list does not count them.

    An agency sees its own share only, unless it has sent the file.
    """

    batch_id: UUID
    source: str
    file_sha256: str
    format: str
    rows: int | None
    donations: int
    pledges: int
    duplicates: int | None
    left_out: int | None
    control_total: Money | None
    booked: Money
    recorded_by: str
    delegation: str | None
    recorded_at: datetime
    shares: list[ShareOut]
    standing: int | None = None
    standing_pledges: int | None = None


class ColumnsIn(BaseModel):
    """What the columns of a source's files mean, in files that the agency sends itself.

    Without an agency: in those that somebody sends for agencies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    agency: CreditCode | None = None
    source: Label
    columns: Annotated[
        dict[Label, Annotated[str, AfterValidator(_field)]], Field(max_length=COLUMNS_MAX)
    ]


class ColumnsOut(BaseModel):
    agency: str | None
    source: str
    columns: dict[str, str]


def imports_router(
    database: Database, runner: CommandRunner, commands: ImportCommands, *, time_ms_max: int
) -> APIRouter:
    router = APIRouter(tags=["imports"])

    @router.post(IMPORTS, response_model=ImportOut, openapi_extra=FILE)
    async def import_donations(
        request: Request,
        access: AccessDep,
        source: Annotated[Label, Query()] = "file",
        is_dry_run: Annotated[bool, Query(alias="dry_run")] = False,  # noqa: FBT002  # FastAPI passes by name
        control_count: Annotated[int | None, Query(ge=0)] = None,
        control_total: ControlTotal | None = None,
        accept_suspected: References = (),
        leave_out_suspected: References = (),
        delegation: Annotated[Remark | None, Query()] = None,
    ) -> Response:
        """All of its rows that are new, as one batch; with any error nothing is booked."""
        check_receiver(access, delegation=delegation)
        extend_time(request, time_ms_max / 1000)
        async with received(request) as upload:
            asked = ImportRequest(
                source=source,
                file=upload.file,
                file_sha256=upload.sha256,
                is_dry_run=is_dry_run,
                control_count=control_count,
                control_total=None if control_total is None else Money.parse(control_total),
                accepted=frozenset(accept_suspected),
                left_out=frozenset(leave_out_suspected),
                own_agency=_own_agency(access),
                org=access.principal.org,
                delegation=delegation,
            )

            async def command(connection: Connection, origin: Origin) -> Answer:
                imported = await commands.import_file(connection, origin, asked)
                location = None if imported.batch_id is None else f"{IMPORTS}/{imported.batch_id}"
                return Answer(body=_import_out(imported, asked), location=location)

            return await runner.run(request, access, command, status=HTTPStatus.OK, upload=upload)

    @router.get(IMPORTS, response_model=Page[BatchOut])
    async def list_imports(
        request: Request,
        access: AccessDep,
        page: PageDep,
        source: Annotated[Label | None, Query()] = None,
    ) -> Response:
        rows = await queries.list_batches(database, org=access.org_filter, source=source, page=page)
        return page_response(
            request,
            rows,
            page=page,
            sort_key=lambda batch: (batch.batch_id,),
            item=lambda batch: _batch_out(batch, access),
        )

    @router.get(f"{IMPORTS}/{{batch_id}}")
    async def show_import(access: AccessDep, batch_id: UUID) -> BatchOut:
        batch, standing = await queries.read_batch(database, batch_id)
        access.require_own(batch.org, *(share.agency for share in batch.shares))
        return _batch_out(batch, access, standing=standing)

    @router.put(COLUMNS, response_model=ColumnsOut)
    async def save_columns(request: Request, access: AccessDep, body: ColumnsIn) -> Response:
        access.require_own(body.agency)

        async def command(connection: Connection, _: Origin) -> Answer:
            await import_batches.save_mapping(
                connection, body.columns, agency=body.agency, source=body.source
            )
            return Answer(body=ColumnsOut(**dict(body)))

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.get(COLUMNS)
    async def show_columns(
        access: AccessDep,
        agency: Annotated[CreditCode | None, Query()] = None,
        source: Annotated[Label, Query()] = "file",
    ) -> ColumnsOut:
        access.require_own(agency)
        found = await queries.read_columns(database, agency=agency, source=source)
        return ColumnsOut(agency=agency, source=source, columns=found)

    return router


def _own_agency(access: Access) -> str | None:
    return access.principal.org if access.principal.role == Role.AGENCY else None


def _import_out(imported: Imported, asked: ImportRequest) -> ImportOut:
    counted, shares = imported.counted, imported.shares.values()
    return ImportOut(
        is_dry_run=asked.is_dry_run,
        is_ready=imported.is_ready and is_control_met(imported, asked),
        batch_id=imported.batch_id,
        source=asked.source,
        format=imported.info.format,
        encoding=imported.info.encoding,
        sheet=imported.info.sheet,
        other_sheets=list(imported.info.other_sheets),
        ignored_columns=list(imported.columns.ignored),
        control_count=imported.rows,
        control_total=Money.of(imported.total_minor),
        is_control_met=is_control_met(imported, asked),
        donations=sum(share["donations"] for share in shares),
        pledges=sum(share["pledges"] for share in shares),
        booked=Money.of(imported.booked_minor),
        duplicates=counted[Unbooked.DUPLICATE],
        left_out=counted[Unbooked.LEFT_OUT],
        failed=counted["failed"],
        errors=[
            RowErrorOut(row=e.row, field=e.field, column=e.column, code=e.code, detail=e.detail)
            for e in imported.errors
        ],
        errors_left_out=counted["errors"] - len(imported.errors),
        suspected=[
            SuspectedOut(
                row=s.row,
                agency=s.agency,
                reference=s.reference,
                amount=s.amount,
                received_on=s.received_on,
                alike=s.alike,
            )
            for s in imported.suspected
        ],
        suspected_left_out=counted["suspected"] - len(imported.suspected),
    )


def _batch_out(batch: Batch, access: Access, *, standing: Counted | None = None) -> BatchOut:
    org = access.org_filter
    is_whole = org is None or org == batch.org
    shares = [share for share in batch.shares if is_whole or share.agency == org]
    return BatchOut(
        batch_id=batch.batch_id,
        source=batch.source,
        file_sha256=batch.file_sha256.hex(),
        format=batch.format,
        rows=batch.rows if is_whole else None,
        donations=sum(share.donations for share in shares),
        pledges=sum(share.pledges for share in shares),
        duplicates=batch.duplicates if is_whole else None,
        left_out=batch.left_out if is_whole else None,
        control_total=batch.control_total if is_whole else None,
        booked=Money.of(sum(share.amount.amount_minor for share in shares)),
        recorded_by=batch.recorded_by,
        delegation=batch.delegation,
        recorded_at=batch.recorded_at,
        shares=[
            ShareOut(
                agency=share.agency,
                donations=share.donations,
                pledges=share.pledges,
                amount=share.amount,
            )
            for share in shares
        ],
        standing=standing.donations if standing and is_whole else None,
        standing_pledges=standing.pledges if standing and is_whole else None,
    )
