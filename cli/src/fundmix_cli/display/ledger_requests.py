"""Requests, funds, advances and imports as people read them; nothing in them is markup."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]


def request_view(request: Json) -> RenderableType:
    amount = request["amount"]["amount"] if request["amount"] else ""
    line = f"{request['kind']} {request['reference']} {amount}: {request['state']}"
    parts = [Text(line), Text(f"id {request['request_id']}", style="dim")]
    if request["reason"]:
        parts.append(Text(f"reason: {request['reason']}"))
    parts += [Text(f"warning: {w['detail']}", style="yellow") for w in request["warnings"]]
    return Group(*parts)


def requests_table(requests: Sequence[Json]) -> RenderableType:
    return _table(
        (
            "kind",
            "agency",
            "reference",
            "yuan",
            "state",
            "prepared by",
            "decided by",
            "entry",
            "id",
        ),
        (
            (
                r["kind"],
                r["agency"],
                r["reference"],
                r["amount"] and r["amount"]["amount"],
                r["state"],
                r["prepared_by"],
                r["decided_by"],
                r["entry_seq"],
                r["request_id"],
            )
            for r in requests
        ),
        numbers={"yuan", "entry"},
    )


def funds_table(funds: Sequence[Json]) -> RenderableType:
    return _table(
        ("agency", "fund", "channels", "balance", "held", "unpaid"),
        (
            (
                f["agency"],
                f["fund_code"],
                ", ".join(f["channels"]),
                f["balance"]["amount"],
                f["held"]["amount"],
                f["unpaid"]["amount"],
            )
            for f in funds
        ),
        numbers={"balance", "held", "unpaid"},
    )


def advances_table(advances: Sequence[Json]) -> RenderableType:
    return _table(
        ("agency", "fund", "advance", "since", "days", "largest ever", "days ever"),
        (
            (
                a["agency"],
                a["fund_code"],
                a["advance"]["amount"],
                a["since_on"],
                a["days_outstanding"],
                a["largest"]["amount"],
                a["days"],
            )
            for a in advances
        ),
        numbers={"advance", "days", "largest ever", "days ever"},
    )


def batch_view(batch: Json) -> RenderableType:
    return Text(f"{batch['requests']} {batch['state']}: {batch['total']['amount']}")


def import_view(found: Json) -> RenderableType:
    total = found["control_total"]["amount"]
    parts = [
        Text(
            f"{found['rows']} lines: {found['control_count']} new of {total}, {found['unchanged']}"
            f" there already, {found['ignored']} ignored"
        )
    ]
    for kind in ("account", "project"):
        parts += [
            Text(f"{kind} not mapped: {u['text']} ({u['lines']} lines)", style="yellow")
            for u in found[f"unmapped_{kind}s"]
        ]
    parts += [
        Text(f"row {e['row']}, {e['field']}: {e['detail']}", style="red") for e in found["errors"]
    ]
    if found["batch_id"]:
        parts.append(Text(f"batch {found['batch_id']} waits for a review"))
    return Group(*parts)


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: set[str]
) -> RenderableType:
    table = Table()
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    return table
