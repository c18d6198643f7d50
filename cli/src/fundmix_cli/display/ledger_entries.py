"""Entries of the journal, and what a figure is the sum of, as people read them."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fundmix_cli.display.mix import quarantine_warning

Json = dict[str, Any]

YUAN_WIDTH: Final = 14
PLACES: Final = ("seq", "value_on", "period", "document")


def entries_view(found: Json) -> RenderableType:
    """Each entry with its postings under it; of a close, the month it closes."""
    if not found["items"]:
        return Text("no such entries")
    shown: list[RenderableType] = []
    for entry in found["items"]:
        shown.append(_heading(entry))
        table = _table()
        for posting in entry["postings"]:
            table.add_row(_yuan(posting["amount"]["amount"]), _account(posting["account"]))
        if entry["postings"]:
            shown.append(table)
    return Group(*shown, *_more(found))


def why_view(found: Json) -> RenderableType:
    """By account, as the answer has them; the rules stand below, each once."""
    items: list[Json] = found["items"]
    # The same in all tables: they are read as one.
    widths = _widths(items)
    shown: list[RenderableType] = []
    for _, of_account in groupby(items, key=itemgetter("account_id")):
        postings = list(of_account)
        name = Text(f"{_account(postings[0]).plain} · {postings[0]['agency']}", style="bold")
        shown += [name, _postings(postings, widths)]
    return Group(*shown, *_sum_and_rules(found))


def lot_view(found: Json) -> RenderableType:
    """What entries moved in a lot; the rules stand below, each once."""
    name = Text(f"{found['side']} of lot {found['lot_id']} · {found['agency']}", style="bold")
    items: list[Json] = found["items"]
    return Group(name, _postings(items, _widths(items)), *_sum_and_rules(found))


def due_view(found: Json) -> RenderableType:
    table = _table()
    for item in found["items"]:
        document = f"{item['contract_number']}/{item['instalment']}"
        names = (item["due_on"], document, item["agency"], item["buyer"])
        table.add_row(_yuan(item["amount"]), Text(" ".join(names)))
    total = Text(f"{found['instalments']} instalments, sum {_yuan(found['sum'])}", style="bold")
    return Group(table, total, *_more(found), Text(f"as of entry {found['seq']}", style="dim"))


def _sum_and_rules(found: Json) -> list[Text]:
    rules = {item["kind"]: item["rule"] for item in found["items"]}
    shown = [Text(f"sum {_yuan(found['sum'])}", style="bold"), *_more(found)]
    shown += [
        Text(f"{kind}: {rule['zh']} · {rule['en']}", style="dim") for kind, rule in rules.items()
    ]
    shown.append(Text(f"as of entry {found['seq']}", style="dim"))
    if found["quarantined"]:
        shown.append(Text(quarantine_warning(found["quarantined"]), style="bold yellow"))
    return shown


def _widths(items: Sequence[Json]) -> list[int]:
    return [max((cell_len(_cell(item[name])) for item in items), default=0) for name in PLACES]


def _postings(postings: list[Json], widths: Sequence[int]) -> Table:
    table = _table(*widths)
    for item in postings:
        row = (Text(_cell(item[name])) for name in PLACES)
        table.add_row(*row, _yuan(item["amount"]), Text(item["kind"]))
    return table


def _heading(entry: Json) -> Text:
    what = entry["kind"]
    if entry["closes"] is not None:
        what += f" through {entry['closes']}"
    about = (entry["seq"], entry["value_on"], entry["period"], entry["document"], entry["agency"])
    return Text("  ".join([*(str(a) for a in about if a is not None), what]), style="bold")


def _account(account: Json) -> Text:
    return Text(f"{account['code']} {account['fund_code']} {account['channel']}")


def _table(*widths: int) -> Table:
    """Columns so wide, an amount and, last, a name: where there is no room it is folded."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    for width in widths:
        table.add_column(no_wrap=True, min_width=width)
    table.add_column(justify="right", no_wrap=True, min_width=YUAN_WIDTH)
    table.add_column(overflow="fold")
    return table


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _more(found: Json) -> list[Text]:
    if found["next_cursor"] is None:
        return []
    return [Text(f"the first {len(found['items'])}; --rows shows more", style="dim")]


def _yuan(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"
