"""Taking the journal from its own topic: after a backup was restored, or into an empty database."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from fundmix_events import ledger
from fundmix_events.channel import Channel
from fundmix_events.ledger import EntryPosted, JournalEvent, PeriodClosed
from fundmix_events.ledger_requests import CloseApproved
from fundmix_events.money import Currency
from fundmix_kit.database import Connection
from fundmix_kit.inbox import Place

from ledger_svc.domain.funds import Draw, Lot
from ledger_svc.domain.journal import AccountKey, Close, Entry, Posting
from ledger_svc.storage.journal import Journal, Placed, SourcedEntry

LOCK_HEAD: Final = "SELECT next_seq, closed_through FROM log_head WHERE id = 1 FOR UPDATE"
MOVE_HEAD: Final = """
    UPDATE log_head
    SET next_seq = $1 + 1, posted_at = greatest(posted_at, $2), followed_seq = $1
    WHERE id = 1
"""
TOTALS_OF: Final = "SELECT accounts, totals_sha256 FROM period_close WHERE seq = $1"
NEXT_NUMBERS: Final = "SELECT partition, next_number FROM consumer_position WHERE topic = $1"
# Numbers that were given in what the backup does not know of are not given again.
SKIP_NUMBERS: Final = """
    INSERT INTO outbox_head AS h (topic, partition, next_number, sent_number)
    VALUES ($1, $2, $3 + 1, $3)
    ON CONFLICT (topic, partition) DO UPDATE
    SET next_number = excluded.next_number, sent_number = excluded.sent_number
    WHERE h.next_number < excluded.next_number
"""


class JournalGapError(Exception):
    """The journal's topic does not begin where this journal ends: a person must look."""

    code = "journal_gap"


class JournalMismatchError(Exception):
    """What follows from the entries is not what the topic says of them: a person must look."""

    code = "journal_mismatch"


async def follow(connection: Connection, journal: Journal, events: Sequence[JournalEvent]) -> int:
    """Take over what stands behind the last entry here, as it is; how many that were.

    Raises JournalGapError, JournalMismatchError.
    """
    head = await connection.fetchrow(LOCK_HEAD)
    assert head is not None, "the migration makes the log's one head"
    next_seq, closed_through = head["next_seq"], head["closed_through"]
    # An entry may stand on its topic more than once.
    due = [event for _, event in sorted({e.seq: e for e in events if e.seq >= next_seq}.items())]
    if not due:
        return 0
    if [event.seq for event in due] != list(range(next_seq, next_seq + len(due))):
        raise JournalGapError(f"the topic goes on with entry {due[0].seq}, not {next_seq}")
    await connection.execute(MOVE_HEAD, due[-1].seq, max(event.posted_at for event in due))
    run: list[Placed] = []
    for event in due:
        if isinstance(event, PeriodClosed):
            # One of two that were decided at once may come after the later one.
            closed_through = max(closed_through, event.through)
        run.append(_placed(event, closed_through=closed_through))
        if isinstance(event, PeriodClosed):
            await journal.write(connection, run)
            run = []
            await _check_totals(connection, event)
    if run:
        await journal.write(connection, run)
    return len(due)


async def _check_totals(connection: Connection, event: PeriodClosed) -> None:
    row = await connection.fetchrow(TOTALS_OF, event.seq)
    assert row is not None, "a barrier that was written has its totals"
    if (row["accounts"], row["totals_sha256"].hex()) != (event.accounts, event.totals_sha256):
        raise JournalMismatchError(f"the totals of the close at {event.seq} are others here")


async def next_number_by_partition(connection: Connection, topic: str) -> dict[int, int]:
    """What is due of a topic that this service listens to."""
    rows = await connection.fetch(NEXT_NUMBERS, topic)
    return {row["partition"]: row["next_number"] for row in rows}


async def skip_numbers(connection: Connection, place: Place, *, last_number: int) -> None:
    await connection.execute(SKIP_NUMBERS, *place, last_number)


def _placed(event: JournalEvent, *, closed_through: int) -> Placed:
    source = event.source
    return Placed(
        sourced=SourcedEntry(
            entry=_close(event) if isinstance(event, PeriodClosed) else _entry(event),
            topic=source.topic,
            partition=source.partition,
            number=source.number,
            payload_sha256=bytes.fromhex(event.payload_sha256),
        ),
        seq=event.seq,
        posted_at=event.posted_at,
        period=closed_through if isinstance(event, PeriodClosed) else _period(event),
    )


def _period(event: JournalEvent) -> int:
    assert isinstance(event, EntryPosted), "the journal has entries and barriers"
    return event.period


def _close(event: PeriodClosed) -> Close:
    return Close(event_id=event.event_id, kind=CloseApproved.type, through=event.through)


def _entry(event: JournalEvent) -> Entry:
    assert isinstance(event, EntryPosted), "the journal has entries and barriers"
    return Entry(
        event_id=event.event_id,
        kind=event.kind,
        agency=event.agency,
        occurred_on=event.occurred_on,
        value_on=event.value_on,
        document=event.document,
        payer=event.payer,
        corrects=event.corrects,
        postings=tuple(
            Posting(
                AccountKey(
                    posting.account.agency,
                    posting.account.code,
                    posting.account.fund_code,
                    posting.account.channel,
                    posting.amount.currency,
                ),
                posting.amount.amount_minor,
            )
            for posting in event.postings
        ),
        lots=tuple(Lot(*_movement(lot)) for lot in event.lots),
        draws=tuple(Draw(*_movement(draw)) for draw in event.draws),
    )


def _movement(m: ledger.LotMovement) -> tuple[UUID, str, Channel, Currency, int]:
    return m.lot_id, m.fund_code, m.channel, m.amount.currency, m.amount.amount_minor
