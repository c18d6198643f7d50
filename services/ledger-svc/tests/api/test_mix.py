"""The mix over HTTP: cash by channel and value date, to six places, with what it counts."""

from datetime import date
from typing import Any, Final

import pytest
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, OTHER_AGENCY
from fundmix_kit.testing.api import Api, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared

EMPTY: Final[dict[str, Any]] = {
    "year": 2024,
    "agency": None,
    "basis": "restated",
    "on": None,
    "as_of": None,
    "closed_through": 0,
    "currency": "CNY",
    "received_by_channel": {},
    "received_total": "0.00",
    "in_kind_total": "0.00",
    "government_share": None,
    "hhi": None,
    "effective_sources": None,
    "n": 0,
    "negative_channels": [],
    "agencies": {},
    "seq": 0,
    "quarantined": 0,
}


async def mix(api: Api, year: int = 2024, **parameters: str) -> dict[str, Any]:
    answer = await api.caller("auditor").get("/v1/mix", year=year, **parameters)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    agencies: dict[str, dict[str, Any]] = found["agencies"] or {}
    # What is behind the figures has its own tests.
    for shown in (found, *agencies.values()):
        del shown["why"]
    return found


async def test_without_income_the_ratios_are_null_and_never_zero(api: Api) -> None:
    assert await mix(api) == EMPTY


async def test_the_mix_of_a_city(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.contract_signed("9000.00"),
        samples.instalment_paid("700.00", "50.00"),
        samples.instalment_paid("315.00", agency=OTHER_AGENCY),
        samples.pledge_made("8000.00"),
        samples.donation_received("20.00"),
        samples.donation_received("15.00", channel=Channel.ENTERPRISE, restricted_to="长者助餐"),
        samples.donation_received("99.00", kind=DonationKind.IN_KIND),
    )

    assert await mix(api) == EMPTY | {
        "received_by_channel": {
            "enterprise": "15.00",
            "foundation": "20.00",
            "government": "965.00",
        },
        "received_total": "1000.00",
        "in_kind_total": "99.00",
        "government_share": 0.965,
        "hhi": 0.93185,
        "effective_sources": 1.073134,
        "n": 3,
        "agencies": {
            AGENCY: {
                "received_total": "685.00",
                "government_share": 0.948905,
                "hhi": 0.901753,
            },
            OTHER_AGENCY: {"received_total": "315.00", "government_share": 1.0, "hhi": 1.0},
        },
        "seq": 7,
    }


async def test_the_mix_of_an_agency(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.instalment_paid("315.00", agency=OTHER_AGENCY),
        samples.donation_received("20.00"),
    )

    assert await mix(api, agency=AGENCY) == EMPTY | {
        "agency": AGENCY,
        "received_by_channel": {"foundation": "20.00"},
        "received_total": "20.00",
        "government_share": 0.0,
        "hhi": 1.0,
        "effective_sources": 1.0,
        "n": 1,
        "agencies": None,
        "seq": 2,
    }


async def test_income_belongs_to_the_year_of_its_value_date(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        samples.donation_received("1.00", received_on=date(2023, 12, 31)),
        samples.donation_received("2.00", received_on=date(2024, 1, 1)),
        samples.donation_received(
            "4.00", given_on=date(2024, 12, 31), received_on=date(2025, 1, 1)
        ),
    )

    totals = {year: (await mix(api, year))["received_total"] for year in (2023, 2024, 2025)}
    assert totals == {2023: "1.00", 2024: "2.00", 2025: "4.00"}


async def test_an_agency_sees_its_own_mix_and_no_other(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        samples.donation_received("20.00"),
        samples.donation_received("30.00", agency=OTHER_AGENCY),
    )
    treasurer = api.caller("agency", org=AGENCY)

    own = (await treasurer.get("/v1/mix", year=2024)).json()
    foreign = await treasurer.get("/v1/mix", year=2024, agency=OTHER_AGENCY)

    assert (own["agency"], own["received_total"], own["agencies"]) == (AGENCY, "20.00", None)
    assert refusal(foreign)[:2] == (403, "foreign_row")


async def test_an_officer_reads_the_city_with_the_grant_only(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.donation_received("20.00"))
    without = api.caller("finance_officer", org=samples.BUYER)
    granted = api.caller("finance_officer", org=samples.BUYER, grants=["read:city"])

    assert (await without.get("/v1/mix", year=2024)).json()["received_total"] == "0.00"
    assert refusal(await without.get("/v1/mix", year=2024, agency=AGENCY)).code == "foreign_row"
    assert (await granted.get("/v1/mix", year=2024)).json()["received_total"] == "20.00"


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({}, "#query/year"),
        ({"year": "1948"}, "#query/year"),
        ({"year": "2200"}, "#query/year"),
        ({"year": "99999999999999999999"}, "#query/year"),
        ({"year": "this"}, "#query/year"),
        ({"year": "2024", "agency": "52441900AJC6XAY6DX"}, "#query/agency"),
        ({"year": "2024", "agency": ""}, "#query/agency"),
    ],
)
async def test_a_year_and_an_agency_are_real_ones(
    shared_api: Api, query: dict[str, str], pointer: str
) -> None:
    answer = await shared_api.caller("auditor").get("/v1/mix", **query)

    found = refusal(answer)
    assert (found.status, found.code) == (422, "invalid_request")
    assert list(found.errors) == [pointer]


async def test_an_agency_may_be_written_as_people_write_it(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.donation_received("20.00"))

    assert (await mix(api, agency="52-441900-ajc6xay6d-w"))["received_total"] == "20.00"


async def test_the_largest_incomes_lose_no_fen(api: Api, inlet: Inlet[Prepared]) -> None:
    largest = "100000000000.00"
    await inlet.post(*(samples.donation_received(largest) for _ in range(3)))

    assert (await mix(api))["received_total"] == "300000000000.00"


async def test_the_mix_of_a_year_is_asked_for_up_to_a_day(api: Api, inlet: Inlet[Prepared]) -> None:
    auditor = api.caller("auditor")
    await inlet.post(
        samples.donation_received("10.00", received_on="2024-03-10"),
        samples.donation_received("20.00", received_on="2024-03-11"),
    )

    mix = (await auditor.get("/v1/mix", year=2024, on="2024-03-10")).json()
    elsewhere = await auditor.get("/v1/mix", year=2024, on="2023-03-10")
    booked = await auditor.get("/v1/mix", year=2024, on="2024-03-10", basis="official")

    assert (mix["on"], mix["received_total"]) == ("2024-03-10", "10.00")
    assert refusal(elsewhere) == (422, "span_invalid", {"#query/on": "span_invalid"})
    assert refusal(booked) == (422, "basis_conflict", {"#query/on": "basis_conflict"})
