"""Donations in the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from fundmix_events.channel import Channel
from fundmix_events.donations import DonationKind, Donor, DonorKind, Goods, ProofKind, Service
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection, columns

from donations_svc.domain.donation import Belonging, Donation, DonationTerms
from donations_svc.domain.errors import (
    BankReferenceUsedError,
    DonationNotFoundError,
    DonationsError,
    ReferenceTakenError,
)
from donations_svc.storage import tables

COLUMNS: Final = (
    "donation_id",
    "version",
    "reference",
    "donor_kind",
    "donor_code",
    "agency",
    "channel",
    "kind",
    "amount_minor",
    "currency",
    "restricted_to",
    "given_on",
    "received_on",
    "bank_reference",
    "pledge_id",
    "fulfils_minor",
    "is_anonymous",
    "line",
    "goods",
    "quantity",
    "unit",
    "proof_kind",
    "proof_sha256",
    "service",
    "hours",
    "hourly_rate_minor",
    "is_sponsorship",
    "deposit_id",
    "announcement_id",
    "batch_id",
    "refunded_minor",
    "reversed_on",
    "reversal_reason",
    "recorded_by",
    "delegation",
    "recorded_at",
)
INSERT: Final = f"""
    INSERT INTO donation ({", ".join(COLUMNS)})
    VALUES ({", ".join(f"${place}" for place in range(1, len(COLUMNS) + 1))})
"""  # noqa: S608  # names of columns from above, and nothing from outside
UNIQUE_BANK_REFERENCE: Final = "ix_donation_bank_reference"
IS_OF_ANOTHER: Final = """
    SELECT EXISTS (
        SELECT 1 FROM donation
        WHERE agency = $1 AND bank_reference = $2 AND reversed_on IS NULL
          AND announcement_id IS DISTINCT FROM $3
    )
"""
READ: Final = "SELECT * FROM donation WHERE donation_id = $1"
LOCK: Final = "SELECT * FROM donation WHERE donation_id = $1 FOR UPDATE"
# In the order of the key, as by every writer.
LOCK_OF_BATCH: Final = """
    SELECT * FROM donation
    WHERE batch_id = $1 AND reversed_on IS NULL AND donation_id > $2
    ORDER BY donation_id LIMIT $3 FOR UPDATE
"""
SAVE: Final = """
    UPDATE donation SET version = $2, refunded_minor = $3, reversed_on = $4, reversal_reason = $5
    WHERE donation_id = $1
"""
SAVE_GOODS: Final = """
    UPDATE donation SET version = $2, goods = $3, quantity = $4, unit = $5, proof_kind = $6,
                        proof_sha256 = $7, goods_at = $8
    WHERE donation_id = $1
"""
SAVE_ALL: Final = """
    UPDATE donation SET version = u.version, refunded_minor = u.refunded_minor,
                        reversed_on = u.reversed_on, reversal_reason = u.reversal_reason
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::date[], $5::text[])
         AS u (donation_id, version, refunded_minor, reversed_on, reversal_reason)
    WHERE donation.donation_id = u.donation_id
"""
LIST: Final = """
    SELECT * FROM donation
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::text IS NULL OR reference = $2)
      AND ($3::text IS NULL OR agency = $3)
      AND ($4::uuid IS NULL OR pledge_id = $4)
      AND donation_id > $5
    ORDER BY donation_id LIMIT $6
"""
# The same of goods whose value nothing proves yet, by the index of those.
LIST_UNPROVED: Final = """
    SELECT * FROM donation
    WHERE kind = 'in_kind' AND proof_kind IS NULL AND reversed_on IS NULL
      AND refunded_minor < amount_minor
      AND ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::text IS NULL OR reference = $2)
      AND ($3::text IS NULL OR agency = $3)
      AND ($4::uuid IS NULL OR pledge_id = $4)
      AND donation_id > $5
    ORDER BY donation_id LIMIT $6
"""


async def insert(connection: Connection, donation: Donation, *, recorded_at: datetime) -> None:
    """Raises ReferenceTakenError, BankReferenceUsedError."""
    try:
        await connection.execute(INSERT, *row_of(donation, recorded_at=recorded_at))
    except asyncpg.UniqueViolationError as error:
        raise _taken(donation.terms, error.constraint_name) from error


def row_of(donation: Donation, *, recorded_at: datetime) -> tuple[Any, ...]:
    """Its values in the order of COLUMNS."""
    terms, goods, service = donation.terms, donation.terms.goods, donation.terms.service
    belonging = donation.belonging
    return (
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
        belonging.line,
        *goods_columns(goods),
        *service_columns(service),
        terms.is_sponsorship,
        belonging.deposit_id,
        belonging.announcement_id,
        belonging.batch_id,
        donation.refunded.amount_minor,
        donation.reversed_on,
        donation.reversal_reason,
        donation.recorded_by,
        terms.delegation,
        recorded_at,
    )


def goods_columns(goods: Goods | None) -> tuple[Any, ...]:
    if goods is None:
        return (None,) * 5
    return (goods.description, goods.quantity, goods.unit, goods.proof_kind, goods.proof_sha256)


def service_columns(service: Service | None) -> tuple[Any, ...]:
    if service is None:
        return (None,) * 3
    return (service.description, service.hours, service.hourly_rate.amount_minor)


async def check_bank_reference(
    connection: Connection, agency: str, bank_reference: str, *, announcement_id: UUID
) -> None:
    """One transfer is of one announcement, whose lines may come one after the other.

    Raises BankReferenceUsedError.
    """
    if await connection.fetchval(IS_OF_ANOTHER, agency, bank_reference, announcement_id):
        raise _bank_reference_used(agency, bank_reference)


def _bank_reference_used(agency: str, bank_reference: str | None) -> BankReferenceUsedError:
    return BankReferenceUsedError(
        f"bank reference {bank_reference} has brought {agency} another donation",
        pointer="/bank_reference",
    )


async def find_for_update(connection: Connection, donation_id: UUID) -> Donation | None:
    row = await connection.fetchrow(LOCK, donation_id)
    return None if row is None else donation_of(row)


async def lock_of_batch(
    connection: Connection, batch_id: UUID, *, after: UUID, rows_max: int
) -> list[Donation]:
    """The next that stand of an import, each row locked."""
    rows = await connection.fetch(LOCK_OF_BATCH, batch_id, after, rows_max)
    return [donation_of(row) for row in rows]


async def save(connection: Connection, donation: Donation) -> None:
    """What has gone back, and that it was an error: but for goods, nothing else of it changes."""
    await connection.execute(SAVE, *_saved(donation))


async def save_goods(connection: Connection, donation: Donation, *, at: datetime) -> None:
    """What goods are, and what proves their value, where it is said later than the rest."""
    await connection.execute(
        SAVE_GOODS,
        donation.donation_id,
        donation.version,
        *goods_columns(donation.terms.goods),
        at,
    )


async def save_all(connection: Connection, changed: Sequence[Donation]) -> None:
    """As `save`, by one statement; the rows are locked."""
    await connection.execute(SAVE_ALL, *columns([_saved(one) for one in changed], 5))


def _saved(donation: Donation) -> tuple[Any, ...]:
    return (
        donation.donation_id,
        donation.version,
        donation.refunded.amount_minor,
        donation.reversed_on,
        donation.reversal_reason,
    )


async def read(connection: Connection, donation_id: UUID, *, is_locked: bool = False) -> Donation:
    """Raises DonationNotFoundError."""
    row = await connection.fetchrow(LOCK if is_locked else READ, donation_id)
    if row is None:
        raise DonationNotFoundError(f"there is no donation {donation_id}")
    return donation_of(row)


async def list_rows(
    connection: Connection,
    *,
    org: str | None,
    reference: str | None,
    agency: str | None,
    pledge_id: UUID | None,
    is_unproved: bool,
    after: UUID,
    rows_max: int,
) -> list[Donation]:
    """`is_unproved`: goods that nobody has proved the value of, and perhaps not described."""
    statement = LIST_UNPROVED if is_unproved else LIST
    rows = await connection.fetch(statement, org, reference, agency, pledge_id, after, rows_max)
    return [donation_of(row) for row in rows]


def _taken(terms: DonationTerms, constraint: str | None) -> DonationsError:
    if constraint == UNIQUE_BANK_REFERENCE:
        return _bank_reference_used(terms.agency, terms.bank_reference)
    return ReferenceTakenError(
        f"{terms.agency} has a donation {terms.reference} already", pointer="/reference"
    )


def donation_of(record: asyncpg.Record) -> Donation:
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
            goods=goods_of(row),
            service=service_of(row),
            is_sponsorship=row.is_sponsorship,
            delegation=row.delegation,
        ),
        channel=Channel(row.channel),
        pledge_id=row.pledge_id,
        fulfils=None if row.fulfils_minor is None else Money.of(row.fulfils_minor, currency),
        recorded_by=row.recorded_by,
        belonging=Belonging(
            line=row.line,
            deposit_id=row.deposit_id,
            announcement_id=row.announcement_id,
            batch_id=row.batch_id,
        ),
        refunded=Money.of(row.refunded_minor, currency),
        reversed_on=row.reversed_on,
        reversal_reason=row.reversal_reason,
    )


def goods_of(row: tables.Donation | tables.Announcement) -> Goods | None:
    if row.goods is None or row.quantity is None or row.unit is None:
        return None
    return Goods(
        description=row.goods,
        quantity=row.quantity,
        unit=row.unit,
        proof_kind=None if row.proof_kind is None else ProofKind(row.proof_kind),
        proof_sha256=row.proof_sha256,
    )


def service_of(row: tables.Donation | tables.Announcement) -> Service | None:
    if row.service is None or row.hours is None or row.hourly_rate_minor is None:
        return None
    return Service(
        description=row.service,
        hours=row.hours,
        hourly_rate=Money.of(row.hourly_rate_minor, Currency(row.currency)),
    )
