"""What donors have promised, and by when: each event adds to a pledge or takes from it, once.

So what is open of a pledge is the same in whatever order its events and its donations' come.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple, assert_never
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import (
    DonationKind,
    DonationReceived,
    DonationReversed,
    PledgeCancelled,
    PledgeMade,
    ScheduledPart,
)

PledgeEvent = PledgeMade | PledgeCancelled | DonationReceived | DonationReversed


class PledgeChange(NamedTuple):
    """So much more is promised by value date, negative: less, as the memo accounts say it too.

    Only its making tells on which day a pledge was made, and by when its parts are to arrive.
    """

    event_id: UUID
    pledge_id: UUID
    agency: str
    channel: Channel
    kind: DonationKind
    value_on: date
    amount_minor: int
    pledged_on: date | None = None
    schedule: Sequence[ScheduledPart] = ()


def pledge_change(event: PledgeEvent, *, event_id: UUID) -> PledgeChange | None:
    """None for a donation without a pledge, and for time, which is promised in no account."""
    if event.kind is DonationKind.SERVICE or event.pledge_id is None:
        return None
    match event:
        case PledgeMade():
            value_on, amount = event.pledged_on, event.amount.amount_minor
        case PledgeCancelled():
            value_on, amount = event.cancelled_on, -event.amount.amount_minor
        case DonationReceived():
            value_on, amount = event.received_on, -_fulfilled(event)
        case DonationReversed():
            value_on, amount = event.received_on, _fulfilled(event)
        case _:
            assert_never(event)
    is_made = isinstance(event, PledgeMade)
    return PledgeChange(
        event_id=event_id,
        pledge_id=event.pledge_id,
        agency=event.agency,
        channel=event.channel,
        kind=event.kind,
        value_on=value_on,
        amount_minor=amount,
        pledged_on=event.pledged_on if is_made else None,
        schedule=event.schedule if is_made else (),
    )


def _fulfilled(event: DonationReceived | DonationReversed) -> int:
    return event.fulfils.amount_minor if event.fulfils is not None else 0
