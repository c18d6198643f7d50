"""An evaluation that is published against the row of a file; and whom it waits for."""

from typing import Any

import pytest
from fundmix_cli.city.evaluating import evaluation_differences, is_waiting_for_agency
from fundmix_cli.city.rows import EvaluationRow

ROW = EvaluationRow.model_validate(
    {
        "contract_no": "C-1",
        "stage": "final",
        "evaluated_on": "2024-12-15",
        "professional_score": "88",
        "buyer_score": "88.5",
        "self_score": "90.25",
        "recipient_score": "79.00",
        "recipients_surveyed": "67",
    }
)


def published(*, people: int = 67, **means: str) -> dict[str, Any]:
    found = {"professional": "88", "buyer": "88.5", "self": "90.25", "recipients": "79"} | means
    counts = {"recipients": people}
    return {
        "evaluated_on": "2024-12-15",
        "dimensions": [
            {"dimension": name, "mean": f"{float(mean):.6f}", "count": counts.get(name, 1)}
            for name, mean in found.items()
        ],
    }


def test_an_evaluation_that_is_there_just_so_differs_in_nothing() -> None:
    assert list(evaluation_differences(ROW, published())) == []


def test_another_mean_is_told_by_its_column() -> None:
    assert list(evaluation_differences(ROW, published(self="90.26"))) == [
        ("self_score", "the file has 90.25, the system 90.260000")
    ]


def test_another_day_and_other_people_are_told() -> None:
    there = published(people=68) | {"evaluated_on": "2024-12-16"}

    assert list(evaluation_differences(ROW, there)) == [
        ("evaluated_on", "the file has 2024-12-15, the system 2024-12-16"),
        ("recipients_surveyed", "the file has 67, the system 68"),
    ]


@pytest.mark.parametrize(
    ("is_open", "objection", "is_waiting"),
    [(True, None, True), (False, None, False), (True, {"grounds": "评分有误"}, False)],
)
def test_an_open_outcome_waits_for_the_agency_until_it_objects(
    *, is_open: bool, objection: dict[str, str] | None, is_waiting: bool
) -> None:
    there = {"is_outcome_open": is_open, "objection": objection}

    assert is_waiting_for_agency(there) is is_waiting
