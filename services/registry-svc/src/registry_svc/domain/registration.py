"""An organisation in the register: one code, one name, and nothing overwritten in silence."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from fundmix_events.credit_code import KIND_BY_PREFIX
from fundmix_events.registry import (
    Organisation,
    OrganisationChanged,
    OrganisationKind,
    OrganisationRegistered,
)

from registry_svc.domain.errors import (
    AlreadyRegisteredError,
    FutureDateError,
    ImplausibleKindError,
    NameConflictError,
    RegistryError,
)

# What an organisation may be here, by what its code says it was registered as (GB 32100-2015).
# A university may be public, private non-profit or private; an agency may be an association.
KINDS_BY_FORM: Final = {
    "government": {OrganisationKind.BUYER},
    "public_institution": {OrganisationKind.BUYER, OrganisationKind.UNIVERSITY},
    "social_group": {OrganisationKind.SOCIAL_GROUP, OrganisationKind.AGENCY},
    "agency": {OrganisationKind.AGENCY, OrganisationKind.UNIVERSITY},
    "foundation": {OrganisationKind.FOUNDATION},
    "enterprise": {OrganisationKind.ENTERPRISE, OrganisationKind.UNIVERSITY},
}
ANY_KIND: Final = frozenset(OrganisationKind)


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """`version` counts the states the organisation has had, from 1."""

    organisation: Organisation
    version: int


def register_organisation(
    organisation: Organisation, *, today: date
) -> tuple[Registration, OrganisationRegistered]:
    """Raises ImplausibleKindError, FutureDateError."""
    _check_kind(organisation)
    _check_dates(organisation, today=today)
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


def change_organisation(
    before: Registration, *, wanted: Organisation, today: date
) -> tuple[Registration, OrganisationChanged | None]:
    """No event where nothing is different. Raises FutureDateError."""
    assert wanted.code == before.organisation.code, "an organisation keeps its code"
    assert wanted.kind is before.organisation.kind, "an organisation keeps its kind"
    if wanted == before.organisation:
        return before, None
    _check_dates(wanted, today=today)
    after = Registration(organisation=wanted, version=before.version + 1)
    return after, OrganisationChanged(aggregate_version=after.version, organisation=wanted)


def _check_kind(organisation: Organisation) -> None:
    form = KIND_BY_PREFIX.get(organisation.code[:2])
    if organisation.kind not in KINDS_BY_FORM.get(form or "", ANY_KIND):
        raise ImplausibleKindError(
            f"{organisation.code} is the code of a {form}, which is no {organisation.kind}",
            pointer="/kind",
        )


def _check_dates(organisation: Organisation, *, today: date) -> None:
    registered_on = organisation.registered_on
    if registered_on is not None and registered_on > today:
        raise FutureDateError(f"{registered_on} is not yet", pointer="/registered_on")
