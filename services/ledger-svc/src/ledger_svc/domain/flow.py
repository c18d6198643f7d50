"""Flow of money in a year: where it came from, which funds held it, and what it was used for.

How every layer has the same sum. Of each account of money, a bank account of one fund and channel:

    carried in + received + other movements = used + left over

All is by value date or, as booked, by months. Sources are what was received and what was carried
in, each by channel. What has the wrong sign changes its layer, so that every link is positive:

- an account below zero at the end of the year: what the agency advanced on a contract before it
  was paid, and is still owed, a source `advance`;
- one below zero at its beginning: receipts first repay that, a use `advance_repaid`;
- receipts that are less than what went back to payers: a use `returned`;
- expenses of which more came back than was spent: a source `expenses_returned`;
- bank movements that are neither receipts nor expenses (what is bought, owed or opened, and the
  counter of expenses that cost no money yet) stand as `other_in` or `other_out`.

The channel of a use is that of its posting: exact in a fund of one channel, and in a pooled one
the channel of the lots it was drawn from, oldest money first. Such funds are labelled so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode

from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.selections import (
    EntryGroup,
    Figure,
    Held,
    Selection,
    Side,
    codes_of,
    figure,
)

EXPENSES: Final = codes_of("expenses")
MONEY: Final = (AccountCode.BANK,)
MONEY_AND_USES: Final = (*MONEY, *EXPENSES)
NOT_RECEIPTS: Final = (EntryGroup.OPENINGS, EntryGroup.OTHERS)


class AccountSum(NamedTuple):
    """What moved in an account, debit positive, and how much of it receipts moved."""

    account_id: int
    agency: str
    code: AccountCode
    fund_kind: FundKind
    fund_code: str
    channel: Channel
    amount_minor: int
    receipts_minor: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Money from one node to one of the next layer; always above zero."""

    source: str
    target: str
    figure: Figure
    is_pooled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Expenses of a year by channel, kind of fund and what they were for."""

    channel: Channel
    fund_kind: FundKind
    code: AccountCode
    figure: Figure
    is_pooled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Flow:
    sources: tuple[Link, ...]
    uses: tuple[Link, ...]
    table: tuple[Use, ...]
    total_minor: int

    def __post_init__(self) -> None:
        for links in (self.sources, self.uses):
            assert sum(link.figure.amount_minor for link in links) == self.total_minor, (
                "the layers of a flow differ"
            )


def flow_of(
    before: Sequence[AccountSum],
    during: Sequence[AccountSum],
    *,
    year: int,
    agency: str | None,
    is_booked: bool = False,
) -> Flow:
    """`before`: money accounts up to the year; `during`: money and expenses in it.

    The middle layer has the funds of an agency, or the kinds of funds of a city.
    """
    pooled = _pooled([*before, *during])
    links: list[_Signed] = []
    nodes = sorted({_fund(row, agency) for row in (*before, *during)})
    for node in nodes:
        links.extend(
            _links_of(
                node,
                [row for row in before if _fund(row, agency) == node],
                [row for row in during if _fund(row, agency) == node],
                span=_Span(_base(node, agency), year, is_booked),
            )
        )
    pooled_nodes = {_fund(row, agency) for row in (*before, *during) if _place(row) in pooled}
    sources = tuple(_shown(link, pooled_nodes) for link in links if link.is_source)
    uses = tuple(_shown(link, pooled_nodes) for link in links if not link.is_source)
    return Flow(
        sources=sources,
        uses=uses,
        table=_table(during, pooled, _Span(Selection(agency=agency), year, is_booked)),
        total_minor=sum(link.figure.amount_minor for link in sources),
    )


class _Span(NamedTuple):
    """Whose money it is, and of which year; as booked, or by value date."""

    base: Selection
    year: int
    is_booked: bool

    @property
    def eve(self) -> date:
        return date(self.year - 1, 12, 31)

    @property
    def last(self) -> date:
        return date(self.year, 12, 31)

    @property
    def in_year(self) -> Selection:
        return self.base.within(date(self.year, 1, 1), self.last, is_booked=self.is_booked)

    def holding(self, day: date) -> Selection:
        """What accounts hold that hold something at the end of a day."""
        up_to = self.base.up_to(day, is_booked=self.is_booked)
        return replace(up_to, codes=MONEY, held_on=day, held=Held.SOMETHING)


class _Signed(NamedTuple):
    """A link of a fund, with the outer node and the side it stands on."""

    is_source: bool
    outer: str
    node: str
    figure: Figure


def _links_of(
    node: str,
    before: Sequence[AccountSum],
    during: Sequence[AccountSum],
    *,
    span: _Span,
) -> Iterator[_Signed]:
    in_year = span.in_year
    opening = {row.account_id: row.amount_minor for row in before}
    closing = dict(opening)
    receipts: dict[Channel, int] = {}
    uses: dict[AccountCode, int] = {}
    other = 0
    for row in during:
        other += row.amount_minor - row.receipts_minor
        if row.code is AccountCode.BANK:
            closing[row.account_id] = closing.get(row.account_id, 0) + row.amount_minor
            receipts[row.channel] = receipts.get(row.channel, 0) + row.receipts_minor
        else:
            used = row.amount_minor - row.receipts_minor
            uses[row.code] = uses.get(row.code, 0) + used
    for channel, amount in sorted(receipts.items()):
        selection = replace(in_year, codes=MONEY, channel=channel, groups=(EntryGroup.RECEIPTS,))
        yield from _either(node, amount, selection, source=channel.value, use="returned")
    yield from _carried_in(node, before, span)
    yield from _missing(node, opening, span.holding(span.eve), outer="advance_repaid")
    yield from _missing(node, closing, span.holding(span.last), outer="advance")
    yield from _left_over(node, closing, span.holding(span.last))
    selection = replace(in_year, codes=MONEY_AND_USES, groups=NOT_RECEIPTS)
    yield from _either(node, other, selection, source="other_in", use="other_out")
    for code, amount in sorted(uses.items()):
        selection = replace(in_year, codes=(code,), groups=NOT_RECEIPTS, counted_as=Side.CREDIT)
        yield from _either(node, -amount, selection, source="expenses_returned", use=code.value)


def _either(
    node: str, amount_in_minor: int, selection: Selection, *, source: str, use: str
) -> Iterator[_Signed]:
    """A source where more comes in, else a use; nothing where nothing moved."""
    if amount_in_minor > 0:
        yield _Signed(
            is_source=True, outer=source, node=node, figure=figure(amount_in_minor, selection)
        )
    elif amount_in_minor < 0:
        yield _Signed(
            is_source=False,
            outer=use,
            node=node,
            figure=figure(-amount_in_minor, _turned(selection)),
        )


def _carried_in(node: str, before: Sequence[AccountSum], span: _Span) -> Iterator[_Signed]:
    by_channel: dict[Channel, int] = {}
    for row in before:
        if row.amount_minor > 0:
            by_channel[row.channel] = by_channel.get(row.channel, 0) + row.amount_minor
    for channel, amount in sorted(by_channel.items()):
        found = figure(amount, replace(span.holding(span.eve), channel=channel))
        yield _Signed(is_source=True, outer=f"carried_in:{channel}", node=node, figure=found)


def _left_over(node: str, held: dict[int, int], holding: Selection) -> Iterator[_Signed]:
    if more := sum(amount for amount in held.values() if amount > 0):
        found = figure(more, holding)
        yield _Signed(is_source=False, outer="left_over", node=node, figure=found)


def _missing(
    node: str, held: dict[int, int], holding: Selection, *, outer: str
) -> Iterator[_Signed]:
    """What accounts lack on a day: what others hold never makes up for it."""
    if less := -sum(amount for amount in held.values() if amount < 0):
        lacking = replace(holding, held=Held.LESS_THAN_NOTHING, counted_as=Side.CREDIT)
        is_source = outer == "advance"
        yield _Signed(is_source=is_source, outer=outer, node=node, figure=figure(less, lacking))


def _turned(selection: Selection) -> Selection:
    turned = Side.DEBIT if selection.counted_as is Side.CREDIT else Side.CREDIT
    return replace(selection, counted_as=turned)


def _shown(link: _Signed, pooled: set[str]) -> Link:
    fund = f"fund:{link.node}"
    source, target = (f"from:{link.outer}", fund) if link.is_source else (fund, f"to:{link.outer}")
    return Link(source=source, target=target, figure=link.figure, is_pooled=link.node in pooled)


def _table(
    during: Sequence[AccountSum],
    pooled: set[tuple[str, str]],
    span: _Span,
) -> tuple[Use, ...]:
    sums: dict[tuple[Channel, FundKind, AccountCode], int] = {}
    of_pooled: set[tuple[Channel, FundKind, AccountCode]] = set()
    for row in during:
        if row.code not in EXPENSES:
            continue
        key = (row.channel, row.fund_kind, row.code)
        sums[key] = sums.get(key, 0) + row.amount_minor
        if _place(row) in pooled:
            of_pooled.add(key)
    in_year = span.in_year
    return tuple(
        Use(
            channel=channel,
            fund_kind=kind,
            code=code,
            figure=figure(amount, replace(in_year, codes=(code,), fund_kind=kind, channel=channel)),
            is_pooled=(channel, kind, code) in of_pooled,
        )
        for (channel, kind, code), amount in sorted(sums.items())
        if amount != 0
    )


def _pooled(rows: Sequence[AccountSum]) -> set[tuple[str, str]]:
    """Funds whose money came from several channels."""
    channels: dict[tuple[str, str], set[Channel]] = {}
    for row in rows:
        if row.code is AccountCode.BANK:
            channels.setdefault(_place(row), set()).add(row.channel)
    return {place for place, of_fund in channels.items() if len(of_fund) > 1}


def _place(row: AccountSum) -> tuple[str, str]:
    return row.agency, row.fund_code


def _fund(row: AccountSum, agency: str | None) -> str:
    return row.fund_kind.value if agency is None else row.fund_code


def _base(node: str, agency: str | None) -> Selection:
    if agency is None:
        return Selection(fund_kind=FundKind(node))
    return Selection(agency=agency, fund_code=node)
