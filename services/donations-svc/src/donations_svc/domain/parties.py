"""Who gives and who receives, checked against the register.

A person is known only as a kind of donor: whatever could say which person is refused.
"""

from collections.abc import Mapping
from typing import Final

from fundmix_events.donations import Donor, DonorKind
from fundmix_events.registry import Organisation, OrganisationKind

from donations_svc.domain.errors import DonorError, UnknownOrganisationError, WrongPartyError

Register = Mapping[str, Organisation]
"""Organisations by code: as much of the register as a decision needs."""

DONOR_KIND_BY_ORGANISATION_KIND: Final[Mapping[OrganisationKind, DonorKind]] = {
    OrganisationKind.ENTERPRISE: DonorKind.ENTERPRISE,
    OrganisationKind.FOUNDATION: DonorKind.FOUNDATION,
    OrganisationKind.UNIVERSITY: DonorKind.UNIVERSITY,
    OrganisationKind.BUYER: DonorKind.GOVERNMENT_BODY,
}


def check_parties(
    donor: Donor, agency: str, register: Register, *, agency_pointer: str = "/agency"
) -> None:
    """Raises DonorError, UnknownOrganisationError, WrongPartyError."""
    _check_donor(donor, register)
    receiver = _registered(agency, register, pointer=agency_pointer)
    if receiver.kind is not OrganisationKind.AGENCY:
        raise WrongPartyError(
            f"{agency} is of kind {receiver.kind}, not an agency", pointer=agency_pointer
        )


def _check_donor(donor: Donor, register: Register) -> None:
    if donor.kind is DonorKind.INDIVIDUAL:
        if donor.code is not None:
            raise DonorError("a person gives without a code", pointer="/donor/code")
        return
    if donor.code is None:
        raise DonorError(f"a donor of kind {donor.kind} has a code", pointer="/donor/code")
    organisation = _registered(donor.code, register, pointer="/donor/code")
    kind = DONOR_KIND_BY_ORGANISATION_KIND.get(organisation.kind)
    if kind is None:
        raise WrongPartyError(
            f"{donor.code} is of kind {organisation.kind}, which is no kind of donor",
            pointer="/donor/code",
        )
    if kind is not donor.kind:
        raise WrongPartyError(
            f"{donor.code} gives as {kind}, not as {donor.kind}", pointer="/donor/kind"
        )


def _registered(code: str, register: Register, *, pointer: str) -> Organisation:
    if code not in register:
        raise UnknownOrganisationError(f"{code} is not in the register", pointer=pointer)
    return register[code]
