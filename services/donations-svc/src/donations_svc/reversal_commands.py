"""What was recorded in error is undone: one donation, or all that stands of an import.

A large import is undone by pages, its donations before its pledges: each page is decided, held in
the ledger and written before the next is read, all in one transaction.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from fundmix_events.base import FundingEvent
from fundmix_events.donations import DonationKind
from fundmix_events.ids import uuid5
from fundmix_events.roles import Role
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox

from donations_svc.domain import giving_back as rules
from donations_svc.domain import pledge as pledge_rules
from donations_svc.domain.donation import Donation
from donations_svc.domain.errors import (
    BatchNotFoundError,
    DelegationError,
    DonationNotFoundError,
    LedgerUnavailableError,
    UnknownDonationError,
)
from donations_svc.domain.giving_back import Gift, Reversal
from donations_svc.domain.pledge import Pledge
from donations_svc.domain.receipt import Withdrawal, WithdrawalReason
from donations_svc.giving_back_commands import Asking, lock_gift
from donations_svc.ledger import HOLDS_MAX, HoldRequest, Ledger
from donations_svc.storage import donations, gifts, import_batches, pledges, receipts
from donations_svc.storage.import_batches import Counted

PLEDGES_MAX: Final = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Work:
    """One reversal; `held` is what the ledger has set aside for it so far."""

    connection: Connection
    origin: Origin
    reason: str
    asking: Asking
    held: list[UUID] = field(default_factory=list[UUID])


class Reversals:
    """The commands, with what they both need."""

    def __init__(self, *, outbox: Outbox, clock: Clock, ledger: Ledger) -> None:
        self._outbox = outbox
        self._clock = clock
        self._ledger = ledger

    async def reverse(
        self,
        connection: Connection,
        origin: Origin,
        donation_id: UUID,
        *,
        reason: str,
        asking: Asking,
    ) -> Donation:
        """Raises DonationNotFoundError, ForeignRowError, VersionMismatchError, MoreThanLeftError.

        Also the domain's refusals and LedgerUnavailableError.
        """
        try:
            gift = await lock_gift(connection, donation_id, asking)
        except UnknownDonationError as error:
            raise DonationNotFoundError(str(error)) from error
        check_version(gift.donation.version, expected=asking.expected_version)
        work = _Work(connection=connection, origin=origin, reason=reason, asking=asking)
        [after] = await self._reverse(work, [gift])
        return after

    async def reverse_batch(
        self, connection: Connection, origin: Origin, batch_id: UUID, *, reason: str, asking: Asking
    ) -> Counted:
        """All that stands of an import, or nothing; receipts of it are withdrawn.

        The answer is how much that was. Raises BatchNotFoundError, DelegationError, and as
        `reverse`.
        """
        batch = await import_batches.read(connection, batch_id)
        for share in batch.shares:
            asking.access.require_own(share.agency)
        is_agency = asking.access.principal.role == Role.AGENCY
        if not is_agency and batch.delegation is None:
            raise DelegationError("the agency has imported it itself, and undoes it itself")
        work = _Work(connection=connection, origin=origin, reason=reason, asking=asking)
        try:
            # Donations first: then nothing has come of the promises that were only in the file.
            counted = Counted(
                donations=await self._reverse_donations(work, batch_id),
                pledges=await self._reverse_pledges(work, batch_id),
            )
        except BaseException:
            # Of what is cut off before this, the next attempt finds the holds: their ids are the
            # same.
            if work.held:
                with suppress(LedgerUnavailableError):
                    await self._ledger.release(asking.authorization, work.held)
            raise
        if not any(counted):
            raise BatchNotFoundError(f"nothing stands of a batch {batch_id}")
        return counted

    async def _reverse_donations(self, work: _Work, batch_id: UUID) -> int:
        count, after = 0, UUID(int=0)
        while page := await donations.lock_of_batch(
            work.connection, batch_id, after=after, rows_max=HOLDS_MAX
        ):
            withdrawal = Withdrawal(
                on=self._clock.today(),
                at=self._clock.now(),
                by=work.origin.actor.subject,
                reason=WithdrawalReason.REVERSAL,
                remark=work.reason,
            )
            ids = [donation.donation_id for donation in page]
            await receipts.withdraw_all(work.connection, ids, withdrawal)
            await self._reverse(work, await gifts.read_gifts(work.connection, page))
            count, after = count + len(page), ids[-1]
            # Others are served in between.
            await asyncio.sleep(0)
        return count

    async def _reverse_pledges(self, work: _Work, batch_id: UUID) -> int:
        count, after = 0, UUID(int=0)
        while page := await pledges.lock_of_batch(
            work.connection, batch_id, after=after, rows_max=PLEDGES_MAX
        ):
            reversed_, events = self._decide_pledges(work, page)
            await pledges.reverse_all(work.connection, reversed_)
            await self._outbox.append_all(work.connection, [(e, work.origin) for e in events])
            count, after = count + len(page), page[-1].pledge_id
            await asyncio.sleep(0)
        return count

    def _decide_pledges(
        self, work: _Work, page: Sequence[Pledge]
    ) -> tuple[list[Pledge], list[FundingEvent]]:
        reversed_: list[Pledge] = []
        events: list[FundingEvent] = []
        for pledge in page:
            after, event = pledge_rules.reverse_pledge(
                pledge, reversed_on=self._clock.today(), reason=work.reason
            )
            reversed_.append(after)
            if event is not None:
                events.append(event)
        return reversed_, events

    async def _reverse(self, work: _Work, found: Sequence[Gift]) -> list[Donation]:
        """At most HOLDS_MAX of them, by one statement of each kind."""
        connection = work.connection
        standing = await receipts.standing(connection, [g.donation.donation_id for g in found])
        touched = {g.donation.pledge_id for g in found if g.donation.pledge_id is not None}
        promised = await pledges.lock_all(connection, touched)
        holds = [
            _hold_of(gift.donation)
            for gift in found
            if gift.donation.terms.kind is DonationKind.CASH
        ]
        reversed_, events = self._decide(work, found, standing, promised, holds)
        await pledges.save_all(connection, list(promised.values()))
        await donations.save_all(connection, reversed_)
        await self._outbox.append_all(connection, [(e, work.origin) for e in events])
        if holds:
            # Last of all: whatever was refused before has held nothing.
            await self._ledger.hold_all(work.asking.authorization, holds)
            work.held.extend(hold.hold_id for hold in holds)
        return reversed_

    def _decide(
        self,
        work: _Work,
        found: Sequence[Gift],
        standing: Mapping[UUID, str],
        promised: dict[UUID, Pledge],
        holds: Sequence[HoldRequest],
    ) -> tuple[list[Donation], list[FundingEvent]]:
        """`promised` is left as the donations leave it that are not there any more."""
        by_lot = {hold.lot_id: hold.hold_id for hold in holds}
        reversed_: list[Donation] = []
        events: list[FundingEvent] = []
        for gift in found:
            donation = gift.donation
            reversal = Reversal(
                reversed_on=self._clock.today(),
                reason=work.reason,
                hold_id=by_lot.get(donation.donation_id),
            )
            after, pledge, event = rules.reverse_donation(
                gift,
                reversal,
                pledge=None if donation.pledge_id is None else promised[donation.pledge_id],
                receipt=standing.get(donation.donation_id),
            )
            if pledge is not None:
                promised[pledge.pledge_id] = pledge
            reversed_.append(after)
            events.append(event)
        return reversed_, events


def _hold_of(donation: Donation) -> HoldRequest:
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
