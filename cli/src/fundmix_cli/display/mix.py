"""A funding mix as a table with a bar per channel, and in one plain sentence."""

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from fundmix_events.channel import Channel
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

BAR_WIDTH: Final = 28
CHINESE: Final = {
    Channel.GOVERNMENT: "财政",
    Channel.ENTERPRISE: "企业",
    Channel.FOUNDATION: "基金会",
    Channel.UNIVERSITY: "高校",
    Channel.INDIVIDUAL: "个人",
    Channel.OWN: "自有",
    Channel.OTHER: "其他",
}
STYLES: Final = {
    Channel.GOVERNMENT: "red",
    Channel.ENTERPRISE: "blue",
    Channel.FOUNDATION: "green",
    Channel.UNIVERSITY: "magenta",
    Channel.INDIVIDUAL: "yellow",
}
TENTH: Final = Decimal("0.1")
TOOK_BACK_MORE: Final = (
    "A channel that took back more than it gave is in no share and not in the total; so the"
    " agencies' totals may come to more than the city's."
)


def mix_view(mix: Json) -> RenderableType:
    whose = mix["agency"] or "the city"
    counted = [f"on {mix['on']}"] if mix["on"] else []
    counted += [f"as known on {mix['as_of']}"] if mix["as_of"] else []
    counted += ["as booked"] if mix["basis"] == "official" else []
    name = f"{mix['year']} 资金结构 · funding mix of {whose}"
    title = Text(", ".join([name, *counted]), style="bold")
    parts = [title, _channels(mix), Text(_measures(mix), style="dim"), *headline(mix)]
    if any(Decimal(amount) < 0 for amount in mix["received_by_channel"].values()):
        parts.append(Text(TOOK_BACK_MORE, style="yellow"))
    if mix["quarantined"]:
        parts.append(Text(quarantine_warning(mix["quarantined"]), style="bold yellow"))
    return Group(*parts)


def headline(mix: Json) -> tuple[Text, Text]:
    """In both languages. No income is no share, which is not the same as a share of 0."""
    if mix["government_share"] is None:
        return Text(f"{mix['year']}年没有收入"), Text(f"No income in {mix['year']}")
    share = percent(Decimal(str(mix["government_share"])))
    return (
        Text(f"每100元收入{share}元来自财政", style="bold"),
        Text(f"Of every 100 yuan received, {share} came from government"),
    )


def percent(share: Decimal) -> str:
    """With one place, half to even; only all of it is shown as 100, and only nothing as 0."""
    shown = (share * 100).quantize(TENTH, ROUND_HALF_EVEN)
    if 0 < share < 1:
        shown = min(max(shown, TENTH), 100 - TENTH)
    return str(shown).removesuffix(".0")


def quarantine_warning(events: int) -> str:
    counted = "1 event is" if events == 1 else f"{events} events are"
    return f"{counted} in quarantine and not in these figures: see fundmix quarantine list"


def _channels(mix: Json) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1))
    table.add_column("channel")
    table.add_column("渠道")
    table.add_column("yuan", justify="right")
    table.add_column("%", justify="right")
    table.add_column("", width=BAR_WIDTH)
    total = Decimal(mix["received_total"])
    amounts = {Channel(name): Decimal(text) for name, text in mix["received_by_channel"].items()}
    for channel, amount in sorted(amounts.items(), key=lambda item: -item[1]):
        # What took back more than it gave is in no share, and not in the total.
        share = amount / total if amount > 0 else Decimal(0)
        table.add_row(
            channel.value,
            CHINESE[channel],
            f"{amount:,.2f}",
            f"{share * 100:.2f}" if amount >= 0 else "-",
            Bar(1.0, 0.0, float(share), width=BAR_WIDTH, color=STYLES.get(channel, "cyan")),
        )
    table.add_row("total", "合计", f"{total:,.2f}", style="bold")
    table.add_row("in kind", "实物", f"{Decimal(mix['in_kind_total']):,.2f}", style="dim")
    return table


def _measures(mix: Json) -> str:
    def shown(name: str) -> str:
        return "none" if mix[name] is None else f"{mix[name]:.6f}"

    return (
        f"government share {shown('government_share')} · HHI {shown('hhi')} · "
        f"effective sources {shown('effective_sources')} · channels {mix['n']}"
    )
