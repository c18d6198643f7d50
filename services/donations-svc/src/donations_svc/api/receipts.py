"""Receipts over HTTP: draft, issue, withdraw, read, and the month at once."""

from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_events.text import Label
from fundmix_kit.commands import Answer, CommandRunner
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import expected_version, resource_response
from fundmix_kit.origin import Origin
from fundmix_kit.paging import Page, PageDep, page_response
from fundmix_kit.policy import Access, AccessDep

from donations_svc import receipt_queries
from donations_svc.api.receipt_bodies import (
    CheckedOut,
    JobOut,
    MonthIn,
    ReceiptIn,
    ReceiptOut,
    SeriesOut,
    WithdrawalIn,
    checked_out,
    job_out,
    receipt_out,
    series_out,
)
from donations_svc.domain.receipt import OfficialBill, Receipt, ReceiptState
from donations_svc.receipt_commands import ReceiptCommands
from donations_svc.receipt_pdf.content import Sheet
from donations_svc.receipt_pdf.renderer import Renderer
from donations_svc.storage.receipts import ReceiptFilter

PDF_MEDIA_TYPE: Final = "application/pdf"
CODE_CHARACTERS_MAX: Final = 40


def receipts_router(
    database: Database, runner: CommandRunner, commands: ReceiptCommands, renderer: Renderer
) -> APIRouter:
    router = APIRouter(tags=["receipts"])
    _add_commands(router, runner, commands)
    _add_jobs(router, database, runner, commands)
    _add_lists(router, database)
    _add_reads(router, database, commands, renderer)
    _add_public(router, database)
    return router


def _add_commands(router: APIRouter, runner: CommandRunner, commands: ReceiptCommands) -> None:
    @router.post("/v1/receipts", status_code=HTTPStatus.CREATED, response_model=ReceiptOut)
    async def draft_receipt(request: Request, access: AccessDep, body: ReceiptIn) -> Response:
        async def command(connection: Connection, _: Origin) -> Answer:
            drafted = await commands.draft(
                connection,
                body.donation_id,
                access=access,
                official_bill=body.official_bill,
                handler=body.handler,
            )
            return _answer(drafted)

        return await runner.run(request, access, command)

    @router.post("/v1/receipts/{receipt_id}/issue", response_model=ReceiptOut)
    async def issue_receipt(request: Request, access: AccessDep, receipt_id: UUID) -> Response:
        async def command(connection: Connection, _: Origin) -> Answer:
            version = expected_version(request, required=False)
            return _answer(
                await commands.issue(
                    connection, receipt_id, access=access, expected_version=version
                )
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/receipts/{receipt_id}/official-bill", response_model=ReceiptOut)
    async def name_official_bill(
        request: Request, access: AccessDep, receipt_id: UUID, body: OfficialBill
    ) -> Response:
        """Once, also of a receipt that was issued before; what that shows does not change."""

        async def command(connection: Connection, _: Origin) -> Answer:
            version = expected_version(request, required=False)
            return _answer(
                await commands.name_official_bill(
                    connection, receipt_id, body, access=access, expected_version=version
                )
            )

        return await runner.run(request, access, command, status=HTTPStatus.OK)

    @router.post("/v1/receipts/{receipt_id}/withdraw", response_model=ReceiptOut)
    async def withdraw_receipt(
        request: Request, access: AccessDep, receipt_id: UUID, body: WithdrawalIn
    ) -> Response:
        async def command(connection: Connection, _: Origin) -> Answer:
            withdrawn = await commands.withdraw(
                connection,
                receipt_id,
                access=access,
                expected_version=expected_version(request, required=False),
                reason=body.reason,
                remark=body.remark,
            )
            return _answer(withdrawn)

        return await runner.run(request, access, command, status=HTTPStatus.OK)


def _add_jobs(
    router: APIRouter, database: Database, runner: CommandRunner, commands: ReceiptCommands
) -> None:
    @router.post("/v1/receipts/bulk", status_code=HTTPStatus.ACCEPTED, response_model=JobOut)
    async def issue_month(request: Request, access: AccessDep, body: MonthIn) -> Response:
        access.require_own(body.agency)

        async def command(connection: Connection, _: Origin) -> Answer:
            job = await commands.order_month(
                connection,
                body.agency,
                body.month,
                handler=body.handler,
                by=access.principal.subject,
            )
            return Answer(body=job_out(job), location=f"/v1/jobs/{job.job_id}")

        return await runner.run(request, access, command, status=HTTPStatus.ACCEPTED)

    @router.get("/v1/jobs", response_model=Page[JobOut])
    async def list_jobs(
        request: Request,
        access: AccessDep,
        page: PageDep,
        agency: Annotated[CreditCode | None, Query()] = None,
    ) -> Response:
        """In the order in which they were asked for."""
        rows = await receipt_queries.list_jobs(
            database, org=access.org_filter, agency=agency, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda job: (job.job_id,), item=job_out
        )

    @router.get("/v1/jobs/{job_id}")
    async def show_job(access: AccessDep, job_id: UUID) -> JobOut:
        job = await receipt_queries.read_job(database, job_id)
        access.require_own(job.agency)
        return job_out(job)


def _add_lists(router: APIRouter, database: Database) -> None:
    @router.get("/v1/receipts", response_model=Page[ReceiptOut])
    async def list_receipts(
        request: Request,
        access: AccessDep,
        page: PageDep,
        agency: Annotated[CreditCode | None, Query()] = None,
        year: Annotated[int | None, Query(ge=1, le=9999)] = None,
        state: Annotated[ReceiptState | None, Query()] = None,
        donation_id: Annotated[UUID | None, Query()] = None,
        number: Annotated[Label | None, Query()] = None,
    ) -> Response:
        wanted = ReceiptFilter(
            agency=agency, year=year, state=state, donation_id=donation_id, number=number
        )
        rows = await receipt_queries.list_receipts(
            database, wanted, org=access.org_filter, page=page
        )
        return page_response(
            request, rows, page=page, sort_key=lambda r: (r.receipt_id,), item=receipt_out
        )

    @router.get("/v1/receipts/gaps")
    async def report_gaps(
        access: AccessDep,
        agency: Annotated[CreditCode, Query()],
        year: Annotated[int, Query(ge=1, le=9999)],
    ) -> SeriesOut:
        access.require_own(agency)
        return series_out(await receipt_queries.report_series(database, agency, year=year))


def _add_reads(
    router: APIRouter, database: Database, commands: ReceiptCommands, renderer: Renderer
) -> None:
    @router.get("/v1/receipts/{receipt_id}", response_model=ReceiptOut)
    async def show_receipt(request: Request, access: AccessDep, receipt_id: UUID) -> Response:
        receipt = await receipt_queries.read_receipt(database, receipt_id)
        _require_reader(access, receipt)
        return resource_response(request, receipt_out(receipt), version=receipt.version)

    @router.get("/v1/receipts/{receipt_id}/pdf", response_class=Response)
    async def print_receipt(access: AccessDep, receipt_id: UUID) -> Response:
        receipt = await receipt_queries.read_receipt(database, receipt_id)
        _require_reader(access, receipt)
        if receipt.issue is None:
            async with database.reading() as connection:
                snapshot, at = await commands.preview(connection, receipt), receipt.drafted_at
        else:
            snapshot, at = receipt.issue.snapshot, receipt.issue.at
        sheet = Sheet(state=receipt.state, snapshot=snapshot, at=at, withdrawal=receipt.withdrawal)
        name = f"receipt-{receipt.number or receipt_id}.pdf"
        headers = {
            "Content-Disposition": f'inline; filename="{name}"',
            "Cache-Control": "private, no-cache",
        }
        return Response(await renderer.render(sheet), headers=headers, media_type=PDF_MEDIA_TYPE)


def _add_public(router: APIRouter, database: Database) -> None:
    @router.get("/v1/public/receipts/{number}")
    async def check_receipt(
        response: Response,
        number: Label,
        c: Annotated[str, Query(max_length=CODE_CHARACTERS_MAX)] = "",
    ) -> CheckedOut:
        # It may be withdrawn any moment.
        response.headers["Cache-Control"] = "no-store"
        return checked_out(number, await receipt_queries.check(database, number, c))


def _require_reader(access: Access, receipt: Receipt) -> None:
    """Raises ForeignRowError, also for the donor of what is not issued yet."""
    access.require_own(receipt.agency, None if receipt.issue is None else receipt.donor_code)


def _answer(receipt: Receipt) -> Answer:
    return Answer(
        body=receipt_out(receipt),
        version=receipt.version,
        location=f"/v1/receipts/{receipt.receipt_id}",
    )
