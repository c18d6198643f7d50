"""What the ledger does with a batch of events: one transaction, given by the consumer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast
from uuid import UUID

from fundmix_events.registry import OrganisationEvent
from fundmix_kit import replica
from fundmix_kit.clock import Clock
from fundmix_kit.database import Connection
from fundmix_kit.delivery import Delivery
from fundmix_kit.replica import State

from ledger_svc.domain.contract_terms import TermsEvent
from ledger_svc.domain.posting_rules import PostableEvent, entry_for
from ledger_svc.storage import contract_terms
from ledger_svc.storage.contract_terms import TermsChange
from ledger_svc.storage.journal import Journal, SourcedEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """What an event means here: an entry or a barrier, an organisation's new state, or nothing.

    What it says about the terms of a contract is kept beside its entry.
    """

    entry: SourcedEntry | None = None
    organisation: tuple[str, State] | None = None
    terms: TermsChange | None = None


class LedgerHandler:
    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._journal = Journal()

    def prepare(self, delivery: Delivery) -> Prepared:
        message, incoming = delivery.message, delivery.incoming
        event = message.event
        if isinstance(event, OrganisationEvent):
            state = event.organisation.model_dump_json()
            return Prepared(
                organisation=(event.topic, State(event.key, event.aggregate_version, state))
            )
        # The codec reads these classes only; the rules' match is closed over the same ones.
        entry = entry_for(cast("PostableEvent", event), event_id=message.id)
        terms = (
            TermsChange(event_id=message.id, event=event) if isinstance(event, TermsEvent) else None
        )
        if entry is None:
            return Prepared(terms=terms)
        assert incoming.number is not None, "what has no number is in quarantine"
        return Prepared(
            entry=SourcedEntry(
                entry=entry,
                topic=incoming.topic,
                partition=incoming.partition,
                number=incoming.number,
                payload_sha256=hashlib.sha256(incoming.value).digest(),
            ),
            terms=terms,
        )

    async def apply(self, connection: Connection, prepared: Sequence[Prepared]) -> None:
        organisations = [p.organisation for p in prepared if p.organisation is not None]
        for topic in sorted({topic for topic, _ in organisations}):
            await replica.save(connection, topic, [s for t, s in organisations if t == topic])
        entries = [p.entry for p in prepared if p.entry is not None]
        changes = [p.terms for p in prepared if p.terms is not None]
        posted_on: dict[UUID, date] = {}
        if entries:
            posted_on = await self._journal.append(connection, entries, now=self._clock.now())
        elif changes:
            await contract_terms.lock(connection)
        # What the journal had before.
        earlier = {e.entry.event_id for e in entries} if entries else {c.event_id for c in changes}
        earlier -= posted_on.keys()
        if earlier:
            posted_on |= await contract_terms.posted_days(connection, earlier)
        await contract_terms.apply(
            connection, changes, posted_on=posted_on, today=self._clock.today()
        )
