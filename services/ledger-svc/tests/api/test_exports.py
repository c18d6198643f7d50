"""Exports of the books over HTTP: as tables, as what they say of themselves, and for whom."""

import csv
import io
from datetime import date
from typing import Any, Final

import openpyxl
import pytest
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.samples import AGENCY, FOUNDATION, OTHER_AGENCY
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.domain.errors import SpanInvalidError
from ledger_svc.domain.exports import Wanted
from ledger_svc.queries_exports import Entries, Head, read_books

FORMATS: Final = ("beancount", "hledger", "csv", "xlsx")
FORMULA: Final = "=1+1"
Row = dict[str, str]


@pytest.fixture
def auditor(api: Api) -> Caller:
    return api.caller("auditor")


async def table(caller: Caller, **query: str | int) -> tuple[list[list[str]], list[Row]]:
    """The rows about the export, and those of postings."""
    answer = await caller.get("/v1/exports/csv", **query)
    assert answer.is_success, answer.text
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    about = [row for row in rows if row[0].startswith("#")]
    columns, *postings = [row for row in rows if not row[0].startswith("#")]
    return about, [dict(zip(columns, row, strict=True)) for row in postings]


async def sheets(caller: Caller, **query: str | int) -> dict[str, list[tuple[Any, ...]]]:
    answer = await caller.get("/v1/exports/xlsx", **query)
    assert answer.is_success, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


async def post_a_year(inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.donation_received("50.00", received_on=date(2024, 1, 5), reference=FORMULA)
    )
    await inlet.post(ledger_samples.close_approved(202401))
    await inlet.post(
        samples.donation_received("7.00", received_on=date(2024, 1, 6)),
        samples.donation_received("3.00", received_on=date(2024, 3, 1), agency=OTHER_AGENCY),
    )


async def test_a_table_has_a_row_for_each_posting_with_all_its_entry_says(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_year(inlet)

    about, postings = await table(auditor)

    entry = (await auditor.get("/v1/entries/1")).json()
    assert postings[0] == {
        "seq": "1",
        "line": "1",
        "event_id": entry["event_id"],
        "topic": "fundmix.donations",
        "partition": "0",
        "number": "1",
        "kind": "donations.donation_received",
        "agency": AGENCY,
        "occurred_on": entry["occurred_on"],
        "value_on": "2024-01-05",
        "posted_at": "2025-03-03T00:00:00Z",
        "period": "202401",
        "payload_sha256": entry["payload_sha256"],
        "document": f"'{FORMULA}",
        "payer": FOUNDATION,
        "corrects": "",
        "code": "assets:bank",
        "fund_code": "general",
        "channel": "foundation",
        "amount": "50.00",
        "currency": "CNY",
    }
    assert [(p["seq"], p["period"], p["amount"]) for p in postings] == [
        ("1", "202401", "50.00"),
        ("1", "202401", "-50.00"),
        ("3", "202402", "7.00"),
        ("3", "202402", "-7.00"),
        ("4", "202403", "3.00"),
        ("4", "202403", "-3.00"),
    ]
    assert about[0][1:] == [
        "seq=4",
        "closed_through=202401",
        "from=202401",
        "to=202403",
        "agency=",
        "quarantined=0",
        "entries=3",
        "debits=60.00",
    ]
    assert about[1][:3] == ["# closed", "through=202401", "seq=2"]
    assert about[2] == ["# end", "entries=3", "debits=60.00"]


async def test_a_workbook_has_balances_and_journal_as_accountants_keep_them(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_year(inlet)

    book = await sheets(auditor, **{"from": 202402, "agency": AGENCY})

    assert list(book) == ["说明", "科目余额表", "序时账"]
    about = dict(row[:2] for row in book["说明"])
    assert (about["seq"], about["from"], about["to"]) == ("4", "202402", "202403")
    assert (about["agency"], about["entries"], about["debits"]) == (AGENCY, "1", "7.00")
    bank = (AGENCY, "assets:bank", "general", "foundation", "CNY")
    income = (AGENCY, "income:donation", "general", "foundation", "CNY")
    assert book["科目余额表"][1:] == [
        (*bank, 50, None, 7, None, 57, None),
        (*income, None, 50, None, 7, None, 57),
        ("合计 total", None, None, None, None, 50, 50, 7, 7, 57, 57),
    ]
    journal = [row[:4] + row[6:12] for row in book["序时账"][1:]]
    assert journal == [
        ("202402", "2024-01-06", "3", 1, *bank[:4], 7, None),
        ("202402", "2024-01-06", "3", 2, *income[:4], None, 7),
    ]


async def test_what_a_workbook_says_is_no_formula(auditor: Caller, inlet: Inlet[Prepared]) -> None:
    await post_a_year(inlet)
    answer = await auditor.get("/v1/exports/xlsx")

    cell = openpyxl.load_workbook(io.BytesIO(answer.content))["序时账"].cell(2, 6)

    assert (cell.value, cell.data_type) == (FORMULA, "s")


@pytest.mark.parametrize("name", FORMATS)
async def test_books_without_entries_are_an_export_too(shared_api: Api, name: str) -> None:
    answer = await shared_api.caller("auditor").get(f"/v1/exports/{name}", **{"from": 202401})

    assert answer.is_success
    assert answer.headers["content-disposition"].startswith('attachment; filename="books.')
    if name != "xlsx":
        assert "entries=0" in answer.text


async def test_months_after_the_last_entry_carry_its_balances_forward(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_year(inlet)

    text = (await auditor.get("/v1/exports/beancount", **{"from": 202501, "to": 202502})).text

    assert "from=202501 to=202502" in text
    assert f"2025-03-01 balance Assets:Bank:{AGENCY}:General:Foundation  57.00 ~ 0 CNY" in text
    assert "entries=0 debits=0.00" in text


async def test_an_agency_exports_its_own_books_only(api: Api, inlet: Inlet[Prepared]) -> None:
    await post_a_year(inlet)
    treasurer = api.caller("agency", org=OTHER_AGENCY)

    _, own = await table(treasurer)
    _, asked = await table(treasurer, agency=OTHER_AGENCY)
    foreign = await treasurer.get("/v1/exports/csv", agency=AGENCY)

    assert own == asked
    assert {row["agency"] for row in own} == {OTHER_AGENCY}
    assert refusal(foreign)[:2] == (403, "foreign_row")


@pytest.mark.parametrize(
    ("name", "parameters", "pointer"),
    [
        ("pdf", {}, "#path/format"),
        ("csv", {"from": 202413}, "#query/from"),
        ("csv", {"from": 202400}, "#query/from"),
        ("csv", {"to": 2024}, "#query/to"),
        ("csv", {"to": 220001}, "#query/to"),
        ("csv", {"agency": "x"}, "#query/agency"),
    ],
)
async def test_a_wrong_question_is_told_by_its_parameter(
    shared_api: Api, name: str, parameters: dict[str, str | int], pointer: str
) -> None:
    answer = await shared_api.caller("auditor").get(f"/v1/exports/{name}", **parameters)

    found = refusal(answer)
    assert (found.status, found.code) == (422, "invalid_request")
    assert list(found.errors) == [pointer]


async def test_a_span_that_ends_before_it_begins_is_refused(shared_api: Api) -> None:
    query = {"from": 202402, "to": 202401}

    answer = await shared_api.caller("auditor").get("/v1/exports/csv", **query)

    assert refusal(answer) == (422, "span_invalid", {"#query/to": "span_invalid"})
    with pytest.raises(SpanInvalidError):
        Wanted(first=202402, last=202401)
    Wanted(first=202402, last=202402)


async def test_an_export_is_one_snapshot_of_the_books(api: Api, inlet: Inlet[Prepared]) -> None:
    """What is posted while it is made is not in it."""
    await post_a_year(inlet)
    seqs: list[int] = []
    head = None
    async for part in read_books(api.database, Wanted(), with_accounts=True, with_closings=True):
        if isinstance(part, Head):
            head = part
            await inlet.post(samples.donation_received("9.00", received_on=date(2024, 2, 9)))
        elif isinstance(part, Entries):
            seqs += [entry.seq for entry in part.rows]

    assert head is not None
    assert (head.seq, seqs) == (4, [1, 3, 4])
