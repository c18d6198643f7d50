"""One batch of messages, from bytes to a committed transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Generic, NamedTuple, Protocol, TypeVar

import structlog
from fundmix_events.codec import Codec, Message, UndecodableMessageError
from fundmix_events.envelope import Envelope, MalformedEnvelopeError

from fundmix_kit import inbox, quarantine
from fundmix_kit.database import Connection, Database
from fundmix_kit.inbox import InboxRow, Place
from fundmix_kit.numbering import PartitionProgress, Sorted
from fundmix_kit.quarantine import Incoming, PoisonError

log = structlog.get_logger()

PreparedT = TypeVar("PreparedT")


class NumberConflictError(Exception):
    """Two events claim one number: the log or its source is corrupt, and a person must look."""

    code = "number_conflict"


class Delivery(NamedTuple):
    """A decoded event and the message it came in."""

    message: Message
    incoming: Incoming


class Handler(Protocol[PreparedT]):
    """What a service does with events."""

    def prepare(self, delivery: Delivery) -> PreparedT:
        """Decide what to do, outside any transaction. Raises PoisonError."""
        ...

    async def apply(self, connection: Connection, prepared: Sequence[PreparedT]) -> None:
        """Do it, inside the transaction that moves the numbers."""
        ...


@dataclass(slots=True)
class Batch(Generic[PreparedT]):
    before: dict[Place, int] = field(default_factory=dict[Place, int])
    after: dict[Place, PartitionProgress] = field(default_factory=dict[Place, PartitionProgress])
    # Where each event stands, and what it means. The event itself is not kept: most of its objects
    # are then gone before the next ones are made, in the same place.
    prepared: list[tuple[InboxRow, PreparedT]] = field(
        default_factory=list[tuple[InboxRow, PreparedT]]
    )
    duplicates: list[Incoming] = field(default_factory=list[Incoming])
    poison: list[tuple[Incoming, PoisonError]] = field(
        default_factory=list[tuple[Incoming, PoisonError]]
    )

    def add(self, place: Place, *, before: PartitionProgress, result: Sorted) -> None:
        if result.due:
            self.before[place] = before.next_number
            self.after[place] = result.after
        self.duplicates += result.duplicates
        missing = PoisonError("no_number", "the message does not say its number (ce_sequence)")
        self.poison += [(message, missing) for message in result.unnumbered]


def prepare(
    batch: Batch[PreparedT], message: Incoming, *, codec: Codec, handler: Handler[PreparedT]
) -> None:
    """Decode and prepare one message, or put it among the poison."""
    try:
        delivery = decode(message, codec)
        batch.prepared.append((_inbox_row(delivery), handler.prepare(delivery)))
    except PoisonError as error:
        batch.poison.append((message, error))


def decode(message: Incoming, codec: Codec) -> Delivery:
    """Raises PoisonError."""
    try:
        envelope = Envelope.from_headers(message.headers)
        return Delivery(message=codec.decode(envelope, message.value), incoming=message)
    except (MalformedEnvelopeError, UndecodableMessageError) as error:
        raise PoisonError(error.code, str(error)) from error


async def apply_batch(
    database: Database,
    batch: Batch[PreparedT],
    *,
    handler: Handler[PreparedT],
    cluster_id: str,
    now: datetime,
) -> None:
    """Numbers, inbox, quarantine and result, in one transaction.

    Raises StalePositionError when another consumer was quicker, NumberConflictError when a number
    comes back as another event.
    """
    async with database.transaction() as connection:
        fresh = await _fresh(connection, batch, cluster_id=cluster_id) if batch.before else []
        if batch.poison:
            await quarantine.add(connection, batch.poison, now=now)
        if fresh:
            await handler.apply(connection, fresh)
        if batch.duplicates:  # last, because the original may stand in this very batch
            await _check_duplicates(connection, batch.duplicates)
    for message, error in batch.poison:
        log.error(
            "message_quarantined",
            topic=message.topic,
            partition=message.partition,
            number=message.number,
            reason=error.reason,
        )
    log.info(
        "batch_applied",
        events=len(fresh),
        duplicates=len(batch.duplicates) + len(batch.prepared) - len(fresh),
        quarantined=len(batch.poison),
    )


async def _check_duplicates(connection: Connection, duplicates: Sequence[Incoming]) -> None:
    """A number that comes again must be the event it was. One that was poison has no event."""
    places = {(m.topic, m.partition, m.number or 0): m for m in duplicates}
    applied = await inbox.ids_of_numbers(connection, sorted(places))
    for place, event_id in applied.items():
        try:
            again = Envelope.from_headers(places[place].headers).id
        except MalformedEnvelopeError as error:
            raise NumberConflictError(f"{place} was {event_id}, and is now malformed") from error
        if again != event_id:
            raise NumberConflictError(f"{place} was {event_id}, and is now {again}")


async def _fresh(
    connection: Connection, batch: Batch[PreparedT], *, cluster_id: str
) -> list[PreparedT]:
    """What the inbox takes as new: the second guard behind the numbers, by event id."""
    is_new = await inbox.take(
        connection,
        [row for row, _ in batch.prepared],
        before=batch.before,
        after=batch.after,
        cluster_id=cluster_id,
    )
    fresh = list(compress((prepared for _, prepared in batch.prepared), is_new))
    if len(fresh) < len(batch.prepared):
        log.warning("known_events_under_new_numbers", events=len(batch.prepared) - len(fresh))
    return fresh


def _inbox_row(delivery: Delivery) -> InboxRow:
    incoming = delivery.incoming
    assert incoming.number is not None, "what has no number is in quarantine"
    return (incoming.topic, incoming.partition, incoming.number, delivery.message.id)
