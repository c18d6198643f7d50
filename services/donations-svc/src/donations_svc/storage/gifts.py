"""What was done to donations after they had come: refunds and changed purposes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
from fundmix_events.donations import DonationKind, PurposeChangeBasis, RefundReason
from fundmix_events.money import Currency, Money
from fundmix_kit.database import Connection

from donations_svc.domain.donation import Donation
from donations_svc.domain.errors import ReferenceTakenError, RefundNotFoundError
from donations_svc.domain.giving_back import (
    Gift,
    LotRef,
    PurposeChange,
    PurposeChangeTerms,
    Refund,
    RefundState,
    RefundTerms,
)
from donations_svc.storage import tables

INSERT_REFUND: Final = """
    INSERT INTO refund
        (refund_id, version, donation_id, agency, donor_code, reference, lot_id, restricted_to,
         kind, amount_minor, currency, reason, remark, state, held_on, requested_by, requested_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""
SAVE_REFUND: Final = """
    UPDATE refund SET version = $2, state = $3, refunded_on = $4, bank_reference = $5,
                      decided_by = $6, decided_at = $7
    WHERE refund_id = $1
"""
RELEASED: Final = """
    UPDATE refund SET released_at = $2 WHERE refund_id = $1 AND released_at IS NULL
"""
HAS_REFUND: Final = """
    SELECT EXISTS (SELECT 1 FROM refund WHERE agency = $1 AND reference = $2)
"""
READ_REFUND: Final = "SELECT * FROM refund WHERE refund_id = $1"
LOCK_REFUND: Final = "SELECT * FROM refund WHERE refund_id = $1 FOR UPDATE"
LIST_REFUNDS: Final = """
    SELECT * FROM refund
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::uuid IS NULL OR donation_id = $2)
      AND ($3::text IS NULL OR state = $3)
      AND refund_id > $4
    ORDER BY refund_id LIMIT $5
"""
INSERT_CHANGE: Final = """
    INSERT INTO purpose_change
        (change_id, donation_id, agency, donor_code, reference, lot_id, restricted_to,
         new_restricted_to, amount_minor, currency, basis, consented_on, document_sha256, remark,
         changed_on, recorded_by, recorded_at, finished_on, published_on)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""
LIST_CHANGES: Final = """
    SELECT * FROM purpose_change
    WHERE ($1::text IS NULL OR agency = $1 OR donor_code = $1)
      AND ($2::uuid IS NULL OR donation_id = $2)
      AND change_id > $3
    ORDER BY change_id LIMIT $4
"""
REFUNDS_OF: Final = """
    SELECT * FROM refund WHERE donation_id = ANY($1::uuid[]) ORDER BY refund_id
"""
CHANGES_OF: Final = """
    SELECT * FROM purpose_change WHERE donation_id = ANY($1::uuid[])
    ORDER BY recorded_at, change_id
"""


async def read_gifts(connection: Connection, donations: Sequence[Donation]) -> list[Gift]:
    """Donations with all that was done to them."""
    ids = [donation.donation_id for donation in donations]
    refunds: dict[UUID, list[Refund]] = {}
    changes: dict[UUID, list[PurposeChange]] = {}
    for row in await connection.fetch(REFUNDS_OF, ids):
        refunds.setdefault(row["donation_id"], []).append(_refund(row))
    for row in await connection.fetch(CHANGES_OF, ids):
        changes.setdefault(row["donation_id"], []).append(_change(row))
    return [
        Gift(
            donation=d,
            refunds=refunds.get(d.donation_id, ()),
            changes=changes.get(d.donation_id, ()),
        )
        for d in donations
    ]


async def insert_refund(connection: Connection, refund: Refund) -> None:
    """Raises ReferenceTakenError."""
    terms = refund.terms
    try:
        await connection.execute(
            INSERT_REFUND,
            refund.refund_id,
            refund.version,
            terms.donation_id,
            refund.agency,
            refund.donor_code,
            terms.reference,
            refund.lot.lot_id,
            refund.lot.restricted_to,
            refund.kind,
            terms.amount.amount_minor,
            terms.amount.currency,
            terms.reason,
            terms.remark,
            refund.state,
            refund.held_on,
            refund.requested_by,
            refund.requested_at,
        )
    except asyncpg.UniqueViolationError as error:
        raise _refund_taken(refund) from error


async def check_refund_reference(connection: Connection, refund: Refund) -> None:
    """Raises ReferenceTakenError; of two at once, the second learns it when it is inserted."""
    if await connection.fetchval(HAS_REFUND, refund.agency, refund.terms.reference):
        raise _refund_taken(refund)


def _refund_taken(refund: Refund) -> ReferenceTakenError:
    return ReferenceTakenError(
        f"{refund.agency} has a refund {refund.terms.reference} already", pointer="/reference"
    )


async def save_refund(connection: Connection, refund: Refund) -> None:
    await connection.execute(
        SAVE_REFUND,
        refund.refund_id,
        refund.version,
        refund.state,
        refund.refunded_on,
        refund.bank_reference,
        refund.decided_by,
        refund.decided_at,
    )


async def save_release(connection: Connection, refund_id: UUID, *, at: datetime) -> None:
    """When it was given back first."""
    await connection.execute(RELEASED, refund_id, at)


async def read_refund(
    connection: Connection, refund_id: UUID, *, is_locked: bool = False
) -> Refund:
    """Raises RefundNotFoundError."""
    row = await connection.fetchrow(LOCK_REFUND if is_locked else READ_REFUND, refund_id)
    if row is None:
        raise RefundNotFoundError(f"there is no refund {refund_id}")
    return _refund(row)


async def list_refunds(
    connection: Connection,
    *,
    org: str | None,
    donation_id: UUID | None,
    state: RefundState | None,
    after: UUID,
    rows_max: int,
) -> list[Refund]:
    rows = await connection.fetch(LIST_REFUNDS, org, donation_id, state, after, rows_max)
    return [_refund(row) for row in rows]


async def insert_change(connection: Connection, change: PurposeChange) -> None:
    """Raises ReferenceTakenError."""
    terms = change.terms
    try:
        await connection.execute(
            INSERT_CHANGE,
            change.change_id,
            terms.donation_id,
            change.agency,
            change.donor_code,
            terms.reference,
            change.lot.lot_id,
            change.lot.restricted_to,
            terms.new_restricted_to,
            terms.amount.amount_minor,
            terms.amount.currency,
            terms.basis,
            terms.consented_on,
            terms.document_sha256,
            terms.remark,
            terms.changed_on,
            change.recorded_by,
            change.recorded_at,
            terms.finished_on,
            terms.published_on,
        )
    except asyncpg.UniqueViolationError as error:
        raise ReferenceTakenError(
            f"{change.agency} has a change {terms.reference} already", pointer="/reference"
        ) from error


async def list_changes(
    connection: Connection,
    *,
    org: str | None,
    donation_id: UUID | None,
    after: UUID,
    rows_max: int,
) -> list[PurposeChange]:
    rows = await connection.fetch(LIST_CHANGES, org, donation_id, after, rows_max)
    return [_change(row) for row in rows]


def _refund(record: asyncpg.Record) -> Refund:
    row = tables.Refund(**dict(record))
    return Refund(
        refund_id=row.refund_id,
        version=row.version,
        terms=RefundTerms(
            reference=row.reference,
            donation_id=row.donation_id,
            lot_id=row.lot_id,
            amount=Money.of(row.amount_minor, Currency(row.currency)),
            reason=RefundReason(row.reason),
            remark=row.remark,
        ),
        agency=row.agency,
        donor_code=row.donor_code,
        kind=DonationKind(row.kind),
        lot=LotRef(lot_id=row.lot_id, restricted_to=row.restricted_to),
        state=RefundState(row.state),
        held_on=row.held_on,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        refunded_on=row.refunded_on,
        bank_reference=row.bank_reference,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        released_at=row.released_at,
    )


def _change(record: asyncpg.Record) -> PurposeChange:
    row = tables.PurposeChange(**dict(record))
    return PurposeChange(
        change_id=row.change_id,
        terms=PurposeChangeTerms(
            reference=row.reference,
            donation_id=row.donation_id,
            lot_id=row.lot_id,
            amount=Money.of(row.amount_minor, Currency(row.currency)),
            new_restricted_to=row.new_restricted_to,
            basis=PurposeChangeBasis(row.basis),
            consented_on=row.consented_on,
            finished_on=row.finished_on,
            published_on=row.published_on,
            document_sha256=row.document_sha256,
            changed_on=row.changed_on,
            remark=row.remark,
        ),
        agency=row.agency,
        donor_code=row.donor_code,
        lot=LotRef(lot_id=row.lot_id, restricted_to=row.restricted_to),
        recorded_by=row.recorded_by,
        recorded_at=row.recorded_at,
    )
