"""What the fault tests measure by is right itself."""

import json
from pathlib import Path

from tests.faults.city import PARTS, City, expected_mixes, parts_of, read_city


def test_the_expected_figures_of_the_whole_city_are_those_of_the_sample(sample: Path) -> None:
    expected = json.loads((sample / "expected.json").read_text())

    mixes = expected_mixes(read_city(sample))

    assert {str(year): mix for year, mix in mixes.items()} == expected["years"]


def test_the_parts_are_the_whole_and_each_about_a_tenth(sample: Path) -> None:
    city = read_city(sample)

    parts = parts_of(city, seed=1)

    whole = sum(parts, City())
    assert expected_mixes(whole) == expected_mixes(city)
    assert whole.entries == city.entries
    for part in parts:
        assert 0.8 < part.entries * PARTS / city.entries < 1.2
