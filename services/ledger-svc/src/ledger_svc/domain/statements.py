"""Statements: the balance sheet and the statement of activities, out of sums by code and fund kind.

Income and expenses are never closed to net assets in the journal, so net assets are the income and
expenses of all time and what was posted to net assets: `-(income + expenses + net_assets)`. Memo
accounts stand in no statement. Amounts are minor units; assets and expenses count debits,
liabilities, income and net assets credits.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from fundmix_events.ledger import AccountCode

from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.selections import (
    EntryGroup,
    Figure,
    Selection,
    Side,
    codes_of,
    figure,
)

ASSETS: Final = codes_of("assets")
LIABILITIES: Final = codes_of("liabilities")
INCOME: Final = codes_of("income")
EXPENSES: Final = codes_of("expenses")
NET_ASSETS: Final = codes_of("net_assets")
RESULT: Final = (*INCOME, *EXPENSES, *NET_ASSETS)
UNRESTRICTED: Final = (*INCOME, *EXPENSES, AccountCode.UNRESTRICTED)
UNBOUND_KINDS: Final = (FundKind.GENERAL, FundKind.CONTRACT)
NOT_OPENINGS: Final = (EntryGroup.RECEIPTS, EntryGroup.OTHERS)


class LineSum(NamedTuple):
    """What moved in the accounts of a code and a kind of fund, debit positive."""

    code: AccountCode
    fund_kind: FundKind
    group: EntryGroup
    amount_minor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceSheet:
    """Lines by code, those of zero left out."""

    assets: dict[str, Figure]
    liabilities: dict[str, Figure]
    net_assets: dict[str, Figure]
    total_assets: Figure
    total_liabilities: Figure
    total_net_assets: Figure

    def __post_init__(self) -> None:
        both = self.total_liabilities.amount_minor + self.total_net_assets.amount_minor
        assert self.total_assets.amount_minor == both, "the balance sheet does not balance"


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    unrestricted: Figure
    restricted: Figure
    total: Figure

    def __post_init__(self) -> None:
        both = self.unrestricted.amount_minor + self.restricted.amount_minor
        assert self.total.amount_minor == both, "a line's columns do not make its total"


@dataclass(frozen=True, kw_only=True, slots=True)
class Activities:
    """Expenses count as what they take: the change is income - expenses + what else changed."""

    income: dict[str, Columns]
    total_income: Columns
    releases: Columns
    expenses: dict[str, Columns]
    total_expenses: Columns
    opening_balances: Columns
    other_changes: Columns
    change: Columns

    def __post_init__(self) -> None:
        for side in ("unrestricted", "restricted", "total"):

            def of(line: Columns, side: str = side) -> int:
                return getattr(line, side).amount_minor

            lines = (self.total_income, self.releases, self.opening_balances, self.other_changes)
            made = sum(map(of, lines)) - of(self.total_expenses)
            assert made == of(self.change), f"activities do not make the change: {side}"


def balance_sheet(sums: Sequence[LineSum], base: Selection) -> BalanceSheet:
    """`base` has whose books and the days; `sums` are of exactly that."""
    assert sum(s.amount_minor for s in sums if _is_in_statements(s)) == 0, "books out of balance"
    take = _Taker(sums, base)
    debit, credit = Side.DEBIT, Side.CREDIT
    return BalanceSheet(
        assets=_lines(lambda code: take((code,), debit), ASSETS),
        liabilities=_lines(lambda code: take((code,), credit), LIABILITIES),
        net_assets={
            AccountCode.UNRESTRICTED.value: take(UNRESTRICTED, credit),
            AccountCode.RESTRICTED.value: take((AccountCode.RESTRICTED,), credit),
        },
        total_assets=take(ASSETS, debit),
        total_liabilities=take(LIABILITIES, credit),
        total_net_assets=take(RESULT, credit),
    )


def activities(sums: Sequence[LineSum], base: Selection) -> Activities:
    """Restricted income is that of purpose funds, and expenses are met out of what is released.

    A release is what restricted income did not leave in restricted net assets; what was entered
    as an opening balance is no income and stands on a line of its own.
    """
    take = _Taker(sums, base)
    return Activities(
        income=_column_lines(lambda code: _income(take, (code,)), INCOME),
        total_income=_income(take, INCOME),
        releases=_releases(take),
        expenses=_column_lines(lambda code: _expenses(take, (code,)), EXPENSES),
        total_expenses=_expenses(take, EXPENSES),
        opening_balances=_openings(take),
        other_changes=_others(take),
        change=Columns(
            unrestricted=take(UNRESTRICTED, Side.CREDIT),
            restricted=take((AccountCode.RESTRICTED,), Side.CREDIT),
            total=take(RESULT, Side.CREDIT),
        ),
    )


Codes = tuple[AccountCode, ...]


class _Taker:
    """Takes figures out of sums, each with the selection that makes it."""

    def __init__(self, sums: Sequence[LineSum], base: Selection) -> None:
        self._sums = sums
        self._base = base

    def __call__(
        self,
        codes: Codes,
        side: Side,
        *,
        kind: FundKind | None = None,
        groups: tuple[EntryGroup, ...] = (),
    ) -> Figure:
        selection = replace(self._base, codes=codes, counted_as=side, fund_kind=kind, groups=groups)
        amount = sum(
            s.amount_minor
            for s in self._sums
            if s.code in codes and kind in (None, s.fund_kind) and (not groups or s.group in groups)
        )
        return figure(selection.figure(amount), selection)


def _income(take: _Taker, codes: Codes) -> Columns:
    unbound = [take(codes, Side.CREDIT, kind=kind) for kind in UNBOUND_KINDS]
    return Columns(
        unrestricted=plus(*unbound),
        restricted=take(codes, Side.CREDIT, kind=FundKind.PURPOSE),
        total=take(codes, Side.CREDIT),
    )


def _releases(take: _Taker) -> Columns:
    """Released is what came in purpose funds less what is left of it in restricted net assets."""
    came = take(INCOME, Side.CREDIT, kind=FundKind.PURPOSE)
    left = take((AccountCode.RESTRICTED,), Side.DEBIT, groups=NOT_OPENINGS)
    came_back = take(INCOME, Side.DEBIT, kind=FundKind.PURPOSE)
    left_credit = take((AccountCode.RESTRICTED,), Side.CREDIT, groups=NOT_OPENINGS)
    return Columns(
        unrestricted=plus(came, left), restricted=plus(came_back, left_credit), total=plus()
    )


def _expenses(take: _Taker, codes: Codes) -> Columns:
    total = take(codes, Side.DEBIT)
    return Columns(unrestricted=total, restricted=plus(), total=total)


def _openings(take: _Taker) -> Columns:
    groups = (EntryGroup.OPENINGS,)
    return Columns(
        unrestricted=take((AccountCode.UNRESTRICTED,), Side.CREDIT, groups=groups),
        restricted=take((AccountCode.RESTRICTED,), Side.CREDIT, groups=groups),
        total=take(NET_ASSETS, Side.CREDIT, groups=groups),
    )


def _others(take: _Taker) -> Columns:
    """Posted to net assets by hand, and neither restricted nor released: seldom anything."""
    total = take(NET_ASSETS, Side.CREDIT, groups=NOT_OPENINGS)
    return Columns(unrestricted=total, restricted=plus(), total=total)


def plus(*figures: Figure) -> Figure:
    """The sum, whose entries are those of all the parts."""
    return Figure(
        amount_minor=sum(f.amount_minor for f in figures),
        why=tuple(path for f in figures for path in f.why),
    )


def _lines(take: Callable[[AccountCode], Figure], codes: Codes) -> dict[str, Figure]:
    lines = {code.value: take(code) for code in codes}
    return {code: line for code, line in lines.items() if line.amount_minor != 0}


def _column_lines(take: Callable[[AccountCode], Columns], codes: Codes) -> dict[str, Columns]:
    lines = {code.value: take(code) for code in codes}
    return {
        code: line
        for code, line in lines.items()
        if line.unrestricted.amount_minor or line.restricted.amount_minor
    }


def _is_in_statements(line: LineSum) -> bool:
    return line.code.group != "commitments"
