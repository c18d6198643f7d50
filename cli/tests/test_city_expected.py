"""Comparing what the ledger tells with what must come out."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from fundmix_cli.city.expected import (
    Expected,
    compared,
    compared_advances,
    compared_uses,
    read_expected,
)
from fundmix_cli.city.files import FileUnusableError

SAMPLE = Path(__file__).parents[2] / "samples" / "dongguan"
FIRST_AGENCY = "52441900247L7L8LDR"


def the_city() -> Expected:
    expected = read_expected(SAMPLE)
    assert expected is not None
    return expected


def the_mix() -> dict[str, Any]:
    """Of the sample's 2024, as the ledger would tell it if all were right."""
    return the_city().years[2024].model_dump() | {"year": 2024, "n": 5, "quarantined": 0}


def differing(mix: dict[str, Any]) -> list[str]:
    return [str(f) for f in compared(2024, the_city().years[2024], mix) if not f.is_as_expected]


def test_the_same_figures_differ_in_nothing() -> None:
    assert differing(the_mix()) == []
    assert len(compared(2024, the_city().years[2024], the_mix())) == 5 + 5 + 3 * 12


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (["received_total"], "104000000.01", "2024 received_total: expected 104000000.00"),
        (["in_kind_total"], "0.00", "2024 in_kind_total"),
        (["hhi"], 0.931705, "2024 hhi: expected 0.931704, found 0.931705"),
        (["government_share"], None, "2024 government_share: expected 0.965, found None"),
        (["received_by_channel", "university"], "144634.16", "received_by_channel university"),
        (["received_by_channel", "other"], "0.01", "received_by_channel other: expected None"),
        (["agencies", FIRST_AGENCY, "hhi"], 0.9, f"agencies.{FIRST_AGENCY} hhi"),
    ],
)
def test_one_differing_figure_is_named(path: list[str], value: object, told: str) -> None:
    mix: Any = deepcopy(the_mix())
    *parents, name = path
    part = mix
    for parent in parents:
        part = part[parent]
    part[name] = value

    found = differing(mix)

    assert len(found) == 1
    assert told in found[0]


def test_a_missing_and_a_surplus_agency_are_told() -> None:
    mix = the_mix()
    mix["agencies"]["52X"] = mix["agencies"].pop(FIRST_AGENCY)

    assert len(differing(mix)) == 6


def test_an_agency_without_income_need_not_be_expected() -> None:
    mix = the_mix()
    mix["agencies"]["52X"] = {"received_total": "0.00", "government_share": None, "hhi": None}

    assert differing(mix) == []


def test_a_city_may_expect_nothing(tmp_path: Path) -> None:
    assert read_expected(tmp_path) is None


@pytest.mark.parametrize("content", ["{", "[]", '{"years": {"2024": {}}}'])
def test_expectations_of_another_form_are_unusable(tmp_path: Path, content: str) -> None:
    (tmp_path / "expected.json").write_text(content)

    with pytest.raises(FileUnusableError, match=r"expected\.json"):
        read_expected(tmp_path)


def the_flows() -> list[dict[str, Any]]:
    """The lines of all years, as the ledger would tell them."""
    flows = the_city().flows
    assert flows is not None
    return [row.model_dump() for row in flows]


def differing_uses(flows: list[dict[str, Any]]) -> list[str]:
    return [str(f) for f in compared_uses(the_city(), flows) if not f.is_as_expected]


def test_the_same_flows_differ_in_nothing_and_sum_to_what_was_spent() -> None:
    assert differing_uses(the_flows()) == []
    assert len(compared_uses(the_city(), the_flows())) == 3 + 27


def test_a_line_of_another_amount_is_named_with_the_sum_it_changes() -> None:
    flows = the_flows()
    flows[0]["amount"] = "183074.53"

    assert differing_uses(flows) == [
        "spent fundraising: expected 846870.53, found 846870.54",
        "flows 2024 enterprise general fundraising: expected 183074.52, found 183074.53",
    ]


def test_a_missing_and_a_surplus_line_are_told() -> None:
    flows = the_flows()
    flows[0]["fund_kind"] = "contract"

    assert len(differing_uses(flows)) == 2


def test_advances_are_counted() -> None:
    (found,) = compared_advances(the_city(), 94)

    assert str(found) == "contract_funds_prefinanced_on_some_day: expected 95, found 94"
    assert not found.is_as_expected
    assert all(f.is_as_expected for f in compared_advances(the_city(), 95))


def test_what_a_city_does_not_name_is_not_compared() -> None:
    silent = Expected(years={})

    assert compared_uses(silent, the_flows()) == []
    assert list(compared_advances(silent, 95)) == []
