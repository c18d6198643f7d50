"""A plain model of books, lots and funds, and the steps that are taken in it and in the ledger."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode

PURPOSE: Final = "purpose:长者助餐"
CONTRACT: Final = "contract:DG-2024-0001"


@dataclass(frozen=True)
class Gift:
    agency: str
    is_restricted: bool
    channel: Channel
    received_on: date
    amount: int


@dataclass(frozen=True)
class Contract:
    """Signed on the first day; `paid` of it later."""

    agency: str
    ceiling: int
    paid: int
    paid_on: date


@dataclass(frozen=True)
class Spend:
    agency: str
    fund_code: str
    spent_on: date
    amount: int


@dataclass(frozen=True)
class Income:
    agency: str
    received_on: date
    amount: int


@dataclass(frozen=True)
class Undo:
    """Of those that were accepted, the one at this place."""

    place: int


@dataclass(frozen=True)
class Close:
    """Of the month of all the days: what comes later keeps its day, and is booked later."""


Step = Gift | Contract | Spend | Income | Undo | Close


@dataclass
class ModelLot:
    agency: str
    fund_code: str
    channel: Channel
    value_on: date
    document: str
    left: int
    received: int


@dataclass
class Model:
    """What is in the books once all is posted: an approval counts from the moment it is given."""

    lots: dict[UUID, ModelLot] = field(default_factory=dict[UUID, ModelLot])
    cash: dict[tuple[str, str], list[tuple[date, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    unpaid: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    balances: dict[tuple[str, str, str, str], int] = field(default_factory=lambda: defaultdict(int))
    moved: dict[tuple[str, str, str, str, date], int] = field(
        default_factory=lambda: defaultdict(int)
    )

    def post(self, agency: str, fund: str, channel: Channel, *, on: date, **legs: int) -> None:
        """`on` is the value date."""
        assert sum(legs.values()) == 0, "the model balances too"
        for code, amount in legs.items():
            self.balances[agency, AccountCode[code], fund, channel] += amount
            self.moved[agency, AccountCode[code], fund, channel, on] += amount

    def receive(self, lot_id: UUID, lot: ModelLot) -> None:
        self.lots[lot_id] = lot
        self.cash[lot.agency, lot.fund_code].append((lot.value_on, lot.received))

    def available(self, agency: str, fund: str, day: date) -> int:
        moves = self.cash[agency, fund]
        if fund == CONTRACT:
            return sum(amount for _, amount in moves) + self.unpaid[agency]
        days = {day, *(d for d, _ in moves if d >= day)}
        return min(sum(amount for on, amount in moves if on <= d) for d in days)

    def take(self, spend: Spend) -> list[tuple[UUID | None, Channel, int]]:
        """Parts of lots, the oldest first; the last one of none, where it is an advance."""
        wanted = spend.amount
        cash = max(0, sum(a for _, a in self.cash[spend.agency, spend.fund_code]))
        bearable = min(wanted, cash) if spend.fund_code == CONTRACT else wanted
        taken: list[tuple[UUID | None, Channel, int]] = []
        for lot_id, lot in sorted(
            self.lots.items(), key=lambda item: (item[1].value_on, item[1].document, item[0])
        ):
            if (lot.agency, lot.fund_code) == (spend.agency, spend.fund_code) and bearable:
                part = min(lot.left, bearable)
                if part:
                    lot.left -= part
                    bearable -= part
                    wanted -= part
                    taken.append((lot_id, lot.channel, part))
        if wanted:
            taken.append((None, Channel.GOVERNMENT, wanted))
        self.cash[spend.agency, spend.fund_code].append((spend.spent_on, -spend.amount))
        return taken

    def spend(
        self, spend: Spend, taken: Sequence[tuple[UUID | None, Channel, int]], sign: int
    ) -> None:
        for _, channel, part in taken:
            amount = sign * part
            legs = {"PROGRAMME_EXPENSES": amount, "BANK": -amount}
            self.post(spend.agency, spend.fund_code, channel, on=spend.spent_on, **legs)
            if spend.fund_code == PURPOSE:
                legs = {"RESTRICTED": amount, "UNRESTRICTED": -amount}
                self.post(spend.agency, spend.fund_code, channel, on=spend.spent_on, **legs)
