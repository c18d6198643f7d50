"""Receipts, checks, jobs and series as people read them; nothing in them is markup."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

# A draft shows nothing yet.
NOTHING_SHOWN: Final[Json] = {"donor_name": None, "amount": {"amount": None}, "issued_on": None}


def receipt_view(receipt: Json) -> RenderableType:
    shown = receipt["shown"]
    parts = [Text(f"{receipt['number'] or 'draft'}: {receipt['state']}")]
    if shown is not None:
        parts.append(Text(f"{shown['donor_name']}  {shown['amount']['amount']}"))
        parts.append(Text(shown["check_url"], style="dim"))
    if receipt["replaces"]:
        parts.append(Text(f"replaces {receipt['replaces']}"))
    if receipt["withdrawal_reason"]:
        remark = receipt["withdrawal_remark"]
        parts.append(
            Text(f"withdrawn: {receipt['withdrawal_reason']}" + (f", {remark}" if remark else ""))
        )
    parts.append(Text(f"id {receipt['receipt_id']}", style="dim"))
    return Group(*parts)


def receipts_table(receipts: Sequence[Json]) -> RenderableType:
    table = Table()
    table.add_column("number, or the draft's id", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("donor", overflow="fold")
    table.add_column("yuan", no_wrap=True, justify="right")
    table.add_column("issued", no_wrap=True)
    for receipt in receipts:
        shown: Json = receipt["shown"] or NOTHING_SHOWN
        table.add_row(
            *(
                Text("" if value is None else str(value))
                for value in (
                    receipt["number"] or receipt["receipt_id"],
                    receipt["state"],
                    shown["donor_name"],
                    shown["amount"]["amount"],
                    shown["issued_on"],
                )
            )
        )
    return table


def checked_view(checked: Json) -> RenderableType:
    parts = [Text(f"{checked['number']}: {checked['status']}")]
    if checked["agency"]:
        parts.append(Text(f"{checked['agency']} has {checked['amount']['amount']}"))
        parts.append(Text(f"of {checked['donor']}, issued on {checked['issued_on']}"))
    if checked["withdrawn_on"]:
        parts.append(Text(f"withdrawn on {checked['withdrawn_on']}", style="yellow"))
    return Group(*parts)


def job_view(job: Json) -> RenderableType:
    head = f"{job['month']}: {job['issued']} issued of {job['total']}"
    parts = [Text(head if job["state"] == "finished" else f"{head}, {job['state']}")]
    parts += [
        Text(f"without: {count} ({code})", style="yellow")
        for code, count in sorted(job["refused"].items())
    ]
    return Group(*parts, Text(f"id {job['job_id']}", style="dim"))


def series_view(series: Json) -> RenderableType:
    told = f"{series['agency']} {series['year']}: numbers 1 to {series['taken']}"
    counts = f"{series['issued']} issued, {series['withdrawn']} withdrawn"
    if series["is_whole"]:
        return Text(f"{told}, {counts}: none is missing, none is double")
    return Group(
        Text(f"{told}, {counts}", style="red"),
        Text(f"missing: {_numbers(series['missing'])}"),
        Text(f"double: {_numbers(series['double'])}"),
    )


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "none"
