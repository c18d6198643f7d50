"""`fundmix donations`: what goes back, is kept for something else, or was never there."""

import hashlib
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer
from fundmix_events.donations import PurposeChangeBasis, RefundReason

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.calling.client import ServiceName
from fundmix_cli.commands.acting import By, Day, Reason, day_of, money
from fundmix_cli.commands.donations_asking import (
    TREASURER,
    importer,
    its_agency,
    listed,
    posted,
    posted_about,
    posted_for,
    read_one,
)
from fundmix_cli.commands.donations_options import (
    Amount,
    DonationId,
    OfDonation,
    Reference,
    Remark,
)
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.donations import (
    change_view,
    changes_table,
    donation_view,
    gifts_table,
    refund_view,
    refunds_table,
    statement_view,
)
from fundmix_cli.installation import DEFAULT_HOME

REFUNDS: Final = "/v1/refunds"
CHANGES: Final = "/v1/purpose-changes"

RefundId = Annotated[UUID, typer.Argument(metavar="REFUND", help="The refund's id.")]
LotId = Annotated[
    UUID | None,
    typer.Option("--lot", help="Which of its lots, where a part is kept for something else."),
]

giving_back = typer.Typer()


@giving_back.command()
def refund(
    donation: DonationId,
    *,
    reference: Reference,
    amount: Amount,
    reason: Annotated[RefundReason, typer.Option(help="Why it goes back.")],
    lot: LotId = None,
    remark: Remark = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Set aside, in the ledger, what is to go back to a donor.

    Exit codes: 0 set aside, 1 refused, 3 nothing runs.
    """
    body: Item = {
        "reference": reference,
        "donation_id": str(donation),
        "lot_id": None if lot is None else str(lot),
        "amount": money(amount),
        "reason": reason,
        "remark": remark,
    }
    answer = posted_for(home, str(donation), REFUNDS, body, by=by)
    show(answer, refund_view, as_json=as_json)


@giving_back.command()
def pay_refund(
    refund_id: RefundId,
    *,
    refunded_on: Day,
    bank_reference: Annotated[str | None, typer.Option(help="None of goods.")] = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Record that a refund has left the agency.

    Exit codes: 0 recorded, 1 refused, 3 nothing runs.
    """
    body: Item = {"refunded_on": day_of(refunded_on), "bank_reference": bank_reference}
    answer = posted_about(home, f"{REFUNDS}/{refund_id}", "pay", body, who=its_agency(by))
    show(answer, refund_view, as_json=as_json)


@giving_back.command()
def cancel_refund(
    refund_id: RefundId,
    *,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Keep the money after all: the ledger gives back what it held.

    Exit codes: 0 cancelled, 1 refused, 3 nothing runs.
    """
    answer = posted_about(home, f"{REFUNDS}/{refund_id}", "cancel", None, who=its_agency(by))
    show(answer, refund_view, as_json=as_json)


@giving_back.command()
def refunds(
    *,
    donation: OfDonation = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List refunds: held, paid, cancelled.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    rows = listed(home, REFUNDS, {"donation_id": donation})
    show_list(rows, refunds_table, as_json=as_json, none="there are no refunds")


@giving_back.command()
def change_purpose(
    donation: DonationId,
    *,
    reference: Reference,
    amount: Amount,
    to: Annotated[str | None, typer.Option(metavar="TEXT", help="Left out: for anything.")] = None,
    basis: Annotated[PurposeChangeBasis, typer.Option(help="Why it may be.")] = (
        PurposeChangeBasis.DONOR_CONSENT
    ),
    consented_on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The day of the donor's consent.")
    ] = None,
    finished_on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Left over since the project ended.")
    ] = None,
    published_on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="For a similar purpose: in public.")
    ] = None,
    document: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="The consent; its hash is kept.")
    ],
    changed_on: Day,
    lot: LotId = None,
    remark: Remark = None,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Keep what is left of a donation for something else from a day on.

    Exit codes: 0 changed, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "reference": reference,
        "donation_id": str(donation),
        "lot_id": None if lot is None else str(lot),
        "amount": money(amount),
        "new_restricted_to": to,
        "basis": basis,
        "consented_on": consented_on,
        "finished_on": finished_on,
        "published_on": published_on,
        "document_sha256": hashlib.sha256(document.read_bytes()).hexdigest(),
        "changed_on": day_of(changed_on),
        "remark": remark,
    }
    answer = posted_for(home, str(donation), CHANGES, body, by=by)
    show(answer, change_view, as_json=as_json)


@giving_back.command()
def purpose_changes(
    *,
    donation: OfDonation = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List what is kept for something else than it was given for.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    rows = listed(home, CHANGES, {"donation_id": donation})
    show_list(rows, changes_table, as_json=as_json, none="no purpose was changed")


@giving_back.command()
def reverse(
    donation: DonationId,
    *,
    reason: Reason,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Undo a donation that was recorded in error, while nothing of it is used.

    Exit codes: 0 undone, 1 refused, 3 nothing runs.
    """
    answer = posted_about(
        home, f"/v1/donations/{donation}", "reverse", {"reason": reason}, who=its_agency(by)
    )
    show(answer, donation_view, as_json=as_json)


@giving_back.command()
def gifts(
    donor: Annotated[str, typer.Argument(metavar="DONOR", help="The donor's credit code.")],
    *,
    year: Annotated[int | None, typer.Option(min=1950, max=2199)] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Follow a donor's gifts to their use, and to what is left of them.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """
    query = {"donor": donor, "year": year}
    rows = listed(home, "/v1/gifts", query, service=ServiceName.LEDGER)
    show_list(rows, gifts_table, as_json=as_json, none="the ledger knows no gifts of that donor")


@giving_back.command()
def statement(
    donor: Annotated[str, typer.Argument(metavar="DONOR", help="The donor's credit code.")],
    year: Annotated[int, typer.Argument(min=1950, max=2199, metavar="YEAR")],
    *,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """State what a donor gave in a year, and what became of its money.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """
    answer = read_one(home, "/v1/statements", {"donor": donor, "year": year})
    show(answer, statement_view, as_json=as_json)


@giving_back.command()
def reverse_import(
    batch: Annotated[UUID, typer.Argument(metavar="BATCH", help="The import's id.")],
    agency_code: Annotated[
        str | None, typer.Option("--agency", metavar="CODE", help="As this one; else as the city.")
    ] = None,
    *,
    reason: Reason,
    by: By = TREASURER,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Undo all that stands of an import, or nothing; its receipts are withdrawn.

    Exit codes: 0 undone, 1 refused, 3 nothing runs.
    """
    claims = importer(agency_code, by)
    answer = posted(home, f"/v1/donation-imports/{batch}/reverse", {"reason": reason}, claims)
    show(
        answer,
        lambda item: f"{item['donations']} donations and {item['pledges']} pledges undone",
        as_json=as_json,
    )
