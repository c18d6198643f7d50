"""Pledges, announcements, donations and what becomes of them, as people read them; no markup."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]


def pledge_view(pledge: Json) -> RenderableType:
    parts = [
        Text(
            f"pledge {pledge['reference']}: {pledge['state']}, {yuan(pledge['outstanding'])} of"
            f" {yuan(pledge['amount'])} outstanding"
        )
    ]
    if pledge["overdue"]["amount"] != "0.00":
        parts.append(Text(f"overdue: {yuan(pledge['overdue'])}", style="yellow"))
    if pledge["next_due_on"]:
        parts.append(Text(f"next due on {pledge['next_due_on']}"))
    return Group(*parts, _id(pledge["pledge_id"]))


def pledges_table(pledges: Sequence[Json]) -> RenderableType:
    return _table(
        ("reference", "state", "amount*", "outstanding*", "overdue*", "next due", "id"),
        (
            (
                p["reference"],
                p["state"],
                yuan(p["amount"]),
                yuan(p["outstanding"]),
                yuan(p["overdue"]),
                p["next_due_on"],
                p["pledge_id"],
            )
            for p in pledges
        ),
    )


def announcement_view(announcement: Json) -> RenderableType:
    head = Text(f"announced {announcement['reference']}: {yuan(announcement['amount'])}")
    return Group(head, _lines([announcement]), _id(announcement["announcement_id"]))


def announcements_table(announcements: Sequence[Json]) -> RenderableType:
    return _lines(announcements)


def donation_view(donation: Json) -> RenderableType:
    parts = [
        Text(
            f"donation {donation['reference']}: {yuan(donation['amount'])} {donation['kind']} on"
            f" {donation['received_on']}"
        )
    ]
    if donation["refunded"]["amount"] != "0.00":
        parts.append(Text(f"gone back: {yuan(donation['refunded'])}"))
    if donation["reversed_on"]:
        parts.append(
            Text(f"undone on {donation['reversed_on']}: {donation['reversal_reason']}", "yellow")
        )
    return Group(*parts, _id(donation["donation_id"]))


def deposit_view(deposit: Json) -> RenderableType:
    head = Text(f"deposit of {yuan(deposit['amount'])}")
    return Group(head, donations_table(deposit["donations"]), _id(deposit["deposit_id"]))


def donations_table(donations: Sequence[Json]) -> RenderableType:
    return _table(
        ("reference", "kind", "amount*", "gone back*", "received", "for", "state", "id"),
        (
            (
                d["reference"],
                d["kind"],
                yuan(d["amount"]),
                yuan(d["refunded"]),
                d["received_on"],
                d["restricted_to"],
                "undone" if d["reversed_on"] else None,
                d["donation_id"],
            )
            for d in donations
        ),
    )


def refund_view(refund: Json) -> RenderableType:
    told = f"refund {refund['reference']}: {yuan(refund['amount'])}, {refund['state']}"
    since = f" since {refund['held_on']}" if refund["state"] == "held" else ""
    return Group(Text(told + since), _id(refund["refund_id"]))


def refunds_table(refunds: Sequence[Json]) -> RenderableType:
    return _table(
        ("reference", "state", "amount*", "reason", "since", "paid", "id"),
        (
            (
                r["reference"],
                r["state"],
                yuan(r["amount"]),
                r["reason"],
                r["held_on"],
                r["refunded_on"],
                r["refund_id"],
            )
            for r in refunds
        ),
    )


def change_view(change: Json) -> RenderableType:
    old, new = (change[name] or "anything" for name in ("restricted_to", "new_restricted_to"))
    told = f"{yuan(change['amount'])} for {new} instead of {old}, from {change['changed_on']} on"
    return Group(Text(told), _id(change["change_id"]))


def changes_table(changes: Sequence[Json]) -> RenderableType:
    return _table(
        ("reference", "amount*", "instead of", "for", "why", "from", "id"),
        (
            (
                c["reference"],
                yuan(c["amount"]),
                c["restricted_to"] or "anything",
                c["new_restricted_to"] or "anything",
                c["basis"],
                c["changed_on"],
                c["change_id"],
            )
            for c in changes
        ),
    )


def gifts_table(gifts: Sequence[Json]) -> RenderableType:
    table = _table(
        ("value date", "document", "fund", "given*", "moved*", "gone back*", "used*", "left*"),
        (
            (
                g["value_on"],
                g["document"],
                _fund(g),
                yuan(g["given"]),
                yuan(g["moved"]),
                yuan(g["refunded"]),
                _used(g),
                yuan(g["left"]),
            )
            for g in gifts
        ),
    )
    return Group(table, *_pooled_note(gifts))


def statement_view(statement: Json) -> RenderableType:
    given = _table(
        ("agency", "kind", "donations*", "amount*", "gone back*", "receipts*"),
        (
            (
                g["agency"],
                g["kind"],
                g["donations"],
                yuan(g["amount"]),
                yuan(g["refunded"]),
                g["receipts"],
            )
            for g in statement["given"]
        ),
    )
    funds = _table(
        ("agency", "fund", "before*", "given*", "moved*", "gone back*", "used*", "left*"),
        (
            (
                f["agency"],
                _fund(f),
                yuan(f["left_before"]),
                yuan(f["given"]),
                yuan(f["moved"]),
                yuan(f["refunded"]),
                _used(f),
                yuan(f["left"]),
            )
            for f in statement["funds"]
        ),
    )
    return Group(
        Text(f"{statement['donor']} in {statement['year']}: what was given"),
        given,
        Text("what became of the money"),
        funds,
        *_pooled_note(statement["funds"]),
    )


def todo_table(items: Sequence[Json]) -> RenderableType:
    return _table(
        ("do", "what", "reference", "amount*", "since", "due", "id"),
        (
            (
                i["action"],
                i["subject"],
                i["reference"],
                yuan(i["amount"]),
                i["since"],
                i["due_on"],
                i["id"],
            )
            for i in items
        ),
    )


def yuan(money: Json) -> str:
    return money["amount"]


def _fund(moves: Json) -> str:
    return moves["fund_code"] + (" (pooled)" if moves["is_pooled"] else "")


def _pooled_note(moves: Sequence[Json]) -> list[Text]:
    if not any(m["is_pooled"] for m in moves):
        return []
    return [Text("pooled: with money of others; its use is split by oldest money first", "dim")]


def _used(moves: Json) -> str:
    """By kind of expense, where there is any."""
    used: dict[str, Json] = moves["used"]
    named = (f"{code.rpartition(':')[2]} {yuan(amount)}" for code, amount in used.items())
    return ", ".join(named) or "0.00"


def _lines(announcements: Sequence[Json]) -> RenderableType:
    return _table(
        ("reference", "line*", "agency", "amount*", "for", "state", "announcement"),
        (
            (
                a["reference"],
                line["number"],
                line["agency"],
                yuan(line["amount"]),
                line["restricted_to"],
                line["state"],
                a["announcement_id"],
            )
            for a in announcements
            for line in a["lines"]
        ),
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> RenderableType:
    """A star marks what is set to the right."""
    table = Table()
    for column in columns:
        is_number = column.endswith("*")
        table.add_column(
            column.rstrip("*"), justify="right" if is_number else "left", overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row))
    return table


def _id(value: str) -> Text:
    return Text(f"id {value}", style="dim")
