"""Every figure of a reading comes to what its `why` lists."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from fundmix_events.channel import Channel
from fundmix_events.contracts import ContractSigned
from fundmix_events.donations import DonationKind
from fundmix_events.ledger import AccountCode
from fundmix_events.money import minor_from_text
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.samples import AGENCY, BUYER, ENTERPRISE, FOUNDATION, OTHER_AGENCY
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.testing.reasons import hold_figures

JUNE_30: Final = "2024-06-30"


async def ask(api: Api, path: str = "/v1/reading", **parameters: str | int) -> dict[str, Any]:
    wanted: dict[str, str | int] = {"year": 2024} if path != "/v1/expiry-cliff" else {}
    answer = await api.caller("auditor").get(path, **(wanted | parameters))
    assert answer.is_success, answer.text
    return answer.json()


def a_contract(number: str, **changes: Any) -> ContractSigned:
    contract_id = UUID(int=int(number))
    return samples.contract_signed(
        changes.pop("ceiling", "1000.00"),
        contract_id=contract_id,
        contract_number=f"DG-{number}",
        **changes,
    )


async def test_why_asks_for_the_entries_of_a_figure(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(samples.donation_received("20.00"))

    reading = await ask(api, agency=AGENCY, on=JUNE_30)

    assert reading["recognised"]["by_channel"]["foundation"]["why"][0].startswith(
        "/v1/why?code=income"
    )
    assert reading["procurement"]["signed"]["why"] == [
        (
            "/v1/why?code=commitments%3Acontract&kind=contracts.contract_signed"
            f"&agency={AGENCY}&channel=government&value_from=2024-01-01&value_to=2024-06-30"
        )
    ]


async def test_the_entries_behind_a_figure_come_to_it(api: Api, inlet: Inlet[Prepared]) -> None:
    signed = samples.contract_signed("1000.00")
    await inlet.post(
        signed,
        samples.contract_signed("400.00", contract_number="DG-2024-0002"),
        samples.instalment_paid("1000.00", contract_id=signed.contract_id),
        samples.delivery_accepted(recognition=samples.a_recognition("150.00", "0.00", "-150.00")),
        samples.donation_received("20.00"),
        samples.donation_received("30.00", kind="in_kind"),
        ledger_samples.income_approved("100.00"),
        samples.pledge_made("70.00"),
    )

    reading = await ask(api)

    assert await hold_figures(api.caller("auditor"), reading) >= 26


@pytest.mark.parametrize(
    ("basis", "day"),
    [
        ("received", {"on": JUNE_30}),
        ("received", {"on": JUNE_30, "agency": AGENCY}),
        ("recognised", {"on": "2024-07-31"}),
        ("recognised", {"on": "2025-06-01"}),
        ("received", {"on": "2024-05-27"}),
        ("received", {"on": "2024-06-02", "agency": AGENCY}),
        ("recognised", {"on": "2024-06-03"}),
    ],
)
async def test_every_figure_of_a_year_comes_to_what_is_behind_it(
    basis: str, day: dict[str, str], api: Api, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    await post_a_year_of_all_kinds(inlet)
    known = clock.today().isoformat()
    clock.advance(timedelta(days=1))
    await inlet.post(samples.donation_received("400.00"))
    auditor = api.caller("auditor")

    reading = await ask(api, basis=basis, **day)
    before = await ask(api, basis=basis, as_of=known, **day)

    assert await hold_figures(auditor, reading) >= 26
    assert await hold_figures(auditor, before) >= 26


async def post_a_year_of_all_kinds(inlet: Inlet[Prepared]) -> None:
    """What is overdue beside what is to come; goods that were used; more given back than given."""
    parts = (
        samples.an_instalment("500.00", due_on="2024-03-12"),
        samples.an_instalment("300.00", number=2, due_on="2024-06-09"),
        samples.an_instalment("200.00", number=3, due_on="2024-12-09"),
    )
    used = ledger_samples.manual_entry_approved(
        postings=(
            samples.a_posting(AccountCode.PROGRAMME_EXPENSES, "12.00", Channel.FOUNDATION),
            samples.a_posting(AccountCode.IN_KIND, "-12.00", Channel.FOUNDATION),
        )
    )
    await inlet.post(
        a_contract("1", instalments=parts),
        a_contract("2", agency=OTHER_AGENCY, town="虎门镇"),
        samples.instalment_paid(
            "500.00", contract_id=UUID(int=1), contract_number="DG-1", aggregate_version=2
        ),
        samples.instalment_paid("60.00", paid_on="2023-05-02", buyer=FOUNDATION),
        samples.delivery_accepted(recognition=samples.a_recognition("700.00", "200.00", "-500.00")),
        samples.donation_received("20.00"),
        samples.donation_received("30.00", kind=DonationKind.IN_KIND),
        samples.donation_received("40.00", kind=DonationKind.IN_KIND, channel=Channel.GOVERNMENT),
        samples.donation_received("5.00", received_on="2024-06-03", agency=OTHER_AGENCY),
        samples.recovery_received("9.00", channel=Channel.UNIVERSITY, received_on="2024-04-01"),
        ledger_samples.income_approved("100.00"),
        ledger_samples.income_approved("3.00", channel=Channel.OWN, payer=BUYER),
        samples.pledge_made("70.00"),
        used,
    )


async def test_who_paid_is_known_on_any_day_as_it_was_known_on_any(
    api: Api, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    """Something late, something from a closed month, and something undone."""
    await inlet.post(
        samples.instalment_paid("90.00", paid_on="2024-02-10"),
        samples.instalment_paid("30.00", paid_on="2024-02-20", buyer=ENTERPRISE),
        samples.donation_received("100.00", received_on="2024-02-15"),
        ledger_samples.close_approved(202402),
    )
    yesterday = clock.today().isoformat()
    clock.advance(timedelta(days=1))
    await inlet.post(
        samples.instalment_paid("25.00", paid_on="2024-02-14"),
        samples.payment_reversed("30.00", paid_on="2024-02-20", buyer=ENTERPRISE),
    )
    auditor = api.caller("auditor")

    async def funder(**days: str) -> tuple[str, str, int, float]:
        reading = await ask(api, **days)
        assert await hold_figures(auditor, reading) >= 20
        payers = reading["payers"]
        largest = payers["largest_funder"]
        return largest["payer"], largest["amount"], payers["buyers"], payers["buyer_hhi"]

    assert await funder(on="2024-02-13") == (BUYER, "90.00", 1, 1.0)
    assert await funder(on="2024-02-14") == (BUYER, "115.00", 1, 1.0)
    assert await funder(on="2024-02-14", as_of=yesterday) == (BUYER, "90.00", 1, 1.0)
    assert await funder(on="2024-02-15", as_of=yesterday) == (FOUNDATION, "100.00", 1, 1.0)
    assert await funder(on="2024-02-29", as_of=yesterday) == (FOUNDATION, "100.00", 2, 0.625)
    assert await funder(as_of=yesterday) == (FOUNDATION, "100.00", 2, 0.625)
    assert await funder() == (BUYER, "115.00", 1, 1.0)


async def test_what_was_paid_by_one_is_listed_without_what_others_paid(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await post_a_year_of_all_kinds(inlet)
    auditor = api.caller("auditor")

    funder = (await ask(api, on=JUNE_30))["payers"]["largest_funder"]
    listed = (await auditor.get("/v1/why", payer=BUYER, limit=200)).json()

    assert (funder["payer"], funder["amount"]) == (BUYER, "494.00")
    assert {row["payer"] for row in listed["items"]} == {BUYER}
    assert (
        sum(minor_from_text(row["amount"]) for row in listed["items"])
        == 0
        == int(float(listed["sum"]))
    )


async def test_what_is_overdue_is_listed_without_what_is_to_come(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await post_a_year_of_all_kinds(inlet)
    auditor = api.caller("auditor")

    reading = await ask(api, on=JUNE_30, agency=AGENCY)
    (path,) = reading["overdue_government"]["why"]
    overdue = (await auditor.get(path)).json()
    (path,) = reading["procurement"]["why_due"]
    due = (await auditor.get(path)).json()

    assert [(i["contract_number"], i["instalment"], i["amount"]) for i in overdue["items"]] == [
        ("DG-1", 2, "300.00")
    ]
    assert (overdue["instalments"], overdue["sum"]) == (1, "300.00")
    assert [(i["instalment"], i["due_on"]) for i in due["items"]] == [
        (2, "2024-06-09"),
        (3, "2024-12-09"),
    ]
