"""Trial balances, statements, flows, accounts and balances as people read them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fundmix_cli.display.mix import quarantine_warning

Json = dict[str, Any]

COLUMNS: Final = ("opening", "debit", "credit", "closing")
SIDES: Final = ("unrestricted", "restricted", "total")
ACTIVITY_TOTALS: Final = ("opening_balances", "other_changes", "change_of_net_assets")


def trial_balance_view(found: Json) -> RenderableType:
    title = f"试算平衡表 · trial balance of {_whose(found)}, "
    table = _table(
        "account", "科目", "code", "fund", "channel", numbers=COLUMNS, whose=found["agency"] is None
    )
    for line in found["lines"]:
        cells = (str(line["account_id"]), line["label"]["zh"], line["code"], line["fund_code"])
        owner = () if found["agency"] else (line["agency"],)
        amounts = (_yuan(line[column]["amount"]) for column in COLUMNS)
        table.add_row(*map(Text, (*owner, *cells, line["channel"])), *amounts)
    for name, totals in (("total", found["totals"]), ("memo", found["memo_totals"])):
        blank = [""] * (4 if found["agency"] else 5)
        table.add_row(name, *blank, *(_yuan(totals[c]) for c in COLUMNS), style="bold")
    span = f"{found['period_from']} to {found['period_to']}"
    is_zero = found["totals"]["is_zero"] and found["memo_totals"]["is_zero"]
    check = "sums to zero" if is_zero else "DOES NOT SUM TO ZERO"
    return _report(title + span, table, Text(check, style="dim"), found=found)


def balance_sheet_view(found: Json) -> RenderableType:
    table = _table("项目", "line", numbers=("yuan",))
    for part in ("assets", "liabilities", "net_assets"):
        for line in found[part]:
            table.add_row(*_label(line), _yuan(line["amount"]))
        total = found[f"total_{part}"]
        table.add_row(*_label(total), _yuan(total["amount"]), style="bold")
    day = f" on {found['on']}" if found["on"] else ", all that is recorded"
    title = f"资产负债表 · balance sheet of {_whose(found)}{day}{_counted(found)}"
    return _report(title, table, found=found, heading=found["title"])


def activities_view(found: Json) -> RenderableType:
    table = _table("项目", "line", numbers=SIDES)
    for line in found["income"]:
        table.add_row(*_label(line), *_sides(line))
    table.add_row(*_label(found["total_income"]), *_sides(found["total_income"]), style="bold")
    table.add_row(*_label(found["releases"]), *_sides(found["releases"]))
    for line in found["expenses"]:
        table.add_row(*_label(line), *_sides(line))
    for name in ("total_expenses", *ACTIVITY_TOTALS):
        table.add_row(*_label(found[name]), *_sides(found[name]), style="bold")
    span = f"{found['value_from']} to {found['value_to']}"
    title = f"业务活动表 · activities of {_whose(found)}, {span}{_counted(found)}"
    return _report(title, table, found=found, heading=found["title"])


def flow_view(found: Json) -> RenderableType:
    labels = {node["id"]: node["label"] for node in found["nodes"]}
    table = _table("from", "来源", "to", "去向", numbers=("yuan",))
    for link in found["links"]:
        source, target = labels[link["source"]], labels[link["target"]]
        pooled = " (pooled)" if link["is_pooled"] else ""
        names = (source["en"], source["zh"], target["en"] + pooled, target["zh"])
        table.add_row(*map(Text, names), _yuan(link["amount"]))
    title = f"{found['year']} 资金流向 · flow of money of {_whose(found)}{_counted(found)}"
    total = Text(f"each layer {_yuan(found['total'])}", style="dim")
    note = found["pooled_note"]
    notes = [Text(f"{note['zh']} {note['en']}", style="dim")] if note else []
    return _report(title, table, *notes, total, found=found)


def account_view(found: Json) -> RenderableType:
    account = found["account"]
    table = _table("seq", "period", "value date", "document", "kind", numbers=("yuan", "closing"))
    opening = found["opening"]["amount"]
    table.add_row("", "", "", "", "opening", "", _yuan(opening), style="bold")
    for item in found["items"]:
        cells = (item["seq"], item["period"], item["value_on"], item["document"] or "-")
        table.add_row(
            *(Text(str(cell)) for cell in (*cells, item["kind"])),
            _yuan(item["amount"]),
            _yuan(item["closing"]),
        )
    name = f"{account['code']} {account['fund_code']} {account['channel']}"
    title = f"{account['label']['zh']} · {name} of {account['agency']}"
    return _report(title, table, found=found)


def balances_view(items: Sequence[Json]) -> Table:
    table = _table("account", "code", "fund", "channel", numbers=("yuan",), whose=True)
    for item in items:
        table.add_row(
            *_cells(item, "agency", "account_id", "code", "fund_code", "channel"),
            _yuan(item["amount"]["amount"]),
        )
    return table


def period_balances_view(items: Sequence[Json]) -> Table:
    names = ("code", "fund", "channel", "period", "kind")
    table = _table(*names, numbers=("yuan",), whose=True)
    for item in items:
        table.add_row(
            *_cells(item, "agency", "code", "fund_code", "channel", "period", "kind"),
            _yuan(item["amount"]["amount"]),
        )
    return table


def cut_off_view(items: Sequence[Json]) -> Table:
    names = ("seq", "value date", "occurred", "posted", "period", "document", "kind", "why")
    table = _table(*names, numbers=(), whose=True)
    for item in items:
        table.add_row(
            *_cells(item, "agency", "seq", "value_on", "occurred_on"),
            Text(item["posted_at"][:10]),
            *_cells(item, "period", "document", "kind"),
            Text(", ".join(item["reasons"])),
        )
    return table


def _report(
    title: str, *parts: RenderableType, found: Json, heading: Json | None = None
) -> RenderableType:
    shown: list[RenderableType] = [Text(title, style="bold")]
    if heading:
        shown.append(Text(f"{heading['zh']} · {heading['en']}", style="dim"))
    shown.extend(parts)
    shown.append(Text(f"as of entry {found['seq']}", style="dim"))
    if found["quarantined"]:
        shown.append(Text(quarantine_warning(found["quarantined"]), style="bold yellow"))
    return Group(*shown)


def _whose(found: Json) -> str:
    return found["agency"] or "the city"


def _counted(found: Json) -> str:
    """How, where it is not as usual: by value date, with all that is known."""
    as_of = f", as known on {found['as_of']}" if found.get("as_of") else ""
    return as_of + (", as booked" if found["basis"] == "official" else "")


def _table(*names: str, numbers: tuple[str, ...], whose: bool = False) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for name in (("agency",) if whose else ()) + names:
        table.add_column(name)
    for name in numbers:
        # Names give way to a narrow terminal, figures do not.
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _cells(item: Json, *names: str) -> tuple[Text, ...]:
    return tuple(Text("-" if item[name] is None else str(item[name])) for name in names)


def _label(line: Json) -> tuple[str, str]:
    return line["label"]["zh"], line["label"]["en"]


def _sides(line: Json) -> tuple[str, ...]:
    return tuple(_yuan(line[side]["amount"]) for side in SIDES)


def _yuan(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"
