"""A city's files: what is read, and what is said about rows that cannot be."""

from pathlib import Path
from typing import Protocol

import pytest
from fundmix_cli.city.checks import City
from fundmix_cli.city.files import FileUnusableError
from fundmix_cli.city.loading import read_city
from fundmix_cli.city.outcome import Outcome
from fundmix_cli.city.rows import DonationRow, EvaluationRow, InstalmentRow

SAMPLE = Path(__file__).parents[2] / "samples" / "dongguan"


class CityFolder(Protocol):
    """What the fixture of conftest.py can do."""

    path: Path
    rows: dict[str, list[dict[str, str]]]

    def change(self, file: str, place: int = 0, **columns: str) -> "CityFolder": ...
    def add(self, file: str, **columns: str) -> "CityFolder": ...
    def written(self) -> Path: ...


def complaints(folder: CityFolder) -> list[str]:
    return [str(error) for error in read_city(folder.written()).errors]


def sendable(city: City) -> tuple[int, int, int, int]:
    instalments = sum(len(lines.instalments) for lines in city.contracts)
    return len(city.organisations), len(city.contracts), instalments, len(city.donations)


def evaluations(city: City) -> list[tuple[str, str]]:
    return [(c.contract.row.number, stage) for c in city.contracts for stage in c.evaluations]


def test_the_sample_city_is_right_in_every_row() -> None:
    sample = read_city(SAMPLE)

    assert not sample.errors
    assert sendable(sample) == (121, 240, 720, 1008)
    assert len(evaluations(sample)) == 480


def test_what_was_paid_may_be_left_out_as_it_follows_from_the_evaluation(city: CityFolder) -> None:
    read = read_city(city.change("instalments.csv", paid_amount="").written())

    assert not read.errors
    assert read.contracts[0].instalments[0].row.paid_amount is None


def test_a_city_without_evaluations_is_read_as_well(city: CityFolder) -> None:
    (city.written() / "evaluations.csv").unlink()

    read = read_city(city.path)

    assert not read.errors
    assert sendable(read) == (3, 1, 2, 1)
    assert evaluations(read) == []


@pytest.mark.parametrize(
    ("file", "column", "value", "reason"),
    [
        ("organisations.csv", "uscc", "52441900AJC6XAY6DX", "mistyped?"),
        ("organisations.csv", "uscc", "52441900", "18 characters"),
        ("organisations.csv", "uscc", "", "Field required"),
        ("organisations.csv", "name", "一\u0007二", "control characters"),
        ("organisations.csv", "name", "x" * 201, "at most 200 characters"),
        ("organisations.csv", "kind", "stranger", "Input should be 'agency'"),
        ("organisations.csv", "registered_on", "2023-02-29", "and exists"),
        ("organisations.csv", "registered_on", "1700000000", "written like 2024-03-31"),
        ("contracts.csv", "amount", "1000.001", "at most two decimals"),
        ("contracts.csv", "amount", "-1000.00", "more than nothing"),
        ("contracts.csv", "amount", "1e3", "written like 12000.00"),
        ("contracts.csv", "amount", "100000000000.01", "at most 100000000000.00"),
        ("contracts.csv", "posts", "3", "only a purchase of posts"),
        ("contracts.csv", "posts", "1.5", "only digits"),
        ("contracts.csv", "ends_on", "2024-01-01", "ends before it starts"),
        ("contracts.csv", "payer_level", "province", "'city' or 'town'"),
        ("instalments.csv", "number", "0", "greater than or equal to 1"),
        ("instalments.csv", "paid_amount", "600.01", "more was paid"),
        ("instalments.csv", "bank_reference", "", "a paid instalment has one"),
        ("instalments.csv", "condition", "whenever", "'signing', 'midterm', 'final'"),
        ("evaluations.csv", "stage", "yearly", "'midterm' or 'final'"),
        ("evaluations.csv", "evaluated_on", "", "Field required"),
        ("evaluations.csv", "professional_score", "100.01", "from 0 to 100"),
        ("evaluations.csv", "buyer_score", "-1", "from 0 to 100"),
        ("evaluations.csv", "self_score", "88.125", "at most two decimals"),
        ("evaluations.csv", "recipient_score", "", "Field required"),
        ("evaluations.csv", "recipients_surveyed", "0", "greater than or equal to 1"),
        ("evaluations.csv", "recipients_surveyed", "6.5", "only digits"),
        ("donations.csv", "donor_uscc", "", "known by its code"),
        ("donations.csv", "donor_kind", "stranger", "Input should be 'enterprise'"),
        ("donations.csv", "donor_name", "别的企业", "91441900RU78HJBDQ9 is 示例企业"),
        ("donations.csv", "received_on", "2024-03-31", "received before it was pledged"),
        ("donations.csv", "bank_reference", "", "money that has arrived has one"),
        ("donations.csv", "anonymous", "maybe", "true or false"),
    ],
)
def test_a_wrong_field_is_told_by_file_line_and_column(
    city: CityFolder, file: str, column: str, value: str, reason: str
) -> None:
    city.rows[file][0][column] = value

    found = [line for line in complaints(city) if line.startswith(f"{file}:2: {column}: ")]

    assert len(found) == 1
    assert reason in found[0]


def test_a_wrong_row_does_not_stop_the_others(city: CityFolder) -> None:
    read = read_city(city.add("donations.csv", donation_ref="D-2", amount="1.234").written())

    assert [error.line for error in read.errors] == [3]
    assert sendable(read) == (3, 1, 2, 1)


def test_a_payment_without_its_day_is_no_payment(city: CityFolder) -> None:
    found = complaints(city.change("instalments.csv", paid_on=""))

    assert "instalments.csv:2: paid_on: there is a bank_reference, but no day of payment" in found


def test_of_a_person_only_the_kind_is_kept(city: CityFolder) -> None:
    found = complaints(city.change("donations.csv", donor_kind="individual"))

    assert [line.split(": ")[1] for line in found] == ["donor_uscc", "donor_name"]


def test_goods_have_no_bank_reference(city: CityFolder) -> None:
    assert (
        "only money that has arrived" in complaints(city.change("donations.csv", kind="in_kind"))[0]
    )


def test_a_gift_was_pledged_or_received(city: CityFolder) -> None:
    found = complaints(
        city.change("donations.csv", pledged_on="", received_on="", bank_reference="")
    )

    assert found == ["donations.csv:2: received_on: a gift was pledged, received, or both"]


@pytest.mark.parametrize(
    ("file", "columns", "column"),
    [
        ("organisations.csv", {}, "uscc"),
        ("contracts.csv", {}, "contract_no"),
        ("instalments.csv", {"bank_reference": "B-2"}, "number"),
        ("evaluations.csv", {}, "stage"),
        ("donations.csv", {"bank_reference": "R-2"}, "donation_ref"),
        ("donations.csv", {"donation_ref": "D-2"}, "bank_reference"),
    ],
)
def test_the_second_row_with_a_key_is_wrong_and_the_first_goes_on(
    city: CityFolder, file: str, columns: dict[str, str], column: str
) -> None:
    read = read_city(city.add(file, **columns).written())

    assert [error.field for error in read.errors] == [column]
    assert "line 2 has it already" in read.errors[0].reason
    assert sendable(read) == (3, 1, 2, 1)


def test_two_transfers_of_buyers_do_not_share_a_bank_reference(city: CityFolder) -> None:
    second = {"paid_on": "2024-12-30", "paid_amount": "400.00", "bank_reference": "B-1"}

    found = complaints(city.change("instalments.csv", 1, **second))

    assert "instalments.csv:3: bank_reference: line 2 has it already" in found


def test_a_contract_comes_whole_or_not_at_all(city: CityFolder) -> None:
    read = read_city(city.change("instalments.csv", 1, amount="399.99").written())

    assert sendable(read) == (3, 0, 0, 1)
    assert [(error.file, error.line) for error in read.errors] == [
        ("contracts.csv", 2),
        ("evaluations.csv", 2),
        ("instalments.csv", 2),
        ("instalments.csv", 3),
    ]
    assert read.errors[0].reason == "its instalments sum to 999.99 CNY, not to 1000.00 CNY"


def test_instalments_are_numbered_without_gaps(city: CityFolder) -> None:
    found = complaints(city.change("instalments.csv", 1, number="3"))

    assert "not numbered from 1 without gaps, but [1, 3]" in found[0]


def test_an_instalment_of_an_unknown_contract_is_wrong(city: CityFolder) -> None:
    found = complaints(city.add("instalments.csv", contract_no="C-9", bank_reference="B-9"))

    assert found == [
        "instalments.csv:4: contract_no: its contract has an error, or is not in the file"
    ]


def test_an_evaluation_of_an_unknown_contract_is_wrong(city: CityFolder) -> None:
    found = complaints(city.add("evaluations.csv", contract_no="C-9"))

    assert found == [
        "evaluations.csv:3: contract_no: its contract has an error, or is not in the file"
    ]


def test_every_wrong_row_is_counted_once(city: CityFolder) -> None:
    read = read_city(city.change("contracts.csv", amount="x", posts="y").written())
    outcome = Outcome(read, on_row=lambda _: None)

    assert {file.file: (file.rows, file.errors) for file in outcome.summary()} == {
        "organisations.csv": (3, 0),
        "contracts.csv": (1, 1),
        "instalments.csv": (2, 2),
        "evaluations.csv": (1, 1),
        "donations.csv": (1, 0),
        "expenditures.csv": (0, 0),
    }


def test_columns_may_stand_in_any_order_and_lines_may_be_blank(city: CityFolder) -> None:
    file = city.written() / "donations.csv"
    reversed_rows = [",".join(reversed(line.split(","))) for line in file.read_text().splitlines()]
    file.write_text("\ufeff" + "\r\n\r\n".join(reversed_rows))

    read = read_city(city.path)

    assert not read.errors
    assert read.donations[0].number == 3
    assert isinstance(read.donations[0].row, DonationRow)


def test_a_line_with_too_few_fields_is_one_wrong_row(city: CityFolder) -> None:
    with (city.written() / "organisations.csv").open("a") as file:
        file.write("52441900AJC6XAY6DW,only two\n")

    assert [str(error) for error in read_city(city.path).errors] == [
        "organisations.csv:5: row: it has 2 fields, the header 6"
    ]


def test_an_unclosed_quote_is_told_where_it_opens(city: CityFolder) -> None:
    with (city.written() / "donations.csv").open("a") as file:
        file.write('"D-2,never closed\nD-3,swallowed\n')

    assert str(read_city(city.path).errors[0]).startswith("donations.csv:3: row: ")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "lacks uscc, name"),
        (b"uscc,name\n", "lacks kind, level"),
        (b"uscc,name,kind,level,town,registered_on,colour\n", "unknown columns: colour"),
        (b"uscc,name,kind,level,town,registered_on,uscc\n", "names a column twice"),
        (b'"uscc\n', "header cannot be read"),
        ("uscc,name,kind,level,town,registered_on\n,东莞".encode("gb18030"), "line 2 is not UTF-8"),
    ],
)
def test_an_unusable_file_stops_everything(city: CityFolder, content: bytes, reason: str) -> None:
    (city.written() / "organisations.csv").write_bytes(content)

    with pytest.raises(FileUnusableError, match=reason):
        read_city(city.path)


def test_a_missing_file_stops_everything(city: CityFolder) -> None:
    (city.written() / "contracts.csv").unlink()

    with pytest.raises(FileUnusableError, match=r"contracts\.csv: No such file"):
        read_city(city.path)


@pytest.mark.parametrize(
    ("pointer", "column"),
    [
        ("/amount/amount", "paid_amount"),
        ("/payable/amount", "paid_amount"),
        ("/paid_on", "paid_on"),
        ("", "row"),
    ],
)
def test_a_refused_field_of_a_payment_finds_its_column(pointer: str, column: str) -> None:
    assert InstalmentRow.column_of(pointer) == column


@pytest.mark.parametrize(
    ("pointer", "column"),
    [
        ("/evaluated_on", "evaluated_on"),
        ("/published_on", "evaluated_on"),
        ("/accepted_on", "evaluated_on"),
        ("/ratings/0/score", "recipient_score"),
        ("/sample_size", "recipients_surveyed"),
    ],
)
def test_a_refused_field_of_an_evaluation_finds_its_column(pointer: str, column: str) -> None:
    assert EvaluationRow.column_of(pointer) == column


@pytest.mark.parametrize(
    ("pointer", "column"),
    [
        ("/donor/kind", "donor_kind"),
        ("/donor/code", "donor_uscc"),
        ("/donor", "donor_uscc"),
        ("/is_anonymous", "anonymous"),
        ("/reference", "donation_ref"),
        ("#header/fundmix-after", "#header/fundmix-after"),
    ],
)
def test_a_refused_field_of_a_gift_finds_its_column(pointer: str, column: str) -> None:
    assert DonationRow.column_of(pointer) == column
