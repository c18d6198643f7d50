"""Donations as far as receipts are concerned with them: one, and the next of a month."""

from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.donations import DonationKind, Donor, DonorKind, Goods, ProofKind
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

from donations_svc.domain.errors import DonationNotFoundError
from donations_svc.domain.giving_back import Gift, RefundState
from donations_svc.domain.receipt import KeptFor, ReceivedDonation
from donations_svc.storage import gifts, tables
from donations_svc.storage.donations import donation_of

# The lock of whoever refunds, changes or reverses a donation: each sees what the other has done.
LOCK: Final = "SELECT 1 FROM donation WHERE donation_id = $1 FOR NO KEY UPDATE"
READ: Final = "SELECT * FROM donation WHERE donation_id = $1"
WITHOUT_RECEIPT: Final = """
    NOT EXISTS (
        SELECT FROM receipt r WHERE r.donation_id = d.donation_id AND r.state = 'issued'
    )
"""
COUNT: Final = f"""
    SELECT count(*) FROM donation d
    WHERE agency = $1 AND received_on BETWEEN $2 AND $3 AND reversed_on IS NULL
      AND {WITHOUT_RECEIPT}
"""  # noqa: S608  # our own statement
# In the order of an index: where the last one stood, the next is found at once.
NEXT: Final = f"""
    SELECT received_on, donation_id FROM donation d
    WHERE agency = $1 AND received_on BETWEEN $2 AND $3 AND reversed_on IS NULL
      AND (received_on, donation_id) > ($4, $5) AND {WITHOUT_RECEIPT}
    ORDER BY received_on, donation_id LIMIT 1
"""  # noqa: S608  # our own statement


class Place(NamedTuple):
    """Where a donation stands in the order of receipt."""

    received_on: date
    donation_id: UUID


BEFORE_ALL: Final = Place(date.min, UUID(int=0))


async def lock(connection: Connection, donation_id: UUID) -> ReceivedDonation:
    """Raises DonationNotFoundError."""
    await connection.execute(LOCK, donation_id)
    # A statement of its own: it must see what the wait for the lock was for.
    return await read(connection, donation_id)


async def read(connection: Connection, donation_id: UUID) -> ReceivedDonation:
    """Raises DonationNotFoundError."""
    row = await connection.fetchrow(READ, donation_id)
    if row is None:
        raise DonationNotFoundError(f"there is no donation {donation_id}", pointer="/donation_id")
    [gift] = await gifts.read_gifts(connection, [donation_of(row)])
    return _donation(tables.Donation(**dict(row)), gift)


async def count(connection: Connection, agency: str, *, first: date, last: date) -> int:
    """Donations received from `first` to `last` that have no receipt."""
    found: int = await connection.fetchval(COUNT, agency, first, last)
    return found


async def next_after(
    connection: Connection, agency: str, *, first: date, last: date, after: Place
) -> Place | None:
    row = await connection.fetchrow(NEXT, agency, first, last, *after)
    return None if row is None else Place(*row)


def _donation(row: tables.Donation, gift: Gift) -> ReceivedDonation:
    currency = Currency(row.currency)
    return ReceivedDonation(
        donation_id=row.donation_id,
        reference=row.reference,
        agency=row.agency,
        donor=Donor(kind=DonorKind(row.donor_kind), code=row.donor_code),
        is_anonymous=row.is_anonymous,
        kind=DonationKind(row.kind),
        amount=Money.of(row.amount_minor, currency),
        refunded=Money.of(row.refunded_minor, currency),
        restricted_to=row.restricted_to,
        given_on=row.given_on,
        received_on=row.received_on,
        bank_reference=row.bank_reference,
        goods=_goods(row),
        is_sponsorship=row.is_sponsorship,
        is_reversed=row.reversed_on is not None,
        is_refunding=any(refund.state is RefundState.HELD for refund in gift.refunds),
        kept_for=tuple(
            KeptFor(restricted_to=purpose, amount=amount)
            for purpose, amount in gift.kept_for.items()
        ),
    )


def _goods(row: tables.Donation) -> Goods | None:
    if row.goods is None:
        return None
    assert row.quantity is not None, "goods have a quantity"
    assert row.unit is not None, "goods have a unit"
    return Goods(
        description=row.goods,
        quantity=Decimal(row.quantity),
        unit=row.unit,
        proof_kind=None if row.proof_kind is None else ProofKind(row.proof_kind),
        proof_sha256=row.proof_sha256,
    )
