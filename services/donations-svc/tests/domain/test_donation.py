"""What has arrived is recorded as it arrived, with the part of a pledge it fulfils."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.domain.donation import Donation, DonationTerms, receive_donation
from donations_svc.domain.errors import (
    DonationsError,
    FutureDateError,
    PledgeMismatchError,
    TermsError,
    WrongPartyError,
)
from donations_svc.domain.pledge import Pledge, PledgeState, PledgeTerms, make_pledge
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind, DonationReceived, Donor, DonorKind
from fundmix_events.money import Money
from fundmix_events.registry import Organisation, OrganisationKind

DONATION_ID: Final = UUID(int=8)
PLEDGE_ID: Final = UUID(int=7)
AGENCY: Final = "52441900AJC6XAY6DW"
FOUNDATION: Final = "534419000CW4RBU5CW"
MARCH_1: Final = date(2025, 3, 1)
REGISTER: Final = {
    AGENCY: Organisation(code=AGENCY, name="甲中心", kind=OrganisationKind.AGENCY),
    FOUNDATION: Organisation(code=FOUNDATION, name="示例基金会", kind=OrganisationKind.FOUNDATION),
}


def terms_of_a_donation(**changes: Any) -> DonationTerms:
    terms = DonationTerms(
        reference="R-1",
        donor=Donor(kind=DonorKind.FOUNDATION, code=FOUNDATION),
        agency=AGENCY,
        kind=DonationKind.CASH,
        amount=Money.parse("70.00"),
        restricted_to=None,
        given_on=MARCH_1,
        received_on=MARCH_1,
        bank_reference="B-1",
        is_anonymous=False,
    )
    return terms._replace(**changes)


def a_pledge(amount: str) -> Pledge:
    terms = terms_of_a_donation()
    pledge, _ = make_pledge(
        PledgeTerms(
            reference=terms.reference,
            donor=terms.donor,
            agency=terms.agency,
            kind=terms.kind,
            amount=Money.parse(amount),
            restricted_to=terms.restricted_to,
            pledged_on=MARCH_1,
            is_anonymous=False,
        ),
        pledge_id=PLEDGE_ID,
        register=REGISTER,
        today=MARCH_1,
    )
    return pledge


def receive(
    terms: DonationTerms, *, pledge: Pledge | None = None
) -> tuple[Donation, Pledge | None, DonationReceived]:
    return receive_donation(
        terms,
        donation_id=DONATION_ID,
        register=REGISTER,
        pledge=pledge,
        today=MARCH_1,
        by="treasurer-1",
    )


def test_a_donation_may_stand_alone() -> None:
    given_on = MARCH_1 - timedelta(days=2)

    donation, pledge, event = receive(terms_of_a_donation(given_on=given_on, is_anonymous=True))

    assert pledge is None
    assert (donation.version, donation.pledge_id, donation.fulfils) == (1, None, None)
    assert event == DonationReceived(
        aggregate_version=1,
        donation_id=DONATION_ID,
        reference="R-1",
        donor=Donor(kind=DonorKind.FOUNDATION, code=FOUNDATION),
        agency=AGENCY,
        channel=Channel.FOUNDATION,
        kind=DonationKind.CASH,
        amount=Money.parse("70.00"),
        given_on=given_on,
        received_on=MARCH_1,
        bank_reference="B-1",
        is_anonymous=True,
    )


@pytest.mark.parametrize(
    ("promised", "fulfils", "state"),
    [
        ("100.00", "70.00", PledgeState.PART_RECEIVED),
        ("70.00", "70.00", PledgeState.RECEIVED),
        ("50.00", "50.00", PledgeState.RECEIVED),
    ],
)
def test_a_donation_says_how_much_of_its_pledge_it_fulfils(
    promised: str, fulfils: str, state: PledgeState
) -> None:
    donation, pledge, event = receive(terms_of_a_donation(), pledge=a_pledge(promised))

    assert pledge is not None
    assert pledge.state(today=MARCH_1) is state
    assert donation.pledge_id == event.pledge_id == PLEDGE_ID
    assert donation.fulfils == event.fulfils == pledge.fulfilled == Money.parse(fulfils)
    assert event.amount == Money.parse("70.00")


def test_goods_arrive_without_a_bank() -> None:
    terms = terms_of_a_donation(kind=DonationKind.IN_KIND, bank_reference=None)

    _, _, event = receive(terms)

    assert (event.kind, event.bank_reference) == (DonationKind.IN_KIND, None)


@pytest.mark.parametrize(
    ("changes", "error", "pointer"),
    [
        ({"bank_reference": None}, TermsError, "/bank_reference"),
        ({"kind": DonationKind.IN_KIND}, TermsError, "/bank_reference"),
        ({"received_on": MARCH_1 - timedelta(days=1)}, TermsError, "/given_on"),
        ({"received_on": MARCH_1 + timedelta(days=1)}, FutureDateError, "/received_on"),
        ({"agency": FOUNDATION}, WrongPartyError, "/agency"),
        ({"restricted_to": "社工培训"}, PledgeMismatchError, "/pledge_id"),
    ],
)
def test_what_contradicts_itself_is_refused(
    changes: dict[str, Any], error: type[DonationsError], pointer: str
) -> None:
    with pytest.raises(error) as refusal:
        receive(terms_of_a_donation(**changes), pledge=a_pledge("100.00"))

    assert refusal.value.pointer == pointer


def test_a_part_without_a_pledge_cannot_be_built() -> None:
    donation, _, _ = receive(terms_of_a_donation(), pledge=a_pledge("100.00"))

    with pytest.raises(AssertionError, match="no part"):
        replace(donation, pledge_id=None)
    with pytest.raises(AssertionError, match="wrong part"):
        replace(donation, fulfils=Money.parse("70.01"))
