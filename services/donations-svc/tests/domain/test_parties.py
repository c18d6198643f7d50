"""Donors and agencies are what the register says they are; of a person nothing is known."""

from typing import Final

import pytest
from donations_svc.domain.errors import DonorError, UnknownOrganisationError, WrongPartyError
from donations_svc.domain.parties import DONOR_KIND_BY_ORGANISATION_KIND, Register, check_parties
from fundmix_events.donations import CHANNEL_BY_DONOR_KIND, Donor, DonorKind
from fundmix_events.registry import CHANNEL_BY_KIND, Organisation, OrganisationKind

AGENCY: Final = "52441900AJC6XAY6DW"
CODE_BY_KIND: Final = {
    OrganisationKind.AGENCY: AGENCY,
    OrganisationKind.BUYER: "11441900AHP4983MNR",
    OrganisationKind.ENTERPRISE: "91441900LX8R25H7GP",
    OrganisationKind.FOUNDATION: "534419000CW4RBU5CW",
    OrganisationKind.UNIVERSITY: "12441900481D776AHE",
    OrganisationKind.SOCIAL_GROUP: "51441900MJ12345679",
}
REGISTER: Final[Register] = {
    code: Organisation(code=code, name="示例", kind=kind) for kind, code in CODE_BY_KIND.items()
}


@pytest.mark.parametrize(("kind", "donor_kind"), DONOR_KIND_BY_ORGANISATION_KIND.items())
def test_an_organisation_gives_as_what_it_is(kind: OrganisationKind, donor_kind: DonorKind) -> None:
    check_parties(Donor(kind=donor_kind, code=CODE_BY_KIND[kind]), AGENCY, REGISTER)


@pytest.mark.parametrize(("kind", "donor_kind"), DONOR_KIND_BY_ORGANISATION_KIND.items())
def test_a_gift_and_a_contract_of_one_payer_come_through_one_channel(
    kind: OrganisationKind, donor_kind: DonorKind
) -> None:
    assert CHANNEL_BY_DONOR_KIND[donor_kind] is CHANNEL_BY_KIND[kind]


def test_every_kind_of_donor_but_a_person_is_a_kind_of_organisation() -> None:
    assert set(DonorKind) - {DonorKind.INDIVIDUAL} == set(DONOR_KIND_BY_ORGANISATION_KIND.values())


def test_a_person_gives_without_a_code() -> None:
    check_parties(Donor(kind=DonorKind.INDIVIDUAL), AGENCY, REGISTER)

    with pytest.raises(DonorError) as refusal:
        check_parties(
            Donor(kind=DonorKind.INDIVIDUAL, code=CODE_BY_KIND[OrganisationKind.ENTERPRISE]),
            AGENCY,
            REGISTER,
        )

    assert refusal.value.pointer == "/donor/code"


@pytest.mark.parametrize("donor_kind", sorted(set(DonorKind) - {DonorKind.INDIVIDUAL}))
def test_an_organisation_gives_under_its_code(donor_kind: DonorKind) -> None:
    with pytest.raises(DonorError) as refusal:
        check_parties(Donor(kind=donor_kind), AGENCY, REGISTER)

    assert refusal.value.pointer == "/donor/code"


@pytest.mark.parametrize("kind", [OrganisationKind.SOCIAL_GROUP, OrganisationKind.AGENCY])
@pytest.mark.parametrize("donor_kind", sorted(set(DonorKind) - {DonorKind.INDIVIDUAL}))
def test_an_organisation_that_is_no_kind_of_donor_is_refused_as_any(
    kind: OrganisationKind, donor_kind: DonorKind
) -> None:
    with pytest.raises(WrongPartyError, match="no kind of donor") as refusal:
        check_parties(Donor(kind=donor_kind, code=CODE_BY_KIND[kind]), AGENCY, REGISTER)

    assert refusal.value.pointer == "/donor/code"


def test_an_enterprise_does_not_give_as_a_foundation() -> None:
    donor = Donor(kind=DonorKind.FOUNDATION, code=CODE_BY_KIND[OrganisationKind.ENTERPRISE])

    with pytest.raises(WrongPartyError, match="as enterprise, not as foundation") as refusal:
        check_parties(donor, AGENCY, REGISTER)

    assert refusal.value.pointer == "/donor/kind"


@pytest.mark.parametrize("kind", sorted(set(OrganisationKind) - {OrganisationKind.AGENCY}))
def test_only_an_agency_receives(kind: OrganisationKind) -> None:
    with pytest.raises(WrongPartyError) as refusal:
        check_parties(Donor(kind=DonorKind.INDIVIDUAL), CODE_BY_KIND[kind], REGISTER)

    assert refusal.value.pointer == "/agency"


def test_a_party_that_is_not_in_the_register_is_refused() -> None:
    enterprise = CODE_BY_KIND[OrganisationKind.ENTERPRISE]
    donor = Donor(kind=DonorKind.ENTERPRISE, code=enterprise)

    with pytest.raises(UnknownOrganisationError) as no_donor:
        check_parties(donor, AGENCY, {AGENCY: REGISTER[AGENCY]})
    with pytest.raises(UnknownOrganisationError) as no_agency:
        check_parties(donor, AGENCY, {enterprise: REGISTER[enterprise]})

    assert (no_donor.value.pointer, no_agency.value.pointer) == ("/donor/code", "/agency")
