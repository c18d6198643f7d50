"""Readings over HTTP: live and of any day, with their inputs, and what follows from them."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from fundmix_events.channel import Channel
from fundmix_events.contracts import ContractSigned
from fundmix_events.donations import DonationKind
from fundmix_events.testing import ledger_samples, samples
from fundmix_events.testing.samples import AGENCY, BUYER, OTHER_AGENCY
from fundmix_kit.database import Database
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.goal_queries import When, read_facts

JUNE_30: Final = "2024-06-30"


async def ask(api: Api, path: str = "/v1/reading", **parameters: str | int) -> dict[str, Any]:
    answer = await api.caller("auditor").get(path, **({"year": 2024} | parameters))
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


async def test_the_reading_of_a_city(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.instalment_paid("965.00"),
        samples.donation_received("20.00"),
        samples.donation_received("15.00", channel=Channel.ENTERPRISE),
        samples.donation_received("99.00", kind=DonationKind.IN_KIND),
    )

    reading = await ask(api, on="2024-12-31")

    received = reading["received"]
    assert reading["headline"] == "每100元收入96.5元来自财政"
    assert {c: v["amount"] for c, v in received["by_channel"].items()} == {
        "enterprise": "15.00",
        "foundation": "20.00",
        "government": "965.00",
    }
    assert received["total"]["amount"] == "1000.00"
    assert received["in_kind"]["amount"] == "99.00"
    assert (received["government_share"], received["hhi"]) == (0.965, 0.93185)
    assert received["hhi_normalised"] == 0.920492  # n = 7: (0.93185 - 1/7) / (6/7)
    assert received["effective_sources"] == 1.073134
    assert received["government_contracts"]["share"] == 0.965
    assert reading["channel_list"] == {
        "version": 1,
        "n": 7,
        "channels": [channel.value for channel in Channel],
    }
    assert reading["recognised"]["total"]["amount"] == "35.00"  # the payment is an advance
    assert reading["recognised"]["in_kind"]["amount"] == "99.00"
    assert reading["payers"] == {
        "largest_funder": {
            "payer": BUYER,
            "amount": "965.00",
            "share": 0.965,
            "why": [
                (
                    f"/v1/why?code=assets%3Abank&payer={BUYER}"
                    "&value_from=2024-01-01&value_to=2024-12-31"
                )
            ],
        },
        "buyers": 1,
        "buyer_hhi": 1.0,
        "why": reading["received"]["by_channel"]["government"]["why"],
    }
    assert (reading["seq"], reading["quarantined"]) == (4, 0)


async def test_without_income_every_ratio_is_null_and_never_zero(api: Api) -> None:
    reading = await ask(api)

    for section in ("received", "recognised", "projection"):
        for name in ("government_share", "hhi", "hhi_normalised", "effective_sources"):
            assert reading[section][name] is None
    assert reading["headline"] == "2024年没有收入"
    assert reading["median_agency"]["government_share"] is None
    assert reading["pace"]["growth"] is None
    assert reading["payers"]["largest_funder"] is None
    assert reading["seq"] == 0


async def test_what_an_agency_paid_back_beyond_is_reported_and_in_no_share(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.recovery_received("30.00"),
        samples.donation_received("20.00"),
    )

    received = (await ask(api))["received"]

    assert received["negative_channels"] == ["government"]
    assert received["by_channel"]["government"]["amount"] == "-30.00"
    assert received["by_channel"]["government"]["share"] == 0.0
    assert (received["total"]["amount"], received["government_share"]) == ("20.00", 0.0)


async def test_the_governments_money_is_split_into_contracts_and_subsidies(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.instalment_paid("300.00"),
        ledger_samples.income_approved("100.00"),
    )

    received = (await ask(api))["received"]

    assert received["government_contracts"]["share"] == 0.75
    assert received["government_subsidies"]["share"] == 0.25


@pytest.mark.parametrize(
    ("on", "total"),
    [
        ("2023-12-31", "0.00"),
        ("2024-01-01", "1.00"),
        ("2024-02-14", "1.00"),
        ("2024-02-15", "3.00"),
        ("2024-02-28", "3.00"),
        ("2024-02-29", "7.00"),
        ("2024-12-31", "15.00"),
        ("2025-06-01", "15.00"),
    ],
)
async def test_a_day_counts_what_came_until_its_end(
    on: str, total: str, api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("1.00", given_on="2024-01-01", received_on="2024-01-01"),
        samples.donation_received("2.00", given_on="2024-01-01", received_on="2024-02-15"),
        samples.donation_received("4.00", given_on="2024-01-01", received_on="2024-02-29"),
        samples.donation_received("8.00", given_on="2024-01-01", received_on="2024-12-31"),
        samples.donation_received("16.00", given_on="2024-01-01", received_on="2025-01-01"),
    )

    assert (await ask(api, on=on))["received"]["total"]["amount"] == total


async def test_what_was_read_yesterday_is_read_as_of_yesterday_whatever_came_since(
    api: Api, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    number_one = UUID(int=1)
    await inlet.post(
        a_contract("1", instalments=(samples.an_instalment("1000.00", due_on="2024-03-12"),)),
        samples.donation_received("20.00"),
        samples.pledge_made("7.00"),
    )
    day = clock.today()
    before = await ask(api, on=day.isoformat(), as_of=day.isoformat())
    clock.advance(timedelta(days=1))
    await inlet.post(
        samples.instalment_paid("1000.00", contract_id=number_one, aggregate_version=2),
        samples.donation_received("300.00", received_on="2024-06-01"),
        samples.pledge_made("9.00"),
    )

    again = await ask(api, on=day.isoformat(), as_of=day.isoformat())
    now = await ask(api, on=day.isoformat())

    assert again == before
    assert again["seq"] == 3
    assert now["received"]["total"]["amount"] == "1320.00"
    assert before["overdue_government"]["amount"] == "1000.00"
    assert now["overdue_government"]["amount"] == "0.00"


async def test_a_reading_equals_the_balances_at_its_seq(
    api: Api, inlet: Inlet[Prepared], database: Database
) -> None:
    await inlet.post(
        samples.instalment_paid("965.00"),
        samples.donation_received("20.00"),
        samples.donation_received("15.00", agency=OTHER_AGENCY),
        ledger_samples.expenditure_approved("5.00", agency=AGENCY),
    )

    reading = await ask(api)

    async with database.reading() as connection:
        legs = await connection.fetch(
            """
            SELECT a.channel, sum(p.amount_minor)::bigint AS amount_minor
            FROM posting p JOIN account a USING (account_id) JOIN journal_entry e USING (seq)
            WHERE a.code = 'assets:bank' AND e.kind <> 'ledger.expenditure_approved'
              AND p.seq <= $1
            GROUP BY a.channel
            """,
            reading["seq"],
        )
    by_channel = {c: v["amount"] for c, v in reading["received"]["by_channel"].items()}
    assert by_channel == {row["channel"]: f"{row['amount_minor'] / 100:.2f}" for row in legs}


async def test_an_instalment_was_not_paid_on_the_day_before_it_was(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    known: dict[str, Any] = {"contract_id": UUID(int=1), "aggregate_version": 2}
    await inlet.post(a_contract("1"), samples.instalment_paid("1000.00", **known))

    overdue = {
        on: (await ask(api, on=on))["overdue_government"]["amount"]
        for on in ("2024-03-12", "2024-03-17", "2024-03-18")
    }

    # Due on 12 March, paid on the 18th.
    assert overdue == {"2024-03-12": "0.00", "2024-03-17": "1000.00", "2024-03-18": "0.00"}


async def test_the_pace_is_held_against_the_same_day_of_the_year_before(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("100.00", given_on="2023-01-02", received_on="2023-06-30"),
        samples.donation_received("900.00", given_on="2023-01-02", received_on="2023-07-01"),
        samples.donation_received("150.00"),
    )

    pace = (await ask(api, on=JUNE_30))["pace"]

    assert pace["to_day"]["amount"] == "150.00"
    assert pace["last_year_to_day"]["amount"] == "100.00"
    assert pace["last_year"]["amount"] == "1000.00"
    assert (pace["growth"], pace["year_gone"]) == (0.5, 0.497268)  # 182 of 366 days


async def test_procurement_has_grown_on_the_year_before(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        a_contract("1", ceiling="400.00", signed_on="2023-02-21", starts_on="2023-03-01"),
        samples.instalment_paid("400.00", paid_on="2023-03-01"),
        a_contract("2", ceiling="500.00"),
        samples.instalment_paid("440.00"),
    )

    growth = await ask(api, "/v1/procurement-growth")

    assert (growth["signed"]["amount"], growth["signed_growth"]) == ("500.00", 0.25)
    assert (growth["paid"]["amount"], growth["paid_growth"]) == ("440.00", 0.1)
    assert growth["seq"] == 4


async def test_agencies_stand_in_a_row_by_what_they_depend_on(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.instalment_paid("300.00"),
        samples.donation_received("100.00"),
        samples.donation_received("50.00", agency=OTHER_AGENCY),
    )

    found = await ask(api, "/v1/ranking")
    by_hhi = await ask(api, "/v1/ranking", by="hhi", limit=1)
    treasurer = api.caller("agency", org=OTHER_AGENCY)
    own = (await treasurer.get("/v1/ranking", year=2024)).json()

    places = [(item["rank"], item["agency"], item["government_share"]) for item in found["items"]]
    assert places == [(1, AGENCY, 0.75), (2, OTHER_AGENCY, 0.0)]
    assert [item["agency"] for item in by_hhi["items"]] == [OTHER_AGENCY]
    rest = await ask(api, "/v1/ranking", by="hhi", cursor=by_hhi["next_cursor"])
    assert [item["agency"] for item in rest["items"]] == [AGENCY]
    assert [(item["rank"], item["agency"]) for item in own["items"]] == [(2, OTHER_AGENCY)]
    assert own["agencies"] == 2


async def test_an_agency_reads_itself_and_no_other(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.donation_received("20.00"), samples.donation_received("30.00", agency=OTHER_AGENCY)
    )
    treasurer = api.caller("agency", org=AGENCY)

    own = (await treasurer.get("/v1/reading", year=2024)).json()
    foreign = await treasurer.get("/v1/reading", year=2024, agency=OTHER_AGENCY)

    assert (own["agency"], own["received"]["total"]["amount"]) == (AGENCY, "20.00")
    assert own["median_agency"] is None
    assert refusal(foreign)[:2] == (403, "foreign_row")


async def test_the_last_entry_of_a_day_is_found(
    database: Database, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    first = clock.today()
    for count in (1, 3, 2):
        await inlet.post(*(samples.donation_received("1.00") for _ in range(count)))
        clock.advance(timedelta(days=1))
    today = clock.today()

    async with database.reading() as connection:
        seqs: list[int] = []
        for days in range(-1, 3):
            when = When(on=None, as_of=first + timedelta(days=days), today=today)
            facts = await read_facts(connection, year=2024, agency=None, when=when)
            seqs.append(facts.seq)

    assert seqs == [0, 1, 4, 6]
