"""Contracts that are being written: all of them may still change, and nothing follows from them."""

from uuid import UUID

from fundmix_events.registry import Organisation
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.etag import check_version
from fundmix_kit.ids import uuid7
from fundmix_kit.origin import Origin

from contracts_svc.commands import Commands, Signing, Target
from contracts_svc.domain.contract import Contract
from contracts_svc.domain.errors import DraftStateError
from contracts_svc.domain.signing import Terms
from contracts_svc.storage import drafts
from contracts_svc.storage.tables import Draft


class DraftCommands:
    """`body` is the draft as its officer wrote it, in JSON."""

    def __init__(self, commands: Commands, *, clock: Clock) -> None:
        self._commands = commands
        self._clock = clock

    async def begin(
        self, connection: Connection, origin: Origin, body: str, *, buyer: str, agency: str
    ) -> Draft:
        return await drafts.insert(
            connection,
            uuid7(),
            buyer=buyer,
            agency=agency,
            body=body,
            changed_by=origin.actor.subject,
            changed_at=self._clock.now(),
        )

    async def change(
        self,
        connection: Connection,
        origin: Origin,
        target: Target,
        body: str,
        *,
        buyer: str,
        agency: str,
    ) -> Draft:
        """Raises DraftNotFoundError, DraftStateError."""
        draft = await self.open(connection, target)
        if draft.buyer != buyer:
            raise DraftStateError("a draft stays with its buyer", pointer="/buyer")
        return await self._save(connection, origin, draft.draft_id, body, agency, state="open")

    async def discard(self, connection: Connection, origin: Origin, target: Target) -> Draft:
        """Raises DraftNotFoundError, DraftStateError. It stays readable."""
        draft = await self.open(connection, target)
        return await self._save(
            connection, origin, draft.draft_id, draft.body, draft.agency, state="discarded"
        )

    async def sign(
        self, connection: Connection, origin: Origin, draft: Draft, terms: Terms
    ) -> tuple[Contract, Organisation]:
        """The contract keeps the draft's id. Raises what signing raises; `draft` is open."""
        contract, agency = await self._commands.sign_contract(
            connection,
            origin,
            Signing(
                terms=terms,
                buyer=draft.buyer,
                agency=draft.agency,
                contract_id=draft.draft_id,
            ),
        )
        await self._save(
            connection, origin, draft.draft_id, draft.body, draft.agency, state="signed"
        )
        return contract, agency

    async def open(self, connection: Connection, target: Target) -> Draft:
        """Locked, for what is done next. Raises DraftNotFoundError, DraftStateError."""
        draft = await drafts.load_for_update(connection, target.contract_id)
        target.access.require_own(draft.buyer)
        check_version(draft.version, expected=target.expected_version)
        if draft.state != "open":
            raise DraftStateError(f"this draft was {draft.state}")
        return draft

    async def _save(
        self,
        connection: Connection,
        origin: Origin,
        draft_id: UUID,
        body: str,
        agency: str,
        *,
        state: str,
    ) -> Draft:
        return await drafts.save(
            connection,
            draft_id,
            agency=agency,
            state=state,
            body=body,
            changed_by=origin.actor.subject,
            changed_at=self._clock.now(),
        )
