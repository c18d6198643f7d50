"""Requests, funds, lots and imports as people read them; nothing in them is markup."""

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
    return Group(*parts, *_warnings(request))


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


def lots_table(lots: Sequence[Json]) -> RenderableType:
    amounts = ("received", "used", "held", "left")
    return _table(
        ("value date", "document", "channel", "payer", *amounts, "id"),
        (
            (
                lot["value_on"],
                lot["document"],
                lot["channel"],
                lot["payer"],
                *(lot[name]["amount"] for name in amounts),
                lot["lot_id"],
            )
            for lot in lots
        ),
        numbers=set(amounts),
    )


def spending_view(found: Json) -> RenderableType:
    figures = _table(
        ("figure", "yuan", "share"),
        (
            ("income of the year before", found["income_last_year"], None),
            ("net assets at its end", found["net_assets_last_year"], None),
            ("programmes, of that income", found["programme"], _share(found["programme_share"])),
            ("at least", found["programme_floor"], None),
            ("management, of all spending", found["management"], _share(found["management_share"])),
            ("at most", None, found["management_cap"] and _share(found["management_cap"])),
            ("all spending", found["spent"], None),
        ),
        numbers={"yuan", "share"},
    )
    title = Text(f"{found['year']} spending of {found['agency']}", style="bold")
    if not found["is_limited"]:
        return Group(title, figures, Text("it has no limits of charities", style="dim"))
    return Group(title, figures, *_warnings(found))


def todo_table(items: Sequence[Json]) -> RenderableType:
    return _table(
        ("kind", "agency", "reference", "yuan", "prepared by", "id"),
        (
            (
                i["kind"],
                i["agency"],
                i["reference"],
                i["amount"] and i["amount"]["amount"],
                i["prepared_by"],
                i["request_id"],
            )
            for i in items
        ),
        numbers={"yuan"},
    )


def mapping_view(found: Json) -> RenderableType:
    return _table(
        ("", "text", "is here"),
        (
            (kind, text, meaning)
            for kind in ("account", "project")
            for text, meaning in found[f"{kind}s"].items()
        ),
        numbers=set(),
    )


def batch_view(batch: Json) -> RenderableType:
    line = Text(f"{batch['requests']} {batch['state']}: {batch['total']['amount']}")
    return Group(line, *_warnings(batch))


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
    return Group(*parts, *_warnings(found))


def _warnings(found: Json) -> list[Text]:
    return [Text(f"warning: {w['detail']}", style="yellow") for w in found["warnings"]]


def _share(share: float | None) -> str:
    return "none" if share is None else f"{share:.6f}"


def _table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: set[str]
) -> RenderableType:
    table = Table()
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left")
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    return table
