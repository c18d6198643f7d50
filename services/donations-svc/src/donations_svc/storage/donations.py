"""Donations in the database."""

from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind, Donor, DonorKind
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

from donations_svc.domain.donation import Donation, DonationTerms
from donations_svc.domain.errors import (
    BankReferenceUsedError,
    DonationNotFoundError,
    DonationsError,
    ReferenceTakenError,
)
from donations_svc.storage import tables

INSERT: Final = """
    INSERT INTO donation
        (donation_id, version, reference, donor_kind, donor_code, agency, channel, kind,
         amount_minor, currency, restricted_to, given_on, received_on, bank_reference, pledge_id,
         fulfils_minor, is_anonymous, recorded_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
"""
UNIQUE_BANK_REFERENCE: Final = "uq_donation_agency_bank_reference"
READ: Final = "SELECT * FROM donation WHERE donation_id = $1"
LIST: Final = """
    SELECT * FROM donation
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::text IS NULL OR reference = $2)
      AND ($3::text IS NULL OR agency = $3)
      AND ($4::uuid IS NULL OR pledge_id = $4)
      AND donation_id > $5
    ORDER BY donation_id LIMIT $6
"""


async def insert(connection: Connection, donation: Donation, *, recorded_at: datetime) -> None:
    """Raises ReferenceTakenError, BankReferenceUsedError."""
    terms = donation.terms
    try:
        await connection.execute(
            INSERT,
            donation.donation_id,
            donation.version,
            terms.reference,
            terms.donor.kind,
            terms.donor.code,
            terms.agency,
            donation.channel,
            terms.kind,
            terms.amount.amount_minor,
            terms.amount.currency,
            terms.restricted_to,
            terms.given_on,
            terms.received_on,
            terms.bank_reference,
            donation.pledge_id,
            None if donation.fulfils is None else donation.fulfils.amount_minor,
            terms.is_anonymous,
            recorded_at,
        )
    except asyncpg.UniqueViolationError as error:
        raise _taken(terms, error.constraint_name) from error


async def read(connection: Connection, donation_id: UUID) -> Donation:
    """Raises DonationNotFoundError."""
    row = await connection.fetchrow(READ, donation_id)
    if row is None:
        raise DonationNotFoundError(f"there is no donation {donation_id}")
    return _donation(row)


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    reference: str | None,
    agency: str | None,
    pledge_id: UUID | None,
    after: UUID,
    rows_max: int,
) -> list[Donation]:
    rows = await connection.fetch(LIST, org, reference, agency, pledge_id, after, rows_max)
    return [_donation(row) for row in rows]


def _taken(terms: DonationTerms, constraint: str | None) -> DonationsError:
    if constraint == UNIQUE_BANK_REFERENCE:
        return BankReferenceUsedError(
            f"bank reference {terms.bank_reference} has brought {terms.agency} another donation",
            pointer="/bank_reference",
        )
    return ReferenceTakenError(
        f"{terms.agency} has a donation {terms.reference} already", pointer="/reference"
    )


def _donation(record: asyncpg.Record) -> Donation:
    row = tables.Donation(**dict(record))
    currency = Currency(row.currency)
    return Donation(
        donation_id=row.donation_id,
        version=row.version,
        terms=DonationTerms(
            reference=row.reference,
            donor=Donor(kind=DonorKind(row.donor_kind), code=row.donor_code),
            agency=row.agency,
            kind=DonationKind(row.kind),
            amount=Money.of(row.amount_minor, currency),
            restricted_to=row.restricted_to,
            given_on=row.given_on,
            received_on=row.received_on,
            bank_reference=row.bank_reference,
            is_anonymous=row.is_anonymous,
        ),
        channel=Channel(row.channel),
        pledge_id=row.pledge_id,
        fulfils=None if row.fulfils_minor is None else Money.of(row.fulfils_minor, currency),
    )
