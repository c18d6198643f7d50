"""A file adds what is new, leaves what is there, and overwrites nothing."""

from datetime import date
from typing import Any, Final

import pytest
from fundmix_events.registry import Organisation
from registry_svc.domain.import_file import Row
from registry_svc.domain.import_plan import ImportPlan, plan_import

TODAY: Final = date(2025, 3, 3)
CODE: Final = "52441900AJC6XAY6DW"
OTHER: Final = "52441900DNF0KCB4UQ"


def a_row(number: int = 2, **values: Any) -> Row:
    usual = {"code": CODE, "name": "甲", "kind": "agency"}
    return Row(number=number, organisation=Organisation.model_validate(usual | values))


def planned(*rows: Row, known: Row | None = None) -> ImportPlan:
    there = {} if known is None else {known.organisation.code: known.organisation}
    return plan_import(rows, there, today=TODAY)


def test_what_the_register_does_not_know_is_new() -> None:
    rows = [a_row(), a_row(3, code=OTHER)]

    assert planned(*rows) == ImportPlan(new=rows, unchanged=0, errors=[])


@pytest.mark.parametrize("known", [{}, {"town": "莞城街道"}, {"registered_on": "2009-01-15"}])
def test_what_is_known_as_the_row_says_is_unchanged(known: dict[str, Any]) -> None:
    assert planned(a_row(), known=a_row(**known)) == ImportPlan(new=[], unchanged=1, errors=[])


@pytest.mark.parametrize(
    ("wrong", "field", "code"),
    [
        ({"name": "乙"}, "name", "name_conflict"),
        ({"kind": "social_group"}, "kind", "kind_conflict"),
        ({"town": "莞城街道"}, "town", "value_conflict"),
        ({"level": "city"}, "level", "value_conflict"),
        ({"registered_on": "2009-01-15"}, "registered_on", "value_conflict"),
    ],
)
def test_what_differs_from_the_register_is_an_error_of_its_row(
    wrong: dict[str, Any], field: str, code: str
) -> None:
    plan = planned(a_row(5, **wrong), a_row(6, code=OTHER), known=a_row())

    assert [(e.row, e.field, e.code) for e in plan.errors] == [(5, field, code)]
    assert [row.number for row in plan.new] == [6]


def test_a_code_that_comes_twice_is_held_against_its_first_row() -> None:
    plan = planned(a_row(2), a_row(3), a_row(4, name="乙"))

    assert [row.number for row in plan.new] == [2]
    assert plan.unchanged == 1
    assert [(e.row, e.code) for e in plan.errors] == [(4, "name_conflict")]


def test_nothing_was_founded_tomorrow() -> None:
    plan = planned(a_row(registered_on="2025-03-04"))

    assert [(e.field, e.code) for e in plan.errors] == [("registered_on", "future_date")]
    assert plan.new == []
