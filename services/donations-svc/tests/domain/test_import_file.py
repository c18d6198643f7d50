"""What people write into a file of donations, and what it is taken for."""

from datetime import date
from typing import Final

import pytest
from donations_svc.domain.import_file import (
    HEADERS,
    CellFault,
    ImportRow,
    RowError,
    columns_of,
    read_row,
)
from fundmix_events.donations import DonationKind, DonorKind, ProofKind
from fundmix_events.money import Money

AGENCY: Final = "52441900AJC6XAY6DW"
DONOR: Final = "91441900LX8R25H7GP"
HEADER: Final = {
    "捐赠编号": "D-1",
    "捐赠方统一社会信用代码": DONOR,
    "捐赠方类型": "企业",
    "接收机构": AGENCY,
    "类型": "现金",
    "金额": "100",
    "到账日期": "2025-03-02",
    "银行流水号": "B-1",
}


def read(changes: dict[str, str], faults: dict[str, str] | None = None) -> ImportRow | set[str]:
    """The row, or the fields that are wrong."""
    cells = {**HEADER, **changes}
    places = {name: place for place, name in enumerate(cells)}
    found = read_row(
        2,
        list(cells.values()),
        {places[n]: CellFault(code=code, detail=code) for n, code in (faults or {}).items()},
        columns=columns_of(list(cells), {}),
        own_agency=None,
    )
    return found if isinstance(found, ImportRow) else {_field(error) for error in found}


def _field(error: RowError) -> str:
    assert error.row == 2
    return error.field or ""


def good(changes: dict[str, str]) -> ImportRow:
    found = read(changes)
    assert isinstance(found, ImportRow), found
    return found


def test_chinese_words_are_what_they_mean() -> None:
    row = good({"捐赠方类型": "高校", "类型": "现金", "是否匿名": "是"})

    assert (row.donor_kind, row.kind) == (DonorKind.UNIVERSITY, DonationKind.CASH)
    assert row.is_anonymous
    assert (row.agency, row.donor_code) == (AGENCY, DONOR)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("100", 10_000),
        ("1,234.50", 123_450),
        ("¥1,234.50", 123_450),
        ("￥88元", 8_800),
        ("１２.３０", 1_230),
        ("0.01", 1),
    ],
)
def test_an_amount_is_read_as_it_is_written(text: str, minor: int) -> None:
    assert good({"金额": text}).amount == Money.of(minor)


@pytest.mark.parametrize("text", ["1,23.4", "1.234", "-5", "0", "1e3", "12万元", "一百", "1 000"])
def test_what_is_no_plain_amount_is_refused_and_never_guessed(text: str) -> None:
    assert read({"金额": text}) == {"amount"}


@pytest.mark.parametrize(
    "text", ["2025-03-02", "2025/3/2", "2025.03.02", "2025年3月2日", "2025-03-02 00:00:00"]
)
def test_a_day_is_read_as_spreadsheets_show_it(text: str) -> None:
    assert good({"到账日期": text}).received_on == date(2025, 3, 2)


@pytest.mark.parametrize("text", ["2025-02-30", "45718", "03/02/2025", "2025-03-02 12:30:00"])
def test_what_is_no_day_is_refused(text: str) -> None:
    assert read({"到账日期": text}) == {"received_on"}


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert read({"金额": "x", "捐赠方类型": "富豪", "捐赠编号": ""}, {"到账日期": "formula"}) == {
        "amount",
        "donor_kind",
        "reference",
        "received_on",
    }


def test_a_cell_beyond_the_header_is_an_error_and_a_blank_one_is_not() -> None:
    columns = columns_of(list(HEADER), {})
    cells = list(HEADER.values())

    more = read_row(7, [*cells, " ", "x" * 100], {}, columns=columns, own_agency=None)
    blank = read_row(7, [*cells, "", " "], {}, columns=columns, own_agency=None)

    assert more == [
        RowError(
            row=7,
            field=None,
            column=None,
            code="too_many_cells",
            detail=f"'{'x' * 40}' stands beyond the last column of the header",
        )
    ]
    assert isinstance(blank, ImportRow)


def test_of_a_person_no_name_is_taken() -> None:
    person = {"捐赠方类型": "个人", "捐赠方统一社会信用代码": "", "捐赠方名称": "某人"}

    assert read(person) == {"donor_name"}


def test_headers_are_known_with_blanks_marks_and_the_unit_of_yuan() -> None:
    columns = columns_of([" 捐赠编号* ", "金额（元）", "AMOUNT", "金额（万元）", "备注"], {})

    assert columns.field_by_place == {0: "reference", 1: "amount", 2: "amount"}
    assert columns.repeated == ["amount"]
    assert columns.ignored == ["金额（万元）", "备注"]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Donation Ref", "reference"),
        ("DONATION-REF", "reference"),
        ("donation_ref *", "reference"),
        ("Donor USCC", "donor_code"),
        ("Bank Reference", "bank_reference"),
        ("Received on", "received_on"),
        ("received＿on", "received_on"),
        ("hourlyRate（元）", "hourly_rate"),
        ("Is-Sponsorship", "is_sponsorship"),
    ],
)
def test_english_headers_are_known_however_their_words_are_joined(header: str, field: str) -> None:
    assert columns_of([header], {}).field_by_place == {0: field}


def test_every_field_is_known_by_all_of_its_names() -> None:
    for field, names in HEADERS.items():
        for header in (field, *names):
            assert columns_of([header.replace("_", " ").title()], {}).field_by_place == {0: field}


def test_what_a_source_calls_a_column_is_known_however_it_is_joined() -> None:
    columns = columns_of(["gift no", "Gift-Amount"], {"gift_no": "reference", "AMOUNT": "unit"})

    assert columns.field_by_place == {0: "reference"}


def test_what_a_source_calls_a_column_goes_first() -> None:
    columns = columns_of(["编号", "流水"], {"编号": "bank_reference", "流水": "reference"})

    assert columns.field_by_place == {0: "bank_reference", 1: "reference"}


def test_a_file_may_say_what_proves_the_value_of_goods() -> None:
    goods = {"类型": "实物", "银行流水号": "", "物品名称": "护理床", "数量": "12", "单位": "张"}
    proof = {"价值依据": "发票", "价值依据文件SHA256": "0" * 64}

    stated = good(goods | proof).donation_terms(date(2025, 3, 2), delegation=None).goods

    assert stated is not None
    assert (stated.proof_kind, stated.proof_sha256) == (ProofKind.INVOICE, "0" * 64)
    assert read(goods | {"价值依据": "发票"}) == {"proof_sha256"}
    assert read(goods | proof | {"价值依据": "传闻"}) == {"proof_kind"}
    assert read(proof | {"类型": "实物", "银行流水号": ""}) == {"proof_kind"}
