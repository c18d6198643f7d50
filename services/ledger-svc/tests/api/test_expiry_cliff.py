"""The expiry cliff over HTTP: contracts that nothing goes on from, as it stood on any day."""

from typing import Any
from uuid import UUID

import pytest
from fundmix_events.contracts import ContractSigned
from fundmix_events.testing import samples
from fundmix_events.testing.samples import AGENCY, FOUNDATION, OTHER_AGENCY
from fundmix_kit.testing.api import Api, refusal
from fundmix_kit.testing.inlet import Inlet
from ledger_svc.apply import Prepared
from ledger_svc.testing.reasons import hold_figures


async def ask(api: Api, **parameters: str | int) -> dict[str, Any]:
    answer = await api.caller("auditor").get("/v1/expiry-cliff", **parameters)
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


async def test_a_contract_that_nothing_goes_on_from_is_on_the_cliff(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    ends: dict[str, Any] = {"ends_on": "2024-12-31"}
    await inlet.post(
        a_contract("1", **ends, town="厚街镇", service_area="社区"),
        a_contract("2", **ends, town="虎门镇", service_area="老年"),
        # Of the same buyer, area and town, with another agency, from 90 days later on.
        a_contract(
            "3",
            agency=OTHER_AGENCY,
            town="虎门镇",
            service_area="老年",
            signed_on="2024-12-01",
            starts_on="2025-03-31",
            ends_on="2025-12-31",
        ),
        a_contract("4", ends_on="2025-01-30", town="长安镇", service_area="残障"),
    )

    cliff = await ask(api, on="2024-12-15", days=30)
    longer = await ask(api, on="2024-12-15", days=60, limit=1)

    assert [item["number"] for item in cliff["items"]] == ["DG-1"]
    assert (cliff["ceiling_total"], cliff["unpaid_total"]) == ("1000.00", "1000.00")
    assert (longer["contracts"], len(longer["items"])) == (2, 1)
    assert await hold_figures(api.caller("auditor"), longer) == 2
    rest = await ask(api, on="2024-12-15", days=60, cursor=longer["next_cursor"])
    assert [item["number"] for item in rest["items"]] == ["DG-4"]


@pytest.mark.parametrize(
    ("starts_on", "is_on_the_cliff"),
    [("2024-06-01", False), ("2025-03-31", False), ("2025-04-01", True)],
)
async def test_a_successor_begins_within_ninety_days_or_overlaps(
    starts_on: str, *, is_on_the_cliff: bool, api: Api, inlet: Inlet[Prepared]
) -> None:
    await inlet.post(
        a_contract("1", ends_on="2024-12-31"),
        a_contract("2", starts_on=starts_on, ends_on="2025-12-31", buyer=FOUNDATION, town="虎门镇"),
    )

    cliff = await ask(api, on="2024-12-15", days=30)

    assert (cliff["contracts"] == 1) is is_on_the_cliff


async def test_who_looks_back_sees_what_was_agreed_and_unpaid_then(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    known: dict[str, Any] = {"contract_id": UUID(int=1), "contract_number": "DG-1"}
    await inlet.post(
        a_contract("1", ceiling="100000.00", ends_on="2024-06-30"),
        samples.instalment_paid("40000.00", paid_on="2024-03-18", aggregate_version=2, **known),
        samples.contract_amended(
            "5000.00", amended_on="2024-05-06", ends_on="2024-12-31", aggregate_version=3, **known
        ),
    )

    cliffs = {on: await ask(api, on=on, days=300) for on in ("2024-03-17", "2024-03-18")}
    cliffs["2024-05-06"] = await ask(api, on="2024-05-06", days=300)
    gone = await ask(api, on="2024-05-06", days=60)

    found = {
        on: [(item["ends_on"], item["ceiling"], item["unpaid"]) for item in cliff["items"]]
        for on, cliff in cliffs.items()
    }
    assert found == {
        "2024-03-17": [("2024-06-30", "100000.00", "100000.00")],
        "2024-03-18": [("2024-06-30", "100000.00", "60000.00")],
        "2024-05-06": [("2024-12-31", "105000.00", "65000.00")],
    }
    assert await hold_figures(api.caller("auditor"), [*cliffs.values()]) == 6
    assert cliffs["2024-05-06"]["unpaid_total"] == "65000.00"
    assert gone["contracts"] == 0


async def test_a_contract_is_there_until_the_day_it_is_terminated(
    api: Api, inlet: Inlet[Prepared]
) -> None:
    terminated: dict[str, Any] = {"terminated_on": "2024-08-01", "aggregate_version": 2}
    await inlet.post(
        a_contract("1", ends_on="2024-12-31"),
        a_contract("2", ceiling="100000.00", ends_on="2025-12-31"),
        samples.contract_terminated(
            "10000.00", contract_id=UUID(int=2), contract_number="DG-2", **terminated
        ),
    )

    before = await ask(api, on="2024-07-31", days=700)
    after = await ask(api, on="2024-08-01", days=700)

    # The second goes on from the first, for as long as it is there itself.
    assert [(item["number"], item["unpaid"]) for item in before["items"]] == [("DG-2", "100000.00")]
    assert [item["number"] for item in after["items"]] == ["DG-1"]


async def test_the_cliff_of_one_agency_is_asked_for(api: Api, inlet: Inlet[Prepared]) -> None:
    await inlet.post(
        a_contract("1", ends_on="2024-12-31"),
        a_contract("2", ends_on="2024-12-31", agency=OTHER_AGENCY),
    )
    asked: dict[str, str | int] = {"on": "2024-12-15", "days": 30}

    found = await ask(api, agency=OTHER_AGENCY, **asked)
    treasurer = api.caller("agency", org=AGENCY)
    own = await treasurer.get("/v1/expiry-cliff", **asked)
    foreign = await treasurer.get("/v1/expiry-cliff", agency=OTHER_AGENCY, **asked)

    assert [item["number"] for item in found["items"]] == ["DG-2"]
    assert [item["number"] for item in own.json()["items"]] == ["DG-1"]
    assert refusal(foreign)[:2] == (403, "foreign_row")
