"""What is there already, against what a file wants; and how far the ledger is behind."""

from typing import Any

from fundmix_cli.city.catching_up import events_behind
from fundmix_cli.city.existing import differences
from fundmix_cli.city.rows import DonationRow, OrganisationRow

ROW = OrganisationRow.model_validate(
    {"uscc": "52441900AJC6XAY6DW", "name": "示例甲", "kind": "agency"}
)


def test_a_row_that_is_there_just_so_differs_in_nothing() -> None:
    there = {**ROW.json_of(), "version": 3}

    assert list(differences(ROW.json_of(), there, OrganisationRow)) == []


def test_a_difference_names_the_column_and_both_sides() -> None:
    there: dict[str, Any] = {**ROW.json_of(), "name": "示例乙", "town": "莞城街道"}

    assert list(differences(ROW.json_of(), there, OrganisationRow)) == [
        ("name", "the file has 示例甲, the system 示例乙"),
        ("town", "the file has nothing, the system 莞城街道"),
    ]


def test_amounts_and_donors_are_shown_as_people_write_them() -> None:
    wanted = {
        "amount": {"amount": "1.00", "currency": "CNY"},
        "donor": {"kind": "individual", "code": None},
    }
    there = {
        "amount": {"amount": "2.00", "currency": "CNY"},
        "donor": {"kind": "enterprise", "code": "91X"},
    }

    assert list(differences(wanted, there, DonationRow)) == [
        ("amount", "the file has 1.00 CNY, the system 2.00 CNY"),
        ("donor_uscc", "the file has individual without code, the system enterprise 91X"),
    ]


def progress(*, next_number: int, waiting: int = 0) -> dict[str, Any]:
    return {"published": {"fundmix.contracts": {"3": next_number}}, "waiting": waiting}


def test_the_ledger_is_behind_until_it_has_heard_every_number() -> None:
    ledger = {"consumed": {"fundmix.contracts": {"3": 7}}}

    assert events_behind([progress(next_number=10)], ledger) == 3
    assert events_behind([progress(next_number=7, waiting=2)], ledger) == 2
    assert events_behind([progress(next_number=7)], ledger) == 0


def test_where_nothing_was_consumed_all_of_it_is_behind() -> None:
    assert events_behind([progress(next_number=5)], {"consumed": {}}) == 4
    assert events_behind([progress(next_number=1)], {"consumed": {}}) == 0


def test_having_read_further_in_one_place_makes_up_for_nothing_in_another() -> None:
    ledger = {"consumed": {"fundmix.contracts": {"3": 99}, "fundmix.registry": {"0": 1}}}
    registry = {"published": {"fundmix.registry": {"0": 3}}, "waiting": 0}

    assert events_behind([progress(next_number=7), registry], ledger) == 2
