"""What donations-svc does when asked: each function inside one transaction of its caller."""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.donations import CancellationReason, Donor, Goods
from fundmix_events.money import Money
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from donations_svc.domain import announcement as announcement_rules
from donations_svc.domain import donation as donation_rules
from donations_svc.domain import pledge as pledge_rules
from donations_svc.domain.announcement import (
    Announcement,
    AnnouncementTerms,
    Arrival,
    Decision,
    Rejection,
)
from donations_svc.domain.donation import ALONE, Belonging, Donation, DonationTerms
from donations_svc.domain.errors import DonationsError, PledgeMismatchError, UnknownPledgeError
from donations_svc.domain.parties import Register
from donations_svc.domain.pledge import Cancellation, Pledge, PledgeTerms
from donations_svc.storage import announcements, donations, organisations, pledges


@dataclass(frozen=True, kw_only=True, slots=True)
class Deposit:
    """One transfer that is for several agencies or purposes; the lines sum to the amount."""

    amount: Money
    lines: Sequence[tuple[DonationTerms, UUID | None]]


class Commands:
    """The commands, with what they all need."""

    def __init__(self, *, outbox: Outbox, clock: Clock) -> None:
        self._outbox = outbox
        self._clock = clock

    async def make_pledge(
        self, connection: Connection, origin: Origin, terms: PledgeTerms
    ) -> Pledge:
        """Raises ReferenceTakenError, and the domain's refusals."""
        pledge, event = pledge_rules.make_pledge(
            terms,
            pledge_id=uuid7(),
            register=await _register(connection, terms.donor, terms.agency),
            today=self._clock.today(),
        )
        await pledges.insert(connection, pledge, recorded_at=self._clock.now())
        await self._outbox.append(connection, event, origin)
        return pledge

    async def cancel_pledge(  # what a cancellation is made of
        self,
        connection: Connection,
        origin: Origin,
        pledge_id: UUID,
        *,
        access: Access,
        expected_version: int | None,
        cancelled_on: date | None,
        reason: CancellationReason,
        remark: str | None,
    ) -> Pledge:
        """Raises PledgeNotFoundError, ForeignRowError, VersionMismatchError.

        Also PledgeClosedError and FutureDateError.
        """
        today = self._clock.today()
        before = await pledges.read(connection, pledge_id, is_locked=True)
        access.require_own(before.terms.agency, before.terms.donor.code)
        check_version(before.version, expected=expected_version)
        cancellation = Cancellation(
            cancelled_on=cancelled_on or today, reason=reason, remark=remark
        )
        after, event = pledge_rules.cancel_pledge(before, cancellation, today=today)
        await pledges.save(connection, after)
        await self._outbox.append(connection, event, origin)
        return after

    async def receive_donation(
        self,
        connection: Connection,
        origin: Origin,
        terms: DonationTerms,
        *,
        access: Access,
        pledge_id: UUID | None,
        belonging: Belonging = ALONE,
    ) -> Donation:
        """Raises UnknownPledgeError, ForeignRowError, ReferenceTakenError, BankReferenceUsedError.

        Also the domain's refusals.
        """
        # The pledge stays locked to the end: of two donations that would fulfil it at once,
        # the second sees what the first has left.
        before = None if pledge_id is None else await _lock_pledge(connection, pledge_id, access)
        donation, after, event = donation_rules.receive_donation(
            terms,
            donation_id=uuid7(),
            register=await _register(connection, terms.donor, terms.agency),
            pledge=before,
            today=self._clock.today(),
            by=origin.actor.subject,
            belonging=belonging,
        )
        await donations.insert(connection, donation, recorded_at=self._clock.now())
        if after is not None:
            await pledges.save(connection, after)
        await self._outbox.append(connection, event, origin)
        return donation

    async def state_goods(
        self,
        connection: Connection,
        origin: Origin,
        donation_id: UUID,
        goods: Goods,
        *,
        access: Access,
        expected_version: int | None,
    ) -> Donation:
        """Raises DonationNotFoundError, ForeignRowError, VersionMismatchError.

        Also the domain's refusals.
        """
        before = await donations.read(connection, donation_id, is_locked=True)
        access.require_own(before.terms.agency)
        check_version(before.version, expected=expected_version)
        after, event = donation_rules.state_goods(before, goods)
        await donations.save_goods(connection, after, at=self._clock.now())
        await self._outbox.append(connection, event, origin)
        return after

    async def receive_deposit(
        self, connection: Connection, origin: Origin, deposit: Deposit, *, access: Access
    ) -> list[Donation]:
        """All of its lines, or nothing. Raises SplitError, and what one donation raises."""
        announcement_rules.check_split(deposit.amount, [terms.amount for terms, _ in deposit.lines])
        deposit_id = uuid7()
        counted: dict[str, int] = {}
        received: list[Donation] = []
        for place, (terms, pledge_id) in enumerate(deposit.lines):
            line = counted[terms.agency] = counted.get(terms.agency, 0) + 1
            with _pointing_into(f"/lines/{place}", OF_A_LINE):
                received.append(
                    await self.receive_donation(
                        connection,
                        origin,
                        terms,
                        access=access,
                        pledge_id=pledge_id,
                        belonging=Belonging(line=line, deposit_id=deposit_id),
                    )
                )
        return received

    async def announce(
        self, connection: Connection, origin: Origin, terms: AnnouncementTerms
    ) -> Announcement:
        """Raises ReferenceTakenError, UnknownPledgeError, PledgeMismatchError.

        Also the domain's refusals.
        """
        announcement = announcement_rules.announce(
            terms,
            announcement_id=uuid7(),
            register=await _register(
                connection, terms.donor, *(line.agency for line in terms.lines)
            ),
            today=self._clock.today(),
            decision=self._decision(origin),
        )
        for place, line in enumerate(terms.lines):
            if line.pledge_id is not None:
                await _check_pledge(connection, line.pledge_id, terms, line.agency, place)
        await announcements.insert(connection, announcement)
        return announcement

    async def confirm(
        self,
        connection: Connection,
        origin: Origin,
        announcement_id: UUID,
        arrival: Arrival,
        *,
        access: Access,
        expected_version: int | None,
    ) -> tuple[Announcement, list[Donation]]:
        """What was announced has arrived: one deposit, a donation for each line of the agency.

        Raises AnnouncementNotFoundError, VersionMismatchError, UnknownLineError, LineDecidedError,
        and what receiving a donation raises.
        """
        before = await announcements.read(connection, announcement_id, is_locked=True)
        check_version(before.version, expected=expected_version)
        lines = announcement_rules.lines_to_decide(
            before, agency=arrival.agency, numbers=[number for number, _ in arrival.references]
        )
        deposit_id = uuid7() if len(lines) > 1 else None
        if arrival.bank_reference is not None:
            await donations.check_bank_reference(
                connection, arrival.agency, arrival.bank_reference, announcement_id=announcement_id
            )
        received: list[Donation] = []
        for place, (line, (_, reference)) in enumerate(zip(lines, arrival.references, strict=True)):
            with _pointing_into(f"/lines/{place}", {"/reference"}):
                received.append(
                    await self.receive_donation(
                        connection,
                        origin,
                        announcement_rules.donation_terms(
                            before, line, reference=reference, arrival=arrival
                        ),
                        access=access,
                        pledge_id=await _open_pledge(connection, line.terms.pledge_id),
                        belonging=Belonging(
                            line=line.number,
                            deposit_id=deposit_id,
                            announcement_id=announcement_id,
                        ),
                    )
                )
        decision = self._decision(origin)
        changed = [
            announcement_rules.confirmed(line, donation.donation_id, decision)
            for line, donation in zip(lines, received, strict=True)
        ]
        after = announcement_rules.after(before, changed)
        await announcements.save(connection, after, changed)
        return after, received

    async def reject(
        self,
        connection: Connection,
        origin: Origin,
        announcement_id: UUID,
        rejection: Rejection,
        *,
        expected_version: int | None,
    ) -> Announcement:
        """Raises AnnouncementNotFoundError, VersionMismatchError, UnknownLineError.

        Also LineDecidedError.
        """
        before = await announcements.read(connection, announcement_id, is_locked=True)
        check_version(before.version, expected=expected_version)
        lines = announcement_rules.lines_to_decide(
            before, agency=rejection.agency, numbers=rejection.lines
        )
        decision = self._decision(origin)
        changed = [announcement_rules.rejected(line, decision, rejection) for line in lines]
        after = announcement_rules.after(before, changed)
        await announcements.save(connection, after, changed)
        return after

    async def withdraw(
        self,
        connection: Connection,
        origin: Origin,
        announcement_id: UUID,
        *,
        access: Access,
        expected_version: int | None,
    ) -> Announcement:
        """Raises AnnouncementNotFoundError, ForeignRowError, VersionMismatchError.

        Also LineDecidedError.
        """
        before = await announcements.read(connection, announcement_id, is_locked=True)
        access.require_own(before.terms.donor.code)
        check_version(before.version, expected=expected_version)
        changed = announcement_rules.withdrawn(before, self._decision(origin))
        after = announcement_rules.after(before, changed)
        await announcements.save(connection, after, changed)
        return after

    def _decision(self, origin: Origin) -> Decision:
        return Decision(by=origin.actor.subject, at=self._clock.now())


# What a line says itself; the rest is said once for all lines.
OF_A_LINE: Final = frozenset({"/agency", "/reference", "/amount", "/pledge_id"})


@contextmanager
def _pointing_into(line: str, fields: Collection[str]) -> Generator[None]:
    """A refusal of one line names it, where the field is one of the line's own."""
    try:
        yield
    except DonationsError as error:
        if error.pointer is not None and error.pointer in fields:
            error.pointer = line + error.pointer
        raise


async def _register(connection: Connection, donor: Donor, *agencies: str) -> Register:
    codes = {*agencies} if donor.code is None else {*agencies, donor.code}
    return await organisations.read(connection, sorted(codes))


async def _lock_pledge(connection: Connection, pledge_id: UUID, access: Access) -> Pledge:
    pledge = await pledges.find_for_update(connection, pledge_id)
    if pledge is None:
        raise UnknownPledgeError(f"there is no pledge {pledge_id}", pointer="/pledge_id")
    access.require_own(pledge.terms.agency)
    return pledge


async def _check_pledge(
    connection: Connection, pledge_id: UUID, terms: AnnouncementTerms, agency: str, place: int
) -> None:
    """That the line may fulfil it; how much is left of it is seen when the money has come."""
    pointer = f"/lines/{place}/pledge_id"
    pledge = await pledges.find_for_update(connection, pledge_id)
    if pledge is None or pledge.terms.donor != terms.donor:
        raise UnknownPledgeError(f"the donor has made no pledge {pledge_id}", pointer=pointer)
    line, promised = terms.lines[place], pledge.terms
    if promised.agency != agency:
        raise PledgeMismatchError(f"it was made to {promised.agency}", pointer=pointer)
    if (promised.kind, promised.restricted_to) != (terms.kind, line.restricted_to):
        raise PledgeMismatchError("it was made of another kind or for another use", pointer=pointer)


async def _open_pledge(connection: Connection, pledge_id: UUID | None) -> UUID | None:
    """The pledge, unless it was cancelled or has come in full: what came then stands alone."""
    if pledge_id is None:
        return None
    pledge = await pledges.find_for_update(connection, pledge_id)
    return pledge_id if pledge is not None and pledge.is_open else None
