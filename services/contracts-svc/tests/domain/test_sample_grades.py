"""The sample city's scores give the deductions that its payments show, to the fen."""

import csv
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

from contracts_svc.domain.points import points_from_text
from contracts_svc.testing.evaluations import SCHEME
from fundmix_events.evaluations import Dimension, Grade
from fundmix_events.money import minor_from_text

SAMPLE: Final = Path(__file__).parents[4] / "samples" / "dongguan"
COLUMN_BY_DIMENSION: Final = {
    Dimension.PROFESSIONAL: "professional_score",
    Dimension.BUYER: "buyer_score",
    Dimension.SELF: "self_score",
    Dimension.RECIPIENTS: "recipient_score",
}


def rows_of(name: str) -> Iterator[dict[str, str]]:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def final_points() -> dict[str, Fraction]:
    return {
        row["contract_no"]: SCHEME.points(
            {
                dimension: Fraction(points_from_text(row[column]))
                for dimension, column in COLUMN_BY_DIMENSION.items()
            }
        )
        for row in rows_of("evaluations")
        if row["stage"] == "final"
    }


def test_the_final_scores_give_the_deductions_of_the_sample() -> None:
    points = final_points()
    deductions = {
        row["contract_no"]: SCHEME.deduction_minor(
            SCHEME.grade(points[row["contract_no"]]), amount_minor=minor_from_text(row["amount"])
        )
        for row in rows_of("instalments")
        if row["condition"] == "final"
    }

    assert sum(deductions.values()) == 1_542_058_89


def test_in_the_sample_exactly_sixty_passes_and_a_tenth_less_fails() -> None:
    grades = {points: SCHEME.grade(points) for points in final_points().values()}

    assert (grades[Fraction(6000)], grades[Fraction(5990)]) == (Grade.PASS, Grade.FAIL)
