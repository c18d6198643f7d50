"""The public list as CSV and as a workbook, of any length, in little memory."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from fundmix_events.money import MINOR_PER_MAJOR, Money
from fundmix_kit.csv_text import BYTE_ORDER_MARK, csv_text, text_cell
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from contracts_svc.api.public_bodies import ProjectOut, project_out
from contracts_svc.storage.public_projects import Project

XLSX_MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS_MAX: Final = 1_000_000
FILE_BYTES: Final = 262_144

Cell = str | int | Money | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    name: str
    chinese: str
    value: Callable[[ProjectOut], Cell]

    @property
    def heading(self) -> str:
        return f"{self.chinese} {self.name}"


COLUMNS: Final = (
    Column(name="number", chinese="合同编号", value=lambda p: p.number),
    Column(name="title", chinese="合同名称", value=lambda p: p.title),
    Column(name="state", chinese="合同状态", value=lambda p: str(p.state)),
    Column(name="buyer", chinese="购买主体信用代码", value=lambda p: p.buyer),
    Column(name="buyer_name", chinese="购买主体", value=lambda p: p.buyer_name),
    Column(name="agency", chinese="社工机构信用代码", value=lambda p: p.agency),
    Column(name="agency_name", chinese="社工机构", value=lambda p: p.agency_name),
    Column(name="purchase_mode", chinese="购买方式", value=lambda p: str(p.purchase_mode)),
    Column(name="posts", chinese="岗位数", value=lambda p: p.posts),
    Column(name="service_area", chinese="服务领域", value=lambda p: p.service_area),
    Column(name="people_served", chinese="服务对象", value=lambda p: p.people_served),
    Column(name="town", chinese="镇街", value=lambda p: p.town),
    Column(name="payer_level", chinese="支付层级", value=lambda p: str(p.payer_level)),
    Column(name="signed_on", chinese="签订日期", value=lambda p: p.signed_on.isoformat()),
    Column(name="starts_on", chinese="开始日期", value=lambda p: p.starts_on.isoformat()),
    Column(name="ends_on", chinese="结束日期", value=lambda p: p.ends_on.isoformat()),
    Column(name="ceiling", chinese="合同金额", value=lambda p: p.ceiling),
    Column(name="paid", chinese="已付金额", value=lambda p: p.paid),
    Column(name="currency", chinese="币种", value=lambda p: str(p.ceiling.currency)),
    Column(name="grade", chinese="评估等级", value=lambda p: p.grade),
    Column(name="line_count", chinese="服务项数", value=lambda p: p.line_count),
    Column(
        name="accepted_line_count", chinese="已验收服务项数", value=lambda p: p.accepted_line_count
    ),
)

Batches = AsyncGenerator[list[Project]]


async def as_csv(batches: Batches) -> AsyncGenerator[bytes]:
    yield (BYTE_ORDER_MARK + csv_text([[column.heading for column in COLUMNS]])).encode()
    async with aclosing(batches):
        async for batch in batches:
            rows = [[_csv_cell(value) for value in _values(project)] for project in batch]
            yield csv_text(rows).encode()


async def as_workbook(batches: Batches) -> AsyncGenerator[bytes]:
    """Written to the disk, as its parts are packed when all of them are there."""
    with TemporaryDirectory(prefix="fundmix-export-") as folder:
        path = Path(folder) / "projects.xlsx"
        book = _Book(path)
        async with aclosing(batches):
            async for batch in batches:
                for project in batch:
                    book.add(_values(project))
                # Others are served between the batches.
                await asyncio.sleep(0)
        await asyncio.to_thread(book.close)
        file = await asyncio.to_thread(_opened, path)
        try:
            while piece := await asyncio.to_thread(file.read, FILE_BYTES):
                yield piece
        finally:
            file.close()


class _Book:
    """A sheet of projects; as many sheets as they need."""

    def __init__(self, path: Path) -> None:
        options: dict[str, Any] = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = Workbook(str(path), options)
        self._amount: Format = self._book.add_format({"num_format": "0.00"})
        self._row = SHEET_ROWS_MAX
        self._sheets = 0
        self._sheet = self._next_sheet()

    def add(self, values: Sequence[Cell]) -> None:
        if self._row > SHEET_ROWS_MAX:
            self._sheet = self._next_sheet()
        for place, value in enumerate(values):
            self._write(place, value)
        self._row += 1

    def close(self) -> None:
        self._book.close()

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        sheet = self._book.add_worksheet(f"projects {self._sheets}")
        for place, column in enumerate(COLUMNS):
            sheet.write_string(0, place, column.heading)
        self._row = 1
        return sheet

    def _write(self, place: int, value: Cell) -> None:
        match value:
            case None:
                pass
            case Money():
                # A cell holds a number of 15 digits; no amount has more.
                number = value.amount_minor / MINOR_PER_MAJOR
                self._sheet.write_number(self._row, place, number, self._amount)
            case int():
                self._sheet.write_number(self._row, place, value)
            case str():
                self._sheet.write_string(self._row, place, value)


def _values(project: Project) -> list[Cell]:
    shown = project_out(project)
    return [column.value(shown) for column in COLUMNS]


def _csv_cell(value: Cell) -> str:
    match value:
        case None:
            return ""
        case Money():
            return value.model_dump()["amount"]
        case int():
            return str(value)
        case str():
            return text_cell(value)


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")
