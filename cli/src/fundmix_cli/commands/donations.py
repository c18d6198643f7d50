"""`fundmix donations`: from pledge to receipt of the money, by donors and agencies."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final, cast
from uuid import UUID

import typer
from fundmix_events.donations import CancellationReason, DonationKind, DonorKind

from fundmix_cli.calling.client import Json as Item
from fundmix_cli.commands.acting import Day, JsonFile, day_of, money, read_json
from fundmix_cli.commands.donations_asking import (
    agency,
    giver,
    its_agency,
    its_giver,
    listed,
    posted,
    posted_about,
    receiver,
)
from fundmix_cli.commands.donations_options import (
    AgencyCode,
    Amount,
    Announced,
    Anonymous,
    AsDonor,
    BankReference,
    Because,
    By,
    DonorCode,
    Kind,
    OfAgency,
    Purpose,
    Reference,
    Remark,
)
from fundmix_cli.commands.options import Home, Json
from fundmix_cli.commands.showing import show, show_list
from fundmix_cli.display.donations import (
    announcement_view,
    announcements_table,
    donations_table,
    pledge_view,
    pledges_table,
    todo_table,
)
from fundmix_cli.installation import DEFAULT_HOME

PLEDGES: Final = "/v1/pledges"
ANNOUNCEMENTS: Final = "/v1/announcements"


class PledgeState(StrEnum):
    PROMISED = "promised"
    PART_RECEIVED = "part_received"
    RECEIVED = "received"
    CANCELLED = "cancelled"
    OVERDUE = "overdue"


class Rejection(StrEnum):
    NOT_RECEIVED = "not_received"
    OTHER_AMOUNT = "other_amount"
    OTHER_DONOR = "other_donor"
    NOT_ACCEPTED = "not_accepted"
    DUPLICATE = "duplicate"


donations = typer.Typer(
    help="Donations: from pledge to refund, and their open data.", no_args_is_help=True
)


@donations.command()
def pledge(
    agency_code: AgencyCode,
    *,
    donor: DonorCode = None,
    donor_kind: Kind = DonorKind.ENTERPRISE,
    reference: Reference,
    kind: Annotated[DonationKind, typer.Option(help="Goods and time at their worth.")] = (
        DonationKind.CASH
    ),
    amount: Amount,
    pledged_on: Day,
    purpose: Purpose = None,
    part: Annotated[
        list[str] | None,
        typer.Option(metavar="DAY=YUAN", help="A part of its schedule; say it for each."),
    ] = None,
    is_anonymous: Anonymous = False,
    is_donor: AsDonor = False,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Record a promise, with the days by which its parts are to come.

    Exit codes: 0 recorded, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "reference": reference,
        "donor": {"kind": donor_kind, "code": donor},
        "agency": agency_code,
        "kind": kind,
        "amount": money(amount),
        "restricted_to": purpose,
        "pledged_on": day_of(pledged_on),
        "is_anonymous": is_anonymous,
        "schedule": [_part(text) for text in part or ()],
    }
    claims = giver(donor, by) if is_donor else agency(agency_code, by)
    answer = posted(home, PLEDGES, body, claims)
    show(answer, pledge_view, as_json=as_json)


@donations.command()
def cancel_pledge(
    pledge_id: Annotated[UUID, typer.Argument(metavar="PLEDGE", help="The pledge's id.")],
    *,
    reason: Annotated[CancellationReason, typer.Option(help="Why no more will come.")],
    remark: Remark = None,
    is_donor: AsDonor = False,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say that what was still to come of a pledge will not come.

    Exit codes: 0 cancelled, 1 refused, 3 nothing runs.
    """
    body: Item = {"reason": reason, "remark": remark}
    who = its_giver(by) if is_donor else its_agency(by)
    answer = posted_about(home, f"{PLEDGES}/{pledge_id}", "cancel", body, who=who)
    show(answer, pledge_view, as_json=as_json)


@donations.command()
def pledges(
    *,
    agency_code: OfAgency = None,
    state: Annotated[PledgeState | None, typer.Option(help="As of today.")] = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List pledges, with what is outstanding and overdue.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    rows = listed(home, PLEDGES, {"agency": agency_code, "state": state})
    show_list(rows, pledges_table, as_json=as_json, none="there are no pledges")


@donations.command()
def announce(
    file: JsonFile,
    *,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Announce what a donor has given, as a file says it: a body of POST /v1/announcements.

    Exit codes: 0 announced, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body = read_json(file)
    donor = body.get("donor")
    # What is not a donor at all is for the service to refuse.
    code = cast("Item", donor).get("code") if isinstance(donor, dict) else None
    show(posted(home, ANNOUNCEMENTS, body, giver(code, by)), announcement_view, as_json=as_json)


@donations.command("announcements")
def list_announcements(*, as_json: Json = False, home: Home = DEFAULT_HOME) -> None:
    """List what donors say they have given, line by line.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    rows = listed(home, ANNOUNCEMENTS, {})
    show_list(rows, announcements_table, as_json=as_json, none="nothing is announced")


@donations.command()
def confirm(
    announcement: Announced,
    agency_code: AgencyCode,
    *,
    line: Annotated[
        list[str],
        typer.Option(metavar="NUMBER=REFERENCE", help="A line, and its donation's number."),
    ],
    received_on: Day,
    bank_reference: BankReference = None,
    because: Because = None,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Confirm that lines of an announcement have arrived: each becomes a donation.

    Exit codes: 0 confirmed, 1 refused, 2 wrong usage, 3 nothing runs.
    """
    body: Item = {
        "agency": agency_code,
        "received_on": day_of(received_on),
        "bank_reference": bank_reference,
        "lines": [_line(text) for text in line],
        "delegation": because,
    }
    path = f"{ANNOUNCEMENTS}/{announcement}/confirm"
    answer = posted(home, path, body, receiver(agency_code, by, because=because))
    show(answer, announcement_view, as_json=as_json)


@donations.command()
def reject(
    announcement: Announced,
    agency_code: AgencyCode,
    *,
    line: Annotated[list[int], typer.Option(metavar="NUMBER", help="Say it for each line.")],
    reason: Annotated[Rejection, typer.Option(help="Why.")],
    remark: Remark = None,
    because: Because = None,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Say that lines of an announcement have not arrived, or are not taken.

    Exit codes: 0 rejected, 1 refused, 3 nothing runs.
    """
    body: Item = {
        "agency": agency_code,
        "lines": line,
        "reason": reason,
        "remark": remark,
        "delegation": because,
    }
    path = f"{ANNOUNCEMENTS}/{announcement}/reject"
    answer = posted(home, path, body, receiver(agency_code, by, because=because))
    show(answer, announcement_view, as_json=as_json)


@donations.command()
def withdraw(
    announcement: Announced,
    *,
    by: By = None,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Take back, as the donor, what of an announcement nobody has decided yet.

    Exit codes: 0 withdrawn, 1 refused, 3 nothing runs.
    """
    path = f"{ANNOUNCEMENTS}/{announcement}"
    answer = posted_about(home, path, "withdraw", None, who=its_giver(by))
    show(answer, announcement_view, as_json=as_json)


@donations.command("list")
def list_donations(
    *,
    agency_code: OfAgency = None,
    reference: Annotated[str | None, typer.Option(help="The agency's own number.")] = None,
    pledge: Annotated[
        UUID | None, typer.Option(metavar="ID", help="Only what fulfils this pledge.")
    ] = None,
    is_unproved: Annotated[
        bool,
        typer.Option("--unproved", help="Only goods that lack a proof of their value."),
    ] = False,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """List donations, with what has gone back of them.

    Exit codes: 0 listed, 1 refused, 3 nothing runs.
    """
    query = {
        "agency": agency_code,
        "reference": reference,
        "pledge_id": pledge,
        "unproved": "true" if is_unproved else None,
    }
    rows = listed(home, "/v1/donations", query)
    show_list(rows, donations_table, as_json=as_json, none="there are no donations")


@donations.command()
def todo(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Of the agency or donor.")],
    *,
    is_donor: Annotated[bool, typer.Option("--donor", help="The code is a donor's.")] = False,
    as_json: Json = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Tell what waits for an agency, or for a donor.

    Exit codes: 0 told, 1 refused, 3 nothing runs.
    """
    claims = giver(code, None) if is_donor else agency(code, None)
    rows = listed(home, "/v1/todo", {}, claims=claims)
    show_list(rows, todo_table, as_json=as_json, none="nothing waits")


def _part(text: str) -> Item:
    """Raises typer.BadParameter."""
    due_on, amount = _pair(text, "a part is written like 2026-03-31=500.00")
    return {"due_on": due_on, "amount": money(amount)}


def _line(text: str) -> Item:
    """Raises typer.BadParameter."""
    number, reference = _pair(text, "a line is written like 1=DN-2026-0001")
    if not number.isascii() or not number.isdigit():
        raise typer.BadParameter("a line has a number")
    return {"number": int(number), "reference": reference}


def _pair(text: str, hint: str) -> Sequence[str]:
    first, is_pair, second = text.partition("=")
    if not is_pair:
        raise typer.BadParameter(hint)
    return first, second
