"""One transfer for several agencies or purposes: every line of it, or none."""

from typing import Any, Final

from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.contents import nothing_written

AGENCY: Final = "52441900AJC6XAY6DW"
OTHER_AGENCY: Final = "52441900DNF0KCB4UQ"
ENTERPRISE: Final = "91441900LX8R25H7GP"

Json = dict[str, Any]


def yuan(amount: str) -> Json:
    return {"amount": amount, "currency": "CNY"}


def a_line(reference: str, amount: str, **changes: Any) -> Json:
    return {"reference": reference, "agency": AGENCY, "amount": yuan(amount), **changes}


def a_deposit(*lines: Json, **changes: Any) -> Json:
    return {
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "amount": yuan("100.00"),
        "received_on": "2025-03-02",
        "bank_reference": "BK-1",
        "lines": list(lines),
        **changes,
    }


async def test_a_deposit_is_split_over_purposes(api: Api, treasurer: Caller) -> None:
    lines = (a_line("DN-1", "60.00", restricted_to="长者助餐"), a_line("DN-2", "40.00"))

    answer = await treasurer.post("/v1/deposits", a_deposit(*lines))

    assert answer.status_code == 201, answer.text
    deposit = answer.json()
    assert deposit["amount"] == yuan("100.00")
    assert [(d["reference"], d["line"], d["bank_reference"]) for d in deposit["donations"]] == [
        ("DN-1", 1, "BK-1"),
        ("DN-2", 2, "BK-1"),
    ]
    assert {d["deposit_id"] for d in deposit["donations"]} == {deposit["deposit_id"]}
    assert len(await api.events()) == 2
    assert answer.headers["fundmix-position"].count("fundmix.donations") == 2


async def test_a_deposit_is_split_over_agencies_by_an_officer(api: Api, treasurer: Caller) -> None:
    lines = (a_line("DN-1", "60.00"), a_line("DN-1", "40.00", agency=OTHER_AGENCY))
    officer = api.caller("finance_officer", org="11441900AHP4983MNR")

    refused = await treasurer.post("/v1/deposits", a_deposit(*lines))
    answer = await officer.post("/v1/deposits", a_deposit(*lines, delegation="联合捐赠"))

    assert refusal(refused)[:2] == (403, "foreign_row")
    assert answer.status_code == 201, answer.text
    assert [(d["agency"], d["line"]) for d in answer.json()["donations"]] == [
        (AGENCY, 1),
        (OTHER_AGENCY, 1),
    ]


async def test_a_bank_reference_brings_one_deposit(api: Api, treasurer: Caller) -> None:
    await treasurer.post("/v1/deposits", a_deposit(a_line("DN-1", "100.00")))

    async with nothing_written(api.database):
        again = await treasurer.post("/v1/deposits", a_deposit(a_line("DN-2", "100.00")))

    assert refusal(again) == (
        409,
        "bank_reference_used",
        {"/bank_reference": "bank_reference_used"},
    )


async def test_lines_that_do_not_sum_book_nothing(api: Api, treasurer: Caller) -> None:
    for lines, code, pointer in (
        ((a_line("DN-1", "60.00"), a_line("DN-2", "39.99")), "split_mismatch", "/lines"),
        (
            (a_line("DN-1", "60.00"), a_line("DN-1", "40.00")),
            "reference_taken",
            "/lines/1/reference",
        ),
        ((), "invalid_request", "/lines"),
    ):
        async with nothing_written(api.database):
            answer = await treasurer.post("/v1/deposits", a_deposit(*lines))
        found = refusal(answer)
        assert (found.code, list(found.errors)) == (code, [pointer])


async def test_goods_and_time_say_what_they_are(api: Api, treasurer: Caller) -> None:
    goods = {
        "description": "大米",
        "quantity": "12.5",
        "unit": "袋",
        "proof_kind": "invoice",
        "proof_sha256": "0" * 64,
    }
    time = {"description": "法律咨询", "hours": "1.5", "hourly_rate": yuan("33.33")}
    usual = {
        "donor": {"kind": "enterprise", "code": ENTERPRISE},
        "agency": AGENCY,
        "received_on": "2025-03-02",
    }

    rice = await treasurer.post(
        "/v1/donations",
        {**usual, "reference": "G", "kind": "in_kind", "amount": yuan("80.00"), "goods": goods},
    )
    # 49.995 yuan: of half a fen, the even one.
    hours = {**usual, "reference": "S", "kind": "service", "service": time}
    wrong = await treasurer.post("/v1/donations", {**hours, "amount": yuan("49.99")})
    right = await treasurer.post("/v1/donations", {**hours, "amount": yuan("50.00")})

    assert rice.json()["goods"] == goods
    assert refusal(wrong) == (422, "contradictory_terms", {"/amount": "contradictory_terms"})
    assert right.json()["service"]["hours"] == "1.5"
    for changes, code, pointer in (
        ({"kind": "cash", "bank_reference": "B", "goods": goods}, "contradictory_terms", "/goods"),
        ({"goods": {**goods, "quantity": "0"}}, "invalid_request", "/goods/quantity"),
        ({"goods": {**goods, "quantity": "0.0001"}}, "invalid_request", "/goods/quantity"),
        ({"goods": {**goods, "proof_kind": None}}, "contradictory_terms", "/goods/proof_sha256"),
        ({"service": time}, "contradictory_terms", "/service"),
    ):
        body = {**usual, "reference": "X", "kind": "in_kind", "amount": yuan("80.00"), **changes}
        async with nothing_written(api.database):
            answer = await treasurer.post("/v1/donations", body)
        found = refusal(answer)
        assert (found.code, list(found.errors)) == (code, [pointer]), changes
