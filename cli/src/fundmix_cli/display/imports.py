"""Imports of donations as people read them: what is booked, the control figures, what is wrong."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]
SHOWN_ROWS_MAX: Final = 50


def import_view(found: Json) -> RenderableType:
    parts: list[RenderableType] = [Text(_summary(found), style="bold"), _control(found)]
    if found["other_sheets"]:
        others = ", ".join(found["other_sheets"])
        parts.append(Text(f"only the sheet {found['sheet']} is read, not {others}", style="yellow"))
    if found["ignored_columns"]:
        parts.append(Text(f"columns not read: {', '.join(found['ignored_columns'])}", style="dim"))
    if found["errors"]:
        rows = [
            (str(e["row"]), e["column"] or e["field"] or "", e["detail"], e["code"])
            for e in found["errors"]
        ]
        parts.append(_table(("row", "column", "reason", "code"), rows, "red"))
        parts += _rest(len(rows), found["errors_left_out"], "errors", "red")
    if found["suspected"]:
        rows = [
            (str(s["row"]), s["reference"], _money(s["amount"]), s["received_on"], s["alike"])
            for s in found["suspected"]
        ]
        parts.append(Text("decide by --accept or --leave-out:", style="yellow"))
        parts.append(_table(("row", "reference", "amount", "day", "looks like"), rows, "yellow"))
        parts += _rest(len(rows), found["suspected_left_out"], "suspected rows", "yellow")
    return Group(*parts)


def batches_table(batches: Sequence[Json]) -> RenderableType:
    rows = [
        (
            batch["recorded_at"][:16],
            batch["source"],
            str(batch["donations"]),
            str(batch["pledges"]),
            _money(batch["booked"]),
            batch["recorded_by"],
            batch["batch_id"],
        )
        for batch in batches
    ]
    return _all(("recorded", "source", "donations", "pledges", "booked", "by", "id"), rows)


def columns_view(found: Json) -> RenderableType:
    columns: dict[str, str] = found["columns"]
    if not columns:
        return Text(f"{found['source']}: its columns have the usual names")
    return _all(("column", "is"), sorted(columns.items()))


def _summary(found: Json) -> str:
    how = " ".join(filter(None, (found["format"], found["encoding"])))
    gifts = f"{found['donations']} donations, {found['pledges']} pledges, {_money(found['booked'])}"
    if found["batch_id"]:
        what = f"booked {gifts} as batch {found['batch_id']}"
    elif not found["is_ready"]:
        what = "nothing was booked"
    elif found["is_dry_run"]:
        what = f"would book {gifts}"
    else:
        what = "nothing new to book"
    return (
        f"{found['control_count']} rows ({how}): {what}; {found['duplicates']} duplicates,"
        f" {found['left_out']} left out, {found['failed']} failed"
    )


def _control(found: Json) -> Text:
    figures = f"control: {found['control_count']} rows, {_money(found['control_total'])}"
    if found["is_control_met"]:
        return Text(figures)
    return Text(f"{figures}: not what the file should have", style="red")


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], style: str) -> Table:
    table = Table(*names, box=None, header_style="dim", padding=(0, 1))
    for row in rows[:SHOWN_ROWS_MAX]:
        # As text, in which brackets are no markup.
        table.add_row(*(Text(cell, style=style) for cell in row))
    return table


def _all(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table()
    for name in names:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _rest(count: int, left_out: int, what: str, style: str) -> list[Text]:
    more = max(0, count - SHOWN_ROWS_MAX) + left_out
    return [Text(f"and {more} more {what}: see --json", style=style)] if more else []


def _money(money: Mapping[str, str]) -> str:
    major, _, minor = money["amount"].partition(".")
    return f"{int(major):,}.{minor} {money['currency']}"
