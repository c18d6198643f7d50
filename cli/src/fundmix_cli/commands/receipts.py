"""`fundmix receipts`: draft, issue, withdraw, list, pdf, bulk, job, gaps, check."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID, uuid4

import typer
from fundmix_events.roles import Role
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims
from fundmix_cli.commands.acting import ROWS_MAX, By, RowsMax
from fundmix_cli.commands.asking import EXIT_REFUSED, ask, errors
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import out, show, show_list
from fundmix_cli.display.receipts import (
    checked_view,
    job_view,
    receipt_view,
    receipts_table,
    series_view,
)
from fundmix_cli.installation import DEFAULT_HOME

RECEIPTS: Final = "/v1/receipts"
TREASURER: Final = "cli-treasurer"
LOOK_AGAIN_S: Final = 0.2

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="The receipt's number, or its id.")]
AgencyCode = Annotated[str, typer.Argument(metavar="AGENCY", help="The agency's credit code.")]
Donation = Annotated[UUID, typer.Argument(metavar="DONATION", help="The donation's id.")]
BillCode = Annotated[str | None, typer.Option(help="Of the official bill.")]
BillNumber = Annotated[str | None, typer.Option(help="Of the official bill.")]
Handler = Annotated[str | None, typer.Option(metavar="NAME", help="Who signs for the agency.")]


class WithdrawalReason(StrEnum):
    WRONG = "wrong"
    REFUND = "refund"
    PURPOSE_CHANGE = "purpose_change"
    REVERSAL = "reversal"
    DONOR_REQUEST = "donor_request"


class ReceiptState(StrEnum):
    DRAFT = "draft"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


receipts = typer.Typer(
    help="Receipts of donations: from draft to withdrawal, and checking one.",
    no_args_is_help=True,
)


@receipts.command()
def draft(
    donation: Donation,
    *,
    handler: Handler = None,
    bill_code: BillCode = None,
    bill_number: BillNumber = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Draft the receipt of a donation, to be looked at before it is issued, or withdrawn.

    Exit codes: 0 drafted, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body = _drafted(donation, handler, _bill(bill_code, bill_number))

    async def send(client: ServiceClient) -> Item:
        return await _post(client, RECEIPTS, body, await _receiver_of(client, donation, by))

    show(ask(home, send), receipt_view, as_json=as_json)


@receipts.command()
def issue(
    donation: Donation,
    *,
    handler: Handler = None,
    bill_code: BillCode = None,
    bill_number: BillNumber = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Issue the receipt of a donation: its draft if there is one, else a new one.

    Exit codes: 0 issued, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    bill = _bill(bill_code, bill_number)
    body = _drafted(donation, handler, bill)

    async def send(client: ServiceClient) -> Item:
        claims = await _receiver_of(client, donation, by)
        wanted = {"donation_id": str(donation), "state": "draft"}
        page = await client.get(ServiceName.DONATIONS, RECEIPTS, claims=AUDITOR, params=wanted)
        drafted = page["items"][0] if page["items"] else await _post(client, RECEIPTS, body, claims)
        for name, asked in (("official_bill", bill), ("handler", handler)):
            if asked is not None and drafted[name] != asked:
                # What is issued shows for ever what the draft says.
                text = f"there is a draft with another {name}: withdraw it first"
                errors.print(f"{text}: fundmix receipts withdraw {drafted['receipt_id']}")
                raise typer.Exit(EXIT_REFUSED)
        return await _post(client, f"{RECEIPTS}/{drafted['receipt_id']}/issue", {}, claims)

    show(ask(home, send), receipt_view, as_json=as_json)


@receipts.command()
def withdraw(
    number: Number,
    *,
    reason: Annotated[WithdrawalReason, typer.Option(help="Why; the paper says it.")],
    remark: Annotated[
        str | None, typer.Option(help="The donor may read it; not on the paper.")
    ] = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Withdraw a receipt, or a draft. Its number stays taken.

    Exit codes: 0 withdrawn, 1 refused, 3 nothing runs.
    """

    async def send(client: ServiceClient) -> Item:
        found = await _find(client, number)
        path = f"{RECEIPTS}/{found['receipt_id']}/withdraw"
        body: Item = {"reason": reason.value, "remark": remark}
        return await _post(client, path, body, _agency(found["agency"], by))

    show(ask(home, send), receipt_view, as_json=as_json)


@receipts.command("list")
def list_receipts(
    *,
    agency: Annotated[str | None, typer.Option(metavar="CODE", help="Only this one's.")] = None,
    year: Annotated[int | None, typer.Option(min=1, max=9999, help="Issued in it.")] = None,
    state: Annotated[ReceiptState | None, typer.Option(help="Only these.")] = None,
    donation: Annotated[UUID | None, typer.Option(metavar="ID", help="Only of this one.")] = None,
    limit: RowsMax = ROWS_MAX,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List receipts and drafts; withdrawn ones, too.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {"agency": agency, "year": year, "state": state, "donation_id": donation}
    params = {name: str(value) for name, value in wanted.items() if value is not None}

    async def read(client: ServiceClient) -> list[Item]:
        items: list[Item] = []
        listed = client.list(ServiceName.DONATIONS, RECEIPTS, claims=AUDITOR, params=params)
        async for item in listed:
            items.append(item)
            if len(items) == limit:
                break
        return items

    show_list(ask(home, read), receipts_table, as_json=as_json, none="there are no receipts")


@receipts.command()
def pdf(
    number: Number,
    *,
    file: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to; it is replaced.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Write a receipt as PDF, to print or send.

    Exit codes: 0 written, 1 refused or cannot be written, 3 nothing runs.
    """

    async def read(client: ServiceClient) -> bytes:
        found = await _find(client, number)
        path = f"{RECEIPTS}/{found['receipt_id']}/pdf"
        return await client.download(ServiceName.DONATIONS, path, claims=AUDITOR)

    content = ask(home, read)
    try:
        file.write_bytes(content)
    except OSError as error:
        errors.print(f"{file}: {error.strerror}", style="red", markup=False)
        raise typer.Exit(EXIT_REFUSED) from error
    out.print(f"{file}: {len(content):,} bytes", markup=False)


@receipts.command()
def bulk(
    agency: AgencyCode,
    month: Annotated[int, typer.Argument(metavar="YYYYMM", help="In which they were received.")],
    *,
    handler: Handler = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Issue what is missing for a month, and wait for it. Interrupted, it goes on by itself.

    Exit codes: 0 all issued that can be, 1 refused, 3 nothing runs.
    """
    body: Item = {"agency": agency, "month": month, "handler": handler}

    async def send(client: ServiceClient) -> Item:
        claims = _agency(agency, by)
        ordered = await _post(client, f"{RECEIPTS}/bulk", body, claims)
        path = f"/v1/jobs/{ordered['job_id']}"
        return await _followed(
            lambda: client.get(ServiceName.DONATIONS, path, claims=claims), ordered
        )

    show(ask(home, send), job_view, as_json=as_json)


@receipts.command()
def job(
    job_id: Annotated[UUID, typer.Argument(metavar="JOB", help="Its id, as bulk --json has it.")],
    *,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Tell how far a bulk issue is, and what it has left out.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.DONATIONS, f"/v1/jobs/{job_id}", claims=AUDITOR)

    show(ask(home, read), job_view, as_json=as_json)


@receipts.command()
def check(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="On the paper.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The check code beside it.")],
    *,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Tell whether a paper is of a receipt that stands, as its QR code tells everybody.

    Exit codes: 0 valid, 1 withdrawn, unknown, or refused, 3 nothing runs.
    """
    path = f"/v1/public/receipts/{quote(number, safe='')}"

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.DONATIONS, path, claims=AUDITOR, params={"c": code})

    found = ask(home, read)
    show(found, checked_view, as_json=as_json)
    if found["status"] != "valid":
        raise typer.Exit(EXIT_REFUSED)


@receipts.command()
def gaps(
    agency: AgencyCode,
    year: Annotated[int, typer.Argument(metavar="YEAR", min=1, max=9999, help="Of issue.")],
    *,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Tell whether the numbers of a year are all there, and each once.

    Exit codes: 0 they are, 1 they are not, or refused, 3 nothing runs.
    """
    params = {"agency": agency, "year": str(year)}
    path = f"{RECEIPTS}/gaps"

    async def read(client: ServiceClient) -> Item:
        return await client.get(ServiceName.DONATIONS, path, claims=AUDITOR, params=params)

    found = ask(home, read)
    show(found, series_view, as_json=as_json)
    if not found["is_whole"]:
        raise typer.Exit(EXIT_REFUSED)


async def _followed(look: Callable[[], Awaitable[Item]], job: Item) -> Item:
    """The job when it is finished; on the way its progress is shown to a person."""
    columns = (TextColumn("receipts"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("receipts", total=None)
        while job["state"] != "finished":
            await asyncio.sleep(LOOK_AGAIN_S)
            job = await look()
            progress.update(task, completed=job["done"], total=job["total"])
    return job


def _bill(code: str | None, number: str | None) -> Item | None:
    """Raises typer.BadParameter."""
    if (code is None) != (number is None):
        raise typer.BadParameter("an official bill has a code and a number")
    return None if code is None else {"code": code, "number": number}


def _drafted(donation: UUID, handler: str | None, bill: Item | None) -> Item:
    return {"donation_id": str(donation), "handler": handler, "official_bill": bill}


async def _receiver_of(client: ServiceClient, donation: UUID, by: str) -> Claims:
    path = f"/v1/donations/{donation}"
    given = await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)
    return _agency(given["agency"], by)


async def _find(client: ServiceClient, number: str) -> Item:
    """The receipt with that number or id; exits where there is none."""
    try:
        path = f"{RECEIPTS}/{UUID(number)}"
    except ValueError:
        page = await client.get(
            ServiceName.DONATIONS, RECEIPTS, claims=AUDITOR, params={"number": number}
        )
        if not page["items"]:
            errors.print(f"there is no receipt {number}", style="red", markup=False)
            raise typer.Exit(EXIT_REFUSED) from None
        return page["items"][0]
    return await client.get(ServiceName.DONATIONS, path, claims=AUDITOR)


async def _post(client: ServiceClient, path: str, body: Item, claims: Claims) -> Item:
    answer = await client.post(
        ServiceName.DONATIONS, path, claims=claims, body=body, key=str(uuid4())
    )
    return answer.body


def _agency(code: str, by: str) -> Claims:
    return Claims(role=Role.AGENCY, org=code, subject=by)
