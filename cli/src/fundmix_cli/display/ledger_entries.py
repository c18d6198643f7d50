"""Entries of the journal, and what a figure is the sum of, as people read them."""

from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fundmix_cli.display.mix import quarantine_warning

Json = dict[str, Any]


def entries_view(found: Json) -> RenderableType:
    """Each entry with its postings under it; of a close, the month it closes."""
    if not found["items"]:
        return Text("no such entries")
    table = _table("seq", "value date", "period", "agency", "document", "kind, postings")
    for entry in found["items"]:
        what = entry["kind"]
        if entry["closes"] is not None:
            what += f" through {entry['closes']}"
        names = (entry["seq"], entry["value_on"], entry["period"], entry["agency"])
        table.add_row(*_cells(*names, entry["document"], what), "", style="bold")
        for posting in entry["postings"]:
            account = posting["account"]
            name = f"  {account['code']} {account['fund_code']} {account['channel']}"
            blank = [""] * (len(table.columns) - 2)
            table.add_row(*blank, Text(name), _yuan(posting["amount"]["amount"]))
    return Group(table, *_more(found))


def why_view(found: Json) -> RenderableType:
    """The rules stand below, each once: a figure is made by few kinds of entries."""
    table = _table("seq", "value date", "period", "account", "agency", "document", "kind")
    rules: dict[str, Json] = {}
    for item in found["items"]:
        rules.setdefault(item["kind"], item["rule"])
        account = f"{item['code']} {item['fund_code']} {item['channel']}"
        names = (item["seq"], item["value_on"], item["period"], account, item["agency"])
        table.add_row(*_cells(*names, item["document"], item["kind"]), _yuan(item["amount"]))
    blank = [""] * (len(table.columns) - 2)
    table.add_row("sum", *blank, _yuan(found["sum"]), style="bold")
    shown: list[RenderableType] = [table, *_more(found)]
    shown += [
        Text(f"{kind}: {rule['zh']} · {rule['en']}", style="dim") for kind, rule in rules.items()
    ]
    shown.append(Text(f"as of entry {found['seq']}", style="dim"))
    if found["quarantined"]:
        shown.append(Text(quarantine_warning(found["quarantined"]), style="bold yellow"))
    return Group(*shown)


def _table(*names: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for name in names:
        table.add_column(name)
    # Names give way to a narrow terminal, figures do not.
    table.add_column("yuan", justify="right", no_wrap=True)
    return table


def _cells(*values: object) -> tuple[Text, ...]:
    return tuple(Text("-" if value is None else str(value)) for value in values)


def _more(found: Json) -> list[Text]:
    if found["next_cursor"] is None:
        return []
    return [Text(f"the first {len(found['items'])}; --rows shows more", style="dim")]


def _yuan(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"
