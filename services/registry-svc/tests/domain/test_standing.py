"""What authorities have found: in order, once each, and never of a day to come."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from fundmix_events.registry import (
    CharityStatus,
    Organisation,
    Standing,
    StandingSource,
    TaxQualificationKind,
)
from registry_svc.domain import standing as rules
from registry_svc.domain.errors import (
    AlreadyListedError,
    DayOrderError,
    FutureDateError,
    NotListedError,
    StandingFullError,
)
from registry_svc.domain.registration import Registration, Revision

TODAY: Final = date(2025, 3, 3)
A_DAY: Final = timedelta(days=1)
SOURCE: Final = StandingSource(
    document="公告",
    issued_on=TODAY - A_DAY,
    recorded_by="officer",
    recorded_at=datetime(2025, 3, 3, tzinfo=UTC),
)
DEDUCTION: Final = TaxQualificationKind.DONATION_DEDUCTION
EXEMPTION: Final = TaxQualificationKind.INCOME_EXEMPTION


def a_registration(**values: Any) -> Registration:
    usual = {"code": "52441900AJC6XAY6DW", "name": "甲", "kind": "agency"}
    return Registration(organisation=Organisation.model_validate(usual | values), version=1)


def listed(before: Registration, on: date = TODAY) -> Registration:
    after, _ = rules.list_as_abnormal(
        before, listed_on=on, reason="未报年报", source=SOURCE, today=TODAY
    )
    return after


def removed(before: Registration, on: date = TODAY) -> Registration:
    after, _ = rules.remove_from_abnormal(before, removed_on=on, source=SOURCE, today=TODAY)
    return after


def granted(before: Registration, kind: TaxQualificationKind, *years: int) -> Registration:
    after, _ = rules.grant_tax_qualification(
        before, kind=kind, years=years, source=SOURCE, today=TODAY
    )
    return after


def standing_of(registration: Registration) -> Standing:
    assert registration.organisation.standing is not None
    return registration.organisation.standing


def test_a_listing_is_kept_with_its_source_and_its_end() -> None:
    after = removed(listed(a_registration(), on=TODAY - A_DAY))

    [listing] = standing_of(after).abnormal_listings
    assert (listing.listed_on, listing.removed_on) == (TODAY - A_DAY, TODAY)
    assert listing.source == listing.removal_source == SOURCE
    assert after.version == 3


def test_who_is_on_the_list_is_not_put_on_it_again() -> None:
    with pytest.raises(AlreadyListedError):
        listed(listed(a_registration()))


def test_who_is_not_on_the_list_is_not_removed_from_it() -> None:
    with pytest.raises(NotListedError):
        removed(a_registration())
    with pytest.raises(NotListedError):
        removed(removed(listed(a_registration())))


def test_listings_follow_each_other() -> None:
    before = removed(listed(a_registration(), on=TODAY - 2 * A_DAY), on=TODAY - A_DAY)

    with pytest.raises(DayOrderError):
        listed(before, on=TODAY - 2 * A_DAY)
    again = listed(before, on=TODAY - A_DAY)
    with pytest.raises(DayOrderError):
        removed(again, on=TODAY - 2 * A_DAY)
    assert len(standing_of(again).abnormal_listings) == 2


def test_there_is_an_end_to_listings() -> None:
    registration = a_registration()
    for _ in range(rules.ABNORMAL_LISTINGS_MAX):
        registration = removed(listed(registration))

    with pytest.raises(StandingFullError):
        listed(registration)


def test_a_charity_status_replaces_the_one_before_and_is_recorded_once() -> None:
    def record(before: Registration, status: CharityStatus) -> Revision:
        return rules.record_charity_status(
            before, status=status, since_on=TODAY, source=SOURCE, today=TODAY
        )

    first, _ = record(a_registration(), CharityStatus.CHARITABLE_ORGANISATION)
    second, event = record(first, CharityStatus.PUBLIC_FUNDRAISING)

    charity = standing_of(second).charity
    assert charity is not None
    assert charity.status is CharityStatus.PUBLIC_FUNDRAISING
    assert event is not None
    assert record(second, CharityStatus.PUBLIC_FUNDRAISING) == (second, None)


def test_tax_qualifications_are_kept_once_for_each_kind_and_year() -> None:
    after = granted(granted(a_registration(), DEDUCTION, 2025, 2024, 2025), EXEMPTION, 2024)

    assert [(q.kind, q.year) for q in standing_of(after).tax_qualifications] == [
        (DEDUCTION, 2024),
        (DEDUCTION, 2025),
        (EXEMPTION, 2024),
    ]
    assert granted(after, DEDUCTION, 2024) == after


def test_a_tax_qualification_is_withdrawn_for_its_kind_and_years() -> None:
    before = granted(granted(a_registration(), DEDUCTION, 2024, 2025), EXEMPTION, 2025)

    def withdraw(registration: Registration) -> Revision:
        return rules.withdraw_tax_qualification(
            registration, kind=DEDUCTION, years=[2025, 2026], source=SOURCE, today=TODAY
        )

    after, event = withdraw(before)

    assert [(q.kind, q.year) for q in standing_of(after).tax_qualifications] == [
        (DEDUCTION, 2024),
        (EXEMPTION, 2025),
    ]
    assert event is not None
    assert withdraw(after) == (after, None)


def test_nothing_is_found_tomorrow() -> None:
    tomorrow = TODAY + A_DAY
    issued_tomorrow = SOURCE.model_copy(update={"issued_on": tomorrow})

    with pytest.raises(FutureDateError):
        listed(a_registration(), on=tomorrow)
    with pytest.raises(FutureDateError):
        removed(listed(a_registration()), on=tomorrow)
    with pytest.raises(FutureDateError) as refused:
        rules.grant_tax_qualification(
            a_registration(), kind=DEDUCTION, years=[2025], source=issued_tomorrow, today=TODAY
        )
    assert refused.value.pointer == "/source/issued_on"
