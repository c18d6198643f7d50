"""Gifts as a plain book would have them: what the services are held against."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Lot:
    """In fen: what of a gift is kept for one purpose, and what of it refunds hold.

    Goods are worth something, and are in no lot of the ledger.
    """

    gift: int
    purpose: str
    amount: int
    held: int = 0
    is_cash: bool = True


@dataclass
class Model:
    """Gifts as a plain book would have them."""

    purposes: tuple[str, str]
    pledges: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    gifts: list[Json] = field(default_factory=list[Json])
    lots: dict[str, Lot] = field(default_factory=dict[str, Lot])
    refunds: dict[str, tuple[Json, int]] = field(default_factory=dict[str, tuple[Json, int]])
    spent: dict[str, int] = field(default_factory=dict[str, int])
    receipts: dict[int, str] = field(default_factory=dict[int, str])
    totals: dict[str, Counter[str]] = field(default_factory=dict[str, Counter[str]])

    def add(self, gift: Json, lot_id: str, purpose: str, amount: int, *, is_cash: bool) -> None:
        self.gifts.append(gift)
        self.lots[lot_id] = Lot(len(self.gifts) - 1, purpose, amount, is_cash=is_cash)
        self.count("given", self.lots[lot_id], amount)

    def count(self, what: str, lot: Lot, amount: int) -> None:
        """For all that a purpose has had in money; of goods nobody asks that."""
        if lot.is_cash:
            self.totals.setdefault(lot.purpose, Counter())[what] += amount

    def kept(self, purpose: str, *, is_cash: bool) -> int:
        lots = self.lots.values()
        return sum(o.amount for o in lots if o.purpose == purpose and o.is_cash is is_cash)

    def left(self, purpose: str) -> int:
        """The money that nobody has used, held or taken back."""
        held = sum(o.held for o in self.lots.values() if o.purpose == purpose and o.is_cash)
        return self.kept(purpose, is_cash=True) - held - self.spent.get(purpose, 0)
