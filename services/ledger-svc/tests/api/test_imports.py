"""An accounting journal comes in as one batch, once its accounts and projects have a meaning."""

import io
import zipfile
from collections.abc import Callable
from typing import Any, Final

import pytest
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.testing.api import Caller, Response, refusal
from ledger_svc.testing import Books
from openpyxl import Workbook

PATH: Final = f"/v1/imports?agency={AGENCY}"
HEADER: Final = "凭证号,日期,科目,项目,借方金额,贷方金额,摘要\n"
ROWS: Final = (
    '记-001,2024/6/3,业务活动成本,长者助餐,"1,200.50",,午餐食材\n'
    "记-001,2024-06-03,管理费用,,30.00,0.00,银行手续费\n"
    "记-002,2024年6月5日,应付职工薪酬,,900.00,,计提\n"
)
MAPPING: Final = {
    "agency": AGENCY,
    "accounts": {
        "业务活动成本": "expenses:programme",
        "管理费用": "expenses:management",
        "应付职工薪酬": "ignore",
    },
    "projects": {"长者助餐": "purpose:长者助餐"},
}


async def send(caller: Caller, content: bytes | str, *, dry_run: bool = False) -> Response:
    body = content.encode() if isinstance(content, str) else content
    return await caller.upload(f"{PATH}&dry_run={str(dry_run).lower()}", body)


async def mapped(books: Books) -> Caller:
    """The accountant, whose texts have a meaning; with money for the purpose and in general."""
    await books.inlet.post(
        samples.donation_received("5000.00", restricted_to="长者助餐", received_on="2024-01-02"),
        samples.donation_received("100.00", received_on="2024-01-02"),
    )
    accountant = books.accountant()
    answer = await accountant.put("/v1/import-mappings", MAPPING)
    assert answer.is_success, answer.text
    return accountant


async def test_a_dry_run_tells_what_nobody_has_said_the_meaning_of(books: Books) -> None:
    answer = (await send(books.accountant(), HEADER + ROWS, dry_run=True)).json()

    assert answer["unmapped_accounts"] == [
        {"text": "业务活动成本", "lines": 1},
        {"text": "应付职工薪酬", "lines": 1},
        {"text": "管理费用", "lines": 1},
    ]
    assert answer["unmapped_projects"] == [{"text": "长者助餐", "lines": 1}]
    assert (answer["rows"], answer["control_count"], answer["batch_id"]) == (3, 0, None)
    refused = await send(books.accountant(), HEADER + ROWS)
    assert refusal(refused)[:2] == (422, "import_not_ready")
    assert (await books.auditor().get("/v1/requests")).json()["items"] == []


async def test_a_file_is_prepared_as_one_batch_and_approved_as_one(books: Books) -> None:
    accountant = await mapped(books)

    answer = (await send(accountant, HEADER + ROWS)).json()
    path = f"/v1/batches/{answer['batch_id']}/approve"
    own = await accountant.post(path, None)
    approved = await books.reviewer().post(path, None)
    await books.post_decided()

    assert (answer["control_count"], answer["ignored"]) == (2, 1)
    assert answer["control_total"] == {"amount": "1230.50", "currency": "CNY"}
    assert refusal(own)[:2] == (403, "same_person")
    assert approved.json()["total"] == answer["control_total"]
    requests = (await books.auditor().get("/v1/requests")).json()["items"]
    assert [(r["reference"], r["terms"]["fund_code"]) for r in requests] == [
        ("记-001-1", "purpose:长者助餐"),
        ("记-001-2", "general"),
    ]
    assert {r["entry_seq"] for r in requests} == {3, 4}


async def test_the_same_file_again_brings_nothing_and_another_amount_is_told(books: Books) -> None:
    accountant = await mapped(books)
    await send(accountant, HEADER + ROWS)

    again = (await send(accountant, HEADER + ROWS)).json()
    other = (await send(accountant, HEADER + ROWS.replace("30.00", "31.00"), dry_run=True)).json()

    assert (again["control_count"], again["unchanged"], again["batch_id"]) == (0, 2, None)
    assert [(e["row"], e["code"]) for e in other["errors"]] == [(3, "reference_taken")]


DOUBLE_ENTRY: Final = (
    ("凭证号", "日期", "科目", "项目", "借方金额", "贷方金额", "摘要"),
    ("记-003", "2024-06-07", "业务活动成本", "长者助餐", "800.00", "", "食材"),
    ("记-003", "2024-06-07", "管理费用", "", "20.00", "0.00", "手续费"),
    ("记-003", "2024-06-07", "银行存款", "", "", "820.00", "付款"),
)


def as_text() -> bytes:
    return "".join(",".join(row) + "\n" for row in DOUBLE_ENTRY).encode()


def as_workbook() -> bytes:
    book = Workbook()
    sheet: Any = book.active
    for row in DOUBLE_ENTRY:
        sheet.append([float(cell) if cell.endswith(".00") else cell for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("write", [as_text, as_workbook])
async def test_an_entry_comes_in_whose_bank_line_is_ignored(
    books: Books, write: Callable[[], bytes]
) -> None:
    accountant = await mapped(books)
    unmapped = (await send(accountant, write(), dry_run=True)).json()
    await accountant.put(
        "/v1/import-mappings", {"agency": AGENCY, "accounts": {"银行存款": "ignore"}}
    )

    answer = (await send(accountant, write())).json()
    await books.reviewer().post(f"/v1/batches/{answer['batch_id']}/approve", None)
    await books.post_decided()

    assert unmapped["unmapped_accounts"] == [{"text": "银行存款", "lines": 1}]
    assert (unmapped["errors"], answer["errors"]) == ([], [])
    assert (answer["control_count"], answer["ignored"]) == (2, 1)
    assert answer["control_total"]["amount"] == "820.00"
    requests = (await books.auditor().get("/v1/requests")).json()["items"]
    assert {(r["reference"], r["state"]) for r in requests} == {
        ("记-003-1", "approved"),
        ("记-003-2", "approved"),
    }
    assert {r["entry_seq"] for r in requests} == {3, 4}


async def test_a_credit_of_an_expense_account_is_told_beside_the_lines_that_are_right(
    books: Books,
) -> None:
    accountant = await mapped(books)
    closing = "记-004,2024-06-30,业务活动成本,长者助餐,,1200.50,结转\n"

    answer = (await send(accountant, HEADER + ROWS + closing, dry_run=True)).json()
    refused = await send(accountant, HEADER + ROWS + closing)

    assert [(e["row"], e["field"], e["code"]) for e in answer["errors"]] == [
        (5, "credit", "credit")
    ]
    assert answer["control_count"] == 2
    assert refusal(refused)[:2] == (422, "import_not_ready")
    assert (await books.auditor().get("/v1/requests")).json()["items"] == []


async def test_a_batch_is_rejected_as_one_by_another_person_and_comes_again(books: Books) -> None:
    accountant, reviewer = await mapped(books), books.reviewer()
    first = (await send(accountant, HEADER + ROWS)).json()
    path = f"/v1/batches/{first['batch_id']}/reject"

    own = await accountant.post(path, {"reason": "wrong month"})
    silent = await reviewer.post(path, {"reason": ""})
    rejected = await reviewer.post(path, {"reason": "wrong month"})
    late = await reviewer.post(f"/v1/batches/{first['batch_id']}/approve", None)
    again = (await send(accountant, HEADER + ROWS)).json()

    assert refusal(own)[:2] == (403, "same_person")
    assert silent.status_code == 422
    assert rejected.json() == {
        "batch_id": first["batch_id"],
        "requests": 2,
        "total": {"amount": "1230.50", "currency": "CNY"},
        "state": "rejected",
        "warnings": [],
    }
    assert refusal(late)[:2] == (404, "request_not_found")
    found = await books.auditor().get("/v1/requests", batch_id=first["batch_id"])
    assert {(r["state"], r["decided_by"], r["reason"]) for r in found.json()["items"]} == {
        ("rejected", "reviewer", "wrong month")
    }
    assert (again["control_count"], again["unchanged"]) == (2, 0)


async def test_a_batch_is_withdrawn_as_one_by_who_prepared_it(books: Books) -> None:
    accountant, reviewer = await mapped(books), books.reviewer()
    batch_id = (await send(accountant, HEADER + ROWS)).json()["batch_id"]
    path = f"/v1/batches/{batch_id}/withdraw"

    other = await reviewer.post(path, None)
    foreign = await books.accountant(OTHER_AGENCY).post(path, None)
    withdrawn = await accountant.post(path, None)

    assert refusal(other)[:2] == (403, "same_person")
    assert refusal(foreign)[:2] == (403, "foreign_row")
    assert (withdrawn.json()["requests"], withdrawn.json()["state"]) == (2, "withdrawn")
    found = (await books.auditor().get("/v1/requests", batch_id=batch_id)).json()["items"]
    assert [r["state"] for r in found] == ["withdrawn", "withdrawn"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_text_is_read_as_spreadsheets_write_it(books: Books, encoding: str) -> None:
    accountant = await mapped(books)

    answer = (await send(accountant, (HEADER + ROWS).encode(encoding), dry_run=True)).json()

    assert (answer["errors"], answer["control_count"]) == ([], 2)


async def test_a_workbook_is_read_like_text(books: Books) -> None:
    accountant = await mapped(books)
    book = Workbook()
    sheet: Any = book.active
    sheet.append(["凭证号", "日期", "科目", "项目", "借方金额"])
    sheet.append(["记-9", "2024-06-03", "业务活动成本", "长者助餐", 1200.5])
    file = io.BytesIO()
    book.save(file)

    answer = (await send(accountant, file.getvalue(), dry_run=True)).json()

    assert answer["errors"] == []
    assert answer["control_total"]["amount"] == "1200.50"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("记-1,2024-06-31,管理费用,,1.00,,", "day"),
        ("记-1,2199-06-03,管理费用,,1.00,,", "day"),
        ("记-1,2024-06-03,管理费用,,1.005,,", "amount"),
        ("记-1,2024-06-03,管理费用,,=1+1,,", "amount"),
        ("记-1,2024-06-03,管理费用,,-1.00,,", "amount"),
        ("记-1,2024-06-03,管理费用,,1.00,2.00,", "credit"),
        (",2024-06-03,管理费用,,1.00,,", "reference"),
    ],
    ids=["no day", "to come", "half a fen", "a formula", "negative", "a credit", "no document"],
)
async def test_a_line_that_is_no_expenditure_is_told_by_its_field(
    books: Books, row: str, field: str
) -> None:
    accountant = await mapped(books)

    answer = (await send(accountant, f"{HEADER}{row}\n", dry_run=True)).json()

    assert {(e["row"], e["field"]) for e in answer["errors"]} == {(2, field)}


def a_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04nonsense",
        a_bomb(),
        "日期,科目\n".encode(),
        HEADER.encode(),
        b"\xff\xfe\x00a",
    ],
    ids=["nothing", "no workbook", "a bomb", "columns missing", "no line", "no text"],
)
async def test_a_file_that_is_no_journal_is_refused(books: Books, content: bytes) -> None:
    answer = await send(books.accountant(), content, dry_run=True)

    assert refusal(answer)[:2] == (422, "file_unreadable")


async def test_a_meaning_is_changed_and_forgotten(books: Books) -> None:
    accountant = await mapped(books)

    await accountant.put(
        "/v1/import-mappings",
        {"agency": AGENCY, "accounts": {"管理费用": None, "其他费用": "expenses:other"}},
    )
    found = (await accountant.get("/v1/import-mappings", agency=AGENCY)).json()
    wrong = await accountant.put(
        "/v1/import-mappings", {"agency": AGENCY, "accounts": {"银行存款": "assets:bank"}}
    )
    nameless = await accountant.put(
        "/v1/import-mappings", {"agency": AGENCY, "projects": {"合同": "contract:"}}
    )
    foreign = await accountant.put("/v1/import-mappings", {"agency": OTHER_AGENCY})

    assert found["accounts"] == {
        "业务活动成本": "expenses:programme",
        "其他费用": "expenses:other",
        "应付职工薪酬": "ignore",
    }
    assert found["projects"] == MAPPING["projects"]
    assert refusal(wrong)[:2] == (422, "contradictory_terms")
    assert refusal(nameless)[2] == {"/projects/合同": "contradictory_terms"}
    assert refusal(foreign)[:2] == (403, "foreign_row")
