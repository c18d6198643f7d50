"""What donations-svc does when asked: each function inside one transaction of its caller."""

from uuid import UUID

from fundmix_events.donations import Donor
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin
from fundmix_kit.outbox import Outbox
from fundmix_kit.policy import Access

from donations_svc.domain import donation as donation_rules
from donations_svc.domain import pledge as pledge_rules
from donations_svc.domain.donation import Donation, DonationTerms
from donations_svc.domain.errors import UnknownPledgeError
from donations_svc.domain.parties import Register
from donations_svc.domain.pledge import Pledge, PledgeTerms
from donations_svc.storage import donations, organisations, pledges


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

    async def receive_donation(
        self,
        connection: Connection,
        origin: Origin,
        terms: DonationTerms,
        *,
        access: Access,
        pledge_id: UUID | None,
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
        )
        await donations.insert(connection, donation, recorded_at=self._clock.now())
        if after is not None:
            await pledges.save(connection, after)
        await self._outbox.append(connection, event, origin)
        return donation


async def _register(connection: Connection, donor: Donor, agency: str) -> Register:
    codes = [agency] if donor.code is None else [agency, donor.code]
    return await organisations.read(connection, codes)


async def _lock_pledge(connection: Connection, pledge_id: UUID, access: Access) -> Pledge:
    pledge = await pledges.find_for_update(connection, pledge_id)
    if pledge is None:
        raise UnknownPledgeError(f"there is no pledge {pledge_id}", pointer="/pledge_id")
    access.require_own(pledge.terms.agency)
    return pledge
