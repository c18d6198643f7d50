"""Rows under one bank reference are lines of one deposit, and none of them is counted twice."""

from typing import Any, Final

import pytest
from donations_svc.domain.donation import LINES_MAX
from donations_svc.testing.imports import (
    AGENCY,
    DELEGATION,
    OTHER_AGENCY,
    a_csv,
    booked,
    dry,
    errors_of,
    nothing_booked,
    row,
)
from fundmix_kit.testing.api import Api, Caller

MEAL: Final = "长者助餐"
CHILDREN: Final = "困境儿童关爱"
PERSON: Final = {"donor_kind": "individual", "donor_uscc": "", "donor_name": ""}


def line(number: int, amount: str, purpose: str = MEAL, **changes: str) -> dict[str, str]:
    return row(number, amount=amount, restricted_to=purpose, bank_reference="BK", **changes)


async def donations_of(caller: Caller) -> list[dict[str, Any]]:
    return (await caller.get("/v1/donations", limit=200)).json()["items"]


async def test_a_deposit_is_split_over_agencies_and_purposes(api: Api) -> None:
    content = a_csv(
        [
            line(1, "60.00"),
            line(2, "40.00", CHILDREN),
            line(3, "40.00", ""),
            line(4, "25.00", agency_uscc=OTHER_AGENCY),
            row(5),
        ]
    )
    officer = api.caller("finance_officer")

    found = await booked(officer, content, delegation=DELEGATION, control_total="170.00")
    again = await booked(officer, content, delegation=DELEGATION)

    assert (found["donations"], found["booked"]["amount"]) == (5, "170.00")
    assert (again["duplicates"], again["batch_id"]) == (5, None)
    shown = await donations_of(api.caller("auditor"))
    assert [(d["agency"], d["line"]) for d in shown] == [
        (AGENCY, 1),
        (AGENCY, 2),
        (AGENCY, 3),
        (OTHER_AGENCY, 1),
        (AGENCY, 1),
    ]
    assert len({d["deposit_id"] for d in shown[:4]}) == 1
    assert shown[4]["deposit_id"] not in (None, shown[0]["deposit_id"])


async def test_its_lines_may_be_far_apart_in_a_file(treasurer: Caller) -> None:
    between = [row(number) for number in range(10, 1_300)]
    content = a_csv([line(1, "7.00"), *between, line(2, "7.00", CHILDREN)])

    found = await booked(treasurer, content)

    assert found["donations"] == len(between) + 2
    [first] = (await treasurer.get("/v1/donations", reference="D-1")).json()["items"]
    [last] = (await treasurer.get("/v1/donations", reference="D-2")).json()["items"]
    assert (first["line"], last["line"]) == (1, 2)
    assert first["deposit_id"] == last["deposit_id"]


@pytest.mark.parametrize("between", [0, 1_300])
@pytest.mark.parametrize("donor", [{}, PERSON])
async def test_a_line_that_may_be_told_twice_is_for_a_person_to_decide(
    api: Api, treasurer: Caller, donor: dict[str, str], between: int
) -> None:
    others = [row(number) for number in range(10, 10 + between)]
    content = a_csv([line(1, "7.00", **donor), *others, line(2, "7.00", **donor)])

    async with nothing_booked(api):
        found = await dry(treasurer, content)
    left_out = await dry(treasurer, content, leave_out_suspected="D-2")
    accepted = await booked(treasurer, content, accept_suspected="D-2")

    assert [(s["reference"], s["alike"]) for s in found["suspected"]] == [("D-2", "D-1")]
    assert (left_out["donations"], left_out["left_out"]) == (between + 1, 1)
    assert accepted["donations"] == between + 2
    [second] = (await treasurer.get("/v1/donations", reference="D-2")).json()["items"]
    assert second["line"] == 2


async def test_a_line_may_look_like_a_donation_that_is_not_of_its_deposit(
    treasurer: Caller,
) -> None:
    await booked(treasurer, a_csv([row(9, amount="7.00")]))

    found = await dry(treasurer, a_csv([line(1, "7.00"), line(2, "7.00", CHILDREN)]))

    assert [(s["reference"], s["alike"]) for s in found["suspected"]] == [
        ("D-1", "D-9"),
        ("D-2", "D-9"),
    ]


async def test_what_is_of_another_donor_day_or_file_is_no_line_of_it(
    api: Api, treasurer: Caller
) -> None:
    other_donor = {"donor_uscc": "914419004601L7U6QD"}
    rows = [
        line(1, "60.00"),
        line(2, "40.00", CHILDREN, received_on="2025-03-01"),
        line(3, "40.00", CHILDREN, **other_donor),
        line(4, "40.00", CHILDREN, **PERSON),
    ]

    found = await dry(treasurer, a_csv(rows))
    await booked(treasurer, a_csv(rows[:1]))
    async with nothing_booked(api):
        later = await dry(treasurer, a_csv([line(5, "40.00", CHILDREN)]))

    assert errors_of(found) == {(n, "bank_reference", "bank_reference_used") for n in (3, 4, 5)}
    assert errors_of(later) == {(2, "bank_reference", "bank_reference_used")}


async def test_a_deposit_has_no_more_lines_than_one_that_is_recorded_by_hand(
    treasurer: Caller,
) -> None:
    rows = [line(number, f"{number}.00") for number in range(1, LINES_MAX + 2)]

    found = await dry(treasurer, a_csv(rows))

    assert errors_of(found) == {(LINES_MAX + 2, "bank_reference", "too_many_lines")}
    assert found["donations"] == LINES_MAX
