"""Organisations, their history, change requests and imports as people read them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

KINDS: Final = {
    "agency": "社工机构",
    "buyer": "购买主体",
    "enterprise": "企业",
    "foundation": "基金会",
    "university": "高校",
    "social_group": "社会团体",
}
SHOWN_ROWS_MAX: Final = 50


def organisations_table(items: Sequence[Json]) -> Table:
    table = _table("code", "name", "kind", "类型", "town", "suspended")
    for item in items:
        table.add_row(
            *_cells(item, "code", "name", "kind"),
            KINDS.get(item["kind"], ""),
            *_cells(item, "town", "suspended_on"),
        )
    return table


def organisation_view(item: Json) -> RenderableType:
    facts = _pairs(item, "code", "name", "kind", "level", "town", "registered_on", "suspended_on")
    facts.add_row("version", Text(str(item["version"])))
    standing: Json = item["standing"] or {}
    for listing in standing.get("abnormal_listings", ()):
        until = listing["removed_on"] or "now"
        facts.add_row("异常名录", Text(f"{listing['listed_on']} – {until}: {listing['reason']}"))
    if charity := standing.get("charity"):
        facts.add_row("charity", Text(f"{charity['status']} since {charity['since_on']}"))
    for kind, years in _years_by_kind(standing).items():
        facts.add_row("tax", Text(f"{kind} {', '.join(map(str, years))}"))
    doubts = [Text(f"{w['code']}: {w['detail']}", style="yellow") for w in item["warnings"]]
    return Group(facts, *doubts)


def history_table(items: Sequence[Json]) -> Table:
    table = _table("version", "when", "field", "before", "after", "who", "why")
    for item in items:
        who = f"{item['by']['subject']} ({item['by']['role']})"
        table.add_row(
            Text(str(item["version"])),
            Text(item["recorded_at"][:16]),
            Text(item["field"]),
            Text(_value(item["before"])),
            Text(_value(item["after"])),
            Text(who),
            Text(item["reason"] or ""),
        )
    return table


def requests_table(items: Sequence[Json]) -> Table:
    table = _table("id", "state", "code", "change", "asked by", "on", "reason")
    for item in items:
        changes = [
            f"{field}: {item['before'][field]} → {wanted}"
            for field, wanted in item["changes"].items()
            if wanted is not None
        ]
        table.add_row(
            *_cells(item, "request_id", "state", "code"),
            Text("; ".join(changes)),
            Text(item["requested_by"]["subject"]),
            Text(item["requested_at"][:10]),
            Text(item["reason"]),
        )
    return table


def import_view(found: Json) -> RenderableType:
    verb = "would be registered" if found["is_dry_run"] else "registered"
    said = (
        f"{found['rows']} rows ({found['format']}, {found['encoding']}): "
        f"{found['registered']} {verb}, {found['unchanged']} unchanged, {found['failed']} failed"
    )
    parts: list[RenderableType] = [Text(said, style="bold")]
    if found["ignored_columns"]:
        parts.append(Text(f"columns not read: {', '.join(found['ignored_columns'])}", style="dim"))
    for name, style in (("errors", "red"), ("warnings", "yellow")):
        parts += [Text(_row(row), style=style) for row in found[name][:SHOWN_ROWS_MAX]]
        if left := len(found[name][SHOWN_ROWS_MAX:]):
            parts.append(Text(f"and {left} more {name}: see --json", style=style))
    return Group(*parts)


def _row(found: Json) -> str:
    where = f"row {found['row']}" + (f", {found['field']}" if found["field"] else "")
    return f"{where}: {found['detail']} ({found['code']})"


def _years_by_kind(standing: Mapping[str, Any]) -> dict[str, list[int]]:
    years: dict[str, list[int]] = {}
    for qualification in standing.get("tax_qualifications", ()):
        years.setdefault(qualification["kind"], []).append(qualification["year"])
    return years


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
        # What is typed again is kept in one piece.
        table.add_column(column, overflow="fold", no_wrap=column in {"id", "code"})
    return table


def _cells(item: Json, *names: str) -> list[Text]:
    """As text, in which brackets are no markup."""
    return [Text("" if item[name] is None else str(item[name])) for name in names]


def _value(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
