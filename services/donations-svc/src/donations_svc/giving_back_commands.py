"""Refunds and changed purposes: decided here, with money that the ledger sets aside.

The ledger is asked inside the transaction, with the donation locked: what is decided is what was
held. Its holds have ids that follow from the request, so that a command which was cut off in
between is said again and finds its own; with other terms, it gives that back and takes the next.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.ids import uuid5
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection, Database
from fundmix_kit.etag import check_version
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from donations_svc.domain import giving_back as rules
from donations_svc.domain.donation import Donation
from donations_svc.domain.errors import (
    HoldMissingError,
    ReferenceTakenError,
    UnknownDonationError,
)
from donations_svc.domain.giving_back import (
    Gift,
    Payment,
    PurposeChange,
    PurposeChangeTerms,
    Refund,
    RefundState,
    RefundTerms,
)
from donations_svc.ledger import HoldRequest, Ledger
from donations_svc.storage import donations, gifts, receipts

# How often one request may be cut off, and said again with other terms.
ATTEMPTS_MAX: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Who asks: what he may touch, the token he came with, and the version he has seen."""

    access: Access
    authorization: str
    expected_version: int | None


class GivingBack:
    """The commands, with what they all need."""

    def __init__(self, *, outbox: Outbox, clock: Clock, ledger: Ledger) -> None:
        self._outbox = outbox
        self._clock = clock
        self._ledger = ledger

    async def request_refund(
        self, connection: Connection, origin: Origin, terms: RefundTerms, *, asking: Asking
    ) -> Refund:
        """Raises UnknownDonationError, ForeignRowError, LedgerUnavailableError.

        Also the domain's refusals, ReferenceTakenError, and MoreThanLeftError by what the ledger
        knows.
        """
        gift = await lock_gift(connection, terms.donation_id, asking)
        refund = rules.request_refund(
            gift,
            terms,
            refund_id=id_of("refund", gift.donation, terms.lot_id, terms.reference),
            receipt=await _standing(connection, terms.donation_id),
            held_on=self._clock.today(),
            by=origin.actor.subject,
            at=self._clock.now(),
        )
        # A reference that is taken is told before anything is held for it.
        await gifts.check_refund_reference(connection, refund)
        if refund.is_held:
            refund_id, held_on = await self._hold_anew(asking.authorization, _hold_of(refund))
            # The day is that of an earlier attempt, if there was one that came to no end.
            refund = replace(refund, refund_id=refund_id, held_on=held_on)
        await gifts.insert_refund(connection, refund)
        return refund

    async def pay_refund(
        self,
        connection: Connection,
        origin: Origin,
        refund_id: UUID,
        payment: Payment,
        *,
        asking: Asking,
    ) -> Refund:
        """Raises RefundNotFoundError, ForeignRowError, VersionMismatchError, RefundStateError.

        Also HoldMissingError, the domain's refusals and LedgerUnavailableError.
        """
        refund = await gifts.read_refund(connection, refund_id)
        gift = await lock_gift(connection, refund.terms.donation_id, asking)
        refund = await gifts.read_refund(connection, refund_id, is_locked=True)
        check_version(refund.version, expected=asking.expected_version)
        receipt = await _standing(connection, gift.donation.donation_id)
        paid, donation, event = rules.pay_refund(
            refund, gift.donation, payment, receipt=receipt, today=self._clock.today()
        )
        if refund.is_held:
            await self._ledger.hold(asking.authorization, _hold_of(refund))
        await gifts.save_refund(connection, paid)
        await donations.save(connection, donation)
        await self._outbox.append(connection, event, origin)
        return paid

    async def cancel_refund(
        self, connection: Connection, origin: Origin, refund_id: UUID, *, asking: Asking
    ) -> Refund:
        """Raises RefundNotFoundError, ForeignRowError, VersionMismatchError, RefundStateError.

        What is held is given back when this is committed: `release`. Until that is done, it is said
        again.
        """
        refund = await gifts.read_refund(connection, refund_id, is_locked=True)
        asking.access.require_own(refund.agency)
        check_version(refund.version, expected=asking.expected_version)
        after = rules.cancel_refund(refund, by=origin.actor.subject, at=self._clock.now())
        await gifts.save_refund(connection, after)
        return after

    async def release(self, database: Database, refund_id: UUID, *, asking: Asking) -> None:
        """Give back what was held for a refund that is cancelled. Raises LedgerUnavailableError."""
        async with database.reading() as connection:
            refund = await gifts.read_refund(connection, refund_id)
        if not refund.is_held or refund.state is not RefundState.CANCELLED:
            return
        await self._ledger.release(asking.authorization, [refund_id])
        async with database.transaction() as connection:
            await gifts.save_release(connection, refund_id, at=self._clock.now())

    async def change_purpose(
        self, connection: Connection, origin: Origin, terms: PurposeChangeTerms, *, asking: Asking
    ) -> PurposeChange:
        """Raises UnknownDonationError, ForeignRowError, ReferenceTakenError, MoreThanLeftError.

        Also the domain's refusals and LedgerUnavailableError.
        """
        gift = await lock_gift(connection, terms.donation_id, asking)
        change, donation, event = rules.change_purpose(
            gift,
            terms,
            change_id=id_of("purpose", gift.donation, terms.lot_id, terms.reference),
            receipt=await _standing(connection, terms.donation_id),
            today=self._clock.today(),
            by=origin.actor.subject,
            at=self._clock.now(),
        )
        await gifts.insert_change(connection, change)
        await donations.save(connection, donation)
        hold = HoldRequest(
            hold_id=change.change_id,
            lot_id=change.lot.lot_id,
            agency=change.agency,
            restricted_to=change.lot.restricted_to,
            amount=terms.amount,
            effective_on=terms.changed_on,
            purpose="purpose_change",
            document=terms.reference,
        )
        hold_id, _ = await self._hold_anew(asking.authorization, hold)
        await self._outbox.append(connection, event.model_copy(update={"hold_id": hold_id}), origin)
        return change

    async def _hold_anew(self, authorization: str, hold: HoldRequest) -> tuple[UUID, date]:
        """Set aside for what has no row yet: under which id, and since when.

        The caller has locked the donation and found the reference free. So a hold of other terms
        under this id, or one that was given back, is of an attempt that came to no end: it is
        released, and the next id is taken. Raises what the ledger's `hold` raises.
        """
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return hold.hold_id, await self._ledger.hold(authorization, hold)
            except (ReferenceTakenError, HoldMissingError):
                await self._ledger.release(authorization, [hold.hold_id])
                hold = replace(hold, hold_id=uuid5(hold.hold_id, "again"))
        return hold.hold_id, await self._ledger.hold(authorization, hold)


async def lock_gift(connection: Connection, donation_id: UUID, asking: Asking) -> Gift:
    """Raises UnknownDonationError, ForeignRowError."""
    donation = await donations.find_for_update(connection, donation_id)
    if donation is None:
        raise UnknownDonationError(f"there is no donation {donation_id}", pointer="/donation_id")
    asking.access.require_own(donation.terms.agency)
    [gift] = await gifts.read_gifts(connection, [donation])
    return gift


def id_of(what: str, donation: Donation, lot_id: UUID | None, reference: str) -> UUID:
    """The same for the same request, so that what was cut off finds what it had held.

    And of no other donation: nobody else can guess it, or mean it.
    """
    return uuid5(donation.donation_id, f"{what}:{lot_id or donation.donation_id}:{reference}")


def _hold_of(refund: Refund) -> HoldRequest:
    return HoldRequest(
        hold_id=refund.refund_id,
        lot_id=refund.lot.lot_id,
        agency=refund.agency,
        restricted_to=refund.lot.restricted_to,
        amount=refund.terms.amount,
        effective_on=refund.held_on,
        purpose="refund",
        document=refund.terms.reference,
    )


async def _standing(connection: Connection, donation_id: UUID) -> str | None:
    """The number of its receipt, where one stands."""
    return (await receipts.standing(connection, [donation_id])).get(donation_id)
