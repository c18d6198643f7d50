"""The books as a workbook for accountants: what it is, 科目余额表 and 序时账, in little memory."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final

from fundmix_events.money import MINOR_PER_MAJOR, Money
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ledger_svc.api.export_head import end_fields, head_fields
from ledger_svc.queries_exports import Accounts, End, Entries, Head, Part
from ledger_svc.storage.exports import Barrier, EntryRow, Turnover

SHEET_ROWS_MAX: Final = 1_000_000
FILE_BYTES: Final = 262_144
ABOUT: Final = "说明"
BALANCES: Final = "科目余额表"
JOURNAL: Final = "序时账"
ABOUT_LINES: Final = (
    ("fundmix", "账簿导出 the books"),
    (BALANCES, "每户期初、本期、期末 each account before, in and after these months"),
    (JOURNAL, "每行一条借贷行, 按入账月和价值日 a row for each posting, by period and value date"),
    ("金额 amounts", "人民币元 CNY"),
    ("entries, debits", "控制总数 control totals: 分录数, 借方合计"),
)
BALANCE_HEADINGS: Final = (
    "机构 agency", "科目 code", "资金 fund_code", "渠道 channel", "币种 currency",
    "期初借方 opening debit", "期初贷方 opening credit", "本期借方 debit", "本期贷方 credit",
    "期末借方 closing debit", "期末贷方 closing credit",
)  # fmt: skip
JOURNAL_HEADINGS: Final = (
    "入账月 period", "价值日 value_on", "凭证号 seq", "行号 line", "摘要 kind", "单据 document",
    "机构 agency", "科目 code", "资金 fund_code", "渠道 channel", "借方 debit", "贷方 credit",
    "币种 currency", "发生日 occurred_on", "入账时间 posted_at", "付款方 payer", "冲销 corrects",
    "事件 event_id", "来源 source",
)  # fmt: skip

Cell = str | int | Money | None


async def as_workbook(parts: AsyncGenerator[Part]) -> AsyncGenerator[bytes]:
    """Written to the disk, as its sheets are packed when all of them are there."""
    with TemporaryDirectory(prefix="fundmix-export-") as folder:
        path = Path(folder) / "books.xlsx"
        book = _Book(path)
        async with aclosing(parts):
            async for part in parts:
                book.add(part)
                # Others are served in between.
                await asyncio.sleep(0)
        await asyncio.to_thread(book.close)
        file = await asyncio.to_thread(_opened, path)
        try:
            while piece := await asyncio.to_thread(file.read, FILE_BYTES):
                yield piece
        finally:
            file.close()


class _Table:
    """Rows under headings; as many sheets as they need, made when they are needed."""

    def __init__(
        self, book: Workbook, name: str, headings: Sequence[str], *, amount: Format
    ) -> None:
        self._book, self._name, self._headings, self._amount = book, name, headings, amount
        self._sheets = 0
        self._sheet = self._next_sheet()

    def add(self, values: Sequence[Cell]) -> None:
        if self._row > SHEET_ROWS_MAX:
            self._sheet = self._next_sheet()
        for place, value in enumerate(values):
            self._write(place, value)
        self._row += 1

    def _next_sheet(self) -> Worksheet:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        sheet = self._book.add_worksheet(name)
        for place, heading in enumerate(self._headings):
            sheet.write_string(0, place, heading)
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


class _Book:
    def __init__(self, path: Path) -> None:
        options: dict[str, Any] = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = Workbook(str(path), options)
        amount = self._book.add_format({"num_format": "#,##0.00"})
        self._about = _Table(self._book, ABOUT, ("项目 item", "内容 content"), amount=amount)
        self._balances = _Table(self._book, BALANCES, BALANCE_HEADINGS, amount=amount)
        self._journal = _Table(self._book, JOURNAL, JOURNAL_HEADINGS, amount=amount)
        self._totals = [0] * 6

    def add(self, part: Part) -> None:
        match part:
            case Head():
                for row in (*ABOUT_LINES, *head_fields(part).items()):
                    self._about.add(row)
            case Accounts(rows):
                for row in rows:
                    self._add_balance(row)
            case Entries(rows):
                for entry in rows:
                    self._add_entry(entry)
            case Barrier():
                text = f"{part.through}: seq {part.seq}, {part.posted_at}, {part.totals_sha256}"
                self._about.add(("结账 closed through", text))
            case End():
                for name, value in end_fields(part).items():
                    self._about.add((f"写入 written {name}", value))
                self._balances.add(("合计 total", None, None, None, None, *_amounts(self._totals)))
            case _:
                pass

    def close(self) -> None:
        self._book.close()

    def _add_balance(self, row: Turnover) -> None:
        figures = (
            *_sides(row.opening_minor),
            row.debit_minor,
            row.credit_minor,
            *_sides(row.closing_minor),
        )
        self._totals = [a + b for a, b in zip(self._totals, figures, strict=True)]
        agency, code, fund_code, channel, currency = row.account
        self._balances.add((agency, code, fund_code, channel, currency, *_amounts(figures)))

    def _add_entry(self, entry: EntryRow) -> None:
        for line, (account, amount_minor) in enumerate(entry.legs, start=1):
            debit, credit = _sides(amount_minor)
            self._journal.add(
                (
                    str(entry.period),
                    entry.value_on.isoformat(),
                    str(entry.seq),
                    line,
                    entry.kind,
                    entry.document,
                    account.agency,
                    account.code,
                    account.fund_code,
                    account.channel,
                    *_amounts((debit, credit)),
                    account.currency,
                    entry.occurred_on.isoformat(),
                    entry.posted_at,
                    entry.payer,
                    None if entry.corrects is None else str(entry.corrects),
                    str(entry.event_id),
                    f"{entry.topic}/{entry.partition}/{entry.number}",
                )
            )


def _sides(amount_minor: int) -> tuple[int, int]:
    """A balance on the debit or on the credit side."""
    return max(amount_minor, 0), max(-amount_minor, 0)


def _amounts(figures: Sequence[int]) -> list[Money | None]:
    return [Money.model_construct(amount_minor=figure) if figure else None for figure in figures]


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")
