"""What became of a donor's money: given, kept for something else, given back, used, left over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.donations import (
    DonationReceived,
    DonationRefunded,
    DonationReversed,
    PurposeChanged,
)

GIFT_KINDS: Final = (
    DonationReceived.type,
    DonationRefunded.type,
    DonationReversed.type,
    PurposeChanged.type,
)


class Happening(StrEnum):
    """What a movement of a lot was."""

    GIVEN = "given"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    MOVED = "moved"
    USED = "used"


HAPPENING_BY_KIND: Final = {
    DonationReceived.type: Happening.GIVEN,
    DonationRefunded.type: Happening.REFUNDED,
    DonationReversed.type: Happening.REVERSED,
    PurposeChanged.type: Happening.MOVED,
}
# What was used by entries that book several kinds of expense at once.
SEVERAL: Final = "several"


@dataclass(frozen=True, kw_only=True, slots=True)
class GiftMoves:
    """What happened to a donor's money in a span, by value date, in minor units.

    `left_before` is what was left when the span began; `left` at its end is that and `given`,
    `moved` in or, below nothing, out, less `refunded`, `reversed_` and all that was `used`, by
    code.
    """

    left_before_minor: int
    given_minor: int
    moved_minor: int
    refunded_minor: int
    reversed_minor: int
    used_minor: Mapping[str, int]

    @property
    def left_minor(self) -> int:
        return (
            self.left_before_minor
            + self.given_minor
            + self.moved_minor
            - self.refunded_minor
            - self.reversed_minor
            - sum(self.used_minor.values())
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class GiftLot:
    """A donor's money in one fund; `moved_from` is the lot it was part of before it was moved.

    `is_pooled`: the fund had other lots too, so its use is by oldest money first; else it is exact.
    """

    lot_id: UUID
    agency: str
    fund_code: str
    channel: Channel
    value_on: date
    document: str
    donor: str
    moved_from: UUID | None
    is_pooled: bool
    moves: GiftMoves


@dataclass(frozen=True, kw_only=True, slots=True)
class GiftTotal:
    """All that a donor has in one fund of an agency; `is_pooled`: others gave to it as well."""

    agency: str
    fund_code: str
    channel: Channel
    is_pooled: bool
    moves: GiftMoves
