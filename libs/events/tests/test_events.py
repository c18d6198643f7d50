"""An event whose own figures do not agree is none; what it says is checked wherever it is read."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import pytest
from fundmix_events.base import AGGREGATE_VERSION_MAX, FundingEvent
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Money
from fundmix_events.registry import AbnormalListing, TaxQualificationKind
from fundmix_events.testing import samples
from fundmix_events.testing.samples import a_posting, an_instalment
from pydantic import ValidationError

MARCH_1: Final = date(2024, 3, 1)
A_DAY: Final = timedelta(days=1)


def code_of_refusal(build: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as refused:
        build()
    (found,) = refused.value.errors()
    return found["type"]


def test_instalments_sum_to_the_ceiling() -> None:
    instalments = (an_instalment("400.00"), an_instalment("600.00", number=2))

    assert (
        samples.contract_signed("1000.00", instalments=instalments).ceiling.amount_minor == 1000_00
    )
    assert (
        code_of_refusal(lambda: samples.contract_signed("1000.01", instalments=instalments))
        == "sum_mismatch"
    )


@pytest.mark.parametrize("build", [samples.instalment_approved, samples.instalment_paid])
def test_deduction_and_payable_sum_to_what_was_scheduled(build: Callable[..., Any]) -> None:
    approved = build("400.00", "150.00")

    assert approved.payable == Money.parse("250.00")
    assert (
        code_of_refusal(lambda: build("400.00", "150.00", payable=Money.parse("250.01")))
        == "sum_mismatch"
    )


def test_a_whole_instalment_may_be_deducted_and_not_more() -> None:
    assert samples.instalment_paid("400.00", "400.00").payable == Money.of(0)
    assert code_of_refusal(lambda: samples.instalment_paid("400.00", "400.01")) == "amount_negative"


@pytest.mark.parametrize(
    "postings",
    [
        (("assets:bank", "5.00"), ("income:donation", "-5.01")),
        (("assets:bank", "5.00"), ("income:donation", "5.00")),
        (("assets:bank", "0.01"), ("income:donation", "0.00"), ("assets:in_kind", "0.00")),
    ],
)
def test_the_postings_of_an_entry_sum_to_zero(postings: tuple[tuple[str, str], ...]) -> None:
    legs = tuple(a_posting(AccountCode(code), amount) for code, amount in postings)

    assert code_of_refusal(lambda: samples.entry_posted(postings=legs)) == "sum_mismatch"


def test_an_entry_has_two_postings_at_least() -> None:
    postings = (a_posting(AccountCode.BANK, "0.00"),)

    assert code_of_refusal(lambda: samples.entry_posted(postings=postings)) == "too_short"


@pytest.mark.parametrize(
    "build",
    [
        lambda: samples.contract_signed("0.00"),
        lambda: samples.contract_signed("-1.00"),
        lambda: an_instalment("0.00"),
        lambda: samples.pledge_made("0.00"),
        lambda: samples.donation_received("-5.00"),
        lambda: samples.donation_received(fulfils=Money.of(0)),
    ],
)
def test_nobody_promises_or_gives_nothing(build: Callable[[], object]) -> None:
    with pytest.raises(ValidationError, match="more than nothing"):
        build()


@pytest.mark.parametrize("version", [0, -1, AGGREGATE_VERSION_MAX + 1])
def test_the_changes_of_an_aggregate_are_counted_from_one(version: int) -> None:
    with pytest.raises(ValidationError, match="aggregate_version"):
        samples.donation_received(aggregate_version=version)


@pytest.mark.parametrize("day", [0, 1704067200, "0", "20240101", "2024-01-01T00:00:00"])
def test_a_day_is_read_only_as_it_is_written(day: object) -> None:
    with pytest.raises(ValidationError, match="a day is written like 2024-02-29"):
        samples.donation_received(received_on=day)


@pytest.mark.parametrize("score", ["0.000000", "59.999999", "60.000000", "100.000000"])
def test_a_score_is_told_with_six_places(score: str) -> None:
    assert samples.evaluation_published(score=score).score == score


@pytest.mark.parametrize("score", ["60", "60.00", "100.000001", "-1.000000", "060.000000"])
def test_a_score_is_told_in_no_other_way(score: str) -> None:
    with pytest.raises(ValidationError, match="score"):
        samples.evaluation_published(score=score)


@pytest.mark.parametrize("number", [0, 100])
def test_instalments_are_numbered_from_one(number: int) -> None:
    with pytest.raises(ValidationError, match="number"):
        an_instalment("1.00", number=number)
    with pytest.raises(ValidationError, match="instalment_number"):
        samples.instalment_paid(instalment_number=number)


def test_an_event_is_never_changed() -> None:
    event: FundingEvent = samples.donation_received()

    with pytest.raises(ValidationError, match="frozen"):
        event.aggregate_version = 2


def test_codes_and_texts_are_kept_as_they_are_written_properly() -> None:
    event = samples.donation_received(agency="52441900-ajc6xay6dw", restricted_to=" 长者助餐 ")

    assert (event.agency, event.restricted_to) == (samples.AGENCY, "长者助餐")


def test_an_event_of_an_aggregate_is_keyed_by_it() -> None:
    contract, donation, pledge = (
        samples.contract_signed(),
        samples.donation_received(),
        samples.pledge_made(),
    )

    assert contract.key == str(contract.contract_id)
    assert donation.key == str(donation.donation_id)
    assert pledge.key == str(pledge.pledge_id)
    assert samples.organisation_registered().key == samples.AGENCY
    assert samples.entry_posted(seq=7).key == "7"


@pytest.mark.parametrize(
    ("suspended_on", "is_suspended"),
    [(None, False), (MARCH_1 - A_DAY, True), (MARCH_1, True), (MARCH_1 + A_DAY, False)],
)
def test_an_organisation_is_suspended_from_the_day_on(
    suspended_on: date | None, *, is_suspended: bool
) -> None:
    organisation = samples.an_organisation(suspended_on=suspended_on)

    assert organisation.is_suspended(on=MARCH_1) is is_suspended


@pytest.mark.parametrize(
    ("removed_on", "is_abnormal"), [(None, True), (MARCH_1 + A_DAY, True), (MARCH_1, False)]
)
def test_an_abnormal_listing_ends_on_the_day_of_removal(
    removed_on: date | None, *, is_abnormal: bool
) -> None:
    listing = AbnormalListing(
        listed_on=MARCH_1 - A_DAY, reason="x", source=samples.a_source(), removed_on=removed_on
    )
    standing = samples.a_standing(abnormal_listings=(listing,))

    assert standing.is_abnormal(on=MARCH_1) is is_abnormal
    assert not standing.is_abnormal(on=MARCH_1 - 2 * A_DAY)


def test_a_tax_qualification_is_of_its_kind_and_year() -> None:
    standing = samples.a_standing()

    assert standing.is_qualified(TaxQualificationKind.DONATION_DEDUCTION, year=2024)
    assert not standing.is_qualified(TaxQualificationKind.DONATION_DEDUCTION, year=2025)
    assert not standing.is_qualified(TaxQualificationKind.INCOME_EXEMPTION, year=2024)
