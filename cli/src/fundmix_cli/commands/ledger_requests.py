"""`fundmix ledger` spend, income, record, reverse, close, decide, import: what two persons do."""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final
from uuid import uuid4

import typer
from fundmix_events.channel import Channel
from fundmix_events.roles import Role

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceClient, ServiceName
from fundmix_cli.calling.staff import AUDITOR
from fundmix_cli.claims import Claims
from fundmix_cli.commands.acting import By, Day, JsonFile, Reason, day_of, money, read_json
from fundmix_cli.commands.asking import ask
from fundmix_cli.commands.ledger import AgencyCode, person_of, read_list
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.ledger_requests import (
    batch_view,
    import_view,
    request_view,
    requests_table,
    todo_table,
)
from fundmix_cli.installation import DEFAULT_HOME

PREPARER: Final = "cli-accountant"
REVIEWER: Final = "cli-reviewer"
OFFICER: Final = "cli-officer"
DECEMBER: Final = 12

Reference = Annotated[str, typer.Option(metavar="TEXT", help="The agency's own number for it.")]
Amount = Annotated[str, typer.Option(metavar="YUAN", help="Like 1200.00.")]
Fund = Annotated[str, typer.Option(help="general, contract:NUMBER or purpose:NAME.")]
Memo = Annotated[str | None, typer.Option(help="A remark.")]
DocumentFile = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="What proves it; only its SHA-256 is sent.",
    ),
]
DocumentHash = Annotated[
    str | None,
    typer.Option("--document-sha256", metavar="HEX", help="The same, where it is known."),
]
BatchId = Annotated[str, typer.Argument(metavar="BATCH", help="As the import told it.")]
RequestId = Annotated[str, typer.Argument(metavar="ID", help="The request.")]


class Use(StrEnum):
    PROGRAMME = "programme"
    MANAGEMENT = "management"
    FUNDRAISING = "fundraising"
    OTHER = "other"


class Earned(StrEnum):
    SERVICE = "service"
    SUBSIDY = "subsidy"
    DUES = "dues"
    SALES = "sales"
    INVESTMENT = "investment"
    OTHER = "other"


class Recorded(StrEnum):
    MANUAL_ENTRY = "manual-entry"
    OPENING_BALANCE = "opening-balance"


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    WITHDRAW = "withdraw"


ledger_requests = typer.Typer()


@ledger_requests.command()
def spend(
    agency: AgencyCode,
    *,
    reference: Reference,
    fund: Fund = "general",
    use: Use = Use.PROGRAMME,
    spent_on: Day,
    amount: Amount,
    memo: Memo = None,
    document: DocumentFile = None,
    document_sha256: DocumentHash = None,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Prepare the use of a fund; another person approves it.

    Exit codes: 0 prepared, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "agency": agency,
        "reference": reference,
        "fund_code": fund,
        "code": f"expenses:{use}",
        "spent_on": day_of(spent_on),
        "amount": money(amount),
        "memo": memo,
        "document_sha256": _sha256(document, document_sha256),
    }
    show(
        _post(home, "/v1/expenditures", body, person_of(agency, by)), request_view, as_json=as_json
    )


@ledger_requests.command()
def income(
    agency: AgencyCode,
    *,
    reference: Reference,
    fund: Fund = "general",
    channel: Annotated[Channel, typer.Option(help="Where it comes from.")],
    code: Annotated[Earned, typer.Option(help="How it is booked.")],
    received_on: Day,
    amount: Amount,
    payer: Annotated[
        str | None, typer.Option(metavar="CODE", help="The organisation that paid it.")
    ] = None,
    memo: Memo = None,
    document: DocumentFile = None,
    document_sha256: DocumentHash = None,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Prepare income that no other service records: a subsidy, fees, dues, interest.

    Exit codes: 0 prepared, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "agency": agency,
        "reference": reference,
        "fund_code": fund,
        "channel": channel.value,
        "code": f"income:{code}",
        "received_on": day_of(received_on),
        "amount": money(amount),
        "payer": payer,
        "memo": memo,
        "document_sha256": _sha256(document, document_sha256),
    }
    show(_post(home, "/v1/income", body, person_of(agency, by)), request_view, as_json=as_json)


@ledger_requests.command()
def record(
    kind: Annotated[Recorded, typer.Argument(help="What it is.")],
    file: JsonFile,
    *,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Prepare an entry leg by leg, or an opening balance, as the API takes it.

    Exit codes: 0 prepared, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    path = "/v1/manual-entries" if kind is Recorded.MANUAL_ENTRY else "/v1/opening-balances"
    body = read_json(file)
    claims = person_of(str(body.get("agency", "")), by)
    show(_post(home, path, body, claims), request_view, as_json=as_json)


@ledger_requests.command()
def reverse(
    agency: AgencyCode,
    seq: Annotated[int, typer.Argument(metavar="SEQ", min=1, help="The entry's place.")],
    *,
    reference: Reference,
    reason: Reason,
    memo: Memo = None,
    document: DocumentFile = None,
    document_sha256: DocumentHash = None,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Prepare the mirror of an entry that was wrong.

    Exit codes: 0 prepared, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "agency": agency,
        "reference": reference,
        "seq": seq,
        "reason": reason,
        "memo": memo,
        "document_sha256": _sha256(document, document_sha256),
    }
    show(_post(home, "/v1/reversals", body, person_of(agency, by)), request_view, as_json=as_json)


@ledger_requests.command()
def close(
    through: Annotated[
        int | None, typer.Argument(metavar="YYYYMM", help="The last month.", show_default=False)
    ] = None,
    *,
    year: Annotated[
        int | None, typer.Option(min=1950, max=2199, help="Through December of this year.")
    ] = None,
    by: By = OFFICER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Prepare the close of the books to the end of a month or year; another officer approves it.

    Exit codes: 0 prepared, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    if (through is None) == (year is None):
        raise typer.BadParameter("give the last month, or a --year")
    last = through if year is None else year * 100 + DECEMBER
    claims = Claims(role=Role.ADMIN, subject=by)
    found = _post(home, "/v1/closes", {"through": last}, claims)
    show(found, request_view, as_json=as_json)


@ledger_requests.command()
def decide(
    decision: Annotated[Decision, typer.Argument(help="What is decided.")],
    request_id: RequestId,
    *,
    reason: Annotated[str | None, typer.Option(help="Of a rejection; it is kept.")] = None,
    by: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who acts; it is kept.")
    ] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Approve, reject or withdraw a request. Who prepared it may only withdraw it.

    Exit codes: 0 decided, 1 refused, 3 nothing runs.
    """

    async def send(client: ServiceClient) -> Item:
        path = f"/v1/requests/{request_id}"
        found = await client.get(ServiceName.LEDGER, path, claims=AUDITOR)
        usual = found["prepared_by"] if decision is Decision.WITHDRAW else REVIEWER
        if found["kind"] == "close":
            path = f"/v1/closes/{request_id}"
            claims = Claims(role=Role.ADMIN, subject=by or usual)
        else:
            claims = person_of(found["agency"], by or usual)
        body = {"reason": reason or ""} if decision is Decision.REJECT else {}
        answer = await client.post(
            ServiceName.LEDGER, f"{path}/{decision}", claims=claims, body=body, key=str(uuid4())
        )
        return answer.body

    show(ask(home, send), request_view, as_json=as_json)


@ledger_requests.command()
def requests(
    *,
    agency: Annotated[str | None, typer.Option(metavar="CODE", help="Only this one's.")] = None,
    kind: Annotated[str | None, typer.Option(help="expenditure, income, close, ...")] = None,
    state: Annotated[str | None, typer.Option(help="prepared, approved, rejected, ...")] = None,
    reference: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of this number of the agency.")
    ] = None,
    fund: Annotated[str | None, typer.Option(help="Only of this fund.")] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="ID", help="Only of this imported batch.")
    ] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what was asked for, and where its entry stands.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    wanted = {
        "agency": agency,
        "kind": kind,
        "state": state,
        "reference": reference,
        "fund_code": fund,
        "batch_id": batch,
    }
    items = read_list(home, "/v1/requests", wanted)
    show_list(items, requests_table, as_json=as_json, none="nothing was asked for")


@ledger_requests.command()
def todo(
    agency: Annotated[
        str | None,
        typer.Argument(metavar="AGENCY", help="The agency's credit code.", show_default=False),
    ] = None,
    *,
    by: By = REVIEWER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what others have prepared and this person may decide: of an agency, else closes.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    officer = Claims(role=Role.FINANCE_OFFICER, subject=by)
    claims = officer if agency is None else person_of(agency, by)
    items = read_list(home, "/v1/todo", {}, claims=claims)
    show_list(items, todo_table, as_json=as_json, none="nothing waits")


@ledger_requests.command("import")
def import_journal(
    agency: AgencyCode,
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False)],
    *,
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell.")] = False,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Prepare the expenses of an accounting journal (CSV or XLSX) as one batch.

    Exit codes: 0 prepared or told, 1 refused, 3 nothing runs.
    """
    params = {"agency": agency, "dry_run": str(is_dry_run).lower()}

    async def send(client: ServiceClient) -> Item:
        answer = await client.upload(
            ServiceName.LEDGER,
            "/v1/imports",
            claims=person_of(agency, by),
            content=file.read_bytes(),
            params=params,
        )
        return answer.body

    show(ask(home, send), import_view, as_json=as_json)


@ledger_requests.command()
def approve_batch(
    agency: AgencyCode,
    batch_id: BatchId,
    *,
    by: By = REVIEWER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Approve all that waits of an imported batch, or nothing of it.

    Exit codes: 0 approved, 1 refused, 3 nothing runs.
    """
    path = f"/v1/batches/{batch_id}/approve"
    found = _post(home, path, {}, person_of(agency, by))
    show(found, batch_view, as_json=as_json)


@ledger_requests.command()
def reject_batch(
    agency: AgencyCode,
    batch_id: BatchId,
    *,
    reason: Reason,
    by: By = REVIEWER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Reject all that waits of an imported batch.

    Exit codes: 0 rejected, 1 refused, 3 nothing runs.
    """
    path = f"/v1/batches/{batch_id}/reject"
    found = _post(home, path, {"reason": reason}, _agency(agency, by))
    show(found, batch_view, as_json=as_json)


@ledger_requests.command()
def withdraw_batch(
    agency: AgencyCode,
    batch_id: BatchId,
    *,
    by: By = PREPARER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Withdraw all that waits of an imported batch; only who prepared it can.

    Exit codes: 0 withdrawn, 1 refused, 3 nothing runs.
    """
    path = f"/v1/batches/{batch_id}/withdraw"
    found = _post(home, path, {}, _agency(agency, by))
    show(found, batch_view, as_json=as_json)


def _agency(code: str, by: str) -> Claims:
    return Claims(role=Role.AGENCY, org=code, subject=by)


def _post(home: Path, path: str, body: Item, claims: Claims) -> Item:
    async def send(client: ServiceClient) -> Item:
        answer = await client.post(
            ServiceName.LEDGER, path, claims=claims, body=body, key=str(uuid4())
        )
        return answer.body

    return ask(home, send)


def _sha256(document: Path | None, known: str | None) -> str | None:
    """Raises typer.BadParameter where both are given."""
    if document is None:
        return known
    if known is not None:
        raise typer.BadParameter("give the document or its SHA-256")
    return hashlib.sha256(document.read_bytes()).hexdigest()
