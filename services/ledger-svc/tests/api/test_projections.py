"""Projections over HTTP: what contracts and pledges still bring by the end of the year."""

from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind, ScheduledPart
from fundmix_events.money import Money
from fundmix_events.testing import gift_samples, samples
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.testing.reasons import hold_figures

JUNE_30: Final = "2024-06-30"


async def project(api: Api, **parameters: str | int) -> dict[str, Any]:
    answer = await api.caller("auditor").get("/v1/reading", **({"year": 2024} | parameters))
    assert answer.is_success, answer.text
    return answer.json()["projection"]


def parts_of(yuan_by_day: dict[str, str]) -> tuple[ScheduledPart, ...]:
    return tuple(
        ScheduledPart(due_on=date.fromisoformat(day), amount=Money.parse(yuan))
        for day, yuan in yuan_by_day.items()
    )


async def test_the_projection_shows_what_it_is_made_from(api: Api, inlet: Inlet[Prepared]) -> None:
    parts = (
        samples.an_instalment("600.00", due_on="2024-03-12"),
        samples.an_instalment("300.00", number=2, due_on="2024-12-09"),
        samples.an_instalment("100.00", number=3, due_on="2025-02-09"),
    )
    known: dict[str, Any] = {"contract_id": UUID(int=1)}
    await inlet.post(
        samples.contract_signed("1000.00", instalments=parts, **known),
        samples.instalment_paid("600.00", aggregate_version=2, **known),
        samples.instalment_approved(
            "300.00", "50.00", instalment_number=2, aggregate_version=3, **known
        ),
        samples.donation_received("20.00"),
        samples.pledge_made("80.00"),
    )

    projection = await project(api, on=JUNE_30)

    assert projection["to_day"] == {"government": "600.00", "foundation": "20.00"}
    assert projection["due"] == {"government": "250.00"}
    assert projection["pledged"] == {"foundation": "80.00"}
    assert projection["by_channel"] == {"government": "850.00", "foundation": "100.00"}
    assert projection["government_share"] == 0.894737
    assert projection["unearned"] is None


async def test_the_projection_counts_what_is_pledged_in_cash_and_due_within_the_year(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    enterprise: dict[str, Any] = {"channel": Channel.ENTERPRISE}
    await inlet.post(
        samples.pledge_made("100.00", schedule=parts_of({"2024-09-30": "60", "2025-03-31": "40"})),
        samples.pledge_made("9.00"),
        samples.pledge_made("500.00", kind=DonationKind.IN_KIND),
        samples.pledge_made("80.00", pledged_on="2023-11-01", **enterprise),
    )

    this_year = await project(api, on=JUNE_30)
    next_year = await project(api, year=2025, on=JUNE_30)

    assert this_year["pledged"] == this_year["by_channel"] == {"foundation": "69.00"}
    assert this_year["pledged_later"] == {"foundation": "40.00", "enterprise": "80.00"}
    assert this_year["pledged_in_kind"] == {"foundation": "500.00"}
    assert this_year["pledged_in_all"] == {"foundation": "609.00", "enterprise": "80.00"}
    assert await hold_figures(api.caller("auditor"), this_year) > 0
    # By then all of the first one is due, and one without a day is of the year it was made in.
    assert next_year["pledged"] == {"foundation": "100.00"}
    assert next_year["pledged_later"] == {"foundation": "9.00", "enterprise": "80.00"}


async def test_what_has_come_of_a_pledge_are_its_first_parts(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    known: dict[str, Any] = {"pledge_id": UUID(int=7)}
    parts = parts_of({"2024-04-30": "20", "2024-09-30": "40", "2025-03-31": "40"})
    await inlet.post(
        samples.pledge_made("100.00", schedule=parts, **known),
        samples.donation_received("30.00", fulfils=Money.parse("30.00"), **known),
        gift_samples.pledge_cancelled("70.00", cancelled_on="2024-09-02", **known),
    )

    found = {
        on: await project(api, on=on)
        for on in ("2024-04-07", "2024-04-08", "2024-05-26", "2024-05-27", "2024-09-02")
    }

    # Pledged on 8 April, 30 yuan came on 27 May, and the rest was cancelled on 2 September.
    assert [p["pledged"].get("foundation") for p in found.values()] == [
        None,
        "60.00",
        "60.00",
        "30.00",
        None,
    ]
    assert [p["pledged_later"].get("foundation") for p in found.values()] == [
        None,
        "40.00",
        "40.00",
        "40.00",
        None,
    ]


async def test_what_was_pledged_is_known_as_of_a_day_whatever_came_since(
    api: Api, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    known: dict[str, Any] = {"pledge_id": UUID(int=7)}
    first = clock.today()
    await inlet.post(samples.pledge_made("100.00", **known))
    clock.advance(timedelta(days=1))
    await inlet.post(
        samples.donation_received("30.00", fulfils=Money.parse("30.00"), **known),
        samples.pledge_made("5.00"),
    )
    second = clock.today()
    clock.advance(timedelta(days=1))
    await inlet.post(gift_samples.pledge_cancelled("70.00", cancelled_on="2024-06-01", **known))

    pledged = [
        (await project(api, on=JUNE_30, as_of=day.isoformat()))["pledged"]
        for day in (first, second, clock.today())
    ]

    assert pledged == [{"foundation": "100.00"}, {"foundation": "75.00"}, {"foundation": "5.00"}]
