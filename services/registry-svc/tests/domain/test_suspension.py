"""From a day on nothing new is signed with an organisation, until it is reinstated."""

from datetime import date, timedelta
from typing import Any, Final

import pytest
from fundmix_events.registry import Organisation
from registry_svc.domain.errors import (
    AlreadySuspendedError,
    DayOrderError,
    FutureDateError,
    NotSuspendedError,
)
from registry_svc.domain.registration import Registration
from registry_svc.domain.suspension import DAYS_AHEAD_MAX, reinstate, suspend

TODAY: Final = date(2025, 3, 3)
A_DAY: Final = timedelta(days=1)


def a_registration(**values: Any) -> Registration:
    usual = {"code": "52441900AJC6XAY6DW", "name": "甲", "kind": "agency"}
    return Registration(organisation=Organisation.model_validate(usual | values), version=3)


@pytest.mark.parametrize("from_on", [TODAY - A_DAY, TODAY, TODAY + DAYS_AHEAD_MAX])
def test_a_suspension_may_be_recorded_late_or_announced(from_on: date) -> None:
    after, event = suspend(a_registration(), from_on=from_on, today=TODAY)

    assert (after.organisation.suspended_on, after.version) == (from_on, 4)
    assert event is not None
    assert event.organisation.suspended_on == from_on


def test_a_suspension_is_not_announced_for_a_mistyped_year() -> None:
    with pytest.raises(FutureDateError):
        suspend(a_registration(), from_on=TODAY + DAYS_AHEAD_MAX + A_DAY, today=TODAY)


def test_nobody_is_suspended_before_he_was_founded() -> None:
    with pytest.raises(DayOrderError):
        suspend(a_registration(registered_on=TODAY), from_on=TODAY - A_DAY, today=TODAY)


def test_who_is_suspended_is_reinstated_before_he_is_suspended_again() -> None:
    suspended, _ = suspend(a_registration(), from_on=TODAY, today=TODAY)
    with pytest.raises(AlreadySuspendedError):
        suspend(suspended, from_on=TODAY + A_DAY, today=TODAY)

    reinstated, event = reinstate(suspended)

    assert reinstated.organisation == a_registration().organisation
    assert event is not None
    with pytest.raises(NotSuspendedError):
        reinstate(reinstated)
