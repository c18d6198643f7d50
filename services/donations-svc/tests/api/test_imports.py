"""Files of donations: what is new is booked as one batch, what is wrong is told, row by row."""

import asyncio
import csv
import io
import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from donations_svc.consumer import state_of
from donations_svc.testing.imports import (
    AGENCY,
    DELEGATION,
    DONOR,
    IMPORTS,
    OTHER_AGENCY,
    ROW,
    a_csv,
    booked,
    dry,
    errors_of,
    nothing_booked,
    row,
    send,
)
from fundmix_events import topics
from fundmix_events.donations import DonationReceived
from fundmix_events.registry import OrganisationRegistered
from fundmix_kit import replica
from fundmix_kit.replica import State
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written
from openpyxl import Workbook

SAMPLE: Final = Path(__file__).parents[4] / "samples" / "dongguan"


async def test_the_sample_comes_in_whole_and_a_second_time_not_at_all(api: Api) -> None:
    content = (SAMPLE / "donations.csv").read_bytes()
    await know_the_sample(api)
    officer = api.caller("finance_officer")
    total = sum(Decimal(line["amount"]) for line in csv.DictReader(io.StringIO(content.decode())))
    control = {"control_count": 1_008, "control_total": total, "delegation": DELEGATION}

    async with nothing_booked(api):
        found = await dry(officer, content, **control)
    first = await booked(officer, content, **control)
    second = await booked(officer, content, **control)

    for answer in (found, first):
        assert (answer["failed"], answer["suspected"], answer["duplicates"]) == (0, [], 0)
        assert (answer["donations"], answer["pledges"]) == (984, 340)
        assert answer["control_total"] == answer["booked"]
    assert (second["batch_id"], second["duplicates"], second["donations"]) == (None, 1_008, 0)
    auditor = api.caller("auditor")
    batch = (await auditor.get(f"{IMPORTS}/{first['batch_id']}")).json()
    assert (batch["rows"], batch["standing"], len(batch["shares"])) == (1_008, 984, 12)
    said = [event.type for event in await api.events()]
    assert (len(said), said.count(DonationReceived.type)) == (984 + 340, 984)


async def know_the_sample(api: Api) -> None:
    with (SAMPLE / "organisations.csv").open() as opened:
        events = [
            OrganisationRegistered.model_validate(
                {
                    "aggregate_version": 1,
                    "organisation": {
                        "code": line["uscc"],
                        "name": line["name"],
                        "kind": line["kind"],
                    },
                }
            )
            for line in csv.DictReader(opened)
        ]
    async with api.database.transaction() as connection:
        await replica.save(
            connection, topics.REGISTRY, [State(e.key, 2, state_of(e)) for e in events]
        )


async def test_a_batch_is_what_single_donations_would_be(api: Api, treasurer: Caller) -> None:
    found = await booked(treasurer, a_csv([row(1), row(2, pledged_on="2025-02-01")]))

    page = (await treasurer.get("/v1/donations")).json()
    first, second = page["items"]
    assert [item["batch_id"] for item in (first, second)] == [found["batch_id"]] * 2
    assert first["amount"] == {"amount": "1.00", "currency": "CNY"}
    assert (first["pledge_id"], second["fulfils"]["amount"]) == (None, "2.00")
    pledge = (await treasurer.get(f"/v1/pledges/{second['pledge_id']}")).json()
    assert (pledge["state"], pledge["reference"]) == ("received", "D-2")
    assert [event.type for event in await api.events()] == [
        "donations.donation_received",
        "donations.pledge_made",
        "donations.donation_received",
    ]


CHINESE: Final = {
    "捐赠编号": "D-1",
    "捐赠方统一社会信用代码": DONOR.lower(),
    "捐赠方类型": "企业",
    "接收机构": AGENCY,
    "类型": "现金",
    "金额（元）": "¥1,234.50",
    "到账日期": "2025年3月2日",
    "限定用途": "长者助餐",
    "银行流水号": "B-1",
    "是否匿名": "是",
    "备注": "=1+1",
}


@pytest.mark.parametrize("codec", ["utf-8-sig", "gb18030", "utf-16"])
async def test_chinese_headers_and_words_are_understood(treasurer: Caller, codec: str) -> None:
    content = a_csv([CHINESE]).decode().encode(codec)

    found = await booked(treasurer, content)

    assert found["ignored_columns"] == ["备注"]
    [donation] = (await treasurer.get("/v1/donations")).json()["items"]
    assert donation["amount"]["amount"] == "1234.50"
    assert (donation["received_on"], donation["is_anonymous"]) == ("2025-03-02", True)
    assert (donation["donor"]["code"], donation["restricted_to"]) == (DONOR, "长者助餐")


async def test_a_workbook_with_a_title_is_read(treasurer: Caller) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["2025年捐赠明细"])
    sheet.merge_cells("A1:D1")
    sheet.append(list(CHINESE))
    sheet.append([*list(CHINESE.values())[:5], 1234.5, *list(CHINESE.values())[6:10]])
    file = io.BytesIO()
    book.save(file)

    found = await dry(treasurer, file.getvalue())

    assert (found["format"], found["donations"], found["errors"]) == ("xlsx", 1, [])
    assert found["booked"]["amount"] == "1234.50"


async def test_objects_on_lines_are_read(treasurer: Caller) -> None:
    content = "\n".join(json.dumps({**row(n), "anonymous": False}) for n in (1, 2)).encode()

    assert (await dry(treasurer, content))["donations"] == 2


async def test_a_source_has_names_of_its_own_which_are_remembered(treasurer: Caller) -> None:
    content = a_csv([row(1)]).replace(b"donation_ref", "自编号".encode())
    columns = {"agency": AGENCY, "source": "自有系统", "columns": {"自编号": "reference"}}

    before = await send(treasurer, content, source="自有系统")
    await treasurer.put("/v1/donation-import-columns", columns)

    assert refusal(before).code == "unknown_header"
    assert (await booked(treasurer, content, source="自有系统"))["donations"] == 1
    shown = await treasurer.get("/v1/donation-import-columns", agency=AGENCY, source="自有系统")
    assert shown.json() == columns


async def test_of_two_mappings_at_once_one_is_remembered(treasurer: Caller) -> None:
    wanted = [{"款项": "amount", f"列{number}": "unit"} for number in range(6)]

    answers = await asyncio.gather(
        *(
            treasurer.put(
                "/v1/donation-import-columns",
                {"agency": AGENCY, "source": "bank", "columns": columns},
            )
            for columns in wanted
        )
    )

    assert [answer.status_code for answer in answers] == [200] * 6
    shown = await treasurer.get("/v1/donation-import-columns", agency=AGENCY, source="bank")
    assert shown.json()["columns"] in wanted


async def test_a_column_means_a_field_that_there_is(treasurer: Caller) -> None:
    columns = {"agency": AGENCY, "source": "s", "columns": {"自编号": "secret"}}

    answer = await treasurer.put("/v1/donation-import-columns", columns)

    assert refusal(answer).errors == {"/columns/自编号": "unknown_field"}


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_booked(
    api: Api, treasurer: Caller
) -> None:
    content = a_csv(
        [
            row(1),
            row(2, amount="1.234", donor_kind="富豪", received_on="2025-02-30"),
            row(3, agency_uscc=OTHER_AGENCY),
            row(4, donor_uscc=AGENCY, donor_name=""),
            row(5, donor_name="别人"),
            row(6, bank_reference="B-1", received_on="2025-03-01"),
            row(7, bank_reference=""),
            row(8, restricted_to="名" * 10_000),
            row(9, restricted_to="\u202e餐"),
            row(10, restricted_to="=cmd|' /C calc'!A0"),
            row(11, donor_kind="individual", donor_uscc=""),
            row(12, received_on="2099-01-01"),
            row(1, amount="7.00"),
            row(13, donation_ref="", amount=""),
        ]
    )

    async with nothing_booked(api):
        found = await dry(treasurer, content)
        refused = refusal(await send(treasurer, content))

    assert errors_of(found) == {
        (3, "amount", "amount_too_precise"),
        (3, "donor_kind", "enum"),
        (3, "received_on", "date_from_datetime_parsing"),
        (4, "agency", "foreign_row"),
        (5, "donor_code", "wrong_party"),
        (6, "donor_name", "name_differs"),
        (7, "bank_reference", "bank_reference_used"),
        (8, "bank_reference", "contradictory_terms"),
        (9, "restricted_to", "cell_too_long"),
        (10, "restricted_to", "text_control_character"),
        (11, "restricted_to", "formula"),
        (12, "donor_name", "contradictory_terms"),
        (13, "received_on", "future_date"),
        (14, "amount", "differs"),
        (15, "reference", "missing"),
        (15, "amount", "missing"),
    }
    assert (found["is_ready"], found["failed"], found["donations"]) == (False, 13, 1)
    assert (refused.status, refused.code) == (422, "import_not_ready")


async def test_a_file_must_have_the_rows_and_the_sum_that_it_is_said_to_have(
    api: Api, treasurer: Caller
) -> None:
    content = a_csv([row(1), row(2)])

    async with nothing_booked(api):
        found = await dry(treasurer, content, control_total="3.01")
        by_count = refusal(await send(treasurer, content, control_count=3))
        by_total = refusal(await send(treasurer, content, control_total="3.01"))
        by_form = refusal(await send(treasurer, content, control_total="drei"))

    assert (found["is_control_met"], found["is_ready"]) == (False, False)
    assert by_count.errors == {"#query/control_count": "control_mismatch"}
    assert by_total.errors == {"#query/control_total": "control_mismatch"}
    assert by_form.status == 422
    assert (await booked(treasurer, content, control_count=2, control_total=3))["donations"] == 2


async def test_what_looks_like_another_donation_is_for_a_person_to_decide(
    api: Api, treasurer: Caller
) -> None:
    person = {"donor_kind": "individual", "donor_uscc": "", "donor_name": ""}
    same = {"amount": "5.00"}
    await booked(treasurer, a_csv([row(1, **same)]))
    content = a_csv(
        [
            row(2, **same),
            row(3, **same),
            row(4, **same, donation_ref="D,4"),
            row(7, **same, received_on="2025-03-01"),
            row(5, **same, **person),
            row(6, **same, **person),
        ]
    )

    found = await dry(treasurer, content)
    async with nothing_written(api.database):
        undecided = refusal(await send(treasurer, content, accept_suspected="D-2"))
    decided = await booked(
        treasurer, content, accept_suspected=["D-2", "D,4"], leave_out_suspected=["D-3"]
    )

    assert [(s["reference"], s["alike"]) for s in found["suspected"]] == [
        ("D-2", "D-1"),
        ("D-3", "D-1"),
        ("D,4", "D-1"),
    ]
    assert undecided.code == "import_not_ready"
    assert (decided["donations"], decided["left_out"]) == (5, 1)


async def test_a_row_twice_in_a_file_is_booked_once(treasurer: Caller) -> None:
    found = await booked(treasurer, a_csv([row(1), row(1)]))

    assert (found["donations"], found["duplicates"]) == (1, 1)


async def test_what_was_promised_by_a_file_is_fulfilled_by_another(treasurer: Caller) -> None:
    promised = row(1, pledged_on="2025-02-01", received_on="", bank_reference="")
    await booked(treasurer, a_csv([promised]))

    again = await booked(treasurer, a_csv([promised]))
    arrived = await booked(treasurer, a_csv([row(1, pledged_on="2025-02-01")]))

    assert (again["duplicates"], again["batch_id"]) == (1, None)
    assert (arrived["donations"], arrived["pledges"]) == (1, 0)
    [pledge] = (await treasurer.get("/v1/pledges")).json()["items"]
    assert pledge["state"] == "received"


async def test_somebody_else_than_the_agency_says_why(api: Api) -> None:
    officer = api.caller("finance_officer")

    refused = refusal(await send(officer, a_csv([row(1)])))
    found = await booked(officer, a_csv([row(1)]), delegation=DELEGATION)

    assert refused.code == "delegation"
    agency = api.caller("agency", org=AGENCY)
    [donation] = (await agency.get("/v1/donations")).json()["items"]
    assert (donation["delegation"], donation["batch_id"]) == (DELEGATION, found["batch_id"])


async def test_an_agency_sees_its_own_share_of_a_batch(api: Api) -> None:
    content = a_csv([row(1), row(2, agency_uscc=OTHER_AGENCY)])
    found = await booked(api.caller("finance_officer"), content, delegation=DELEGATION)

    agency = api.caller("agency", org=OTHER_AGENCY)
    [batch] = (await agency.get(IMPORTS)).json()["items"]

    assert (batch["batch_id"], batch["donations"]) == (found["batch_id"], 1)
    assert (batch["booked"]["amount"], batch["control_total"]) == ("2.00", None)
    assert [share["agency"] for share in batch["shares"]] == [OTHER_AGENCY]


async def test_the_same_request_again_has_the_same_answer(api: Api) -> None:
    headers = {**api.tokens.headers("agency", org=AGENCY), "Idempotency-Key": "K-1"}
    content = a_csv([row(1)])

    first = await api.client.post(IMPORTS, content=content, headers=headers)
    again = await api.client.post(IMPORTS, content=content, headers=headers)
    other = await api.client.post(IMPORTS, content=a_csv([row(2)]), headers=headers)

    assert first.json() == again.json()
    assert refusal(other).code == "idempotency_key_reused"


async def test_two_at_once_book_each_row_once(treasurer: Caller) -> None:
    content = a_csv([row(number) for number in range(1, 200)])

    answers = await asyncio.gather(*(send(treasurer, content) for _ in range(3)))

    codes = {answer.status_code for answer in answers}
    assert codes <= {200, 503}
    found = [answer.json() for answer in answers if answer.status_code == 200]
    assert sum(answer["donations"] for answer in found) == 199


def a_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(50_000_000))
    return out.getvalue()


def a_far_cell() -> bytes:
    book, file = Workbook(), io.BytesIO()
    book.worksheets[0].append(list(ROW))
    book.worksheets[0].cell(row=1_048_576, column=16_384, value=1)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_unreadable"),
        (a_bomb(), "file_unreadable"),
        (a_far_cell(), "file_unreadable"),
        (b"%PDF-1.7", "file_unreadable"),
        (b"a,b\n1,2\n", "unknown_header"),
        (",".join(ROW).encode() + b"\n", None),
        (b"x" * 34_000_000, "body_too_large"),
    ],
)
async def test_what_is_no_file_of_donations_is_refused(
    api: Api, treasurer: Caller, content: bytes, code: str | None
) -> None:
    async with nothing_booked(api):
        answer = await send(treasurer, content)

    if code is None:
        assert answer.json()["control_count"] == 0
    else:
        assert refusal(answer).code == code


# In one batch of rows, at its end, in the next one, and in the one after that.
@pytest.mark.parametrize("between", [0, 497, 600, 1_300])
async def test_a_row_finds_what_came_before_it_however_far(treasurer: Caller, between: int) -> None:
    promised = row(1, pledged_on="2025-01-02", received_on="", bank_reference="")
    fulfilled = row(1, pledged_on="2025-01-02")
    others = [row(number) for number in range(10, 10 + between)]
    early = [promised, row(2), row(3, bank_reference="B-2", restricted_to="助学")]
    late = [
        *(fulfilled, fulfilled, row(2)),
        row(4, bank_reference="B-2", restricted_to="助老"),
        row(5, amount="2.00"),
        row(2, amount="3.00"),
    ]

    found = await dry(treasurer, a_csv([*early, *others, *late]))
    right = await booked(treasurer, a_csv([*early, *others, *late[:4]]))

    assert (found["donations"], found["pledges"], found["duplicates"]) == (between + 4, 1, 2)
    assert [(s["reference"], s["alike"]) for s in found["suspected"]] == [("D-5", "D-2")]
    assert errors_of(found) == {(between + 10, "amount", "differs")}
    assert (right["donations"], right["pledges"]) == (between + 4, 1)
    [pledge] = (await treasurer.get("/v1/pledges", reference="D-1")).json()["items"]
    assert pledge["state"] == "received"
    lines = [
        (await treasurer.get("/v1/donations", reference=f"D-{n}")).json()["items"][0]
        for n in (2, 3, 4)
    ]
    assert [one["line"] for one in lines] == [1, 2, 3]


async def test_a_wish_to_stay_unnamed_that_comes_later_is_not_taken_for_the_same(
    treasurer: Caller,
) -> None:
    await booked(treasurer, a_csv([row(1)]))

    later = await dry(treasurer, a_csv([row(1, anonymous="true")]))
    untold = {name: value for name, value in row(1).items() if name != "anonymous"}
    same = await dry(treasurer, a_csv([untold]))

    assert [(e["field"], e["code"]) for e in later["errors"]] == [("is_anonymous", "differs")]
    assert (same["duplicates"], same["errors"]) == (1, [])


async def test_rows_that_sum_to_more_than_an_amount_can_be_are_refused(treasurer: Caller) -> None:
    huge = "99999999999.00"

    refused = await send(treasurer, a_csv([row(1, amount=huge), row(2, amount=huge)]))

    assert refusal(refused)[:2] == (422, "file_unreadable")
    assert "up to row 3" in refused.json()["detail"]


async def test_nothing_of_another_agency_is_held_up_by_a_file(api: Api, treasurer: Caller) -> None:
    """Its rows are refused without a look at what they name."""
    other = api.caller("agency", org=OTHER_AGENCY)
    promised = row(1, pledged_on="2025-02-01", received_on="", bank_reference="")
    promised |= {"agency_uscc": OTHER_AGENCY}
    await booked(other, a_csv([promised]))
    async with api.database.transaction() as connection:
        await connection.execute("SELECT FROM pledge FOR UPDATE")
        answer = await dry(treasurer, a_csv([promised, row(2)]))

    assert [(e["field"], e["code"]) for e in answer["errors"]] == [("agency", "foreign_row")]


async def test_half_a_character_in_a_name_is_refused(treasurer: Caller) -> None:
    line = json.dumps({**row(1), "\ud800x": "1"})

    refused = await send(treasurer, line.encode())

    assert refusal(refused)[:2] == (422, "unknown_header")
