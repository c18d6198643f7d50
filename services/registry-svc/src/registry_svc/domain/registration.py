"""An organisation in the register: one code, one name, and nothing overwritten in silence."""

from dataclasses import dataclass
from datetime import date

from fundmix_events.registry import Organisation, OrganisationChanged, OrganisationRegistered

from registry_svc.domain.errors import (
    AlreadyRegisteredError,
    ChangeRequestNeededError,
    FutureDateError,
    NameConflictError,
    RegistryError,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """`version` counts the states the organisation has had, from 1."""

    organisation: Organisation
    version: int


Revision = tuple[Registration, OrganisationChanged | None]
"""What an organisation is after a change, and its event; no event where nothing is different."""


def register_organisation(
    organisation: Organisation, *, today: date
) -> tuple[Registration, OrganisationRegistered]:
    """Raises FutureDateError."""
    check_dates(organisation, today=today)
    registration = Registration(organisation=organisation, version=1)
    event = OrganisationRegistered(
        aggregate_version=registration.version, organisation=organisation
    )
    return registration, event


def refusal_of_known(known: Registration, organisation: Organisation) -> RegistryError:
    """Why `organisation` is not registered when its code is known: it differs, or it is there."""
    if known.organisation.name != organisation.name:
        return NameConflictError(
            f"{organisation.code} is in the register as {known.organisation.name}",
            pointer="/name",
        )
    return AlreadyRegisteredError(
        f"{organisation.code} is in the register already", pointer="/code"
    )


def change_organisation(before: Registration, *, wanted: Organisation, today: date) -> Revision:
    """What one person may change alone. Raises ChangeRequestNeededError, FutureDateError."""
    if wanted.name != before.organisation.name:
        raise ChangeRequestNeededError(
            "a name is changed by two persons: one asks for it with evidence "
            f"(POST /v1/organisations/{wanted.code}/change-requests), another approves",
            pointer="/name",
        )
    assert wanted.kind is before.organisation.kind, "a kind is changed by two persons"
    if wanted.registered_on != before.organisation.registered_on:
        check_dates(wanted, today=today)
    return revise(before, wanted)


def revise(before: Registration, wanted: Organisation) -> Revision:
    """The next version, where something is different."""
    assert wanted.code == before.organisation.code, "an organisation keeps its code"
    if wanted == before.organisation:
        return before, None
    after = Registration(organisation=wanted, version=before.version + 1)
    return after, OrganisationChanged(aggregate_version=after.version, organisation=wanted)


def check_dates(organisation: Organisation, *, today: date) -> None:
    """Raises FutureDateError."""
    registered_on = organisation.registered_on
    if registered_on is not None and registered_on > today:
        raise FutureDateError(f"{registered_on} is not yet", pointer="/registered_on")
