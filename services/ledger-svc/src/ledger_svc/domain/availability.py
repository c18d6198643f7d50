"""What of a fund is available: decided here alone, for every service that gives money away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.money import Currency, text_from_minor

from ledger_svc.domain.errors import InsufficientFundsError
from ledger_svc.domain.funds import (
    Draw,
    FreeLot,
    FundKind,
    draw_oldest_first,
    kind_of,
    lowest_from,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FundPosition:
    """What a fund has, seen from one day.

    `balance_minor` is its cash by all entries, `held_minor` what is set aside of it, and
    `unpaid_minor` what its contract still owes. `later` is what moves after the day, by value date,
    the holds among it.
    """

    agency: str
    fund_code: str
    currency: Currency
    balance_minor: int
    held_minor: int
    unpaid_minor: int
    # Of its contract; None where it has none.
    channel: Channel | None
    later: Sequence[tuple[date, int]]
    lots: Sequence[FreeLot]

    def available_from(self, day: date) -> int:
        """The most that can be used on a day.

        A gift is never overdrawn, on that day or a later one. A contract may be spent before it is
        paid, down to what it still owes.
        """
        free = self.balance_minor - self.held_minor
        if kind_of(self.fund_code) is FundKind.CONTRACT:
            return max(0, free + self.unpaid_minor)
        return max(0, lowest_from(day, balance_minor=free, later=self.later))


@dataclass(frozen=True, kw_only=True, slots=True)
class Reserved:
    """What is set aside: parts of lots, and an advance that no lot bears."""

    draws: Sequence[Draw]
    advance_minor: int
    advance_channel: Channel


def reserve(
    position: FundPosition, *, amount_minor: int, on: date, pointer: str = "/amount"
) -> Reserved:
    """The oldest lots first. Raises InsufficientFundsError."""
    available = position.available_from(on)
    if amount_minor > available:
        raise InsufficientFundsError(
            f"the fund {position.fund_code} has {text_from_minor(available)} available from {on}"
            f" on, less than {text_from_minor(amount_minor)}",
            pointer=pointer,
        )
    is_contract = kind_of(position.fund_code) is FundKind.CONTRACT
    cash = max(0, position.balance_minor - position.held_minor)
    draws, missing = draw_oldest_first(
        position.lots,
        fund_code=position.fund_code,
        currency=position.currency,
        amount_minor=min(amount_minor, cash) if is_contract else amount_minor,
    )
    drawn = sum(draw.amount_minor for draw in draws)
    if missing and not is_contract:
        raise InsufficientFundsError(
            f"of {position.fund_code} {text_from_minor(drawn)} came with a document that can be"
            " drawn from",
            pointer=pointer,
        )
    return Reserved(
        draws=draws,
        advance_minor=amount_minor - drawn,
        advance_channel=position.channel or (draws[0].channel if draws else Channel.OTHER),
    )


def reserve_lots(position: FundPosition, wanted: Sequence[tuple[UUID, date, int]]) -> list[Draw]:
    """Whole amounts of named lots, each from a day of its own on: what undoes several gifts.

    Raises InsufficientFundsError: a lot is used or held, or the fund would once be overdrawn.
    """
    by_id = {lot.lot_id: lot for lot in position.lots}
    draws: list[Draw] = []
    for lot_id, _, amount_minor in wanted:
        lot = by_id.get(lot_id)
        if lot is None or lot.free_minor < amount_minor:
            document = "a lot" if lot is None else lot.document
            free = 0 if lot is None else lot.free_minor
            raise InsufficientFundsError(
                f"of {document} in {position.fund_code} {text_from_minor(free)} are left, less than"
                f" {text_from_minor(amount_minor)}"
            )
        draws.append(Draw(lot_id, position.fund_code, lot.channel, position.currency, amount_minor))
    first = min(day for _, day, _ in wanted)
    total = sum(amount for _, _, amount in wanted)
    later = [*position.later, *((day, -amount) for _, day, amount in wanted if day > first)]
    free = position.balance_minor - position.held_minor - total
    lowest = lowest_from(first, balance_minor=free, later=later)
    if kind_of(position.fund_code) is not FundKind.CONTRACT and lowest < 0:
        raise InsufficientFundsError(
            f"the fund {position.fund_code} would once be overdrawn by {text_from_minor(-lowest)}"
        )
    return draws
