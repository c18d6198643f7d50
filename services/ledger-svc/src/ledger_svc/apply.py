"""What the ledger does with a batch of events: one transaction, given by the consumer."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, cast, get_args
from uuid import UUID

import structlog
from fundmix_events.registry import OrganisationEvent
from fundmix_kit import replica
from fundmix_kit.clock import Clock, day_of
from fundmix_kit.database import Connection
from fundmix_kit.delivery import Delivery
from fundmix_kit.replica import State

from ledger_svc.domain.approval import ApprovalEvent
from ledger_svc.domain.contract_terms import TermsEvent
from ledger_svc.domain.pledge_terms import PledgeChange, PledgeEvent, pledge_change
from ledger_svc.domain.posting_rules import PostableEvent, entry_for
from ledger_svc.domain.restored import Approval, restored
from ledger_svc.storage import contract_terms, pledge_terms, requests, restored_requests
from ledger_svc.storage.contract_terms import TermsChange
from ledger_svc.storage.journal import Journal, Placed, SourcedEntry

# A class is found among many at once; `isinstance` asks one after the other, for every event.
TERMS_EVENTS: Final = frozenset[type](get_args(TermsEvent))
PLEDGE_EVENTS: Final = frozenset[type](get_args(PledgeEvent))
APPROVAL_EVENTS: Final = frozenset[type](get_args(ApprovalEvent))

log = structlog.get_logger()


class Prepared(NamedTuple):
    """What an event means here: an entry or a barrier, an organisation's new state, or nothing.

    What it says about the terms of a contract or a pledge is kept beside its entry. An approval is
    known here already, unless a backup was restored.
    """

    entry: SourcedEntry | None = None
    organisation: tuple[str, State] | None = None
    terms: TermsChange | None = None
    approval: Approval | None = None
    pledge: PledgeChange | None = None


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
        kind = type(event)
        terms = None
        if kind in TERMS_EVENTS:
            terms = TermsChange(message.id, cast("TermsEvent", event))
        if entry is None:
            return Prepared(terms=terms)
        pledge = None
        if kind in PLEDGE_EVENTS:
            pledge = pledge_change(cast("PledgeEvent", event), event_id=message.id)
        assert incoming.number is not None, "what has no number is in quarantine"
        approval = None
        if kind in APPROVAL_EVENTS:
            approval = Approval(
                event=cast("ApprovalEvent", event),
                event_id=message.id,
                by=message.actor.subject,
                at=message.envelope.time,
            )
        return Prepared(
            entry=SourcedEntry(
                entry=entry,
                topic=incoming.topic,
                partition=incoming.partition,
                number=incoming.number,
                payload_sha256=hashlib.sha256(incoming.value).digest(),
            ),
            terms=terms,
            approval=approval,
            pledge=pledge,
        )

    async def apply(self, connection: Connection, prepared: Sequence[Prepared]) -> None:
        organisations = [p.organisation for p in prepared if p.organisation is not None]
        for topic in sorted({topic for topic, _ in organisations}):
            await replica.save(connection, topic, [s for t, s in organisations if t == topic])
        entries = [p.entry for p in prepared if p.entry is not None]
        changes = [p.terms for p in prepared if p.terms is not None]
        pledges = [p.pledge for p in prepared if p.pledge is not None]
        placed: list[Placed] = []
        if entries:
            placed = await self._journal.place(connection, entries, now=self._clock.now())
        elif changes:
            await contract_terms.lock(connection)
        terms = await contract_terms.load(connection, changes)
        posted_on: dict[UUID, date] = {}
        if changes or pledges:
            posted_on = await _posted_on(connection, entries, changes, placed)
        changing = asyncio.create_task(
            terms.change(changes, posted_on=posted_on, today=self._clock.today())
        )
        try:
            await self._journal.append(connection, placed)
            await changing
        finally:
            changing.cancel()
        await terms.save(connection)
        await pledge_terms.save(connection, pledges, posted_on=posted_on)
        approvals = [p.approval for p in prepared if p.approval is not None]
        if approvals:
            await _restore_requests(connection, approvals)


async def _restore_requests(connection: Connection, approvals: Sequence[Approval]) -> None:
    """With their entries written: none is left that could be approved again."""
    lost_ids = await restored_requests.lost(
        connection, [(a.event.request_id, a.event_id) for a in approvals]
    )
    if not lost_ids:
        return
    lost = [a for a in approvals if a.event_id in lost_ids]
    corrected = [a.corrects for a in lost if a.corrects is not None]
    seqs: dict[UUID | None, int] = {**await requests.seq_by_event(connection, corrected)}
    found = [restored(a, corrected_seq=seqs.get(a.corrects)) for a in lost]
    await restored_requests.save(
        connection, [request for request in found if request is not None], corrected=corrected
    )
    log.warning("requests_restored", requests=len(found), left_out=found.count(None))


async def _posted_on(
    connection: Connection,
    entries: Sequence[SourcedEntry],
    changes: Sequence[TermsChange],
    placed: Sequence[Placed],
) -> dict[UUID, date]:
    """The day on which each event's entry was posted: now, or when the journal took it before."""
    posted_on: dict[UUID, date] = {}
    if placed:
        now = day_of(placed[0].posted_at)
        posted_on = dict.fromkeys((p.sourced.entry.event_id for p in placed), now)
    if len(placed) < len(entries) or not entries:
        earlier = {e.entry.event_id for e in entries} or {c.event_id for c in changes}
        posted_on |= await contract_terms.posted_days(connection, earlier - posted_on.keys())
    return posted_on
