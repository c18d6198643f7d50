"""Contracts, evaluations and clocks as people read them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

GRADES: Final = {"excellent": "优秀", "good": "良好", "pass": "合格", "fail": "不合格"}


def contracts_table(items: Sequence[Json]) -> Table:
    table = _table("number", "title", "buyer", "agency", "state", "signed", "yuan", "paid")
    for item in items:
        table.add_row(
            *_cells(item, "number", "title", "buyer", "agency", "state", "signed_on"),
            _yuan(item["ceiling"]),
            _yuan(item["paid"]),
        )
    return table


def contract_view(item: Json) -> RenderableType:
    facts = ("title", "purchase_mode", "service_area", "people_served", "town", "payer_level")
    days = ("signed_on", "published_on", "filed_on", "starts_on")
    return Group(_pairs(item, *facts, *days), summary_view(item))


def summary_view(item: Json) -> RenderableType:
    facts = _pairs(
        item, "number", "contract_id", "buyer", "agency", "state", "ends_on", "terminated_on"
    )
    for name in ("ceiling", "committed", "paid", "recognised", "receivable", "advance_received"):
        facts.add_row(name, _yuan(item[name]))
    return Group(facts, _instalments(item["instalments"]), _lines(item["lines"]))


def draft_view(item: Json) -> RenderableType:
    facts = _pairs(item, "draft_id", "state", "version")
    facts.add_row("number", Text(item["contract"]["number"]))
    return facts


def evaluation_view(item: Json) -> RenderableType:
    facts = _pairs(
        item, "stage", "version", "state", "evaluated_on", "published_on", "score", "accepted_on"
    )
    if grade := item["grade"]:
        facts.add_row("grade", Text(f"{grade} {GRADES.get(grade, '')}"))
    if item["deduction"] is not None:
        until = f", objections until {item['objections_until']}" if item["is_outcome_open"] else ""
        facts.add_row("deduction", Text(f"{_yuan(item['deduction'])}{until}"))
    if objection := item["objection"]:
        facts.add_row("objection", Text(f"{objection['objected_on']}: {objection['grounds']}"))
    if decision := item["decision"]:
        facts.add_row("decision", Text(f"{decision['decided_on']}: {decision['reason']}"))
    table = _table("dimension", "weight %", "count", "mean")
    for found in item["dimensions"]:
        table.add_row(
            Text(found["dimension"]),
            Text(f"{Decimal(found['weight_bps']) / 100:f}"),
            Text(str(found["count"])),
            Text(found["mean"] or "–"),
        )
    return Group(facts, table)


def obligations_table(items: Sequence[Json]) -> Table:
    table = _table("due", "kind", "of", "contract", "buyer", "met", "")
    for item in items:
        remark = "overdue" if item["is_overdue"] else "late" if item["is_late"] else ""
        table.add_row(
            *_cells(item, "due_on", "kind", "reference", "contract_number", "buyer", "met_on"),
            Text(remark, style="red"),
        )
    return table


def todo_table(items: Sequence[Json]) -> Table:
    table = _table("due", "action", "contract", "of", "yuan")
    for item in items:
        table.add_row(
            *_cells(item, "due_on", "action", "contract_number", "number"),
            _yuan(item["amount"]) if item["amount"] else Text(),
        )
    return table


def _instalments(items: Sequence[Json]) -> Table:
    names = ("number", "condition", "due_on", "state", "paid_on", "bank_reference", "arrived_on")
    table = _table("instalment", *names[1:], "yuan", "deduction", "payable")
    for item in items:
        amounts = [_yuan(item[name]) for name in ("amount", "deduction", "payable")]
        table.add_row(*_cells(item, *names), *amounts)
    return table


def _lines(items: Sequence[Json]) -> Table:
    names = ("number", "title", "unit", "quantity", "delivered", "accepted")
    table = _table("line", *names[1:], "yuan")
    for item in items:
        table.add_row(*_cells(item, *names), _yuan(item["amount"]))
    return table


def _pairs(item: Json, *names: str) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim")
    for name in names:
        if item[name] is not None:
            table.add_row(name, Text(str(item[name])))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _cells(item: Json, *names: str) -> list[Text]:
    """As text, in which brackets are no markup."""
    return [Text("" if item[name] is None else str(item[name])) for name in names]


def _yuan(money: Json) -> Text:
    return Text(f"{Decimal(money['amount']):,.2f}")
