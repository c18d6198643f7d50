"""Receipts over HTTP: drafted, issued, withdrawn, replaced, checked by anybody."""

from datetime import date
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from donations_svc.domain.receipt import Withdrawal, WithdrawalReason
from donations_svc.storage import receipts
from donations_svc.testing.donations import (
    AGENCY,
    ENTERPRISE,
    GOODS,
    PROVED_GOODS,
    SERVICE,
    insert_donation,
)
from fundmix_events.roles import Role
from fundmix_kit.clock import SystemClock
from fundmix_kit.testing.api import Api, Caller, Response, refusal
from fundmix_kit.testing.contents import nothing_written

OTHER_ENTERPRISE: Final = "914419004601L7U6QD"
PERSON: Final[dict[str, Any]] = {
    "donor_kind": "individual",
    "donor_code": None,
    "channel": "individual",
}
YEAR: Final = SystemClock().today().year
REFUND: Final = """
    INSERT INTO refund (refund_id, version, donation_id, agency, reference, lot_id, kind,
                        amount_minor, currency, reason, state, held_on, requested_by, requested_at)
    VALUES ($1, 1, $2, $3, 'RF-1', $2, 'cash', 1, 'CNY', 'left_over', 'held', '2025-04-01', 'x',
            now())
"""
GIVE_BACK: Final = "UPDATE donation SET refunded_minor = $2 WHERE donation_id = $1"
REVERSE: Final = """
    UPDATE donation SET reversed_on = '2025-04-01', reversal_reason = 'twice'
    WHERE donation_id = $1
"""


async def a_donation(api: Api, **columns: Any) -> UUID:
    async with api.database.transaction() as connection:
        return await insert_donation(connection, **columns)


async def execute(api: Api, statement: str, *arguments: object) -> None:
    async with api.database.transaction() as connection:
        await connection.execute(statement, *arguments)


async def draft(caller: Caller, donation_id: UUID, **fields: Any) -> Response:
    return await caller.post("/v1/receipts", {"donation_id": str(donation_id), **fields})


async def issue(caller: Caller, donation_id: UUID, **fields: Any) -> dict[str, Any]:
    drafted = await draft(caller, donation_id, **fields)
    assert drafted.status_code == 201, drafted.text
    answer = await caller.post(f"/v1/receipts/{drafted.json()['receipt_id']}/issue", {})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def withdraw(caller: Caller, receipt: dict[str, Any], reason: str = "wrong") -> Response:
    path = f"/v1/receipts/{receipt['receipt_id']}/withdraw"
    return await caller.post(path, {"reason": reason, "remark": "金额写错"})


def checked_at(receipt: dict[str, Any]) -> str:
    """The address on the paper, without the host."""
    url: str = receipt["shown"]["check_url"]
    return url.removeprefix("http://127.0.0.1:8030")


async def test_a_receipt_is_drafted_issued_and_withdrawn(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api)

    drafted = (await draft(treasurer, donation_id, handler="王芳")).json()
    issued = await treasurer.post(f"/v1/receipts/{drafted['receipt_id']}/issue", {})
    withdrawn = await withdraw(treasurer, drafted)

    assert (drafted["state"], drafted["number"], drafted["shown"]) == ("draft", None, None)
    assert issued.json()["state"] == "issued"
    assert issued.json()["number"] == f"{AGENCY}-{YEAR}-000001"
    assert issued.json()["shown"]["amount_in_words"] == "人民币壹仟元整"
    assert issued.json()["shown"]["handler"] == "王芳"
    assert withdrawn.json()["state"] == "withdrawn"
    assert withdrawn.json()["number"] == issued.json()["number"]
    assert withdrawn.json()["shown"] == issued.json()["shown"]
    assert withdrawn.json()["withdrawal_reason"] == "wrong"
    assert [a.headers["etag"] for a in (issued, withdrawn)] == ['"2"', '"3"']


async def test_numbers_follow_one_another_for_each_agency(api: Api, treasurer: Caller) -> None:
    other = api.caller(Role.AGENCY, org="52441900DNF0KCB4UQ")
    first, second = [await issue(treasurer, await a_donation(api)) for _ in range(2)]
    elsewhere = await issue(other, await a_donation(api, agency="52441900DNF0KCB4UQ"))

    assert [r["number"][-6:] for r in (first, second, elsewhere)] == ["000001", "000002", "000001"]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (SERVICE, "no_receipt_for_service"),
        ({"is_sponsorship": True}, "no_receipt_for_sponsorship"),
        (GOODS, "no_receipt_without_proof"),
        ({"refunded_minor": 100_000}, "no_receipt_for_refunded"),
        (
            {"reversed_on": date(2025, 4, 1), "reversal_reason": "twice"},
            "no_receipt_for_reversed",
        ),
    ],
)
async def test_some_donations_are_refused_a_receipt(
    api: Api, treasurer: Caller, columns: dict[str, Any], code: str
) -> None:
    answer = await draft(treasurer, await a_donation(api, **columns))

    assert refusal(answer) == (409, code, {"/donation_id": code})


async def test_goods_of_proved_value_have_one(api: Api, treasurer: Caller) -> None:
    issued = await issue(treasurer, await a_donation(api, **PROVED_GOODS))

    assert issued["shown"]["goods"]["description"] == "护理床"


async def test_what_happens_after_the_draft_counts(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api)
    drafted = (await draft(treasurer, donation_id)).json()
    path = f"/v1/receipts/{drafted['receipt_id']}/issue"

    await execute(api, REFUND, uuid4(), donation_id, AGENCY)
    held = await treasurer.post(path, {})
    await execute(api, "UPDATE refund SET state = 'cancelled'")
    await execute(api, GIVE_BACK, donation_id, 30_000)
    issued = await treasurer.post(path, {})

    assert refusal(held)[:2] == (409, "no_receipt_while_refunding")
    shown = issued.json()["shown"]
    assert shown["amount"] == {"amount": "700.00", "currency": "CNY"}
    assert shown["refunded"] == {"amount": "300.00", "currency": "CNY"}


async def test_a_reversed_donation_keeps_no_draft_alive(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api)
    drafted = (await draft(treasurer, donation_id)).json()
    await execute(api, REVERSE, donation_id)

    answer = await treasurer.post(f"/v1/receipts/{drafted['receipt_id']}/issue", {})

    assert refusal(answer)[:2] == (409, "no_receipt_for_reversed")


async def test_a_donation_has_one_receipt_that_stands(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api)

    drafted = await draft(treasurer, donation_id)
    beside_draft = await draft(treasurer, donation_id)
    path = f"/v1/receipts/{drafted.json()['receipt_id']}"
    issued = await treasurer.post(f"{path}/issue", {})
    beside_issued = await draft(treasurer, donation_id)
    again = await treasurer.post(f"{path}/issue", {})

    assert refusal(beside_draft)[:2] == (409, "receipt_exists")
    assert refusal(beside_issued)[:2] == (409, "receipt_exists")
    assert issued.json()["number"] in beside_issued.json()["detail"]
    assert refusal(again)[:2] == (409, "receipt_not_draft")


async def test_a_new_receipt_names_the_one_it_replaces(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api)
    numbers: list[str] = []
    replaced: list[str | None] = []
    for _ in range(3):
        issued = await issue(treasurer, donation_id)
        await withdraw(treasurer, issued)
        numbers.append(issued["number"])
        replaced.append(issued["replaces"])

    assert replaced == [None, *numbers[:2]]
    listed = (await treasurer.get("/v1/receipts", donation_id=str(donation_id))).json()["items"]
    assert [r["number"] for r in listed] == numbers
    assert {r["state"] for r in listed} == {"withdrawn"}


async def test_a_withdrawn_draft_takes_no_number(api: Api, treasurer: Caller) -> None:
    donation_id = await a_donation(api)
    drafted = (await draft(treasurer, donation_id)).json()

    await withdraw(treasurer, drafted)
    issued = await issue(treasurer, donation_id)
    again = await withdraw(treasurer, drafted)

    assert (issued["number"][-6:], issued["replaces"]) == ("000001", None)
    assert refusal(again)[:2] == (409, "receipt_withdrawn")


async def test_a_request_sent_again_takes_no_second_number(api: Api, treasurer: Caller) -> None:
    drafted = (await draft(treasurer, await a_donation(api))).json()
    path = f"/v1/receipts/{drafted['receipt_id']}/issue"

    answers = [await treasurer.post(path, {}, key="k-1") for _ in range(3)]

    assert len({answer.text for answer in answers}) == 1
    gaps = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    assert gaps.json()["taken"] == 1


async def test_who_has_seen_another_version_changes_nothing(api: Api, treasurer: Caller) -> None:
    drafted = (await draft(treasurer, await a_donation(api))).json()
    path = f"/v1/receipts/{drafted['receipt_id']}/issue"

    answer = await treasurer.post(path, {}, headers={"If-Match": '"2"'})

    assert refusal(answer)[:2] == (412, "version_mismatch")


async def test_an_official_bill_is_named_on_one_receipt(api: Api, treasurer: Caller) -> None:
    bill = {"code": "44010126", "number": "0001234567"}
    first = await issue(treasurer, await a_donation(api), official_bill=bill)
    donation_id = await a_donation(api)

    second = await draft(treasurer, donation_id, official_bill=bill)
    await withdraw(treasurer, first)
    third = await draft(treasurer, donation_id, official_bill=bill)

    assert refusal(second)[:2] == (409, "official_bill_used")
    assert third.json()["official_bill"] == bill


async def test_an_official_bill_that_comes_later_is_named_once(api: Api, treasurer: Caller) -> None:
    bill = {"code": "44010126", "number": "0001234567"}
    issued = await issue(treasurer, await a_donation(api))
    path = f"/v1/receipts/{issued['receipt_id']}"
    before = (await treasurer.get(f"{path}/pdf")).content

    named = await treasurer.post(f"{path}/official-bill", bill)

    assert named.json()["official_bill"] == bill
    assert named.json()["shown"] == issued["shown"]
    assert (await treasurer.get(path)).json() == named.json()
    assert (await treasurer.get(f"{path}/pdf")).content == before
    another = await issue(treasurer, await a_donation(api))
    other_path = f"/v1/receipts/{another['receipt_id']}"
    stranger = api.caller(Role.AGENCY, org="52441900DNF0KCB4UQ")
    async with nothing_written(api.database):
        twice = await treasurer.post(f"{path}/official-bill", {**bill, "number": "2"})
        of_another = await treasurer.post(f"{other_path}/official-bill", bill)
        foreign = await stranger.post(f"{other_path}/official-bill", {**bill, "number": "2"})
        stale = await treasurer.post(
            f"{other_path}/official-bill", {**bill, "number": "2"}, headers={"If-Match": '"1"'}
        )
        empty = await treasurer.post(f"{other_path}/official-bill", {"code": "44010126"})
    await withdraw(treasurer, another)
    late = await treasurer.post(f"{other_path}/official-bill", {**bill, "number": "2"})

    assert refusal(twice)[:2] == (409, "official_bill_named")
    assert refusal(of_another) == (409, "official_bill_used", {"/number": "official_bill_used"})
    assert refusal(foreign)[:2] == (403, "foreign_row")
    assert refusal(stale)[:2] == (412, "version_mismatch")
    assert refusal(empty)[:2] == (422, "invalid_request")
    assert refusal(late)[:2] == (409, "receipt_withdrawn")


async def test_a_donor_reads_what_was_issued_to_it(api: Api, treasurer: Caller) -> None:
    donor = api.caller(Role.DONOR, org=ENTERPRISE)
    issued = await issue(treasurer, await a_donation(api))
    drafted = (await draft(treasurer, await a_donation(api))).json()
    foreign = await issue(treasurer, await a_donation(api, donor_code=OTHER_ENTERPRISE))

    listed = (await donor.get("/v1/receipts")).json()["items"]
    pdf = await donor.get(f"/v1/receipts/{issued['receipt_id']}/pdf")

    assert [r["receipt_id"] for r in listed] == [issued["receipt_id"]]
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-1.7")
    for receipt in (drafted, foreign):
        answer = await donor.get(f"/v1/receipts/{receipt['receipt_id']}")
        assert refusal(answer)[:2] == (403, "foreign_row")


async def test_a_file_is_the_same_each_time_and_changes_when_withdrawn(
    api: Api, treasurer: Caller
) -> None:
    issued = await issue(treasurer, await a_donation(api))
    path = f"/v1/receipts/{issued['receipt_id']}/pdf"

    first, second = (await treasurer.get(path)).content, (await treasurer.get(path)).content
    await withdraw(treasurer, issued)
    void = (await treasurer.get(path)).content

    assert first == second
    assert void != first


async def test_a_draft_can_be_looked_at(api: Api, treasurer: Caller) -> None:
    drafted = (await draft(treasurer, await a_donation(api))).json()
    path = f"/v1/receipts/{drafted['receipt_id']}"

    pdf = await treasurer.get(f"{path}/pdf")
    await withdraw(treasurer, drafted)

    assert pdf.content.startswith(b"%PDF")
    assert (await treasurer.get(f"{path}/pdf")).content.startswith(b"%PDF")


async def test_anybody_with_the_paper_can_check_it(api: Api, treasurer: Caller) -> None:
    issued = await issue(treasurer, await a_donation(api))

    valid = await api.client.get(checked_at(issued))
    await withdraw(treasurer, issued)
    withdrawn = await api.client.get(checked_at(issued))

    assert valid.json() == {
        "number": issued["number"],
        "status": "valid",
        "agency": "示例",
        "donor": "示＊＊＊＊",
        "amount": {"amount": "1000.00", "currency": "CNY"},
        "issued_on": issued["shown"]["issued_on"],
        "withdrawn_on": None,
    }
    assert withdrawn.json()["status"] == "withdrawn"
    assert withdrawn.json()["withdrawn_on"] is not None
    assert valid.headers["cache-control"] == "no-store"
    assert "金额写错" not in withdrawn.text


@pytest.mark.parametrize(
    ("columns", "donor"), [(PERSON, "爱心人士"), ({"is_anonymous": True}, "＊＊＊＊")]
)
async def test_who_checks_learns_no_name(
    api: Api, treasurer: Caller, columns: dict[str, Any], donor: str
) -> None:
    issued = await issue(treasurer, await a_donation(api, **columns))

    answer = await api.client.get(checked_at(issued))

    assert answer.json()["donor"] == donor
    assert ENTERPRISE not in answer.text


async def test_without_the_right_code_a_receipt_is_unknown(api: Api, treasurer: Caller) -> None:
    issued = await issue(treasurer, await a_donation(api))
    other = await issue(treasurer, await a_donation(api))
    path = checked_at(issued).partition("?")[0]
    missing = path[:-1] + "9"

    answers = [
        await api.client.get(address)
        for address in (
            path,
            f"{path}?c=",
            f"{path}?c=000000000000",
            f"{path}?c={other['shown']['check_code']}",
            f"{missing}?c={issued['shown']['check_code']}",
        )
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["status"] for answer in answers} == {"unknown"}
    unknown = {tuple(a.json()[n] for n in ("agency", "donor", "amount")) for a in answers}
    assert unknown == {(None, None, None)}


async def test_a_code_may_be_typed_from_the_paper(api: Api, treasurer: Caller) -> None:
    issued = await issue(treasurer, await a_donation(api))
    code: str = issued["shown"]["check_code"]
    typed = f"{code[:4].lower()} {code[4:8]}-{code[8:]}"

    answer = await api.client.get(f"/v1/public/receipts/{issued['number']}", params={"c": typed})

    assert answer.json()["status"] == "valid"


async def test_the_report_counts_numbers_of_a_year(api: Api, treasurer: Caller) -> None:
    auditor = api.caller(Role.AUDITOR)
    first = await issue(treasurer, await a_donation(api))
    await issue(treasurer, await a_donation(api))
    await withdraw(treasurer, first)

    report = await auditor.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)
    before = await auditor.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR - 1)

    assert report.json() == {
        "agency": AGENCY,
        "year": YEAR,
        "taken": 2,
        "issued": 1,
        "withdrawn": 1,
        "missing": [],
        "double": [],
        "is_whole": True,
    }
    assert (before.json()["taken"], before.json()["is_whole"]) == (0, True)


async def test_the_report_names_a_gap(api: Api, treasurer: Caller) -> None:
    await issue(treasurer, await a_donation(api))
    await execute(api, "UPDATE receipt_series SET last_sequence = 3")
    await issue(treasurer, await a_donation(api))

    report = await treasurer.get("/v1/receipts/gaps", agency=AGENCY, year=YEAR)

    assert (report.json()["missing"], report.json()["is_whole"]) == ([2, 3], False)


async def test_standing_receipts_are_known_and_withdrawn_together(
    api: Api, treasurer: Caller
) -> None:
    issued, other = [await issue(treasurer, await a_donation(api)) for _ in range(2)]
    drafted = (await draft(treasurer, await a_donation(api))).json()
    ids = [UUID(receipt["donation_id"]) for receipt in (issued, other, drafted)]

    async with api.database.transaction() as connection:
        before = await receipts.standing(connection, ids)
        row = await connection.fetchrow("SELECT now() AS at, current_date AS on")
        assert row is not None
        withdrawal = Withdrawal(
            on=row["on"],
            at=row["at"],
            by="treasurer",
            reason=WithdrawalReason.REVERSAL,
            remark=None,
        )
        void = await receipts.withdraw_all(connection, ids, withdrawal)
        after = await receipts.standing(connection, ids)

    assert before == {ids[0]: issued["number"], ids[1]: other["number"]}
    assert void == {**before, ids[2]: None}
    assert after == {}
