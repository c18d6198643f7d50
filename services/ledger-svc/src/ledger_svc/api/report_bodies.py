"""Reports over HTTP: every figure is a text amount in yuan with what to ask for its entries."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from fundmix_events.channel import Channel
from fundmix_events.ledger import AccountCode
from fundmix_events.money import Currency, text_from_minor
from pydantic import BaseModel

from ledger_svc.domain.explanations import explanation_of
from ledger_svc.domain.flow import Flow, Link
from ledger_svc.domain.funds import FundKind
from ledger_svc.domain.labels import LABELS_VERSION, LINE_LABELS, POOLED_NOTE, Label, Title
from ledger_svc.domain.mix import Basis
from ledger_svc.domain.periods import previous_period
from ledger_svc.domain.selections import Figure, Selection, Side, Why, codes_of, figure
from ledger_svc.domain.statements import Activities, BalanceSheet, Columns, plus
from ledger_svc.queries_reports import AccountLedger, Behind, Stated, TrialBalance
from ledger_svc.storage.tables import Account
from ledger_svc.storage.trial_balances import Sums

MEMO: Final = codes_of("commitments")
IN_STATEMENTS: Final = tuple(code for code in AccountCode if code not in MEMO)


class FigureOut(BaseModel):
    """`why`: paths of `GET /v1/why`; the entries they list sum to the amount."""

    amount: str
    why: Why


class LabelOut(BaseModel):
    zh: str
    en: str


class StatedOut(BaseModel):
    """`seq` is the last entry that is counted, `quarantined` how many events are not."""

    agency: str | None
    currency: Currency = Currency.CNY
    seq: int
    quarantined: int
    closed_through: int


class AccountLineOut(BaseModel):
    account_id: int
    agency: str
    code: AccountCode
    fund_code: str
    channel: Channel
    label: LabelOut


class TrialLineOut(AccountLineOut):
    is_memo: bool
    opening: FigureOut
    debit: FigureOut
    credit: FigureOut
    closing: FigureOut


class TrialTotalsOut(BaseModel):
    """Of all accounts, not of a page. Openings and closings of a balanced book sum to zero.

    `why` is by column.
    """

    opening: str
    debit: str
    credit: str
    closing: str
    is_zero: bool
    why: dict[str, Why]


class TrialBalanceOut(StatedOut):
    period_from: int
    period_to: int
    lines: tuple[TrialLineOut, ...]
    totals: TrialTotalsOut
    memo_totals: TrialTotalsOut
    next_cursor: str | None


class LedgerRowOut(BaseModel):
    seq: int
    line: int
    event_id: UUID
    kind: str
    period: int
    value_on: date
    posted_at: datetime
    document: str | None
    amount: str
    closing: str


class AccountLedgerOut(StatedOut):
    """`opening` is before the span; `brought_forward` before the first row of this page."""

    account: AccountLineOut
    period_from: int
    period_to: int
    opening: FigureOut
    brought_forward: FigureOut
    items: tuple[LedgerRowOut, ...]
    next_cursor: str | None


class StatementOut(StatedOut):
    """Restated: by value date, with all that came late; official: as booked, month by month."""

    basis: Basis
    title: LabelOut
    is_management_view: bool
    as_of: date | None
    labels_version: int = LABELS_VERSION


class StatementLineOut(FigureOut):
    line: str
    label: LabelOut


class BalanceSheetOut(StatementOut):
    on: date | None
    assets: tuple[StatementLineOut, ...]
    total_assets: StatementLineOut
    liabilities: tuple[StatementLineOut, ...]
    total_liabilities: StatementLineOut
    net_assets: tuple[StatementLineOut, ...]
    total_net_assets: StatementLineOut


class ActivityLineOut(BaseModel):
    line: str
    label: LabelOut
    unrestricted: FigureOut
    restricted: FigureOut
    total: FigureOut


class ActivitiesOut(StatementOut):
    value_from: date
    value_to: date
    income: tuple[ActivityLineOut, ...]
    total_income: ActivityLineOut
    releases: ActivityLineOut
    expenses: tuple[ActivityLineOut, ...]
    total_expenses: ActivityLineOut
    opening_balances: ActivityLineOut
    other_changes: ActivityLineOut
    change_of_net_assets: ActivityLineOut


class NodeOut(FigureOut):
    """`layer` 0 is where money comes from, 1 the funds, 2 what it is used for."""

    id: str
    layer: int
    label: LabelOut
    is_pooled: bool


class LinkOut(FigureOut):
    source: str
    target: str
    is_pooled: bool


class FlowRowOut(FigureOut):
    year: int
    channel: Channel
    fund_kind: FundKind
    category: str
    is_pooled: bool


class FlowOut(StatedOut):
    """Every layer sums to `total`; `flows` are the expenses of the year as a plain table.

    Restated: by value date, with all that came late; official: as booked, month by month.
    `pooled_note` says how funds of several channels are split, where there are any.
    """

    year: int
    basis: Basis
    total: str
    nodes: tuple[NodeOut, ...]
    links: tuple[LinkOut, ...]
    flows: tuple[FlowRowOut, ...]
    pooled_note: LabelOut | None
    labels_version: int = LABELS_VERSION


class BehindRowOut(BaseModel):
    """A line of an entry that is behind a figure."""

    seq: int
    line: int
    event_id: UUID
    kind: str
    rule: LabelOut
    value_on: date
    posted_at: datetime
    period: int
    document: str | None
    payer: str | None
    corrects: UUID | None
    amount: str


class WhyRowOut(BehindRowOut):
    """A posting; its amount counts as the figure counts it."""

    account_id: int
    code: AccountCode
    fund_code: str
    channel: Channel
    agency: str


class WhyOut(StatedOut):
    """`sum` is of all pages."""

    sum: str
    counted_as: Side
    items: tuple[WhyRowOut, ...]
    next_cursor: str | None


def trial_balance_out(
    reading: Stated[TrialBalance],
    *,
    months: tuple[int, int],
    agency: str | None,
    rows_shown: int,
    next_cursor: str | None,
) -> TrialBalanceOut:
    trial = reading.value
    return TrialBalanceOut(
        **stated_in(reading, agency),
        period_from=months[0],
        period_to=months[1],
        lines=tuple(_trial_line(row, months) for row in trial.lines[:rows_shown]),
        totals=_totals(trial.totals, months, Selection(agency=agency, codes=IN_STATEMENTS)),
        memo_totals=_totals(trial.memo_totals, months, Selection(agency=agency, codes=MEMO)),
        next_cursor=next_cursor,
    )


def account_ledger_out(
    reading: Stated[AccountLedger],
    *,
    months: tuple[int, int],
    items: Sequence[tuple[Record, int]],
    next_cursor: str | None,
) -> AccountLedgerOut:
    """`items` are rows, each with what the account holds after it."""
    ledger = reading.value
    account = ledger.account
    own = Selection(account_id=account.account_id)
    before = replace(own, period_to=previous_period(months[0]))
    forward = [before]
    if ledger.after is not None:
        within = replace(own, period_from=months[0], period_to=months[1])
        forward.append(replace(within, through=ledger.after))
    return AccountLedgerOut(
        **stated_in(reading, account.agency),
        account=_account_line(account),
        period_from=months[0],
        period_to=months[1],
        opening=figure_out(figure(ledger.opening_minor, before)),
        brought_forward=figure_out(figure(ledger.running_minor, *forward)),
        items=tuple(_ledger_row(row, closing) for row, closing in items),
        next_cursor=next_cursor,
    )


def balance_sheet_out(
    reading: Stated[tuple[BalanceSheet, Title]], selection: Selection, *, on: date | None
) -> BalanceSheetOut:
    sheet, title = reading.value
    return BalanceSheetOut(
        **_statement(reading, title, selection),
        on=on,
        assets=_lines(sheet.assets),
        total_assets=_line("total_assets", sheet.total_assets),
        liabilities=_lines(sheet.liabilities),
        total_liabilities=_line("total_liabilities", sheet.total_liabilities),
        net_assets=_lines(sheet.net_assets),
        total_net_assets=_line("total_net_assets", sheet.total_net_assets),
    )


def activities_out(
    reading: Stated[tuple[Activities, Title]], selection: Selection, *, days: tuple[date, date]
) -> ActivitiesOut:
    found, title = reading.value
    return ActivitiesOut(
        **_statement(reading, title, selection),
        value_from=days[0],
        value_to=days[1],
        income=tuple(_columns(code, line) for code, line in found.income.items()),
        total_income=_columns("total_income", found.total_income),
        releases=_columns("releases", found.releases),
        expenses=tuple(_columns(code, line) for code, line in found.expenses.items()),
        total_expenses=_columns("total_expenses", found.total_expenses),
        opening_balances=_columns("opening_balances", found.opening_balances),
        other_changes=_columns("other_changes", found.other_changes),
        change_of_net_assets=_columns("change_of_net_assets", found.change),
    )


def flow_out(reading: Stated[Flow], *, year: int, agency: str | None, basis: Basis) -> FlowOut:
    flow = reading.value
    links = (*flow.sources, *flow.uses)
    return FlowOut(
        **stated_in(reading, agency),
        year=year,
        basis=basis,
        total=text_from_minor(flow.total_minor),
        nodes=tuple(_nodes(flow)),
        links=tuple(
            LinkOut(
                source=link.source,
                target=link.target,
                is_pooled=link.is_pooled,
                **dict(figure_out(link.figure)),
            )
            for link in links
        ),
        flows=tuple(
            FlowRowOut(
                year=year,
                channel=use.channel,
                fund_kind=use.fund_kind,
                category=use.code.value.partition(":")[2],
                is_pooled=use.is_pooled,
                **dict(figure_out(use.figure)),
            )
            for use in flow.table
        ),
        pooled_note=label_out(POOLED_NOTE) if any(link.is_pooled for link in links) else None,
    )


def why_out(
    reading: Stated[Behind], selection: Selection, *, rows_shown: int, next_cursor: str | None
) -> WhyOut:
    behind = reading.value
    return WhyOut(
        **stated_in(reading, selection.agency),
        sum=text_from_minor(behind.amount_minor),
        counted_as=selection.counted_as,
        items=tuple(_why_row(row, selection) for row in behind.rows[:rows_shown]),
        next_cursor=next_cursor,
    )


def figure_out(found: Figure) -> FigureOut:
    return FigureOut(amount=text_from_minor(found.amount_minor), why=found.why)


def label_out(label: Label) -> LabelOut:
    return LabelOut(zh=label.zh, en=label.en)


def stated_in(reading: Stated[Any], agency: str | None) -> dict[str, Any]:
    return {
        "agency": agency,
        "seq": reading.seq,
        "quarantined": reading.quarantined,
        "closed_through": reading.closed_through,
    }


def _statement(reading: Stated[Any], title: Title, selection: Selection) -> dict[str, Any]:
    return {
        **stated_in(reading, selection.agency),
        "title": LabelOut(zh=title.zh, en=title.en),
        "is_management_view": title.is_management_view,
        "as_of": selection.as_of,
        "basis": Basis.OFFICIAL if selection.is_as_booked else Basis.RESTATED,
    }


def _account_line(account: Account | Record) -> AccountLineOut:
    row = dict(account)
    return AccountLineOut(
        **{name: row[name] for name in AccountLineOut.model_fields if name != "label"},
        label=label_out(LINE_LABELS[row["code"]]),
    )


def _trial_line(row: Record, months: tuple[int, int]) -> TrialLineOut:
    columns = _columns_of_months(Selection(account_id=row["account_id"]), months)
    closing = row["opening_minor"] + row["debit_minor"] - row["credit_minor"]
    return TrialLineOut(
        **dict(_account_line(row)),
        is_memo=row["is_memo"],
        opening=figure_out(figure(row["opening_minor"], columns["opening"])),
        debit=figure_out(figure(row["debit_minor"], columns["debit"])),
        credit=figure_out(figure(row["credit_minor"], columns["credit"])),
        closing=figure_out(figure(closing, columns["closing"])),
    )


def _columns_of_months(base: Selection, months: tuple[int, int]) -> dict[str, Selection]:
    first, last = months
    within = replace(base, period_from=first, period_to=last)
    return {
        "opening": replace(base, period_to=previous_period(first)),
        "debit": replace(within, only=Side.DEBIT),
        "credit": replace(within, only=Side.CREDIT, counted_as=Side.CREDIT),
        "closing": replace(base, period_to=last),
    }


def _totals(sums: Sums, months: tuple[int, int], base: Selection) -> TrialTotalsOut:
    columns = _columns_of_months(base, months)
    return TrialTotalsOut(
        opening=text_from_minor(sums.opening_minor),
        debit=text_from_minor(sums.debit_minor),
        credit=text_from_minor(sums.credit_minor),
        closing=text_from_minor(sums.closing_minor),
        is_zero=sums.opening_minor == 0 == sums.closing_minor,
        why={column: (selection.why,) for column, selection in columns.items()},
    )


def _ledger_row(row: Record, closing_minor: int) -> LedgerRowOut:
    others = ("amount", "closing")
    return LedgerRowOut(
        **{name: row[name] for name in LedgerRowOut.model_fields if name not in others},
        amount=text_from_minor(row["amount_minor"]),
        closing=text_from_minor(closing_minor),
    )


def _why_row(row: Record, selection: Selection) -> WhyRowOut:
    others = ("amount", "rule")
    return WhyRowOut(
        **{name: row[name] for name in WhyRowOut.model_fields if name not in others},
        rule=label_out(explanation_of(row["kind"])),
        amount=text_from_minor(selection.figure(row["amount_minor"])),
    )


def _lines(lines: dict[str, Figure]) -> tuple[StatementLineOut, ...]:
    return tuple(_line(name, found) for name, found in lines.items())


def _line(name: str, found: Figure) -> StatementLineOut:
    return StatementLineOut(
        line=name, label=label_out(LINE_LABELS[name]), **dict(figure_out(found))
    )


def _columns(name: str, line: Columns) -> ActivityLineOut:
    return ActivityLineOut(
        line=name,
        label=label_out(LINE_LABELS[name]),
        unrestricted=figure_out(line.unrestricted),
        restricted=figure_out(line.restricted),
        total=figure_out(line.total),
    )


def _nodes(flow: Flow) -> Iterator[NodeOut]:
    """In the order of the layers; a fund holds what comes to it."""
    yield from _layer([(link.source, link) for link in flow.sources], layer=0)
    yield from _layer([(link.target, link) for link in flow.sources], layer=1)
    yield from _layer([(link.target, link) for link in flow.uses], layer=2)


def _layer(links: Sequence[tuple[str, Link]], *, layer: int) -> Iterator[NodeOut]:
    figures: dict[str, Figure] = {}
    pooled: set[str] = set()
    for node, link in links:
        figures[node] = plus(figures[node], link.figure) if node in figures else link.figure
        if link.is_pooled:
            pooled.add(node)
    for node, found in figures.items():
        name = node.partition(":")[2]
        yield NodeOut(
            id=node,
            layer=layer,
            label=label_out(LINE_LABELS.get(name, Label(name, name))),
            is_pooled=node in pooled,
            **dict(figure_out(found)),
        )
