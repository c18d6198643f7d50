"""Pledges and donations come back from the database as they were put in."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest
from donations_svc.domain.donation import Donation, DonationTerms
from donations_svc.domain.errors import (
    BankReferenceUsedError,
    DonationNotFoundError,
    DonationsError,
    PledgeNotFoundError,
    ReferenceTakenError,
)
from donations_svc.domain.pledge import Pledge, PledgeTerms
from donations_svc.storage import donations, pledges
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind, Donor, DonorKind, Goods, ProofKind
from fundmix_events.money import Money
from fundmix_kit.database import Connection

NOW: Final = datetime(2025, 3, 3, tzinfo=UTC)
MARCH_1: Final = date(2025, 3, 1)
ENTERPRISE: Final = Donor(kind=DonorKind.ENTERPRISE, code="91441900LX8R25H7GP")

PLEDGE: Final = Pledge(
    pledge_id=UUID(int=1),
    version=1,
    terms=PledgeTerms(
        reference="R-1",
        donor=ENTERPRISE,
        agency="52441900AJC6XAY6DW",
        kind=DonationKind.CASH,
        amount=Money.parse("100.00"),
        restricted_to="长者助餐",
        pledged_on=MARCH_1,
        is_anonymous=True,
    ),
    channel=Channel.ENTERPRISE,
    fulfilled=Money.parse("0.00"),
)
DONATION: Final = Donation(
    donation_id=UUID(int=2),
    version=1,
    terms=DonationTerms(
        reference="R-1",
        donor=ENTERPRISE,
        agency="52441900AJC6XAY6DW",
        kind=DonationKind.CASH,
        amount=Money.parse("120.00"),
        restricted_to="长者助餐",
        given_on=MARCH_1,
        received_on=date(2025, 3, 2),
        bank_reference="B-1",
        is_anonymous=True,
    ),
    channel=Channel.ENTERPRISE,
    pledge_id=PLEDGE.pledge_id,
    fulfils=Money.parse("100.00"),
    recorded_by="treasurer-1",
    refunded=Money.of(0),
)
GOODS_OF_A_PERSON: Final = Donation(
    donation_id=UUID(int=3),
    version=1,
    terms=DONATION.terms._replace(
        reference="R-2",
        donor=Donor(kind=DonorKind.INDIVIDUAL),
        kind=DonationKind.IN_KIND,
        restricted_to=None,
        bank_reference=None,
        is_anonymous=False,
        goods=Goods(
            description="大米",
            quantity=Decimal("12.500"),
            unit="袋",
            proof_kind=ProofKind.INVOICE,
            proof_sha256="0" * 64,
        ),
        is_sponsorship=True,
        delegation="受机构委托代录",
    ),
    channel=Channel.INDIVIDUAL,
    pledge_id=None,
    fulfils=None,
    recorded_by="treasurer-1",
    refunded=Money.of(0),
)


async def test_a_pledge_comes_back_as_it_was_and_moves_on(connection: Connection) -> None:
    after = replace(PLEDGE, version=2, fulfilled=Money.parse("30.00"))

    await pledges.insert(connection, PLEDGE, recorded_at=NOW)
    assert await pledges.find_for_update(connection, PLEDGE.pledge_id) == PLEDGE
    await pledges.save(connection, after)
    assert await pledges.read(connection, PLEDGE.pledge_id) == after


@pytest.mark.parametrize("donation", [DONATION, GOODS_OF_A_PERSON])
async def test_a_donation_comes_back_as_it_was(connection: Connection, donation: Donation) -> None:
    await pledges.insert(connection, PLEDGE, recorded_at=NOW)
    await donations.insert(connection, donation, recorded_at=NOW)

    assert await donations.read(connection, donation.donation_id) == donation


async def test_what_is_not_there_is_not_found(connection: Connection) -> None:
    assert await pledges.find_for_update(connection, PLEDGE.pledge_id) is None
    with pytest.raises(PledgeNotFoundError):
        await pledges.read(connection, PLEDGE.pledge_id)
    with pytest.raises(DonationNotFoundError):
        await donations.read(connection, DONATION.donation_id)


async def test_a_reference_of_an_agency_is_one_pledge(connection: Connection) -> None:
    await pledges.insert(connection, PLEDGE, recorded_at=NOW)

    with pytest.raises(ReferenceTakenError):
        await pledges.insert(connection, replace(PLEDGE, pledge_id=UUID(int=9)), recorded_at=NOW)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"bank_reference": "B-2"}, ReferenceTakenError),
        ({"reference": "R-2"}, BankReferenceUsedError),
    ],
)
async def test_a_reference_or_bank_reference_of_an_agency_is_one_donation(
    connection: Connection, changes: dict[str, Any], error: type[DonationsError]
) -> None:
    first = replace(DONATION, pledge_id=None, fulfils=None)
    await donations.insert(connection, first, recorded_at=NOW)
    second = replace(first, donation_id=UUID(int=9), terms=first.terms._replace(**changes))

    with pytest.raises(error):
        await donations.insert(connection, second, recorded_at=NOW)


async def test_goods_of_any_number_have_no_bank_reference(connection: Connection) -> None:
    for number in range(3, 6):
        terms = GOODS_OF_A_PERSON.terms._replace(reference=f"R-{number}")
        goods = replace(GOODS_OF_A_PERSON, donation_id=UUID(int=number), terms=terms)
        await donations.insert(connection, goods, recorded_at=NOW)
