"""What donations-svc does with contacts of donors: each use is recorded, and none is an event.

A contact never leaves this service: what was given is told without it.
"""

from dataclasses import dataclass
from uuid import UUID

from fundmix_events.envelope import Actor
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.policy import Access

from donations_svc.domain.contact import (
    ContactAct,
    ContactDetails,
    ContactField,
    ErasureReason,
    check_details,
)
from donations_svc.domain.errors import ContactErasedError, ContactMismatchError
from donations_svc.storage import contact_accesses, contacts
from donations_svc.storage.contact_tables import DonorContact
from donations_svc.storage.sealing import KeyRing


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What stays when a contact is erased: donations, their receipts, records of accesses."""

    donations: int
    receipts: int
    accesses: int


class ContactCommands:
    """The commands, with what they all need."""

    def __init__(self, *, keys: KeyRing, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    async def record(
        self,
        connection: Connection,
        actor: Actor,
        details: ContactDetails,
        *,
        agency: str,
        organisation: str | None,
    ) -> DonorContact:
        """Raises ContactDetailsError."""
        check_details(details)
        contact = await contacts.insert(
            connection,
            self._keys,
            details,
            contact_id=uuid7(),
            agency=agency,
            organisation=organisation,
            recorded_by=actor.subject,
            recorded_at=self._clock.now(),
        )
        await self._note(connection, actor, ContactAct.RECORDED, contact)
        return contact

    async def find(
        self,
        connection: Connection,
        actor: Actor,
        *,
        agency: str,
        field: ContactField,
        text: str,
    ) -> list[DonorContact]:
        """Raises ContactDetailsError."""
        found = await contacts.find(connection, self._keys, agency=agency, field=field, text=text)
        await self._note(connection, actor, ContactAct.FOUND, *found)
        return found

    async def read(
        self, connection: Connection, actor: Actor, access: Access, contact_id: UUID
    ) -> tuple[DonorContact, ContactDetails | None]:
        """No details of one that is erased. Raises ContactNotFoundError and ForeignRowError."""
        contact = await contacts.read(connection, contact_id)
        return await self._opened(connection, actor, access, contact)

    async def read_of(
        self, connection: Connection, actor: Actor, access: Access, donation_id: UUID
    ) -> tuple[DonorContact, ContactDetails | None]:
        """Whom to ask about a donation; as `read`. Raises DonationNotFoundError, too."""
        given = await contacts.giver_of(connection, donation_id)
        access.require_own(given.agency)
        contact = await contacts.of_donation(connection, donation_id)
        return await self._opened(connection, actor, access, contact)

    async def change(
        self,
        connection: Connection,
        actor: Actor,
        access: Access,
        contact_id: UUID,
        details: ContactDetails,
        *,
        organisation: str | None,
        expected_version: int | None,
    ) -> DonorContact:
        """Raises ContactNotFoundError, ContactErasedError and ContactDetailsError.

        Also ContactMismatchError, ForeignRowError and VersionMismatchError.
        """
        check_details(details)
        contact = await self._open(connection, access, contact_id)
        check_version(contact.version, expected=expected_version)
        if organisation != contact.organisation and await contacts.count_donations(
            connection, contact_id
        ):
            raise ContactMismatchError(
                f"contact {contact_id} is of donations that somebody else has given",
                pointer="/organisation",
            )
        changed = await contacts.save(
            connection, self._keys, contact, details, organisation=organisation
        )
        await self._note(connection, actor, ContactAct.CHANGED, changed)
        return changed

    async def erase(
        self,
        connection: Connection,
        actor: Actor,
        access: Access,
        contact_id: UUID,
        reason: ErasureReason,
    ) -> tuple[DonorContact, Kept]:
        """Raises ContactNotFoundError, ContactErasedError and ForeignRowError."""
        contact = await self._open(connection, access, contact_id)
        erased = await contacts.erase(
            connection, contact, reason=reason, erased_at=self._clock.now()
        )
        await self._note(connection, actor, ContactAct.ERASED, erased)
        kept = Kept(
            donations=await contacts.count_donations(connection, contact_id),
            receipts=await contacts.count_receipts(connection, contact_id),
            accesses=await contact_accesses.count(connection, contact_id),
        )
        return erased, kept

    async def link(
        self,
        connection: Connection,
        actor: Actor,
        access: Access,
        *,
        donation_id: UUID,
        contact_id: UUID,
    ) -> DonorContact:
        """Raises DonationNotFoundError, ContactNotFoundError, ContactErasedError.

        Also ContactMismatchError and ForeignRowError.
        """
        given = await contacts.giver_of(connection, donation_id)
        access.require_own(given.agency)
        contact = await self._open(connection, access, contact_id)
        if contact.agency != given.agency or contact.organisation != given.donor_code:
            raise ContactMismatchError(
                f"contact {contact_id} is not the donor, and does not speak for it",
                pointer="/contact_id",
            )
        await contacts.link(
            connection,
            donation_id,
            contact_id,
            linked_by=actor.subject,
            linked_at=self._clock.now(),
        )
        await self._note(connection, actor, ContactAct.LINKED, contact)
        return contact

    async def _opened(
        self, connection: Connection, actor: Actor, access: Access, contact: DonorContact
    ) -> tuple[DonorContact, ContactDetails | None]:
        access.require_own(contact.agency)
        if contact.erased_at is not None:
            return contact, None
        await self._note(connection, actor, ContactAct.READ, contact)
        return contact, contacts.details_of(self._keys, contact)

    async def _open(self, connection: Connection, access: Access, contact_id: UUID) -> DonorContact:
        contact = await contacts.read(connection, contact_id, is_locked=True)
        access.require_own(contact.agency)
        if contact.erased_at is not None:
            raise ContactErasedError(f"contact {contact_id} was erased")
        return contact

    async def _note(
        self, connection: Connection, actor: Actor, act: ContactAct, *found: DonorContact
    ) -> None:
        await contact_accesses.insert(
            connection,
            found,
            act,
            subject=actor.subject,
            role=actor.role,
            accessed_at=self._clock.now(),
        )
