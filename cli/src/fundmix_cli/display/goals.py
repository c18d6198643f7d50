"""Goals and readings as people read them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from fundmix_events.channel import Channel
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fundmix_cli.display.mix import CHINESE, percent, quarantine_warning

Json = dict[str, Any]

STATUSES: Final = {
    "met": ("达标", "green"),
    "missed": ("未达标", "bold red"),
    "at_risk": ("有风险", "yellow"),
    "unknown": ("无法判断", "dim"),
}
KINDS: Final = {
    "government_share_max": "government ≤",
    "hhi_max": "HHI ≤",
    "channel_amount_min": "yuan ≥",
    "channel_share_min": "share ≥",
    "procurement_growth_min": "growth ≥",
}


def goals_table(items: Sequence[Json]) -> Table:
    table = _table("year", "whose", "version", "basis", "government", "HHI", "growth", "status")
    for item in items:
        standing = item["standing"]
        table.add_row(
            str(item["year"]),
            _whose(item),
            str(item["version"]),
            item["basis"],
            item["government_share_max"] or "",
            item["hhi_max"] or "",
            item["procurement_growth_min"] or "",
            _status(standing["status"] if standing else None),
        )
    return table


def goal_view(item: Json) -> RenderableType:
    facts = _pairs()
    facts.add_row("goal", Text(f"{item['year']} {_whose(item)}"))
    facts.add_row("id", Text(item["goal_id"]))
    if standing := item["standing"]:
        since = Text(f" since {standing['since_on']}, entry {standing['since_seq']}")
        facts.add_row("status", _status(standing["status"]) + since)
    versions = _table("version", "set by", "at", "basis", "limits", "reason")
    for version in item.get("versions", [item]):
        versions.add_row(
            str(version["version"]),
            Text(version["set_by"]),
            version["set_at"][:16],
            version["basis"],
            Text("; ".join(_limits(version))),
            Text(version["reason"] or ""),
        )
    return Group(facts, versions)


def reading_view(item: Json) -> RenderableType:
    as_of = f", as known on {item['as_of']}" if item["as_of"] else ""
    title = f"{item['year']} 指标值 · reading of {_whose(item)} on {item['on']}{as_of}"
    parts: list[RenderableType] = [
        Text(title, style="bold"),
        Text(item["headline"], style="bold"),
        _sections(item),
        _channels(item),
        _beside(item),
    ]
    if item["status"]:
        parts += [Text("goal: ") + _status(item["status"]), _limits_table(item["limits"])]
    parts.append(Text(f"entries counted: {item['seq']}", style="dim"))
    return Group(*parts, *_warning(item))


def ranking_view(item: Json) -> RenderableType:
    table = _table("rank", "agency", "yuan", "government", "HHI", "effective sources")
    for row in item["items"]:
        table.add_row(
            str(row["rank"] or "–"),
            row["agency"],
            _yuan(row["total"]),
            _ratio(row["government_share"]),
            _ratio(row["hhi"]),
            _ratio(row["effective_sources"]),
        )
    title = f"{item['year']}: {item['agencies']} agencies by {item['by']}, on {item['on']}"
    return Group(Text(title, style="bold"), table, *_warning(item))


def growth_view(item: Json) -> RenderableType:
    table = _table("", "yuan", "the year before", "growth")
    for name, label, now, before in (
        ("signed", "signed", item["signed"]["amount"], item["signed_before"]["amount"]),
        ("paid", "paid", item["paid"]["amount"], item["paid_before"]["amount"]),
        ("projected", "by year end", item["projected"], item["paid_last_year"]["amount"]),
    ):
        table.add_row(label, _yuan(now), _yuan(before), _ratio(item[f"{name}_growth"]))
    title = f"{item['year']} procurement of {_whose(item)}, on {item['on']}"
    return Group(Text(title, style="bold"), table, *_warning(item))


def cliff_view(item: Json) -> RenderableType:
    title = (
        f"{item['contracts']} contracts end from {item['on']} to {item['through']} without a "
        f"successor: {_yuan(item['ceiling_total'])} yuan, {_yuan(item['unpaid_total'])} unpaid"
    )
    table = _table("ends", "number", "agency", "buyer", "area", "town", "yuan", "unpaid")
    for row in item["items"]:
        table.add_row(
            row["ends_on"],
            *(Text(row[name]) for name in ("number", "agency", "buyer", "service_area", "town")),
            _yuan(row["ceiling"]),
            _yuan(row["unpaid"]),
        )
    return Group(Text(title, style="bold"), table, *_warning(item))


def _sections(item: Json) -> Table:
    table = _table("", "received", "recognised", "by the end of the year")
    sections = [item["received"], item["recognised"], item["projection"]]
    totals = [_yuan(_amount(section["total"])) for section in sections]
    table.add_row("yuan", *totals)
    for name, label in (
        ("government_share", "government share"),
        ("hhi", "HHI"),
        ("hhi_normalised", f"HHI normalised, n = {item['channel_list']['n']}"),
        ("effective_sources", "effective sources"),
    ):
        table.add_row(label, *(_ratio(section[name]) for section in sections))
    return table


def _channels(item: Json) -> Table:
    """By channel on the basis of the reading; what is due and pledged is what the rest adds."""
    table = _table("channel", "渠道", "yuan", "%", "due", "pledged")
    found = item[item["basis"]]["by_channel"]
    projection = item["projection"]
    for channel in Channel:
        row = found.get(channel.value)
        due, pledged = (projection[name].get(channel.value) for name in ("due", "pledged"))
        if row is None and due is None and pledged is None:
            continue
        share = row and row["share"]
        table.add_row(
            channel.value,
            CHINESE[channel],
            _yuan(row["amount"]) if row else "",
            "" if share is None else percent(Decimal(str(share))),
            _yuan(due) if due else "",
            _yuan(pledged) if pledged else "",
        )
    return table


def _beside(item: Json) -> Table:
    facts = _pairs()
    overdue, pace, growth = item["overdue_government"], item["pace"], item["procurement"]
    facts.add_row(
        "overdue from government",
        Text(f"{_yuan(overdue['amount'])} in {overdue['instalments']} instalments"),
    )
    payers = item["payers"]
    if funder := payers["largest_funder"]:
        facts.add_row("largest funder", Text(f"{funder['payer']}: {_ratio(funder['share'])}"))
    hhi = _ratio(payers["buyer_hhi"])
    facts.add_row("HHI of buyers", Text(f"{hhi}, {payers['buyers']} buyers"))
    if median := item["median_agency"]:
        share = _ratio(median["government_share"])
        facts.add_row("median agency", Text(f"{share} from government, of {median['agencies']}"))
    if coverage := item["coverage"]:
        facts.add_row("recorded of audited", Text(_ratio(coverage["coverage"])))
    gone, grown = _ratio(pace["year_gone"]), _ratio(pace["growth"])
    facts.add_row("pace", Text(f"{grown} on the same day last year, {gone} of the year gone"))
    facts.add_row(
        "procurement growth",
        Text(f"signed {_ratio(growth['signed_growth'])}, paid {_ratio(growth['paid_growth'])}"),
    )
    return facts


def _limits_table(limits: Sequence[Json]) -> Table:
    table = _table("limit", "channel", "", "now", "projected", "status", "lacking")
    for limit in limits:
        table.add_row(
            KINDS[limit["kind"]],
            limit["channel"] or "",
            *(_either(limit[name]) for name in ("limit", "measured", "projected")),
            _status(limit["status"]),
            _yuan(limit["lacking"]) if limit["lacking"] is not None else "–",
        )
    return table


def _limits(version: Json) -> list[str]:
    said = [
        f"{KINDS[name]} {version[name]}"
        for name in ("government_share_max", "hhi_max", "procurement_growth_min")
        if version[name] is not None
    ]
    for channel, minimum in version["channel_minimums"].items():
        if minimum["amount"]:
            said.append(f"{channel} ≥ {minimum['amount']['amount']} yuan")
        if minimum["share"]:
            said.append(f"{channel} ≥ {minimum['share']}")
    return said


def _warning(item: Mapping[str, Any]) -> list[Text]:
    if not item["quarantined"]:
        return []
    return [Text(quarantine_warning(item["quarantined"]), style="bold yellow")]


def _whose(item: Json) -> str:
    return item["agency"] or "the city"


def _status(status: str | None) -> Text:
    if status is None:
        return Text("not looked at yet", style="dim")
    chinese, style = STATUSES[status]
    return Text(f"{chinese} {status}", style=style)


def _either(value: Any) -> str:
    return _yuan(value) if isinstance(value, str) else _ratio(value)


def _ratio(value: float | None) -> str:
    return "none" if value is None else f"{value:.6f}"


def _amount(total: Any) -> str:
    return total if isinstance(total, str) else total["amount"]


def _yuan(amount: str) -> str:
    return f"{Decimal(amount):,.2f}"


def _pairs() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="dim")
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
