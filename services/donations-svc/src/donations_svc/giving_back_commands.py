"""Refunds, changed purposes and reversals: decided here, with money that the ledger sets aside.

The ledger is asked inside the transaction, with the donation locked: what is decided is what was
held. Its holds have ids that follow from the request, so that a command which was cut off in
between is said again and finds its own.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from fundmix_events.donations import DonationKind
from fundmix_events.roles import Role
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from donations_svc.domain import giving_back as rules
from donations_svc.domain.donation import Donation
from donations_svc.domain.errors import (
    BatchNotFoundError,
    DelegationError,
    DonationNotFoundError,
    DonationsError,
    LedgerUnavailableError,
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
    Reversal,
)
from donations_svc.domain.pledge import Pledge
from donations_svc.domain.receipt import Withdrawal, WithdrawalReason
from donations_svc.ledger import HOLDS_MAX, HoldRequest, Ledger
from donations_svc.storage import donations, gifts, pledges, receipts


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """Who asks: what he may touch, and the token he came with."""

    access: Access
    authorization: str


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
        gift = await self._lock_gift(connection, terms.donation_id, asking)
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
            held_on = await self._ledger.hold(asking.authorization, _hold_of(refund))
            # That of an earlier attempt, if there was one that did not come to its end.
            refund = replace(refund, held_on=held_on)
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
        """Raises RefundNotFoundError, ForeignRowError, RefundStateError, HoldMissingError.

        Also the domain's refusals and LedgerUnavailableError.
        """
        refund = await gifts.read_refund(connection, refund_id)
        gift = await self._lock_gift(connection, refund.terms.donation_id, asking)
        refund = await gifts.read_refund(connection, refund_id, is_locked=True)
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
        """Raises RefundNotFoundError, ForeignRowError, RefundStateError.

        What is held is given back when this is committed: `release`.
        """
        refund = await gifts.read_refund(connection, refund_id, is_locked=True)
        asking.access.require_own(refund.agency)
        after = rules.cancel_refund(refund, by=origin.actor.subject, at=self._clock.now())
        await gifts.save_refund(connection, after)
        return after

    async def release(self, connection: Connection, refund_id: UUID, *, asking: Asking) -> None:
        """Give back what was held for a refund that is cancelled. Raises LedgerUnavailableError."""
        refund = await gifts.read_refund(connection, refund_id)
        if refund.is_held and refund.state is RefundState.CANCELLED:
            await self._ledger.release(asking.authorization, [refund_id])

    async def change_purpose(
        self, connection: Connection, origin: Origin, terms: PurposeChangeTerms, *, asking: Asking
    ) -> PurposeChange:
        """Raises UnknownDonationError, ForeignRowError, ReferenceTakenError, MoreThanLeftError.

        Also the domain's refusals and LedgerUnavailableError.
        """
        gift = await self._lock_gift(connection, terms.donation_id, asking)
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
        await self._ledger.hold(asking.authorization, hold)
        await self._outbox.append(connection, event, origin)
        return change

    async def reverse(
        self,
        connection: Connection,
        origin: Origin,
        donation_id: UUID,
        *,
        reason: str,
        asking: Asking,
    ) -> Donation:
        """Raises DonationNotFoundError, ForeignRowError, MoreThanLeftError.

        Also the domain's refusals and LedgerUnavailableError.
        """
        try:
            gift = await self._lock_gift(connection, donation_id, asking)
        except UnknownDonationError as error:
            raise DonationNotFoundError(str(error)) from error
        [after] = await self._reverse(connection, origin, [gift], reason=reason, asking=asking)
        return after

    async def reverse_batch(
        self, connection: Connection, origin: Origin, batch_id: UUID, *, reason: str, asking: Asking
    ) -> list[Donation]:
        """All that stands of an import, or nothing; receipts of it are withdrawn.

        Raises BatchNotFoundError, and as `reverse`.
        """
        imported = await donations.lock_batch(connection, batch_id)
        for agency in {donation.terms.agency for donation in imported}:
            asking.access.require_own(agency)
        is_agency = asking.access.principal.role == Role.AGENCY
        if not is_agency and any(donation.terms.delegation is None for donation in imported):
            raise DelegationError("the agency has imported it itself, and undoes it itself")
        standing = [donation for donation in imported if donation.reversed_on is None]
        if not standing:
            raise BatchNotFoundError(f"nothing stands of a batch {batch_id}")
        withdrawal = Withdrawal(
            on=self._clock.today(),
            at=self._clock.now(),
            by=origin.actor.subject,
            reason=WithdrawalReason.REVERSAL,
            remark=reason,
        )
        ids = [donation.donation_id for donation in standing]
        await receipts.withdraw_all(connection, ids, withdrawal)
        found = await gifts.read_gifts(connection, standing)
        return await self._reverse(connection, origin, found, reason=reason, asking=asking)

    async def _reverse(
        self,
        connection: Connection,
        origin: Origin,
        found: Sequence[Gift],
        *,
        reason: str,
        asking: Asking,
    ) -> list[Donation]:
        today = self._clock.today()
        holds = [
            _hold_of_reversal(gift.donation)
            for gift in found
            if gift.donation.terms.kind is DonationKind.CASH
        ]
        by_lot = {hold.lot_id: hold.hold_id for hold in holds}
        reversed_: list[Donation] = []
        pledges_seen: dict[UUID, Pledge] = {}
        for gift in found:
            donation = gift.donation
            reversal = Reversal(
                reversed_on=today, reason=reason, hold_id=by_lot.get(donation.donation_id)
            )
            after, pledge, event = rules.reverse_donation(
                gift,
                reversal,
                pledge=await _pledge_of(connection, donation, pledges_seen),
                receipt=await _standing(connection, donation.donation_id),
            )
            if pledge is not None:
                pledges_seen[pledge.pledge_id] = pledge
                await pledges.save(connection, pledge)
            await donations.save(connection, after)
            await self._outbox.append(connection, event, origin)
            reversed_.append(after)
        # Last of all: whatever was refused before has held nothing.
        await self._hold_all(holds, asking)
        return reversed_

    async def _hold_all(self, holds: Sequence[HoldRequest], asking: Asking) -> None:
        """All or none: where the ledger refuses one, what it had held for others is given back.

        What is still held when this is cut off is found by the next attempt: its id is the same.
        """
        held: list[UUID] = []
        for start in range(0, len(holds), HOLDS_MAX):
            some = holds[start : start + HOLDS_MAX]
            try:
                await self._ledger.hold_all(asking.authorization, some)
            except DonationsError:
                if held:
                    with suppress(LedgerUnavailableError):
                        await self._ledger.release(asking.authorization, held)
                raise
            held += [hold.hold_id for hold in some]

    async def _lock_gift(self, connection: Connection, donation_id: UUID, asking: Asking) -> Gift:
        donation = await donations.find_for_update(connection, donation_id)
        if donation is None:
            raise UnknownDonationError(
                f"there is no donation {donation_id}", pointer="/donation_id"
            )
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


def _hold_of_reversal(donation: Donation) -> HoldRequest:
    terms = donation.terms
    return HoldRequest(
        # Of this state of it: what was refused before something happened to it is another matter.
        hold_id=uuid5(donation.donation_id, f"reversal:{donation.version}"),
        lot_id=donation.donation_id,
        agency=terms.agency,
        restricted_to=terms.restricted_to,
        amount=terms.amount,
        effective_on=terms.received_on,
        purpose="batch_reversal",
        document=terms.reference,
    )


async def _standing(connection: Connection, donation_id: UUID) -> str | None:
    """The number of its receipt, where one stands."""
    return (await receipts.standing(connection, [donation_id])).get(donation_id)


async def _pledge_of(
    connection: Connection, donation: Donation, seen: dict[UUID, Pledge]
) -> Pledge | None:
    if donation.pledge_id is None:
        return None
    return seen.get(donation.pledge_id) or await pledges.find_for_update(
        connection, donation.pledge_id
    )
