"""The mix: shares of income by channel, in exact arithmetic, rounded only when shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode

from ledger_svc.domain.errors import BasisConflictError, SpanInvalidError
from ledger_svc.domain.measures import Spread
from ledger_svc.domain.selections import EntryGroup, Selection

PLACES_SHOWN: Final = Decimal("0.000001")
OFFICIAL_HAS_NO_DAY: Final = (
    "official figures are by the months they were booked in, which stays so: they have no day"
)


class Basis(StrEnum):
    """By the month an entry is booked in, or by value date with all that came late."""

    OFFICIAL = "official"
    RESTATED = "restated"


@dataclass(frozen=True, kw_only=True)
class Mix:
    """Cash received by channel, in minor units; in-kind gifts stand beside it, not in it.

    Shares are those of readings (`Spread`): a channel that took back more than it gave is reported,
    and is in no share and not in the total.
    """

    received: Mapping[Channel, int] = field(default_factory=dict[Channel, int])
    in_kind_minor: int = 0

    @property
    def spread(self) -> Spread[Channel]:
        return Spread(net=self.received, n=len(Channel))

    @property
    def total_minor(self) -> int:
        return self.spread.total_minor

    @property
    def government_share(self) -> Fraction | None:
        """None where nothing was received: no income is not a share of 0."""
        return self.share(Channel.GOVERNMENT)

    def share(self, channel: Channel) -> Fraction | None:
        return self.spread.share(channel)

    @property
    def hhi(self) -> Fraction | None:
        return self.spread.hhi

    @property
    def effective_sources(self) -> Fraction | None:
        return self.spread.effective_sources

    @property
    def channels(self) -> int:
        """How many channels had any income."""
        return sum(1 for amount in self.received.values() if amount > 0)


def shown(ratio: Fraction | None) -> Decimal | None:
    """Rounded half to even to six places."""
    if ratio is None:
        return None
    scaled = round(ratio * 10**6)  # a Fraction rounds exactly, half to even
    return (Decimal(scaled) / 10**6).quantize(PLACES_SHOWN, rounding=ROUND_HALF_EVEN)


def city_mix(mixes: Mapping[str, Mix]) -> Mix:
    """The mix of all agencies together."""
    received: dict[Channel, int] = {}
    for mix in mixes.values():
        for channel, amount in mix.received.items():
            received[channel] = received.get(channel, 0) + amount
    return Mix(received=received, in_kind_minor=sum(m.in_kind_minor for m in mixes.values()))


@dataclass(frozen=True, kw_only=True, slots=True)
class MixQuestion:
    """A year's mix: up to a day (`on`), as known on a day (`as_of`), or as booked (`basis`)."""

    year: int
    agency: str | None
    on: date | None = None
    as_of: date | None = None
    basis: Basis = Basis.RESTATED

    def selection(
        self,
        *,
        agency: str | None,
        codes: tuple[AccountCode, ...] = (AccountCode.BANK, AccountCode.IN_KIND),
        channel: Channel | None = None,
    ) -> Selection:
        """What it counts: receipts, in cash and in goods.

        Raises BasisConflictError and, where `on` is no day of the year, SpanInvalidError.
        """
        receipts = (EntryGroup.RECEIPTS,)
        if self.basis is Basis.OFFICIAL:
            if self.as_of is not None or self.on is not None:
                name = "on" if self.as_of is None else "as_of"
                raise BasisConflictError(OFFICIAL_HAS_NO_DAY, pointer=f"#query/{name}")
            return Selection(
                agency=agency,
                codes=codes,
                channel=channel,
                groups=receipts,
                period_from=self.year * 100 + 1,
                period_to=self.year * 100 + 12,
            )
        if self.on is not None and self.on.year != self.year:
            raise SpanInvalidError(f"{self.on} is no day of {self.year}", pointer="#query/on")
        return Selection(
            agency=agency,
            codes=codes,
            channel=channel,
            groups=receipts,
            value_from=date(self.year, 1, 1),
            value_to=self.on or date(self.year, 12, 31),
            as_of=self.as_of,
        )
