"""Files as people have them, and as nobody should: each is read whole, or refused with a reason."""

import asyncio
import io
import resource
import tempfile
import zipfile
from datetime import date, datetime
from typing import Any, Final, cast

import pytest
import xlsxwriter
from fundmix_kit.table_file.reader import open_table
from fundmix_kit.table_file.rows import FileInfo, Row, TableLimits, UnreadableFileError
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

LIMITS: Final = TableLimits(rows_max=1_000, silence_s_max=10)
SHEETS: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADER: Final = ["编号", "金额"]


async def read(content: bytes, limits: TableLimits = LIMITS) -> tuple[FileInfo, list[Row]]:
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        async with open_table(file, limits) as table:
            return table.info, [row async for batch in table.batches for row in batch]


async def refused(content: bytes, limits: TableLimits = LIMITS) -> str:
    with pytest.raises(UnreadableFileError) as refusal:
        await read(content, limits)
    return str(refusal.value)


def a_book(*rows: list[Any]) -> Workbook:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    return book


def packed(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def changed(content: bytes, **parts: tuple[bytes, bytes]) -> bytes:
    """The package with some text replaced in its `sheet` or `workbook`."""
    names = {"sheet": "xl/worksheets/sheet1.xml", "workbook": "xl/workbook.xml"}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            for part, (before, after) in parts.items():
                if names[part] == name:
                    assert before in text
                    text = text.replace(before, after)
            new.writestr(name, text, compress_type=zipfile.ZIP_DEFLATED)
    return out.getvalue()


def with_strings(count: int) -> bytes:
    """A sheet of one cell, with a table of texts that it does not need."""
    file, out = io.BytesIO(), io.BytesIO()
    book: Any = xlsxwriter.Workbook(cast("str", file), {})  # it takes a file as well
    book.add_worksheet().write_string(0, 0, "编号")
    book.close()
    strings = "".join(f"<si><t>{number:040}</t></si>" for number in range(count))
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            is_table = name == "xl/sharedStrings.xml"
            new.writestr(
                name, f'<sst xmlns="{SHEETS}">{strings}</sst>' if is_table else old.read(name)
            )
    return out.getvalue()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
async def test_text_is_read_in_whatever_code_it_is(codec: str) -> None:
    _, rows = await read("编号,金额\n东莞𠮷,1.00\n".encode(codec))

    assert [row.cells for row in rows] == [HEADER, ["东莞𠮷", "1.00"]]


async def test_rows_have_their_lines_and_blank_ones_are_passed_over() -> None:
    _, rows = await read('编号;备注\n\n;\nD-1;"两\n行"\nD-2;\n'.encode())

    assert [(row.number, row.cells) for row in rows] == [
        (1, ["编号", "备注"]),
        (4, ["D-1", "两\n行"]),
        (6, ["D-2", ""]),
    ]


async def test_objects_have_all_their_names_as_columns_and_numbers_as_written() -> None:
    info, rows = await read(b'{"a": 0.10, "b": null}\n\n{"c": true, "a": 12345678901234567890}\n')

    assert info.format == "ndjson"
    assert [(row.number, row.cells) for row in rows] == [
        (0, ["a", "b", "c"]),
        (1, ["0.10", "", ""]),
        (3, ["12345678901234567890", "", "true"]),
    ]


async def test_a_workbook_gives_days_and_numbers_as_they_were_typed() -> None:
    book = a_book(
        ["编号", "金额", "日期", "匿名"],
        ["D-1", 0.1, date(2024, 2, 29), True],
        [None, None, None, None],
        ["D-2", 0.125, datetime(2024, 3, 1, 12, 30), False],  # noqa: DTZ001  # as a sheet has it
        ["D-3", 1e7, None, None],
        ["D-4", 14487.57, None, None],
    )
    book.create_sheet("附表")

    info, rows = await read(packed(book))

    assert (info.format, info.sheet, info.other_sheets) == ("xlsx", "Sheet", ["附表"])
    assert [(row.number, row.cells) for row in rows[1:]] == [
        (2, ["D-1", "0.1", "2024-02-29", "true"]),
        (4, ["D-2", "0.125", "2024-03-01 12:30:00", "false"]),
        (5, ["D-3", "10000000"]),
        (6, ["D-4", "14487.57"]),
    ]


async def test_days_that_count_from_1904_are_the_same_days() -> None:
    book = a_book(["日期"], [date(2024, 2, 29)])
    book.epoch = CALENDAR_MAC_1904

    _, rows = await read(packed(book))

    assert rows[1].cells == ["2024-02-29"]


async def test_a_cell_that_cannot_be_taken_is_named_and_the_rest_is_read() -> None:
    book = a_book(
        HEADER, ["=cmd|'/C calc'!A0", 1], ["D-2", 12345678901234567], ["名" * 10_000, "2"]
    )

    _, rows = await read(packed(book))

    assert [(row.cells, [(f.column, f.code) for f in row.faults]) for row in rows[1:]] == [
        (["", "1"], [(0, "formula")]),
        (["D-2", ""], [(1, "inexact_number")]),
        (["", "2"], [(0, "cell_too_long")]),
    ]
    assert rows[1].faults[0].detail == "A2 is a formula: put its value there instead"


@pytest.mark.parametrize("text", ["=1+1", "=cmd|' /C calc'!A0", "@SUM(A1)", "+cmd|x", "-2+3|x"])
async def test_text_that_a_spreadsheet_would_compute_is_a_formula(text: str) -> None:
    _, rows = await read(f"编号\n{text}\n".encode())

    is_number_first = text.startswith("-2")
    assert [fault.code for fault in rows[1].faults] == ([] if is_number_first else ["formula"])


async def test_merged_cells_are_told_in_every_row_that_they_cover() -> None:
    book = a_book(["捐赠明细"], HEADER, ["D-1", 1], [None, 2])
    book.worksheets[0].merge_cells("A1:B1")
    book.worksheets[0].merge_cells("A3:A4")

    _, rows = await read(packed(book))

    assert [[fault.column for fault in row.faults] for row in rows] == [[0, 1], [], [0], [0]]


async def test_a_sheet_is_as_large_as_its_cells_whatever_it_says() -> None:
    content = changed(packed(a_book(HEADER, ["D-1", 1])), sheet=(b"A1:B2", b"A1:XFD1048576"))

    _, rows = await read(content)

    assert [row.cells for row in rows] == [HEADER, ["D-1", "1"]]


@pytest.mark.parametrize(
    ("far", "said"),
    [(("XFD", 2), "XFD2 is beyond"), (("A", 1_048_576), None), (("A", 9_999_999), "beyond")],
)
async def test_a_far_cell_costs_nothing(far: tuple[str, int], said: str | None) -> None:
    column, row = far
    cell = f'<row r="{row}"><c r="{column}{row}"><v>7</v></c></row></sheetData>'
    content = changed(packed(a_book(HEADER)), sheet=(b"</sheetData>", cell.encode()))

    if said is None:
        _, rows = await read(content)
        assert rows[1].number == row
    else:
        assert said in await refused(content)


async def test_a_zip_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b" " * 100_000_000)

    assert "packed like a zip bomb" in await refused(out.getvalue())


async def test_what_lies_about_its_size_is_not_unpacked_further() -> None:
    content = bytearray(packed(a_book(HEADER, *([f"D-{n}", n] for n in range(900)))))
    # The size in the central directory, which is what is believed.
    place = content.index(b"xl/worksheets/sheet1.xml", content.index(b"PK\x01\x02")) - 46
    content[place + 24 : place + 28] = (100).to_bytes(4, "little")

    assert "it is no workbook, or a broken one" in await refused(bytes(content))


async def test_an_external_entity_is_not_looked_up() -> None:
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><worksheet'
    content = changed(packed(a_book(HEADER)), sheet=(b"<worksheet", entity))

    assert "it is no workbook" in await refused(content)


async def test_entities_within_entities_are_not_unfolded() -> None:
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook'
    content = changed(packed(a_book(HEADER)), workbook=(b"<workbook", entity))

    assert "it is no workbook" in await refused(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "nothing in it"),
        (b"\n\n", "nothing in it"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512), "encrypted"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04" + bytes(100), "no workbook"),
        (b"a,b\n\x00\x00", "null characters"),
        (b"a,b\n1,2\n\xff\xff\xff\n", "near line 3"),
        (b'a,b\n"1,2\n3,4\n', "line 2 is no CSV"),
        (b"a\n" + b"x" * 2_000_000, "characters"),
        (b'[{"a": 1}]', "one JSON array"),
        (b'{"a": 1}\n{"a": NaN}', "line 2"),
        (b'{"a": 1, "a": 2}', "line 1"),
        (b"," * 200, "at most 100"),
    ],
)
async def test_what_cannot_be_read_says_why(content: bytes, said: str) -> None:
    limits = TableLimits(rows_max=1_000, columns_max=100)

    assert said in await refused(content, limits)


async def test_more_rows_than_are_allowed_are_refused() -> None:
    content = b"a\n" + b"1\n" * 11

    assert "more than 10 rows" in await refused(content, TableLimits(rows_max=10))


async def test_memory_is_limited_in_the_child_and_not_taken_here() -> None:
    content = with_strings(300_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    said = await refused(content, TableLimits(memory_bytes_max=80 * 1024**2))

    assert "memory" in said or "too much" in said or "MemoryError" in said
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


@pytest.mark.parametrize("later_s", [0, 0.5])
async def test_a_reader_that_is_left_behind_ends(later_s: float) -> None:
    """Also when it has said more meanwhile than anybody has taken."""
    with tempfile.TemporaryFile() as file:
        file.write(b"a\n" + (b"x" * 900 + b"\n") * 900)
        file.flush()
        async with asyncio.timeout(30), open_table(file, LIMITS) as table:
            assert await anext(aiter(table.batches))
            await asyncio.sleep(later_s)


async def test_merged_cells_are_told_as_far_as_columns_are_read() -> None:
    book = a_book(*[[number] for number in range(40)])
    book.worksheets[0].merge_cells("A1:XFD40")

    _, rows = await read(packed(book))

    assert max(len(row.faults) for row in rows) == LIMITS.columns_max
