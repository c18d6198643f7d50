"""Reports over HTTP on books with late, back-dated and reversed facts and a close in between."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Money, minor_from_text
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.ledger_samples import a_lot_movement
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY, a_posting
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.testing.reasons import hold_figures

MEAL: Final = "长者助餐"
PURPOSE: Final = f"purpose:{MEAL}"
CONTRACT: Final = "contract:DG-2024-0001"
YEAR: Final = {"from": 202401, "to": 202412}
ON: Final = "2024-12-31"
MIDDLE: Final = "2024-06-15"
ACTIVITIES: Final = "/v1/statements/activities"
BALANCE_SHEET: Final = "/v1/statements/balance-sheet"
OFFICIAL: Final = {"basis": "official"}


@pytest.fixture
def auditor(api: Api) -> Caller:
    return api.caller("auditor")


async def ask(caller: Caller, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await caller.get(path, **parameters)
    assert answer.is_success, answer.text
    return answer.json()


async def post_a_year(inlet: Inlet[Prepared], clock: FixedClock) -> None:
    """Two channels in one fund, a purpose, an advance, a close, and what came late and was undone.

    The clock moves by a day before and after the close.
    """
    await inlet.post(
        samples.contract_signed("900.00"),
        samples.donation_received("50.00", received_on=date(2023, 11, 5)),
        samples.donation_received("100.00", received_on=date(2024, 5, 2)),
        samples.donation_received(
            "30.00", channel=Channel.ENTERPRISE, received_on=date(2024, 5, 3), restricted_to=MEAL
        ),
        samples.donation_received("20.00", received_on=date(2024, 5, 4), restricted_to=MEAL),
        samples.donation_received("7.00", agency=OTHER_AGENCY, received_on=date(2024, 5, 4)),
    )
    clock.advance(timedelta(days=1))
    manual = ledger_samples.manual_entry_approved("12.00", value_on=date(2024, 6, 10))
    await inlet.post(ledger_samples.close_approved(202405))
    await inlet.post(
        samples.donation_received("5.00", received_on=date(2024, 5, 31)),
        _spent("25.00", PURPOSE, {Channel.ENTERPRISE: "20.00", Channel.FOUNDATION: "5.00"}),
        _spent("40.00", CONTRACT, {}, advance="40.00", advance_channel=Channel.GOVERNMENT),
        manual,
    )
    clock.advance(timedelta(days=1))
    await inlet.post(
        ledger_samples.reversal_approved("12.00", value_on=date(2024, 6, 10), corrects=uuid4()),
        samples.instalment_paid("15.00", paid_on=date(2024, 7, 1)),
    )


def _spent(
    amount: str,
    fund_code: str,
    by_channel: dict[Channel, str],
    *,
    advance: str = "0.00",
    **changes: Any,
) -> Any:
    draws = tuple(
        a_lot_movement(part, channel=channel, fund_code=fund_code)
        for channel, part in by_channel.items()
    )
    usual = {"fund_code": fund_code, "draws": draws, "advance": Money.parse(advance)}
    return ledger_samples.expenditure_approved(amount, **(usual | changes))


async def test_as_of_yesterday_gives_yesterdays_answers(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await inlet.post(
        samples.donation_received("100.00", received_on=date(2024, 5, 2)),
        ledger_samples.manual_entry_approved("12.00", value_on=date(2024, 5, 10)),
    )
    yesterday = clock.today().isoformat()
    paths: list[tuple[str, dict[str, Any]]] = [
        ("/v1/mix", {"year": 2024}),
        ("/v1/statements/balance-sheet", {"on": ON}),
        ("/v1/statements/activities", {"year": 2024}),
        ("/v1/balances", {}),
    ]
    before = [await ask(auditor, p, as_of=yesterday, **q) for p, q in paths]
    clock.advance(timedelta(days=1))
    await inlet.post(ledger_samples.close_approved(202405))
    await inlet.post(samples.donation_received("5.00", received_on=date(2024, 5, 1)))
    await inlet.post(
        ledger_samples.reversal_approved("12.00", value_on=date(2024, 5, 10), corrects=uuid4())
    )

    after = [await ask(auditor, p, as_of=yesterday, **q) for p, q in paths]
    today = [await ask(auditor, p, as_of=clock.today().isoformat(), **q) for p, q in paths]

    for answer in (*before, *after):
        answer.pop("closed_through", None)
    assert after == before
    assert [answer["seq"] for answer in (*before, *today)] == [2, 2, 2, 2, 5, 5, 5, 5]
    assert [mix["received_total"] for mix in (before[0], today[0])] == ["100.00", "105.00"]
    spent = [answer["total_expenses"]["total"]["amount"] for answer in (before[2], today[2])]
    assert spent == ["12.00", "0.00"]


async def test_the_official_mix_stands_beside_the_restated_one(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("100.00", received_on=date(2023, 12, 2)),
    )
    await inlet.post(ledger_samples.close_approved(202312))
    await inlet.post(samples.donation_received("5.00", received_on=date(2023, 12, 31)))

    found = {
        (basis, year): await ask(auditor, "/v1/mix", year=year, basis=basis)
        for basis in ("official", "restated")
        for year in (2023, 2024)
    }

    assert {key: mix["received_total"] for key, mix in found.items()} == {
        ("official", 2023): "100.00",
        ("official", 2024): "5.00",
        ("restated", 2023): "105.00",
        ("restated", 2024): "0.00",
    }
    assert {(mix["basis"], mix["closed_through"]) for mix in found.values()} == {
        ("official", 202312),
        ("restated", 202312),
    }


async def test_balances_are_of_a_value_date_and_of_a_day_of_posting(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    monday = clock.today().isoformat()
    await inlet.post(samples.donation_received("1.00", received_on=date(2024, 5, 1)))
    clock.advance(timedelta(days=1))
    await inlet.post(
        samples.donation_received("2.00", received_on=date(2024, 5, 1)),
        samples.donation_received("4.00", received_on=date(2024, 5, 2)),
    )

    async def bank(**days: str) -> str:
        items = (await ask(auditor, "/v1/balances", **days))["items"]
        (item,) = [i for i in items if i["code"] == "assets:bank"]
        assert await hold_figures(auditor, item) == 1
        return item["amount"]["amount"]

    assert await bank() == "7.00"
    assert await bank(on="2024-05-01") == "3.00"
    assert await bank(as_of=monday) == "1.00"
    assert await bank(on="2024-05-01", as_of=monday) == "1.00"


async def test_a_trial_balance_sums_to_zero_and_opens_with_what_is_closed(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await post_a_year(inlet, clock)

    trial = await ask(auditor, "/v1/trial-balance", **{"from": 202406, "to": 202407})

    assert trial["totals"]["is_zero"]
    assert trial["memo_totals"]["is_zero"]
    assert trial["totals"]["debit"] == trial["totals"]["credit"]
    assert [line["is_memo"] for line in trial["lines"]] == sorted(
        line["is_memo"] for line in trial["lines"]
    )
    (bank,) = [
        line
        for line in trial["lines"]
        if (line["agency"], line["code"], line["fund_code"]) == (AGENCY, "assets:bank", "general")
    ]
    columns = ("opening", "debit", "credit", "closing")
    assert [bank[c]["amount"] for c in columns] == ["150.00", "5.00", "0.00", "155.00"]
    assert await hold_figures(auditor, trial) == 4 * (len(trial["lines"]) + 2)


async def test_a_trial_balance_comes_in_pages_with_the_totals_of_all(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await post_a_year(inlet, clock)
    whole = await ask(auditor, "/v1/trial-balance", **YEAR)
    lines: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await ask(auditor, "/v1/trial-balance", limit=3, **YEAR, **cursor)
        assert page["totals"] == whole["totals"]
        lines += page["lines"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert lines == whole["lines"]


async def test_an_account_tells_every_posting_and_what_it_came_to(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("1.00", received_on=date(2023, 5, 1)),
        samples.donation_received("2.00", received_on=date(2024, 5, 1)),
        samples.donation_received("4.00", received_on=date(2024, 4, 1)),
        samples.donation_received("8.00", received_on=date(2025, 4, 1)),
    )
    path = "/v1/accounts/1/entries"

    whole = await ask(auditor, path, **YEAR)
    first = await ask(auditor, path, limit=1, **YEAR)
    second = await ask(auditor, path, limit=1, cursor=first["next_cursor"], **YEAR)

    assert whole["account"]["code"] == "assets:bank"
    assert whole["opening"]["amount"] == "1.00"
    assert [(i["amount"], i["closing"]) for i in whole["items"]] == [
        ("2.00", "3.00"),
        ("4.00", "7.00"),
    ]
    assert first["items"] + second["items"] == whole["items"]
    assert (second["brought_forward"]["amount"], second["next_cursor"]) == ("3.00", None)
    assert await hold_figures(auditor, whole) == 2
    assert await hold_figures(auditor, second) == 2


async def test_statements_balance_and_every_line_names_its_entries(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await post_a_year(inlet, clock)

    sheet = await ask(auditor, "/v1/statements/balance-sheet", on="2024-07-15", agency=AGENCY)
    made = await ask(auditor, "/v1/statements/activities", year=2024, agency=AGENCY)

    assert sheet["total_assets"]["amount"] == "155.00"
    assert sheet["total_liabilities"]["amount"] == "15.00"
    net = {line["line"]: line["amount"] for line in sheet["net_assets"]}
    assert net == {"net_assets:unrestricted": "115.00", "net_assets:restricted": "25.00"}
    columns = ("unrestricted", "restricted", "total")
    shown = {
        name: [made[name][c]["amount"] for c in columns]
        for name in ("total_income", "releases", "total_expenses", "change_of_net_assets")
    }
    assert shown == {
        "total_income": ["105.00", "50.00", "155.00"],
        "releases": ["25.00", "-25.00", "0.00"],
        "total_expenses": ["65.00", "0.00", "65.00"],
        "change_of_net_assets": ["65.00", "25.00", "90.00"],
    }
    assert await hold_figures(auditor, sheet) > 6
    assert await hold_figures(auditor, made) > 20


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2024-05-03", "2024-05-03"),
        ("2024-05-02", "2024-05-04"),
        ("2024-05-03", "2024-05-31"),
        ("2024-05-01", "2024-05-03"),
        ("2024-05-03", "2024-06-30"),
        ("2024-05-04", "2024-07-15"),
        ("2023-11-05", "2024-05-03"),
        ("2023-11-06", "2024-07-01"),
    ],
)
async def test_a_span_of_any_days_counts_each_of_them_once(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock, first: str, last: str
) -> None:
    await post_a_year(inlet, clock)

    made = await ask(auditor, "/v1/statements/activities", **{"from": first, "to": last})

    assert await hold_figures(auditor, made) > 20


@pytest.mark.parametrize("agency", [None, AGENCY])
async def test_a_balance_sheet_of_no_day_is_that_of_all_that_is_recorded(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock, agency: str | None
) -> None:
    await post_a_year(inlet, clock)
    whose = {} if agency is None else {"agency": agency}
    path = "/v1/statements/balance-sheet"

    now = await ask(auditor, path, **whose)
    last = await ask(auditor, path, on="2199-12-31", **whose)
    known = await ask(auditor, path, as_of=clock.today().isoformat(), **whose)

    def amounts(sheet: dict[str, Any]) -> list[tuple[str, str]]:
        lines = (*sheet["assets"], *sheet["liabilities"], *sheet["net_assets"])
        return [(line["line"], line["amount"]) for line in lines]

    assert amounts(now) == amounts(last) == amounts(known) != []
    assert (now["on"], now["as_of"]) == (None, None)
    assert await hold_figures(auditor, now) > 6


async def test_books_without_an_opening_balance_are_a_management_view(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    opening = ledger_samples.opening_balance_approved()
    await inlet.post(opening, samples.donation_received(agency=OTHER_AGENCY))
    path = "/v1/statements/balance-sheet"

    titles = {
        agency: (await ask(auditor, path, on=ON, **({"agency": agency} if agency else {})))
        for agency in (AGENCY, OTHER_AGENCY, "")
    }

    assert {a: (s["title"]["zh"], s["is_management_view"]) for a, s in titles.items()} == {
        AGENCY: ("会计报表", False),
        OTHER_AGENCY: ("管理口径", True),
        "": ("管理口径", True),
    }


@pytest.mark.parametrize("agency", [None, AGENCY])
async def test_every_layer_of_a_flow_has_the_same_sum(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock, agency: str | None
) -> None:
    await post_a_year(inlet, clock)
    whose = {} if agency is None else {"agency": agency}

    flow = await ask(auditor, "/v1/flow", year=2024, **whose)

    for layer in range(3):
        amounts = [n["amount"] for n in flow["nodes"] if n["layer"] == layer]
        assert sum(map(minor_from_text, amounts)) == minor_from_text(flow["total"])
    links = {(k["source"], k["target"]): (k["amount"], k["is_pooled"]) for k in flow["links"]}
    contract, purpose = ("contract", "purpose") if agency is None else (CONTRACT, PURPOSE)
    assert links["from:advance", f"fund:{contract}"] == ("25.00", False)
    assert links["from:government", f"fund:{contract}"] == ("15.00", False)
    assert links[f"fund:{contract}", "to:expenses:programme"] == ("40.00", False)
    assert links["from:carried_in:foundation", "fund:general"] == ("50.00", False)
    assert "oldest money first" in flow["pooled_note"]["en"]
    assert links["from:enterprise", f"fund:{purpose}"] == ("30.00", True)
    assert links[f"fund:{purpose}", "to:left_over"] == ("25.00", True)
    figures = sum(len(flow[part]) for part in ("nodes", "links", "flows"))
    assert await hold_figures(auditor, flow) == figures
    assert [(f["channel"], f["fund_kind"], f["category"], f["amount"]) for f in flow["flows"]] == [
        ("enterprise", "purpose", "programme", "20.00"),
        ("foundation", "purpose", "programme", "5.00"),
        ("government", "contract", "programme", "40.00"),
    ]


async def test_an_advance_is_repaid_by_the_receipts_of_the_next_year(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        _spent("40.00", CONTRACT, {}, advance="40.00", advance_channel=Channel.GOVERNMENT),
        samples.instalment_paid("60.00", paid_on=date(2025, 2, 1)),
    )

    flow = await ask(auditor, "/v1/flow", year=2025)

    assert {(k["source"], k["target"]): k["amount"] for k in flow["links"]} == {
        ("from:government", "fund:contract"): "60.00",
        ("fund:contract", "to:advance_repaid"): "40.00",
        ("fund:contract", "to:left_over"): "20.00",
    }
    assert flow["pooled_note"] is None
    assert await hold_figures(auditor, flow) == 3 + 4


async def test_expenses_on_credit_and_purchases_are_other_movements(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    bought = ledger_samples.manual_entry_approved(
        postings=(
            a_posting(AccountCode.FIXED_ASSETS, "30.00"),
            a_posting(AccountCode.BANK, "-30.00"),
        )
    )
    await inlet.post(
        samples.donation_received("100.00"),
        bought,
        ledger_samples.manual_entry_approved("12.00", reference="ME-2024-2"),
    )

    flow = await ask(auditor, "/v1/flow", year=2024)

    assert {(k["source"], k["target"]): k["amount"] for k in flow["links"]} == {
        ("from:foundation", "fund:general"): "100.00",
        ("fund:general", "to:expenses:management"): "12.00",
        ("fund:general", "to:left_over"): "70.00",
        ("fund:general", "to:other_out"): "18.00",
    }
    assert await hold_figures(auditor, flow) == 5 + 5


async def test_the_mix_names_the_entries_behind_each_amount(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await post_a_year(inlet, clock)

    for basis in ("official", "restated"):
        mix = await ask(auditor, "/v1/mix", year=2024, basis=basis)
        figures = 2 + len(mix["received_by_channel"]) + len(mix["agencies"])
        assert await hold_figures(auditor, mix) == figures


@pytest.mark.parametrize(
    ("path", "query", "figures"),
    [
        ("/v1/funds", {}, 2 * 4),
        ("/v1/advances", {"on": "2024-12-31"}, 2),
        ("/v1/advances", {"on": "2024-12-31", "ever": "true"}, 2),
        ("/v1/lots", {"agency": AGENCY, "fund_code": "general"}, 2 * 3),
        ("/v1/spending-limits", {"agency": AGENCY, "year": 2024}, 5),
        ("/v1/spending-limits", {"agency": AGENCY, "year": 2025}, 5),
        ("/v1/period-balances", {"year": 2024}, 20),
        ("/v1/balances", {"on": "2024-06-30"}, 10),
    ],
)
async def test_amounts_of_funds_years_and_months_name_their_entries(  # what is asked, and where
    auditor: Caller,
    inlet: Inlet[Prepared],
    clock: FixedClock,
    path: str,
    query: dict[str, Any],
    figures: int,
) -> None:
    await post_a_year(inlet, clock)

    answer = await ask(auditor, path, **query)

    assert await hold_figures(auditor, answer) >= figures


async def test_why_shows_an_agency_its_own_entries_only(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.donation_received("20.00"),
        samples.donation_received("30.00", agency=OTHER_AGENCY),
    )
    treasurer = api.caller("agency", org=AGENCY)

    own = await ask(treasurer, "/v1/why", code="assets:bank")

    assert (own["sum"], len(own["items"])) == ("20.00", 1)
    assert own["items"][0]["rule"]["en"].startswith("A donation is income")


@pytest.mark.parametrize(
    ("path", "query", "code", "name"),
    [
        ("/v1/mix", {"year": 2024} | OFFICIAL | {"as_of": ON}, "basis_conflict", "as_of"),
        ("/v1/mix", {"year": 2024} | OFFICIAL | {"on": ON}, "basis_conflict", "on"),
        (ACTIVITIES, OFFICIAL | {"year": 2024, "as_of": ON}, "basis_conflict", "as_of"),
        (ACTIVITIES, OFFICIAL | {"from": "2024-01-02", "to": ON}, "span_invalid", "basis"),
        (ACTIVITIES, OFFICIAL | {"from": "2024-01-01", "to": MIDDLE}, "span_invalid", "basis"),
        (BALANCE_SHEET, OFFICIAL, "span_invalid", "on"),
        (BALANCE_SHEET, OFFICIAL | {"on": MIDDLE}, "span_invalid", "basis"),
        (BALANCE_SHEET, OFFICIAL | {"on": ON, "as_of": ON}, "basis_conflict", "as_of"),
        ("/v1/why", {"period_from": 202401, "as_of": ON}, "basis_conflict", "period_from"),
        ("/v1/why", {"only": "debit", "value_to": ON}, "basis_conflict", "only"),
        ("/v1/why", {"held": "something"}, "basis_conflict", "held"),
        ("/v1/trial-balance", {"from": 202413, "to": 202501}, "span_invalid", "from"),
        ("/v1/trial-balance", {"from": 202402, "to": 202401}, "span_invalid", "to"),
        (ACTIVITIES, {}, "span_invalid", "year"),
        (ACTIVITIES, {"year": 2024, "from": ON, "to": ON}, "span_invalid", "year"),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    shared_api: Api, path: str, query: dict[str, Any], code: str, name: str
) -> None:
    answer = await shared_api.caller("auditor").get(path, **query)

    assert refusal(answer) == (422, code, {f"#query/{name}": code})


async def test_a_day_that_is_none_is_refused(shared_api: Api) -> None:
    answer = await shared_api.caller("auditor").get(BALANCE_SHEET, on="2024-02-30")

    assert refusal(answer)[:2] == (422, "invalid_request")


async def test_nobody_reads_an_account_that_is_none(shared_api: Api) -> None:
    answer = await shared_api.caller("auditor").get("/v1/accounts/77/entries", **YEAR)

    assert refusal(answer)[:2] == (404, "account_not_found")
