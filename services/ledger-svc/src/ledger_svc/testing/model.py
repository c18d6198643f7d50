"""A plain model of books, lots and funds: sums in dictionaries, after docs/posting-rules.md.

It knows nothing of SQL, batches or transactions, and asks no rule of the ledger.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode

GENERAL: Final = "general"
PURPOSE: Final = "purpose:长者助餐"
OTHER_PURPOSE: Final = "purpose:困境儿童关爱"
CONTRACT: Final = "contract:DG-2024-0001"
DECEMBER: Final = 12

Account = tuple[str, str, str, str]
"""Whose, how booked, for what, and where the money comes from."""
Leg = tuple[AccountCode, str, Channel, int]
"""How booked, in which fund and channel, and how much: a debit is positive."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """So much of a lot: what comes to it, or what is taken."""

    lot_id: UUID
    fund_code: str
    channel: Channel
    amount: int


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What an event does to the books of an agency: `lots` come, `draws` are used."""

    agency: str
    value_on: date
    legs: Sequence[Leg]
    document: str = ""
    lots: Sequence[Part] = ()
    draws: Sequence[Part] = ()
    hold_ids: Sequence[UUID] = ()


@dataclass(frozen=True)
class Closing:
    """The books are closed to the end of a month, like 202403."""

    through: int


@dataclass
class ModelLot:
    agency: str
    fund_code: str
    channel: Channel
    value_on: date
    document: str
    received: int = 0
    drawn: int = 0
    held: int = 0

    @property
    def left(self) -> int:
        return self.received - self.drawn - self.held


@dataclass
class ModelHold:
    """`amount` is more than its parts where some of it is an advance."""

    agency: str
    fund_code: str
    on: date
    amount: int
    parts: Sequence[Part]


@dataclass
class Model:
    """What is in the books now, and what is set aside; a hold counts from when it is made."""

    balances: dict[Account, int] = field(default_factory=lambda: defaultdict(int))
    by_day: dict[tuple[Account, date], int] = field(default_factory=lambda: defaultdict(int))
    by_month: dict[tuple[Account, int], int] = field(default_factory=lambda: defaultdict(int))
    lots: dict[UUID, ModelLot] = field(default_factory=dict[UUID, ModelLot])
    holds: dict[UUID, ModelHold] = field(default_factory=dict[UUID, ModelHold])
    closed_through: int = 0

    def book(self, fact: Fact | Closing) -> None:
        if isinstance(fact, Closing):
            self.closed_through = max(self.closed_through, fact.through)
            return
        assert sum(amount for *_, amount in fact.legs) == 0, "the model balances too"
        month = max(month_of(fact.value_on), month_after(self.closed_through))
        for code, fund_code, channel, amount in fact.legs:
            account = (fact.agency, code, fund_code, channel)
            self.balances[account] += amount
            self.by_day[account, fact.value_on] += amount
            self.by_month[account, month] += amount
        for part in fact.lots:
            self._move_lot(fact, part)
        for part in fact.draws:
            self.lots[part.lot_id].drawn += part.amount
        for hold_id in fact.hold_ids:
            self.let_go(hold_id)

    def is_known(self, agency: str, fund_code: str) -> bool:
        """Whether anything was ever booked there."""
        return any((a, f) == (agency, fund_code) for a, _, f, _ in self.balances)

    def cash(self, agency: str, fund_code: str) -> int:
        """What is there in the end, without what is set aside of it."""
        return sum(amount for _, amount in self._moves(agency, fund_code))

    def unpaid(self, agency: str, fund_code: str) -> int:
        """What a contract still promises."""
        account = (agency, AccountCode.CONTRACT_COMMITMENT, fund_code, Channel.GOVERNMENT)
        return self.balances.get(account, 0)

    def available(self, agency: str, fund_code: str, day: date) -> int:
        """The least that is there on the day or any later one; of a contract also its promise."""
        if fund_code.startswith("contract:"):
            return max(0, self.cash(agency, fund_code) + self.unpaid(agency, fund_code))
        moves = list(self._moves(agency, fund_code))
        days = {day, *(on for on, _ in moves if on > day)}
        return max(0, min(sum(amount for on, amount in moves if on <= d) for d in days))

    def reserve(
        self,
        hold_id: UUID,
        *,
        agency: str,
        fund_code: str,
        amount: int,
        on: date,
        channel: Channel | None = None,
        lot_id: UUID | None = None,
    ) -> Sequence[Part] | None:
        """Parts of lots, the oldest first and of one day by document; None: it is refused.

        Of a contract they may be less than the amount: the rest is an advance.
        """
        if amount > self.available(agency, fund_code, on):
            return None
        wanted, is_contract = amount, fund_code.startswith("contract:")
        if is_contract:
            wanted = min(amount, max(0, self.cash(agency, fund_code)))
        parts: list[Part] = []
        for place, lot in self._oldest_first(agency, fund_code, channel):
            taken = min(lot.left, wanted)
            if taken > 0 and lot_id in (None, place):
                parts.append(
                    Part(lot_id=place, fund_code=fund_code, channel=lot.channel, amount=taken)
                )
                wanted -= taken
        if wanted and not is_contract:
            return None
        for part in parts:
            self.lots[part.lot_id].held += part.amount
        self.holds[hold_id] = ModelHold(agency, fund_code, on, amount, parts)
        return parts

    def let_go(self, hold_id: UUID) -> None:
        """What it was for is booked, or will not be done."""
        for part in self.holds.pop(hold_id).parts:
            self.lots[part.lot_id].held -= part.amount

    def _moves(self, agency: str, fund_code: str) -> Iterator[tuple[date, int]]:
        for (account, on), amount in self.by_day.items():
            whose, code, fund, _ = account
            if (whose, code, fund) == (agency, AccountCode.BANK, fund_code):
                yield on, amount
        for hold in self.holds.values():
            if (hold.agency, hold.fund_code) == (agency, fund_code):
                yield hold.on, -hold.amount

    def _oldest_first(
        self, agency: str, fund_code: str, channel: Channel | None
    ) -> list[tuple[UUID, ModelLot]]:
        return sorted(
            (
                (lot_id, lot)
                for lot_id, lot in self.lots.items()
                if (lot.agency, lot.fund_code) == (agency, fund_code)
                and channel in (None, lot.channel)
            ),
            key=lambda item: (item[1].value_on, item[1].document, item[0]),
        )

    def _move_lot(self, fact: Fact, part: Part) -> None:
        lot = self.lots.setdefault(
            part.lot_id,
            ModelLot(fact.agency, part.fund_code, part.channel, fact.value_on, fact.document),
        )
        lot.received += part.amount
        if part.amount > 0:
            lot.value_on, lot.document = fact.value_on, fact.document


def month_of(day: date) -> int:
    return day.year * 100 + day.month


def month_after(month: int) -> int:
    """0, where no month is closed, comes before all."""
    return month + 1 if month % 100 < DECEMBER else month - DECEMBER + 101


def received(fund_code: str, channel: Channel, amount: int, *, is_goods: bool) -> list[Leg]:
    """A gift; below nothing, one that goes back."""
    asset = AccountCode.IN_KIND if is_goods else AccountCode.BANK
    return [
        (asset, fund_code, channel, amount),
        (AccountCode.DONATION_INCOME, fund_code, channel, -amount),
        *_restricted(fund_code, channel, amount),
    ]


def earned(code: AccountCode, fund_code: str, channel: Channel, amount: int) -> list[Leg]:
    return [
        (AccountCode.BANK, fund_code, channel, amount),
        (code, fund_code, channel, -amount),
        *_restricted(fund_code, channel, amount),
    ]


def moved(old: str, new: str, channel: Channel, amount: int, *, is_goods: bool) -> list[Leg]:
    """Out of one fund and into another."""
    asset = AccountCode.IN_KIND if is_goods else AccountCode.BANK
    return [
        (asset, old, channel, -amount),
        (asset, new, channel, amount),
        *_restricted(old, channel, -amount),
        *_restricted(new, channel, amount),
    ]


def spent(code: AccountCode, parts: Sequence[Part], advance: Part | None) -> list[Leg]:
    """Each channel's money apart; a restriction that is met is released."""
    legs: list[Leg] = []
    for part in (*parts, *([advance] if advance else [])):
        legs += [
            (code, part.fund_code, part.channel, part.amount),
            (AccountCode.BANK, part.fund_code, part.channel, -part.amount),
            *_restricted(part.fund_code, part.channel, -part.amount),
        ]
    return legs


def pledged(fund_code: str, channel: Channel, amount: int) -> list[Leg]:
    """Promised beside the books; below nothing, fulfilled or cancelled."""
    return [
        (AccountCode.PLEDGE_COMMITMENT, fund_code, channel, amount),
        (AccountCode.PLEDGE_COMMITMENT_COUNTER, fund_code, channel, -amount),
    ]


def promised(amount: int) -> list[Leg]:
    """By a contract, beside the books."""
    return [
        (AccountCode.CONTRACT_COMMITMENT, CONTRACT, Channel.GOVERNMENT, amount),
        (AccountCode.CONTRACT_COMMITMENT_COUNTER, CONTRACT, Channel.GOVERNMENT, -amount),
    ]


def recognised(cash: int, income: int, receivable: int, advance: int) -> list[Leg]:
    """What a contract moves in the books; what does not move is no leg."""
    legs: list[Leg] = [
        (AccountCode.BANK, CONTRACT, Channel.GOVERNMENT, cash),
        (AccountCode.RECEIVABLE, CONTRACT, Channel.GOVERNMENT, receivable),
        (AccountCode.ADVANCE_RECEIVED, CONTRACT, Channel.GOVERNMENT, -advance),
        (AccountCode.SERVICE_INCOME, CONTRACT, Channel.GOVERNMENT, -income),
    ]
    return [leg for leg in legs if leg[-1]]


def mirrored(fact: Fact, *, document: str, hold_ids: Sequence[UUID]) -> Fact:
    """What undoes it, on the value date it had."""

    def back(parts: Sequence[Part]) -> list[Part]:
        return [
            Part(lot_id=p.lot_id, fund_code=p.fund_code, channel=p.channel, amount=-p.amount)
            for p in parts
        ]

    return Fact(
        agency=fact.agency,
        value_on=fact.value_on,
        legs=[(code, fund, channel, -amount) for code, fund, channel, amount in fact.legs],
        document=document,
        lots=back(fact.lots),
        draws=back(fact.draws),
        hold_ids=hold_ids,
    )


def _restricted(fund_code: str, channel: Channel, amount: int) -> list[Leg]:
    """What is given for a purpose is kept for it, until it is used."""
    if not fund_code.startswith("purpose:"):
        return []
    return [
        (AccountCode.UNRESTRICTED, fund_code, channel, amount),
        (AccountCode.RESTRICTED, fund_code, channel, -amount),
    ]
