"""Official figures, as booked, beside those that are restated with what came late."""

from datetime import date
from typing import Any, Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.money import Money
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.ledger_samples import a_lot_movement
from fundmix_kit.testing.api import Api, Caller
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.testing.reasons import hold_figures

CONTRACT: Final = "contract:DG-2024-0001"
ON: Final = "2024-12-31"


@pytest.fixture
def auditor(api: Api) -> Caller:
    return api.caller("auditor")


async def ask(caller: Caller, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await caller.get(path, **parameters)
    assert answer.is_success, answer.text
    return answer.json()


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


async def post_a_late_year(inlet: Inlet[Prepared]) -> None:
    """Of 2023: a gift and a use of it in time, and one of each after the books were closed."""
    await inlet.post(
        samples.donation_received("100.00", received_on=date(2023, 12, 2)),
        _spent("10.00", "general", {Channel.FOUNDATION: "10.00"}, spent_on=date(2023, 12, 3)),
    )
    await inlet.post(ledger_samples.close_approved(202312))
    await inlet.post(
        samples.donation_received("5.00", received_on=date(2023, 12, 31)),
        samples.donation_received(
            "2.00", channel=Channel.ENTERPRISE, received_on=date(2024, 1, 5), kind="in_kind"
        ),
        _spent("30.00", "general", {Channel.FOUNDATION: "30.00"}, spent_on=date(2023, 12, 30)),
        _spent("7.00", CONTRACT, {}, advance="7.00", advance_channel=Channel.GOVERNMENT),
    )


async def test_official_activities_stand_beside_the_restated_ones(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_late_year(inlet)
    path = "/v1/statements/activities"

    found = {
        (basis, year): await ask(auditor, path, year=year, basis=basis)
        for basis in ("official", "restated")
        for year in (2023, 2024)
    }

    amounts = ("total_income", "total_expenses", "change_of_net_assets")
    assert {key: [a[n]["total"]["amount"] for n in amounts] for key, a in found.items()} == {
        ("official", 2023): ["100.00", "10.00", "90.00"],
        ("official", 2024): ["7.00", "37.00", "-30.00"],
        ("restated", 2023): ["105.00", "40.00", "65.00"],
        ("restated", 2024): ["2.00", "7.00", "-5.00"],
    }
    for (basis, year), made in found.items():
        assert (made["basis"], made["closed_through"]) == (basis, 202312)
        assert (made["value_from"], made["value_to"]) == (f"{year}-01-01", f"{year}-12-31")
        assert await hold_figures(auditor, made) > 15


async def test_an_official_balance_sheet_stands_beside_the_restated_one(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_late_year(inlet)
    path = "/v1/statements/balance-sheet"

    sheets = {
        (basis, on): await ask(auditor, path, on=on, basis=basis)
        for basis in ("official", "restated")
        for on in ("2023-12-31", ON)
    }

    assert {key: sheet["total_assets"]["amount"] for key, sheet in sheets.items()} == {
        ("official", "2023-12-31"): "90.00",
        ("restated", "2023-12-31"): "65.00",
        ("official", ON): "60.00",
        ("restated", ON): "60.00",
    }
    for (basis, on), sheet in sheets.items():
        assert (sheet["basis"], sheet["on"]) == (basis, on)
        assert await hold_figures(auditor, sheet) > 4


async def test_an_official_flow_stands_beside_the_restated_one(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_late_year(inlet)

    flows = {
        (basis, year): await ask(auditor, "/v1/flow", year=year, basis=basis)
        for basis in ("official", "restated")
        for year in (2023, 2024)
    }

    def links(basis: str, year: int) -> dict[str, str]:
        found = flows[basis, year]["links"]
        ends = ((k["source"], k["target"]) for k in found)
        outer = (s if s.startswith("from:") else t for s, t in ends)
        return dict(zip(outer, (k["amount"] for k in found), strict=True))

    assert links("official", 2023) == {
        "from:foundation": "100.00",
        "to:left_over": "90.00",
        "to:expenses:programme": "10.00",
    }
    assert links("restated", 2023) == {
        "from:foundation": "105.00",
        "to:left_over": "65.00",
        "to:expenses:programme": "40.00",
    }
    assert flows["official", 2024]["total"] == "102.00"  # 90 carried in, 5 late, 7 advanced
    assert flows["restated", 2024]["total"] == "72.00"
    for (basis, _), flow in flows.items():
        assert flow["basis"] == basis
        assert await hold_figures(auditor, flow) > 5


async def test_a_reading_has_the_official_income_beside_the_restated_one(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await post_a_late_year(inlet)

    closed = await ask(auditor, "/v1/reading", year=2023, on="2023-12-31")
    after = await ask(auditor, "/v1/reading", year=2024, on=ON)
    within = await ask(auditor, "/v1/reading", year=2024, on="2024-06-15")

    official = closed["official"]
    assert (official["through"], official["closed_through"]) == (202312, 202312)
    assert official["received"]["total"]["amount"] == "100.00"
    assert closed["received"]["total"]["amount"] == "105.00"
    assert after["official"]["received"]["total"]["amount"] == "5.00"
    assert after["received"]["total"]["amount"] == "0.00"
    assert after["official"]["received"]["in_kind"]["amount"] == "2.00"
    assert within["official"] is None
    for reading in (closed, after):
        assert await hold_figures(auditor, reading["official"]) > 8


async def test_a_mix_has_a_channel_that_took_back_more_in_no_share(
    auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("20.00"),
        samples.donation_received("60.00", channel=Channel.ENTERPRISE),
        samples.recovery_received("30.00", channel=Channel.GOVERNMENT),
    )

    mix = await ask(auditor, "/v1/mix", year=2024)
    reading = await ask(auditor, "/v1/reading", year=2024, on=ON)

    assert (mix["received_by_channel"]["government"], mix["received_total"]) == ("-30.00", "80.00")
    assert (mix["negative_channels"], mix["n"]) == (["government"], 2)
    for name in ("government_share", "hhi", "effective_sources"):
        assert mix[name] == reading["received"][name]
    assert await hold_figures(auditor, mix) == 6
