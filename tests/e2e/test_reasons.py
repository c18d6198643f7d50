"""From a figure to the entries it is the sum of, at the terminal, in the books of the sample."""

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.e2e.fundmix import Fundmix

SPAN: Final = ("--from=202401", "--to=202412")
COLUMNS: Final = ("opening", "debit", "credit", "closing")
# More than a page of postings, and a name that stands there twice.
CASH_AND_GOODS: Final = "/v1/why?code=assets%3Abank&code=assets%3Ain_kind&group=receipts"
ROWS_OF_A_PAGE: Final = 200

pytestmark = pytest.mark.timeout(900)


def total_of(items: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(item["amount"]) for item in items), Decimal())


def test_each_column_of_a_trial_balance_is_the_sum_of_its_entries(demonstrated: Fundmix) -> None:
    lines = demonstrated.json("ledger", "trial-balance", *SPAN)["lines"]
    line = max(lines, key=lambda found: Decimal(found["debit"]["amount"]))

    for column in COLUMNS:
        (query,) = line[column]["why"]
        found = demonstrated.json("ledger", "why", query, "--rows=10000")

        assert found["next_cursor"] is None
        assert total_of(found["items"]) == Decimal(found["sum"]) == Decimal(line[column]["amount"])


def test_the_reason_of_a_figure_comes_whole_or_as_far_as_it_is_wanted(
    demonstrated: Fundmix,
) -> None:
    whole = demonstrated.json("ledger", "why", CASH_AND_GOODS, "--rows=10000")
    start = demonstrated.json("ledger", "why", CASH_AND_GOODS, "--rows=201")

    assert len(whole["items"]) > ROWS_OF_A_PAGE
    assert {item["code"] for item in whole["items"]} == {"assets:bank", "assets:in_kind"}
    assert total_of(whole["items"]) == Decimal(whole["sum"])
    assert start["items"] == whole["items"][: ROWS_OF_A_PAGE + 1]
    assert start["next_cursor"] is not None


def test_an_entry_is_found_at_the_terminal_by_its_event_and_by_its_place(
    demonstrated: Fundmix,
) -> None:
    (entry,) = demonstrated.json("ledger", "entries", "--after=6", "--rows=1")["items"]
    source = {name: str(value) for name, value in entry["source"].items()}
    place = [f"--{name}={source[name]}" for name in ("topic", "partition", "number")]

    assert entry["seq"] == 7
    for asked in ([f"--event-id={entry['event_id']}"], place):
        assert demonstrated.json("ledger", "entries", *asked)["items"] == [entry]
