"""Entries that an auditor looks up: by event, by place, and around a day."""

from datetime import timedelta
from typing import Any

import pytest
from fundmix_events.testing import samples
from fundmix_events.testing.samples import OTHER_AGENCY
from fundmix_kit.testing import FixedClock
from fundmix_kit.testing.api import Api, Caller, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared


@pytest.fixture
def auditor(api: Api) -> Caller:
    return api.caller("auditor")


async def found_by(caller: Caller, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await caller.get(path, **parameters)
    assert answer.is_success, answer.text
    return answer.json()


async def test_an_entry_is_found_by_its_event_and_by_its_place(
    api: Api, auditor: Caller, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(samples.donation_received("1.00"), samples.donation_received("2.00"))
    second = await found_by(auditor, "/v1/entries/2")
    place = {"topic": "fundmix.donations", "partition": 0, "number": 2}

    by_event = await found_by(auditor, "/v1/entries", event_id=second["event_id"])
    by_place = await found_by(auditor, "/v1/entries", **place)
    foreign = await found_by(api.caller("agency", org=OTHER_AGENCY), "/v1/entries", **place)
    half = await auditor.get("/v1/entries", topic="fundmix.donations")

    assert by_event["items"] == by_place["items"] == [second]
    assert foreign["items"] == []
    assert refusal(half) == (
        422,
        "lookup_incomplete",
        {"#query/partition": "lookup_incomplete"},
    )


async def test_the_cut_off_list_has_what_stands_on_two_sides_of_a_day(
    auditor: Caller, inlet: Inlet[Prepared], clock: FixedClock
) -> None:
    day = clock.today()
    await inlet.post(
        samples.donation_received("1.00", given_on=day, received_on=day),
        samples.donation_received(
            "2.00", given_on=day - timedelta(days=1), received_on=day + timedelta(days=1)
        ),
        samples.donation_received(
            "4.00", given_on=day - timedelta(days=60), received_on=day - timedelta(days=60)
        ),
    )
    clock.advance(timedelta(days=3))
    await inlet.post(samples.donation_received("8.00", given_on=day, received_on=day))

    found = await found_by(auditor, "/v1/cut-off", around=day.isoformat(), days=5)

    assert [(item["seq"], item["reasons"]) for item in found["items"]] == [
        (4, ["posted_other_side"]),
        (2, ["posted_other_side", "occurred_other_side"]),
    ]
