"""Suspension: from a day on nothing new is signed with an organisation, until it is reinstated."""

from datetime import date, timedelta
from typing import Final

from registry_svc.domain.errors import (
    AlreadySuspendedError,
    DayOrderError,
    FutureDateError,
    NotSuspendedError,
)
from registry_svc.domain.registration import Registration, Revision, revise

# A suspension may be announced; further away, the day is mistyped.
DAYS_AHEAD_MAX: Final = timedelta(days=366)


def suspend(before: Registration, *, from_on: date, today: date) -> Revision:
    """Raises AlreadySuspendedError, FutureDateError, DayOrderError."""
    organisation = before.organisation
    if organisation.suspended_on is not None:
        raise AlreadySuspendedError(
            f"{organisation.code} is suspended from {organisation.suspended_on}"
        )
    if from_on > today + DAYS_AHEAD_MAX:
        raise FutureDateError(f"{from_on} is too far away", pointer="/from_on")
    if organisation.registered_on is not None and from_on < organisation.registered_on:
        raise DayOrderError(
            f"{organisation.code} was founded on {organisation.registered_on} only",
            pointer="/from_on",
        )
    return revise(before, organisation.model_copy(update={"suspended_on": from_on}))


def reinstate(before: Registration) -> Revision:
    """Raises NotSuspendedError."""
    organisation = before.organisation
    if organisation.suspended_on is None:
        raise NotSuspendedError(f"{organisation.code} is not suspended")
    return revise(before, organisation.model_copy(update={"suspended_on": None}))
