"""What is there already against what a file wants; and how far the ledger is behind."""

from typing import Any

from fundmix_cli.city.catching_up import events_behind
from fundmix_cli.city.existing import differences, is_among
from fundmix_cli.city.rows import DonationRow, OrganisationRow
from fundmix_cli.city.steps import gift_differences

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


GIFT = DonationRow.model_validate(
    {
        "donation_ref": "D-1",
        "donor_kind": "individual",
        "agency_uscc": "52441900AJC6XAY6DW",
        "kind": "cash",
        "amount": "50.00",
        "pledged_on": "2024-04-01",
        "received_on": "2024-04-09",
        "bank_reference": "R-1",
        "anonymous": "true",
    }
)


def test_what_is_not_there_yet_of_a_gift_is_no_difference() -> None:
    assert gift_differences(GIFT, None, None) == []
    assert gift_differences(GIFT, GIFT.pledge(), None) == []
    assert gift_differences(GIFT, GIFT.pledge(), GIFT.donation()) == []


def test_a_field_of_pledge_and_donation_differs_once() -> None:
    pledge, donation = (part | {"is_anonymous": False} for part in (GIFT.pledge(), GIFT.donation()))

    assert gift_differences(GIFT, pledge, donation) == [
        ("anonymous", "the file has true, the system false")
    ]


def test_a_donation_that_came_without_its_pledge_is_not_pledged_afterwards() -> None:
    assert gift_differences(GIFT, None, GIFT.donation()) == [
        ("pledged_on", "the file has 2024-04-01, the system no pledge")
    ]


def test_a_row_says_what_was_reversed_only_if_it_says_just_that() -> None:
    undone = GIFT.donation() | {"reversed_on": "2024-05-02"}
    corrected = GIFT.donation() | {"received_on": "2024-04-10"}

    assert is_among(GIFT.donation(), [undone], DonationRow)
    assert is_among(GIFT.donation(), [corrected, undone], DonationRow)
    assert not is_among(corrected, [undone], DonationRow)
    assert not is_among(GIFT.donation(), [], DonationRow)


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
