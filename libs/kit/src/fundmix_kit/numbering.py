"""Which messages of a partition are due: duplicates are passed over, gaps are waited for. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from fundmix_kit.quarantine import Incoming


@dataclass(slots=True)
class PartitionProgress:
    """Where one partition stands: the number that is due, and where to look for it again."""

    next_number: int
    offset_hint: int = 0
    # The first offset at which a number beyond the due one was seen: there is the gap.
    gap_offset: int | None = None
    gap_number: int | None = None
    has_searched_from_start: bool = False


@dataclass(kw_only=True, slots=True)
class Sorted:
    """What to do with one partition's messages."""

    due: list[Incoming] = field(default_factory=list[Incoming])
    duplicates: list[Incoming] = field(default_factory=list[Incoming])
    unnumbered: list[Incoming] = field(default_factory=list[Incoming])
    after: PartitionProgress
    # Where reading must go on instead of after the last message; None: just there.
    seek_to: int | None = None


def sort_messages(progress: PartitionProgress, messages: Iterable[Incoming]) -> Sorted:
    """Take what is due in its order.

    A number beyond the due one is a gap: the missing event stands elsewhere in the log, because
    something was lost and sent again, or has yet to be sent. The log is then searched once from its
    start; and when the missing event has come, reading goes back to where the gap was seen.
    """
    after = PartitionProgress(
        next_number=progress.next_number,
        offset_hint=progress.offset_hint,
        gap_offset=progress.gap_offset,
        gap_number=progress.gap_number,
        has_searched_from_start=progress.has_searched_from_start,
    )
    result = Sorted(after=after)
    for message in messages:
        if message.number is None:
            result.unnumbered.append(message)
        elif message.number < after.next_number:
            result.duplicates.append(message)
        elif message.number == after.next_number:
            result.due.append(message)
            after.next_number += 1
        elif after.gap_offset is None or message.offset < after.gap_offset:
            after.gap_offset, after.gap_number = message.offset, message.number
        if after.gap_offset is None:
            after.offset_hint = message.offset + 1
    if after.gap_offset is not None:
        _look_for_the_missing(progress, result)
    return result


def _look_for_the_missing(before: PartitionProgress, result: Sorted) -> None:
    after = result.after
    assert after.gap_offset is not None
    if after.next_number > before.next_number:
        # Something due was found beside the gap: what was passed over may be due now.
        result.seek_to = after.gap_offset
        after.offset_hint = after.gap_offset
        after.gap_offset = after.gap_number = None
        after.has_searched_from_start = False
    elif not after.has_searched_from_start:
        result.seek_to = 0
        after.has_searched_from_start = True
