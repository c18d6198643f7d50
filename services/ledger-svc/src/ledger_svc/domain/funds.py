"""Funds: what money is kept for, and the lots it came in."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from fundmix_events.channel import Channel
from fundmix_events.ids import uuid5
from fundmix_events.money import Currency

GENERAL_FUND: Final = "general"


class FundKind(StrEnum):
    GENERAL = "general"
    CONTRACT = "contract"
    PURPOSE = "purpose"


def contract_fund(contract_number: str) -> str:
    return f"contract:{contract_number}"


def gift_fund(restricted_to: str | None) -> str:
    return GENERAL_FUND if restricted_to is None else f"purpose:{restricted_to}"


def kind_of(fund_code: str) -> FundKind:
    return FundKind(fund_code.partition(":")[0])


def instalment_lot(contract_id: UUID, number: int) -> UUID:
    """The lot of an instalment: the same when its payment is reversed and made again."""
    return uuid5(contract_id, f"instalment:{number}")


def line_lot(request_id: UUID, line: int) -> UUID:
    """The lot that a line of an entry brings, of lines counted from 1."""
    return uuid5(request_id, f"line:{line}")


class Lot(NamedTuple):
    """One receipt of money inside a fund, `amount_minor` more or, below nothing, less of it."""

    lot_id: UUID
    fund_code: str
    channel: Channel
    currency: Currency
    amount_minor: int


class Draw(NamedTuple):
    """What an entry takes from a lot; below nothing, what it gives back."""

    lot_id: UUID
    fund_code: str
    channel: Channel
    currency: Currency
    amount_minor: int


class FreeLot(NamedTuple):
    """What of a lot is neither used nor held."""

    lot_id: UUID
    channel: Channel
    value_on: date
    document: str
    free_minor: int


def draw_oldest_first(
    lots: Sequence[FreeLot], *, fund_code: str, currency: Currency, amount_minor: int
) -> tuple[list[Draw], int]:
    """Lots to take an amount from, and what they cannot bear.

    The oldest value date comes first; of one day, the lowest document number.
    """
    draws: list[Draw] = []
    for lot in sorted(lots, key=lambda lot: (lot.value_on, lot.document, lot.lot_id)):
        if amount_minor == 0:
            break
        taken = min(amount_minor, lot.free_minor)
        if taken > 0:
            draws.append(Draw(lot.lot_id, fund_code, lot.channel, currency, taken))
            amount_minor -= taken
    return draws, amount_minor


def lowest_from(day: date, *, balance_minor: int, later: Sequence[tuple[date, int]]) -> int:
    """The least that a fund holds on `day` or any day after it.

    `balance_minor` is what it holds in the end, `later` what has moved after `day`, by value date.
    """
    moved = sum(amount for moved_on, amount in later if moved_on > day)
    held = lowest = balance_minor - moved
    by_day: dict[date, int] = {}
    for moved_on, amount in later:
        if moved_on > day:
            by_day[moved_on] = by_day.get(moved_on, 0) + amount
    for moved_on in sorted(by_day):
        held += by_day[moved_on]
        lowest = min(lowest, held)
    return lowest
