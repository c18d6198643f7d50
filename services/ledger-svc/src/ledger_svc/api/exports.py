"""Exports of the books: streamed, each of one snapshot, in four formats."""

from collections.abc import AsyncGenerator
from typing import Annotated, Final, assert_never

from fastapi import APIRouter, Path, Query, Request, Response
from fundmix_events.credit_code import CreditCode
from fundmix_kit.csv_text import CSV_MEDIA_TYPE
from fundmix_kit.database import Database
from fundmix_kit.policy import Access, AccessDep
from fundmix_kit.streaming import Streams, in_pieces
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from ledger_svc.api.export_plain_text import Beancount, Hledger, as_plain_text
from ledger_svc.api.export_tables import as_csv
from ledger_svc.api.export_workbook import as_workbook
from ledger_svc.domain.exports import MONTHS, ExportFormat, Wanted
from ledger_svc.queries_exports import read_books

PLAIN_TEXT: Final = "text/plain; charset=utf-8"
MEDIA_TYPES: Final = {
    ExportFormat.BEANCOUNT: PLAIN_TEXT,
    ExportFormat.HLEDGER: PLAIN_TEXT,
    ExportFormat.CSV: CSV_MEDIA_TYPE,
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
FILENAMES: Final = {
    ExportFormat.BEANCOUNT: "books.beancount",
    ExportFormat.HLEDGER: "books.journal",
    ExportFormat.CSV: "books.csv",
    ExportFormat.XLSX: "books.xlsx",
}


def check_period(period: int) -> int:
    """Raises PydanticCustomError (a ValueError)."""
    if not 1 <= period % 100 <= MONTHS:
        raise PydanticCustomError("period_without_month", "a period is a year and a month: 202403")
    return period


Period = Annotated[int, Query(ge=194901, le=219912), AfterValidator(check_period)]


def exports_router(database: Database, streams: Streams) -> APIRouter:
    router = APIRouter(tags=["exports"])

    @router.get("/v1/exports/{format}", response_class=Response)
    async def export_books(
        request: Request,
        access: AccessDep,
        wanted_format: Annotated[ExportFormat, Path(alias="format")],
        first: Annotated[Period | None, Query(alias="from")] = None,
        last: Annotated[Period | None, Query(alias="to")] = None,
        agency: Annotated[CreditCode | None, Query()] = None,
    ) -> Response:
        """The books of these posting periods: those of an agency, or of the whole city.

        With `from`, what was before is carried forward as opening balances.
        """
        wanted = Wanted(first=first, last=last, agency=_agency_filter(access, agency))
        return await streams.answer(
            request,
            _chunks(database, wanted, wanted_format),
            media_type=MEDIA_TYPES[wanted_format],
            filename=FILENAMES[wanted_format],
        )

    return router


def _chunks(
    database: Database, wanted: Wanted, wanted_format: ExportFormat
) -> AsyncGenerator[bytes]:
    is_table = wanted_format is ExportFormat.CSV
    is_text = wanted_format in (ExportFormat.BEANCOUNT, ExportFormat.HLEDGER)
    parts = read_books(database, wanted, with_accounts=not is_table, with_closings=is_text)
    match wanted_format:
        case ExportFormat.BEANCOUNT:
            return in_pieces(as_plain_text(parts, Beancount()))
        case ExportFormat.HLEDGER:
            return in_pieces(as_plain_text(parts, Hledger()))
        case ExportFormat.CSV:
            return in_pieces(as_csv(parts))
        case ExportFormat.XLSX:
            return as_workbook(parts)
        case _:
            assert_never(wanted_format)


def _agency_filter(access: Access, agency: str | None) -> str | None:
    """Whose books: those asked for, where they may be seen. Raises ForeignRowError."""
    if agency is None:
        return access.org_filter
    access.require_own(agency)
    return agency
